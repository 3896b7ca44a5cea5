// Aggregation `seq_mean_token_sum_norm`: L = 1/N sum over samples of (1/C sum over its tokens of l)
//   N    samples in the loss of the whole optimizer update
//   C    the constant `length_norm`, or max_new_tokens when it is 0; never the longest sample,
//   which moves with the batch
// Source: Liu et al. 2025 (Dr. GRPO); TRL `dr_grpo`, verl `seq-mean-token-sum-norm` with
// `loss_scale_factor`.
#include "learner/objectives/objectives.h"

namespace reckon {

double seq_mean_token_sum_norm_weight(double, const BatchTotals& totals) {
  return 1 / (totals.samples * totals.length_norm);
}

}  // namespace reckon
