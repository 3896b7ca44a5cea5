// Llama 2 and 3, and what shares their files: Yi, SmolLM2, R1-Distill-Llama. Grouped-query
// attention without q/k norm or biases, SwiGLU; the head is tied in small models.
#include "model/families/decoder.h"

namespace reckon {
namespace {

ModelSpec parse(const FamilyConfig& config) { return parse_decoder(config, {}); }

nlohmann::json to_config(const ModelSpec& spec) {
  nlohmann::json config = decoder_config(spec);
  config["mlp_bias"] = false;
  config["pretraining_tp"] = 1;
  for (const char* key : {"sliding_window", "use_sliding_window"}) config.erase(key);
  return config;
}

}  // namespace

Family llama_family() {
  return {.name = "llama",
          .architecture = "LlamaForCausalLM",
          .qk_norm = false,
          .qkv_bias = false,
          .moe = false,
          .parse = parse,
          .to_config = to_config,
          .rules = decoder_rules(),
          .skipped = {"model.layers.{layer}.self_attn.rotary_emb.inv_freq"}};
}

}  // namespace reckon
