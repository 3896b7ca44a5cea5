#include "model/hugging_face.h"

#include <algorithm>
#include <list>
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

const char* type_note(DType dtype) { return dtype == DType::f32 ? "float32" : "bfloat16"; }

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

  std::map<std::string, TensorType> types() const {
    std::map<std::string, TensorType> types;
    for (const auto& entry : found_) types[entry.first->name] = entry.first->type;
    return types;
  }
  const std::vector<std::string>& skipped() const { return skipped_; }

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

  void require_all_used() {
    for (const auto& entry : folder_.tensors()) {
      if (used_.contains(entry.first)) continue;
      if (!is_skipped(family_, spec_, entry.first))
        fail(entry.first, cat("has no place in a model of family ", family_.name));
      skipped_.push_back(entry.first);
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
  std::vector<std::string> skipped_;
  std::vector<std::pair<const NamedTensor*, int64_t>> found_;
};

// The source's files as they were; only the note of a type that they no longer have is changed.
void carry_configs(const Path& folder, const Weights& weights, const ExportOptions& options) {
  const ModelSource& source = *options.source;
  std::string config = source.config;
  if (!options.source_types) {
    auto json = nlohmann::ordered_json::parse(config);
    json[json.contains("dtype") ? "dtype" : "torch_dtype"] = type_note(weights.dtype());
    config = json.dump(2) + "\n";
  }
  write_file(folder / "config.json", config);
  if (!source.generation_config.empty())
    write_file(folder / "generation_config.json", source.generation_config);
}

void write_configs(const Path& folder, const Weights& weights, const Tokenizer& tokenizer) {
  nlohmann::json config = config_of(weights.spec()), ends = tokenizer.end_ids();
  if (ends.size() == 1) ends = ends[0];
  config["torch_dtype"] = type_note(weights.dtype());
  config["bos_token_id"] = nullptr;
  config["eos_token_id"] = ends;
  config["pad_token_id"] = tokenizer.pad_id();
  write_json(folder / "config.json", config);
  write_json(folder / "generation_config.json", {{"do_sample", true},
                                                 {"eos_token_id", ends},
                                                 {"pad_token_id", tokenizer.pad_id()},
                                                 {"temperature", 1.0}});
}

// The tensors of an export; those of another type than the weights' are copies kept here.
class Exporter {
 public:
  Exporter(const Weights& weights, const ExportOptions& options)
      : weights_(weights), family_(family_named(weights.spec().family)) {
    if (options.source != nullptr && options.source_types) types_ = &options.source->types;
    for (const Parameter& parameter : weights.layout().parameters()) {
      auto fused = fused_tensor(family_, parameter);
      if (fused && options.source != nullptr && options.source->types.contains(fused->name)) {
        add(*fused);
        continue;
      }
      for (const FileTensor& tensor : file_tensors(family_, weights.spec(), parameter)) add(tensor);
    }
  }
  const std::vector<NamedTensor>& tensors() const { return tensors_; }

 private:
  void add(const FileTensor& tensor) {
    const size_t size = dtype_size(weights_.dtype());
    NamedTensor out{
        tensor.name,
        tensor_type(weights_.dtype()),
        tensor.shape,
        {static_cast<const char*>(weights_.data()) + static_cast<size_t>(tensor.offset) * size,
         static_cast<size_t>(tensor.elements) * size}};
    if (types_ != nullptr) {
      auto type = types_->find(tensor.name);
      if (type != types_->end() && type->second != out.type) {
        copies_.push_back(retyped(out, type->second));
        out.type = type->second;
        out.bytes = copies_.back();
      }
    }
    tensors_.push_back(std::move(out));
  }

  const Weights& weights_;
  const Family& family_;
  const std::map<std::string, TensorType>* types_ = nullptr;
  std::vector<NamedTensor> tensors_;
  std::list<std::string> copies_;
};

}  // namespace

void export_hugging_face(const Path& folder, const Weights& weights, const Tokenizer& tokenizer,
                         const ExportOptions& options) {
  const ModelSpec& spec = weights.spec();
  if (tokenizer.vocab_size() > spec.vocab) {
    throw Error(Code::config, "model.vocab",
                cat("is ", spec.vocab, ", but the tokenizer has ", tokenizer.vocab_size(), " ids"),
                "choose a vocabulary at least as large as the tokenizer's");
  }
  if (options.source == nullptr) {
    write_configs(folder, weights, tokenizer);
  } else {
    ModelSpec described = parse_config({nlohmann::json::parse(options.source->config), "source"});
    RECKON_CHECK(described == spec, "the source of an export is another model's");
    carry_configs(folder, weights, options);
  }
  write_tensor_folder(folder, Exporter(weights, options).tensors(), options.shard_bytes);
  tokenizer.save(folder);
}

LoadedModel load_hugging_face(const Path& folder) {
  const Path config_path = folder / "config.json",
             generation_path = folder / "generation_config.json";
  LoadedModel model;
  auto source = std::make_shared<ModelSource>();
  source->config = read_file(config_path);
  model.spec =
      parse_config({parse_json(source->config, config_path.string()), config_path.string()});
  if (std::filesystem::exists(generation_path)) {
    source->generation_config = read_file(generation_path);
    parse_json(source->generation_config, generation_path.string());
  }
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
  source->types = importer.types();
  source->skipped = importer.skipped();
  model.source = source;
  return model;
}

}  // namespace reckon
