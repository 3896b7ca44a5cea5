// Aggregation `seq_mean_token_mean`: L = 1/N sum over samples of (1/T_i sum over its tokens of l)
//   N    samples in the loss of the whole optimizer update;  T_i  tokens of sample i
//   A token of a long sample weighs less: the length bias that Dr. GRPO describes.
// Source: Shao et al. 2024, DeepSeekMath, eq. 3; verl `seq-mean-token-mean`, TRL `grpo`.
#include "learner/objectives/objectives.h"

namespace reckon {

double seq_mean_token_mean_weight(double length, const BatchTotals& totals) {
  return 1 / (totals.samples * length);
}

}  // namespace reckon
