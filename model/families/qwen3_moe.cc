// Qwen3-MoE: Qwen3 with a softmax router over experts and no shared expert. A layer is sparse
// unless mlp_only_layers lists it or decoder_sparse_step skips it.
#include <algorithm>

#include "base/text.h"
#include "model/families/decoder.h"

namespace reckon {
namespace {

ModelSpec parse(const FamilyConfig& config) {
  ModelSpec spec = parse_decoder(config, 128);
  // Newer files spell the number of experts otherwise.
  int experts = config.has("num_experts") ? config.integer("num_experts")
                                          : config.integer("num_local_experts");
  MoeSpec moe{experts, config.integer("num_experts_per_tok"),
              config.integer("moe_intermediate_size"), config.flag("norm_topk_prob", false)};
  int step = config.integer("decoder_sparse_step", 1);
  if (step < 1) config.refuse(cat("'decoder_sparse_step' is ", step));
  std::vector<int> dense = config.integers("mlp_only_layers");
  for (int i = 0; i < static_cast<int>(spec.layers.size()); ++i) {
    bool sparse = (i + 1) % step == 0 && std::count(dense.begin(), dense.end(), i) == 0;
    if (sparse) spec.layers[static_cast<size_t>(i)] = {0, moe};
  }
  return spec;
}

nlohmann::json to_config(const ModelSpec& spec) {
  nlohmann::json config = decoder_config(spec);
  nlohmann::json dense = nlohmann::json::array();
  MoeSpec moe;
  for (size_t i = 0; i < spec.layers.size(); ++i) {
    if (spec.layers[i].moe) {
      moe = *spec.layers[i].moe;
    } else {
      dense.push_back(i);
    }
  }
  if (config["intermediate_size"] == 0) config["intermediate_size"] = moe.ffn;  // no layer uses it
  config.update({{"decoder_sparse_step", 1},
                 {"mlp_only_layers", dense},
                 {"moe_intermediate_size", moe.ffn},
                 {"norm_topk_prob", moe.normalise},
                 {"num_experts", moe.experts},
                 {"num_experts_per_tok", moe.top_k},
                 {"output_router_logits", false},
                 {"router_aux_loss_coef", 0.001}});
  return config;
}

std::vector<TensorRule> rules() {
  using enum Split;
  std::vector<TensorRule> rules = decoder_rules();
  rules.push_back({"layers.{layer}.router", whole, {"model.layers.{layer}.mlp.gate.weight"}});
  rules.push_back({"layers.{layer}.experts.gate_up",
                   halves,
                   {"model.layers.{layer}.mlp.experts.{expert}.gate_proj.weight",
                    "model.layers.{layer}.mlp.experts.{expert}.up_proj.weight"},
                   "model.layers.{layer}.mlp.experts.gate_up_proj"});
  rules.push_back({"layers.{layer}.experts.down",
                   whole,
                   {"model.layers.{layer}.mlp.experts.{expert}.down_proj.weight"},
                   "model.layers.{layer}.mlp.experts.down_proj"});
  return rules;
}

}  // namespace

Family qwen3_moe_family() {
  return {.name = "qwen3_moe",
          .architecture = "Qwen3MoeForCausalLM",
          .qk_norm = true,
          .qkv_bias = false,
          .moe = true,
          .parse = parse,
          .to_config = to_config,
          .rules = rules(),
          .skipped = {}};
}

}  // namespace reckon
