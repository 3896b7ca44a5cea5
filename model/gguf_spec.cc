#include <algorithm>
#include <cmath>
#include <cstring>

#include "base/error.h"
#include "base/text.h"
#include "model/families.h"
#include "model/gguf_model.h"

namespace reckon {
namespace {

constexpr std::pair<const char*, const char*> kArchitectures[] = {
    {"llama", "llama"}, {"qwen2", "qwen2"}, {"qwen3", "qwen3"}, {"qwen3moe", "qwen3_moe"}};

std::string family_name(const GgufFile& file, const std::string& architecture) {
  std::vector<std::string> names;
  for (const auto& [name, family] : kArchitectures) {
    if (architecture == name) return family;
    names.push_back(name);
  }
  file.fail(
      cat("architecture '", architecture, "' is not supported; supported: ", join(names, ", ")));
}

// The keys of one architecture.
class Keys {
 public:
  Keys(const GgufFile& file, std::string architecture)
      : file_(file), prefix_(std::move(architecture) + ".") {}
  std::string operator()(const char* name) const { return prefix_ + name; }
  int integer(const char* name, std::optional<int> otherwise = {}) const {
    return file_.integer((*this)(name), otherwise);
  }
  void require(const char* name, int wanted) const {
    const int value = integer(name, wanted);
    if (value != wanted)
      file_.fail(cat("'", (*this)(name), "' is ", value, "; only ", wanted, " is supported"));
  }

 private:
  const GgufFile& file_;
  std::string prefix_;
};

void refuse_scaling(const GgufFile& file, const Keys& key) {
  const std::string law = file.text(key("rope.scaling.type"), "none");
  if (law != "none") file.fail(cat("'", key("rope.scaling.type"), "' is '", law, "'"));
  for (const char* name : {"rope.scale_linear", "rope.scaling.factor"}) {
    if (file.number(key(name), 1.0) != 1.0) file.fail(cat("'", key(name), "' is not 1"));
  }
}

// Files hold Llama 3's scaling as divisors of the frequencies. They must be those of the law with
// the constants that every published model has.
std::optional<RopeScaling> scaling_of(const GgufFile& file, const Keys& key, ModelSpec spec) {
  const GgufTensor* tensor = file.find("rope_freqs.weight");
  if (tensor == nullptr) return std::nullopt;
  if (tensor->type != GgufType::f32 || tensor->shape != std::vector<int64_t>{spec.head_dim / 2})
    file.fail("tensor 'rope_freqs.weight' does not hold one F32 for each pair of a head");
  const std::vector<double> plain = spec.rope_frequencies();
  std::vector<float> divisors(plain.size());
  for (size_t i = 0; i < divisors.size(); ++i)
    std::memcpy(&divisors[i], tensor->bytes.data() + i * sizeof(float), sizeof(float));
  spec.rope_scaling = RopeScaling{.factor = *std::max_element(divisors.begin(), divisors.end())};
  spec.rope_scaling->original =
      key.integer("rope.scaling.original_context_length", spec.rope_scaling->original);
  if (!(spec.rope_scaling->factor >= 1)) file.fail("tensor 'rope_freqs.weight' is below 1");
  const std::vector<double> scaled = spec.rope_frequencies();
  for (size_t i = 0; i < plain.size(); ++i) {
    if (!(std::abs(plain[i] / divisors[i] - scaled[i]) <= 1e-5 * scaled[i]))
      file.fail("tensor 'rope_freqs.weight' does not follow the law of Llama 3");
  }
  return spec.rope_scaling;
}

int head_dim_of(const GgufFile& file, const Keys& key, const ModelSpec& spec) {
  if (spec.heads == 0) file.fail(cat("'", key("attention.head_count"), "' is 0"));
  const int head_dim = key.integer("attention.key_length", spec.hidden / spec.heads);
  key.require("attention.value_length", head_dim);
  key.require("rope.dimension_count", head_dim);
  return head_dim;
}

}  // namespace

ModelSpec gguf_spec(const GgufFile& file) {
  const std::string architecture = file.text("general.architecture");
  const Keys key(file, architecture);
  ModelSpec spec;
  spec.family = family_name(file, architecture);
  set_traits(spec);
  const GgufTensor& embedding = file.at("token_embd.weight");
  if (embedding.shape.size() != 2) file.fail("tensor 'token_embd.weight' is no matrix");
  if (embedding.shape[0] > int64_t{1} << 26) file.fail("tensor 'token_embd.weight' is too large");
  spec.vocab = static_cast<int>(embedding.shape[0]);
  spec.hidden = key.integer("embedding_length");
  spec.heads = key.integer("attention.head_count");
  spec.kv_heads = key.integer("attention.head_count_kv", spec.heads);
  spec.head_dim = head_dim_of(file, key, spec);
  spec.max_position = key.integer("context_length");
  spec.norm_eps = static_cast<float>(file.number(key("attention.layer_norm_rms_epsilon")));
  spec.rope_theta = file.number(key("rope.freq_base"), 10000.0);
  spec.tied_head = file.find("output.weight") == nullptr;
  refuse_scaling(file, key);
  key.require("attention.sliding_window", 0);
  const int layers = key.integer("block_count");
  if (layers > 4096) file.fail(cat("'", key("block_count"), "' is ", layers));
  LayerSpec layer;
  if (family_named(spec.family).moe) {
    layer.moe = MoeSpec{key.integer("expert_count"), key.integer("expert_used_count"),
                        key.integer("expert_feed_forward_length"),
                        file.flag(key("expert_weights_norm"), true)};
  } else {
    key.require("expert_count", 0);
    layer.ffn = key.integer("feed_forward_length");
  }
  spec.layers.assign(static_cast<size_t>(layers), layer);
  try {
    spec.validate();
    spec.rope_scaling = scaling_of(file, key, spec);
    spec.validate();
  } catch (const Error& e) {
    if (e.code() == Code::data) throw;
    file.fail(cat(e.place(), " ", e.problem()));
  }
  return spec;
}

}  // namespace reckon
