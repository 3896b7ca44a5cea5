#include "model/families.h"

#include <algorithm>

#include "base/error.h"
#include "base/text.h"
#include "model/families/decoder.h"

namespace reckon {
namespace {

std::string replaced(std::string text, const std::string& what, const std::string& with) {
  for (size_t at = text.find(what); at != std::string::npos;
       at = text.find(what, at + with.size())) {
    text.replace(at, what.size(), with);
  }
  return text;
}

// "layers.3.qkv" -> {"layers.{layer}.qkv", "3"}; other names stay as they are.
std::pair<std::string, std::string> split_layer(const std::string& name) {
  constexpr char kPrefix[] = "layers.";
  if (name.rfind(kPrefix, 0) != 0) return {name, ""};
  size_t begin = sizeof kPrefix - 1, end = name.find('.', begin);
  return {cat(kPrefix, "{layer}", name.substr(end)), name.substr(begin, end - begin)};
}

const TensorRule& rule_of(const Family& family, const std::string& key) {
  auto found = std::find_if(family.rules.begin(), family.rules.end(),
                            [&](const TensorRule& rule) { return rule.parameter == key; });
  RECKON_CHECK(found != family.rules.end(), cat("family ", family.name, " has no rule for ", key));
  return *found;
}

// Rows (of a bias: elements) of each part of one matrix.
std::vector<int64_t> parts_of(Split split, const ModelSpec& spec, int64_t all) {
  if (split == Split::whole) return {all};
  if (split == Split::halves) return {all / 2, all / 2};
  int64_t q = int64_t{spec.heads} * spec.head_dim, kv = int64_t{spec.kv_heads} * spec.head_dim;
  return {q, kv, kv};
}

bool is_vector(const Parameter& p) {
  return p.kind == ParameterKind::norm || p.kind == ParameterKind::bias;
}

void require_expressible(const Family& family, const ModelSpec& spec) {
  auto refuse = [&](const std::string& what) {
    throw Error(Code::config, "model", cat("family '", family.name, "' has ", what),
                "choose another family or drop the trait");
  };
  if (spec.qk_norm != family.qk_norm) refuse(family.qk_norm ? "always a q/k norm" : "no q/k norm");
  if (spec.qkv_bias != family.qkv_bias)
    refuse(family.qkv_bias ? "always a qkv bias" : "no qkv bias");
  const LayerSpec *dense = nullptr, *sparse = nullptr;
  for (const LayerSpec& layer : spec.layers) {
    const LayerSpec*& first = layer.moe ? sparse : dense;
    if (first == nullptr) first = &layer;
    if (!(layer.moe ? layer.moe == first->moe : layer.ffn == first->ffn))
      refuse("layers of one size only");
  }
  if (sparse != nullptr && !family.moe) refuse("no mixture of experts");
  if (sparse == nullptr && family.moe) refuse("at least one mixture of experts");
}

}  // namespace

const std::vector<Family>& families() {
  static const std::vector<Family> all = {llama_family(), qwen2_family(), qwen3_family(),
                                          qwen3_moe_family()};
  return all;
}

const Family& family_named(const std::string& name) {
  std::vector<std::string> names;
  for (const Family& family : families()) {
    if (name == family.name) return family;
    names.push_back(family.name);
  }
  auto near = nearest(name, names);
  throw Error(Code::config, "model.family", cat("unknown family '", name, "'"),
              near ? cat("did you mean '", *near, "'?") : cat("known: ", join(names, ", ")));
}

const Family& family_of(const FamilyConfig& config) {
  std::string architecture;
  if (config.has("architectures")) {
    const nlohmann::json& list = config.json()["architectures"];
    if (list.is_array() && !list.empty() && list[0].is_string())
      architecture = list[0].get<std::string>();
  }
  std::string type = config.text("model_type", "");
  for (const Family& family : families()) {
    if (architecture.empty() ? type == family.name : architecture == family.architecture)
      return family;
  }
  config.refuse(architecture.empty() ? cat("model_type '", type, "'")
                                     : cat("architecture '", architecture, "'"));
}

void set_traits(ModelSpec& spec) {
  const Family& family = family_named(spec.family);
  spec.qk_norm = family.qk_norm;
  spec.qkv_bias = family.qkv_bias;
}

ModelSpec parse_config(const FamilyConfig& config) {
  const Family& family = family_of(config);
  ModelSpec spec = family.parse(config);
  spec.family = family.name;
  set_traits(spec);
  try {
    spec.validate();
    require_expressible(family, spec);
  } catch (const Error& e) {
    config.refuse(cat(e.place(), " ", e.problem()));
  }
  return spec;
}

nlohmann::json config_of(const ModelSpec& spec) {
  const Family& family = family_named(spec.family);
  spec.validate();
  require_expressible(family, spec);
  nlohmann::json config = family.to_config(spec);
  config["architectures"] = {family.architecture};
  config["model_type"] = family.name;
  return config;
}

std::vector<FileTensor> file_tensors(const Family& family, const ModelSpec& spec,
                                     const Parameter& parameter) {
  auto [key, layer] = split_layer(parameter.name);
  const TensorRule& rule = rule_of(family, key);
  const bool vector = is_vector(parameter);
  std::vector<int64_t> parts = parts_of(rule.split, spec, vector ? parameter.cols : parameter.rows);
  RECKON_CHECK(parts.size() == rule.files.size(),
               cat("rule of ", key, " has names for other parts"));
  std::vector<FileTensor> tensors;
  int64_t offset = parameter.offset;
  for (int64_t matrix = 0; matrix < parameter.count; ++matrix) {
    for (size_t i = 0; i < parts.size(); ++i) {
      FileTensor tensor;
      tensor.name = replaced(replaced(rule.files[i], "{layer}", layer), "{expert}", cat(matrix));
      tensor.shape = vector ? std::vector{parts[i]} : std::vector{parts[i], parameter.cols};
      tensor.offset = offset;
      tensor.elements = vector ? parts[i] : parts[i] * parameter.cols;
      offset += tensor.elements;
      tensors.push_back(std::move(tensor));
    }
  }
  return tensors;
}

bool is_skipped(const Family& family, const ModelSpec& spec, const std::string& name) {
  if (spec.tied_head && name == rule_of(family, "head").files.front()) return true;
  return std::any_of(family.skipped.begin(), family.skipped.end(), [&](const char* pattern) {
    for (size_t layer = 0; layer < spec.layers.size(); ++layer) {
      if (replaced(pattern, "{layer}", cat(layer)) == name) return true;
    }
    return false;
  });
}

std::optional<FileTensor> fused_tensor(const Family& family, const Parameter& parameter) {
  auto [key, layer] = split_layer(parameter.name);
  const TensorRule& rule = rule_of(family, key);
  if (rule.fused == nullptr) return std::nullopt;
  return FileTensor{replaced(rule.fused, "{layer}", layer),
                    {parameter.count, parameter.rows, parameter.cols},
                    parameter.offset,
                    parameter.elements()};
}

}  // namespace reckon
