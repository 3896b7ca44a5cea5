// Loss `ppo_clip`: l = -min(r A, clip(r, 1 - clip_low, 1 + clip_high) A),  r = exp(new - old)
//   gradient  -A r where the first term is the smaller one, else 0
//   bounds    distances from 1, not caps: A > 0 stops pushing above r = 1 + clip_high, A < 0 below
//   r = 1 - clip_low old       the sampler's log-prob; on the same weights r is exactly 1 and the
//   gradient that of `reinforce`
// Source: Schulman et al. 2017, PPO, eq. 7; two bounds (0.2, 0.28): Yu et al. 2025, DAPO,
// "clip-higher". No dual clip.
#include <cmath>

#include "learner/objectives/objectives.h"

namespace reckon {

TokenLoss ppo_clip_loss(const TokenInput& token, const ObjectiveConfig& config) {
  auto [log_ratio, clamped] = clamp_log_ratio(token.new_logprob - token.old_logprob);
  double ratio = std::exp(log_ratio);
  double plain = ratio * token.advantage;
  double bounded = std::clamp(ratio, 1 - config.clip_low, 1 + config.clip_high) * token.advantage;
  if (bounded < plain) return {-bounded, 0, true};
  return {-plain, clamped ? 0 : -plain, false};
}

}  // namespace reckon
