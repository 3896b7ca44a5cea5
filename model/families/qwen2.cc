// Qwen2 and Qwen2.5, and R1-Distill-Qwen: grouped-query attention with biases on q, k and v (no
// key of config.json says so) and none on the output, SwiGLU; the head is tied in small models.
#include "model/families/decoder.h"

namespace reckon {
namespace {

ModelSpec parse(const FamilyConfig& config) { return parse_decoder(config, {}); }

nlohmann::json to_config(const ModelSpec& spec) {
  nlohmann::json config = decoder_config(spec);
  config.erase("attention_bias");
  return config;
}

}  // namespace

Family qwen2_family() {
  return {.name = "qwen2",
          .architecture = "Qwen2ForCausalLM",
          .qk_norm = false,
          .qkv_bias = true,
          .moe = false,
          .parse = parse,
          .to_config = to_config,
          .rules = decoder_rules(),
          .skipped = {}};
}

}  // namespace reckon
