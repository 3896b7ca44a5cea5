#include "pipeline/objective_names.h"

namespace reckon {
namespace {

// Who uses which name for what: algorithms and frameworks as of 2025 (TRL, verl, OpenRLHF, SkyRL,
// slime).
constexpr AmbiguousName kNames[] = {
    {"advantage", "reinforce", "the bare reward, or the reward less the group's mean",
     "for the second write advantage = \"dr_grpo\"; the first is not offered"},
    {"advantage", "reinforce++",
     "a return whitened over the batch, or group mean removed and then whitened",
     "neither is offered; the nearest is advantage = \"grpo\", which whitens inside the group"},
    {"advantage", "ppo", "a critic's advantage (GAE), or the clipped loss",
     "for the second write loss = \"ppo_clip\"; there is no critic"},
    {"advantage", "group",
     "the reward less the group's mean, or that divided by the group's deviation",
     "write advantage = \"dr_grpo\" for the first, \"grpo\" for the second"},
    {"loss", "clip",
     "PPO's smaller of plain and clipped surrogate, or the clipped ratio as a constant weight "
     "(CISPO)",
     "for the first write loss = \"ppo_clip\"; the second is not offered"},
    {"loss", "pg", "the log-prob times the advantage, or the ratio times the advantage",
     "for the first write loss = \"reinforce\"; the second is loss = \"ppo_clip\" with wide "
     "bounds"},
    {"loss", "ppo", "the clipped loss, or the clipped loss with dual clip (verl's default)",
     "for the first write loss = \"ppo_clip\"; the second is not offered"},
    {"loss", "grpo", "the GRPO paper's clipped loss, or TRL's averaging per sample",
     "write loss = \"ppo_clip\", and for the averaging aggregation = \"seq_mean_token_mean\""},
    {"loss", "dr_grpo", "advantages without the deviation, or TRL's sum over a constant",
     "write advantage = \"dr_grpo\" for the first, aggregation = \"seq_mean_token_sum_norm\" for "
     "the second"},
    {"loss", "dapo", "the two clip bounds 0.2 and 0.28, or TRL's mean over all tokens",
     "write clip_low and clip_high for the first, aggregation = \"token_mean\" for the second"},
    {"aggregation", "mean", "the mean over all tokens, or the mean over samples",
     "write \"token_mean\" or \"seq_mean_token_mean\""},
    {"aggregation", "token", "the mean over the tokens of the update, or of each micro-batch",
     "for the first write \"token_mean\"; the second depends on packing and is not offered"},
    {"aggregation", "grpo",
     "TRL's name for the mean of sample means, or the advantage of that name",
     "write \"seq_mean_token_mean\" for the first"},
    {"aggregation", "dr_grpo", "TRL's name for sums over a constant, or the advantage of that name",
     "write \"seq_mean_token_sum_norm\" for the first"},
    {"aggregation", "seq_mean", "the mean over samples of token means, or of token sums",
     "write \"seq_mean_token_mean\", or \"seq_mean_token_sum_norm\" with length_norm"},
    {"aggregation", "seq_mean_token_sum", "sums divided by nothing, or by a constant",
     "write \"seq_mean_token_sum_norm\", with length_norm = 1 for the first"},
    {"kl", "kl", "k1, the plain difference of log-probs (verl), or k3 (the GRPO paper)",
     "for the second write \"k3\"; k1 in the loss has expected gradient 0 and is not offered"},
    {"kl", "k1", "a penalty in the reward, or a term of the loss, where its expected gradient is 0",
     "write \"k2\", whose gradient is that of the KL divergence"},
    {"kl", "low_var_kl", "k3 with its own gradient, or the value of k3 with the gradient of k2",
     "write \"k3\" for the first; for the second's gradient write \"k2\""},
};

}  // namespace

const AmbiguousName* ambiguous_name(std::string_view key, std::string_view name) {
  for (const AmbiguousName& entry : kNames) {
    if (entry.key == key && entry.name == name) return &entry;
  }
  return nullptr;
}

}  // namespace reckon
