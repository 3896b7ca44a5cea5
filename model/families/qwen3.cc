// Qwen3: grouped-query attention with an RMSNorm per q and k head, no biases, SwiGLU.
#include "model/families/decoder.h"

namespace reckon {
namespace {

ModelSpec parse(const FamilyConfig& config) { return parse_decoder(config, 128); }

}  // namespace

Family qwen3_family() {
  return {.name = "qwen3",
          .architecture = "Qwen3ForCausalLM",
          .qk_norm = true,
          .qkv_bias = false,
          .moe = false,
          .parse = parse,
          .to_config = decoder_config,
          .rules = decoder_rules(),
          .skipped = {}};
}

}  // namespace reckon
