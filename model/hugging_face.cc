#include "model/hugging_face.h"

#include <algorithm>
#include <set>

#include "base/error.h"
#include "base/text.h"
#include "model/families.h"
#include "model/json_text.h"
#include "model/tensor_folder.h"

namespace reckon {
namespace {

void write_json(const Path& path, const nlohmann::json& json) {
  write_file(path, json.dump(2) + "\n");
}

std::string shape_text(const std::vector<int64_t>& shape) {
  std::vector<std::string> parts;
  for (int64_t dim : shape) parts.push_back(cat(dim));
  return cat("[", join(parts, ", "), "]");
}

// Fills the arena from a folder and keeps account of what was used.
class Importer {
 public:
  Importer(const TensorFolder& folder, const ModelSpec& spec)
      : folder_(folder), spec_(spec), family_(family_named(spec.family)), layout_(spec) {}

  // First finds every tensor, so that a folder that lacks some fails before memory is taken.
  std::vector<float> masters() {
    for (const Parameter& parameter : layout_.parameters()) find(parameter);
    require_all_used();
    std::vector<float> arena(static_cast<size_t>(layout_.elements()), 0.0f);
    for (const auto& [tensor, offset] : found_) read_floats(*tensor, arena.data() + offset);
    return arena;
  }

  DType dtype() const {
    bool all = std::all_of(found_.begin(), found_.end(),
                           [](const auto& entry) { return entry.first->type == TensorType::bf16; });
    return all ? DType::bf16 : DType::f32;
  }

 private:
  void find(const Parameter& parameter) {
    auto fused = fused_tensor(family_, parameter);
    if (fused && folder_.find(fused->name) != nullptr) return take(*fused);
    for (const FileTensor& wanted : file_tensors(family_, spec_, parameter)) take(wanted);
  }

  void take(const FileTensor& wanted) {
    const NamedTensor* tensor = folder_.find(wanted.name);
    if (tensor == nullptr) fail(wanted.name, "is missing");
    if (tensor->shape != wanted.shape) {
      fail(wanted.name, cat("has the shape ", shape_text(tensor->shape),
                            ", but config.json asks for ", shape_text(wanted.shape)));
    }
    if (tensor->type != TensorType::f32 && tensor->type != TensorType::bf16 &&
        tensor->type != TensorType::f16) {
      fail(wanted.name, cat("is stored as ", tensor_type_name(tensor->type),
                            "; F32, BF16 and F16 are supported"));
    }
    used_.insert(wanted.name);
    found_.push_back({tensor, wanted.offset});
  }

  void require_all_used() const {
    // Some files of tied models hold the head a second time.
    Parameter head{"head", ParameterKind::head, 1, spec_.vocab, spec_.hidden, 0};
    std::string tied = file_tensors(family_, spec_, head).front().name;
    for (const auto& entry : folder_.tensors()) {
      if (spec_.tied_head && entry.first == tied) continue;
      if (!used_.contains(entry.first))
        fail(entry.first, cat("has no place in a model of family ", family_.name));
    }
  }

  [[noreturn]] void fail(const std::string& tensor, const std::string& what) const {
    throw Error(Code::data, folder_.folder().string(), cat("tensor '", tensor, "' ", what),
                "weights and config.json must belong to the same, supported model");
  }

  const TensorFolder& folder_;
  const ModelSpec& spec_;
  const Family& family_;
  ParameterLayout layout_;
  std::set<std::string> used_;
  std::vector<std::pair<const NamedTensor*, int64_t>> found_;
};

void write_configs(const Path& folder, const Weights& weights, const Tokenizer& tokenizer) {
  nlohmann::json config = config_of(weights.spec());
  config["torch_dtype"] = weights.dtype() == DType::f32 ? "float32" : "bfloat16";
  config["bos_token_id"] = nullptr;
  config["eos_token_id"] = tokenizer.end_id();
  config["pad_token_id"] = tokenizer.pad_id();
  write_json(folder / "config.json", config);
  write_json(folder / "generation_config.json", {{"do_sample", true},
                                                 {"eos_token_id", tokenizer.end_id()},
                                                 {"pad_token_id", tokenizer.pad_id()},
                                                 {"temperature", 1.0}});
}

}  // namespace

void export_hugging_face(const Path& folder, const Weights& weights, const Tokenizer& tokenizer,
                         const ExportOptions& options) {
  const ModelSpec& spec = weights.spec();
  if (tokenizer.vocab_size() > spec.vocab) {
    throw Error(Code::config, "model.vocab",
                cat("is ", spec.vocab, ", but the tokenizer has ", tokenizer.vocab_size(), " ids"),
                "choose a vocabulary at least as large as the tokenizer's");
  }
  const Family& family = family_named(spec.family);
  const char* arena = static_cast<const char*>(weights.data());
  const size_t size = dtype_size(weights.dtype());
  std::vector<NamedTensor> tensors;
  for (const Parameter& parameter : weights.layout().parameters()) {
    for (FileTensor& tensor : file_tensors(family, spec, parameter)) {
      std::string_view bytes{arena + static_cast<size_t>(tensor.offset) * size,
                             static_cast<size_t>(tensor.elements) * size};
      tensors.push_back(
          {std::move(tensor.name), tensor_type(weights.dtype()), std::move(tensor.shape), bytes});
    }
  }
  write_configs(folder, weights, tokenizer);
  write_tensor_folder(folder, tensors, options.shard_bytes);
  tokenizer.save(folder);
}

LoadedModel load_hugging_face(const Path& folder) {
  const Path config_path = folder / "config.json";
  LoadedModel model;
  model.spec = parse_config(
      {parse_json(read_file(config_path), config_path.string()), config_path.string()});
  model.tokenizer = load_tokenizer(folder);
  if (model.tokenizer->vocab_size() > model.spec.vocab) {
    throw Error(Code::data, config_path.string(),
                cat("'vocab_size' is ", model.spec.vocab, ", but the tokenizer has ",
                    model.tokenizer->vocab_size(), " ids"),
                "config.json and tokenizer.json must belong to the same model");
  }
  TensorFolder files(folder);
  Importer importer(files, model.spec);
  model.masters = importer.masters();
  model.dtype = importer.dtype();
  return model;
}

}  // namespace reckon
