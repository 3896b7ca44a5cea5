#include "model/tensor_folder.h"

#include <cstdio>

#include "base/error.h"
#include "base/text.h"
#include "model/json_text.h"

namespace reckon {
namespace {

constexpr char kSingle[] = "model.safetensors";
constexpr char kIndex[] = "model.safetensors.index.json";

std::string shard_name(size_t index, size_t count) {
  char name[64];
  std::snprintf(name, sizeof name, "model-%05zu-of-%05zu.safetensors", index + 1, count);
  return name;
}

[[noreturn]] void disagree(const Path& place, const std::string& what) {
  throw Error(Code::data, place.string(), what,
              "index and shards belong to different exports; fetch them again");
}

}  // namespace

TensorFolder::TensorFolder(const Path& folder) : folder_(folder) {
  if (std::filesystem::exists(folder / kSingle)) {
    open(kSingle);
  } else if (std::filesystem::exists(folder / kIndex)) {
    open_shards(folder / kIndex);
  } else {
    throw Error(Code::no_input, folder.string(), cat("holds neither ", kSingle, " nor ", kIndex),
                "give a Hugging Face model folder with safetensors files");
  }
}

void TensorFolder::open(const std::string& file_name) {
  auto file = std::make_unique<SafetensorsFile>(folder_ / file_name);
  for (const NamedTensor& tensor : file->tensors()) {
    if (!tensors_.emplace(tensor.name, &tensor).second) {
      disagree(file->path(), cat("tensor '", tensor.name, "' is in another shard too"));
    }
  }
  files_[file_name] = std::move(file);
}

void TensorFolder::open_shards(const Path& index) {
  const nlohmann::json json = parse_json(read_file(index), index.string());
  if (!json.is_object() || !json.contains("weight_map") || !json["weight_map"].is_object()) {
    disagree(index, "has no weight_map");
  }
  const nlohmann::json& weight_map = json["weight_map"];
  for (const auto& [name, file] : weight_map.items()) {
    if (!file.is_string()) disagree(index, cat("tensor '", name, "' has no file name"));
    auto file_name = file.get<std::string>();
    if (file_name.empty() || file_name == "." || file_name == ".." ||
        Path(file_name).filename() != file_name) {
      disagree(index, cat("tensor '", name, "' lies in '", file_name, "', outside the folder"));
    }
    if (!files_.contains(file_name)) open(file_name);
    if (files_[file_name]->find(name) == nullptr)
      disagree(folder_ / file_name, cat("lacks the tensor '", name, "'"));
  }
  for (const auto& entry : tensors_) {
    if (!weight_map.contains(entry.first))
      disagree(index, cat("tensor '", entry.first, "' is in a shard, but not listed"));
  }
}

const NamedTensor* TensorFolder::find(const std::string& name) const {
  auto found = tensors_.find(name);
  return found == tensors_.end() ? nullptr : found->second;
}

void write_tensor_folder(const Path& folder, const std::vector<NamedTensor>& tensors,
                         int64_t shard_bytes) {
  std::vector<std::vector<NamedTensor>> shards(1);
  uint64_t total = 0, in_shard = 0;
  for (const NamedTensor& tensor : tensors) {
    if (in_shard > 0 && in_shard + tensor.bytes.size() > static_cast<uint64_t>(shard_bytes)) {
      shards.emplace_back();
      in_shard = 0;
    }
    shards.back().push_back(tensor);
    in_shard += tensor.bytes.size();
    total += tensor.bytes.size();
  }
  if (shards.size() == 1) return write_safetensors(folder / kSingle, shards[0]);
  nlohmann::json index = {{"metadata", {{"total_size", total}}},
                          {"weight_map", nlohmann::json::object()}};
  for (size_t i = 0; i < shards.size(); ++i) {
    std::string name = shard_name(i, shards.size());
    write_safetensors(folder / name, shards[i]);
    for (const NamedTensor& tensor : shards[i]) index["weight_map"][tensor.name] = name;
  }
  write_file(folder / kIndex, index.dump(2) + "\n");
}

}  // namespace reckon
