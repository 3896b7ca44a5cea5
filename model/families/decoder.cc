#include "model/families/decoder.h"

#include <charconv>
#include <limits>

#include "base/text.h"

namespace reckon {
namespace {

constexpr int kMaxLayers = 4096;  // as ModelSpec::validate: read before the layers are made

// Both spellings of the object and of its type occur.
std::optional<RopeScaling> parse_scaling(const FamilyConfig& config) {
  std::optional<RopeScaling> scaling;
  for (const char* key : {"rope_scaling", "rope_parameters"}) {
    FamilyConfig object = config.object(key);
    for (const char* name : {"rope_type", "type"}) {
      std::string type = object.text(name, "default");
      if (type == "default") continue;
      if (type != "llama3") config.refuse(cat("'", key, ".", name, "' is '", type, "'"));
      scaling = {object.number("factor"), object.number("low_freq_factor"),
                 object.number("high_freq_factor"),
                 object.integer("original_max_position_embeddings")};
    }
  }
  return scaling;
}

nlohmann::json scaling_config(const std::optional<RopeScaling>& scaling) {
  if (!scaling) return nullptr;
  return {{"factor", scaling->factor},
          {"high_freq_factor", scaling->high},
          {"low_freq_factor", scaling->low},
          {"original_max_position_embeddings", scaling->original},
          {"rope_type", "llama3"}};
}

void refuse_unsupported(const FamilyConfig& config) {
  for (const char* key : {"hidden_act", "hidden_activation"}) {
    std::string activation = config.text(key, "silu");
    if (activation != "silu") config.refuse(cat("'", key, "' is '", activation, "'"));
  }
  for (const char* key : {"use_sliding_window", "attention_bias", "mlp_bias"}) {
    if (config.flag(key, false)) config.refuse(cat("'", key, "' is true"));
  }
  if (config.has("quantization_config")) config.refuse("'quantization_config' is set");
  if (config.number("partial_rotary_factor", 1.0) != 1.0)
    config.refuse("'partial_rotary_factor' is not 1");
  if (!config.has("layer_types")) return;
  for (const nlohmann::json& type : config.json()["layer_types"]) {
    if (type != "full_attention") config.refuse(cat("'layer_types' holds ", type.dump()));
  }
}

int divided_head(const FamilyConfig& config, const ModelSpec& spec) {
  if (spec.heads == 0 || spec.hidden % spec.heads != 0) {
    config.refuse(
        cat("'hidden_size' ", spec.hidden, " in ", spec.heads, " heads without a 'head_dim'"));
  }
  return spec.hidden / spec.heads;
}

// The shortest decimal number that reads back as the same float: 1e-06, not 9.99999997e-07.
double tidy(float value) {
  char text[32];
  const char* end = std::to_chars(text, text + sizeof text, value).ptr;
  return parse_double({text, static_cast<size_t>(end - text)}).value();
}

}  // namespace

ModelSpec parse_decoder(const FamilyConfig& config, std::optional<int> head_dim) {
  refuse_unsupported(config);
  ModelSpec spec;
  spec.vocab = config.integer("vocab_size");
  spec.hidden = config.integer("hidden_size");
  spec.heads = config.integer("num_attention_heads");
  spec.kv_heads = config.integer("num_key_value_heads", spec.heads);
  if (!head_dim && !config.has("head_dim")) head_dim = divided_head(config, spec);
  spec.head_dim = config.integer("head_dim", head_dim);
  spec.max_position = config.integer("max_position_embeddings");
  spec.norm_eps = static_cast<float>(config.number("rms_norm_eps", 1e-6));
  spec.rope_theta =
      config.object("rope_parameters").number("rope_theta", config.number("rope_theta", 10000.0));
  spec.rope_scaling = parse_scaling(config);
  spec.tied_head = config.flag("tie_word_embeddings", false);
  int layers = config.integer("num_hidden_layers");
  if (layers > kMaxLayers) config.refuse(cat("'num_hidden_layers' is ", layers));
  spec.layers.assign(static_cast<size_t>(layers), {config.integer("intermediate_size"), {}});
  return spec;
}

nlohmann::json decoder_config(const ModelSpec& spec) {
  int ffn = 0;
  for (const LayerSpec& layer : spec.layers) ffn = layer.moe ? ffn : layer.ffn;
  return {{"attention_bias", false},
          {"attention_dropout", 0.0},
          {"head_dim", spec.head_dim},
          {"hidden_act", "silu"},
          {"hidden_size", spec.hidden},
          {"initializer_range", 0.02},
          {"intermediate_size", ffn},
          {"max_position_embeddings", spec.max_position},
          {"num_attention_heads", spec.heads},
          {"num_hidden_layers", spec.layers.size()},
          {"num_key_value_heads", spec.kv_heads},
          {"rms_norm_eps", tidy(spec.norm_eps)},
          {"rope_scaling", scaling_config(spec.rope_scaling)},
          {"rope_theta", spec.rope_theta},
          {"sliding_window", nullptr},
          {"tie_word_embeddings", spec.tied_head},
          {"use_cache", true},
          {"use_sliding_window", false},
          {"vocab_size", spec.vocab}};
}

std::vector<TensorRule> decoder_rules() {
  using enum Split;
  return {
      {"embed", whole, {"model.embed_tokens.weight"}},
      {"layers.{layer}.attn_norm", whole, {"model.layers.{layer}.input_layernorm.weight"}},
      {"layers.{layer}.qkv",
       qkv,
       {"model.layers.{layer}.self_attn.q_proj.weight",
        "model.layers.{layer}.self_attn.k_proj.weight",
        "model.layers.{layer}.self_attn.v_proj.weight"}},
      {"layers.{layer}.qkv_bias",
       qkv,
       {"model.layers.{layer}.self_attn.q_proj.bias", "model.layers.{layer}.self_attn.k_proj.bias",
        "model.layers.{layer}.self_attn.v_proj.bias"}},
      {"layers.{layer}.q_norm", whole, {"model.layers.{layer}.self_attn.q_norm.weight"}},
      {"layers.{layer}.k_norm", whole, {"model.layers.{layer}.self_attn.k_norm.weight"}},
      {"layers.{layer}.attn_out", whole, {"model.layers.{layer}.self_attn.o_proj.weight"}},
      {"layers.{layer}.ffn_norm", whole, {"model.layers.{layer}.post_attention_layernorm.weight"}},
      {"layers.{layer}.gate_up",
       halves,
       {"model.layers.{layer}.mlp.gate_proj.weight", "model.layers.{layer}.mlp.up_proj.weight"}},
      {"layers.{layer}.down", whole, {"model.layers.{layer}.mlp.down_proj.weight"}},
      {"final_norm", whole, {"model.norm.weight"}},
      {"head", whole, {"lm_head.weight"}},
  };
}

}  // namespace reckon
