// KL `k2`: d^2 / 2,  d = new - reference log-prob
//   gradient  d: on-policy its expectation is the gradient of KL(new || reference)
// Source: Schulman 2020, "Approximating KL Divergence" (k2); verl `mse`.
#include "learner/objectives/objectives.h"

namespace reckon {

TokenLoss k2_kl(double d) {
  auto [x, clamped] = clamp_log_ratio(d);
  return {x * x / 2, clamped ? 0 : x, false};
}

}  // namespace reckon
