// Families of checkpoints: tables that turn a Hugging Face config.json into a ModelSpec and back,
// and that map our parameters to the tensors of files, both ways. Nothing outside model/ knows
// them. All immutable, thread-safe.
//
//   ModelSpec spec = {.family = "qwen3", .vocab = 272, ...};
//   set_traits(spec);                       // what the family fixes: q/k norm, biases
//
// A new family is one file in model/families/ (see qwen3.cc) and one line in families().
#pragma once

#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "model/weights.h"

namespace reckon {

// A config.json with typed, checked access. Absent and null are the same; every flaw is Error(data)
// naming the key.
class FamilyConfig {
 public:
  FamilyConfig(nlohmann::json json, std::string place)
      : json_(std::move(json)), place_(std::move(place)) {}
  bool has(const char* key) const;
  const nlohmann::json& json() const { return json_; }
  int integer(const char* key, std::optional<int> otherwise = {}) const;
  double number(const char* key, std::optional<double> otherwise = {}) const;
  bool flag(const char* key, bool otherwise) const;
  std::string text(const char* key, const std::string& otherwise) const;
  FamilyConfig object(const char* key) const;               // empty when absent
  std::vector<int> integers(const char* key) const;         // empty when absent
  [[noreturn]] void refuse(const std::string& what) const;  // Error(data): not supported

 private:
  std::optional<nlohmann::json> value(const char* key) const;
  nlohmann::json json_;
  std::string place_;
};

// How the rows of one of our parameters are shared out to the tensors of a file, in this order.
enum class Split { whole, qkv, halves };

// File names hold {layer} and {expert}; the latter makes one tensor of each stacked matrix.
struct TensorRule {
  const char* parameter;  // "layers.{layer}.qkv"
  Split split;
  std::vector<const char*> files;  // one name per part of the split
  const char* fused = nullptr;     // other spelling, accepted on import: one tensor [count, rows,
                                   // cols] that holds it all
};

struct Family {
  const char* name;          // ModelSpec::family, and model_type in config.json
  const char* architecture;  // in config.json
  bool qk_norm, qkv_bias, moe;
  ModelSpec (*parse)(const FamilyConfig&);
  nlohmann::json (*to_config)(const ModelSpec&);
  std::vector<TensorRule> rules;
  std::vector<const char*> skipped;  // names in files that hold nothing that is needed
};

const std::vector<Family>& families();
const Family& family_named(const std::string& name);  // Error(config) with the nearest name
const Family& family_of(
    const FamilyConfig& config);   // by architecture, then model_type; Error(data)
void set_traits(ModelSpec& spec);  // Error(config) when the family is unknown
ModelSpec parse_config(const FamilyConfig& config);  // of its family, validated
// config.json without the tokenizer's ids; Error(config) when the family cannot express the spec.
nlohmann::json config_of(const ModelSpec& spec);

// One tensor of a file and the contiguous elements of the arena that it holds.
struct FileTensor {
  std::string name;
  std::vector<int64_t> shape;
  int64_t offset = 0, elements = 0;
};
std::vector<FileTensor> file_tensors(const Family& family, const ModelSpec& spec,
                                     const Parameter& parameter);
std::optional<FileTensor> fused_tensor(const Family& family, const Parameter& parameter);
// A tensor that some files of the family hold and that is left out: a second, tied head, or a table
// that is computed.
bool is_skipped(const Family& family, const ModelSpec& spec, const std::string& name);

}  // namespace reckon
