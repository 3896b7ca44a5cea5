// KL `k3`: exp(-d) - 1 + d,  d = new - reference log-prob
//   gradient  1 - exp(-d): the value is unbiased and never negative, but the expected gradient is
//   that of
//             KL(reference || new), not of KL(new || reference); `k2` gives the latter
// Source: Schulman 2020, "Approximating KL Divergence" (k3); Shao et al. 2024, eq. 4; verl
// `low_var_kl`.
#include <cmath>

#include "learner/objectives/objectives.h"

namespace reckon {

TokenLoss k3_kl(double d) {
  auto [x, clamped] = clamp_log_ratio(d);
  double odds = std::expm1(-x);
  return {odds + x, clamped ? 0 : -odds, false};
}

}  // namespace reckon
