// Aggregation `token_mean`: L = sum over all tokens of l / number of tokens
//   denominator  every token in the loss of the whole optimizer update, known before
//   back-propagation. Not of a pack:
//                a mean per pack weighs tokens by how they were packed (TRL calls that one `bnpo`).
// Source: Yu et al. 2025, DAPO; verl `token-mean`, TRL `dapo`.
#include "learner/objectives/objectives.h"

namespace reckon {

double token_mean_weight(double, const BatchTotals& totals) { return 1 / totals.tokens; }

}  // namespace reckon
