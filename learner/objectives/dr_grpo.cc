// Advantage `dr_grpo`: A_i = R_i - mean
//   mean  of the group's counted members, R_i included
// Source: Liu et al. 2025, "Understanding R1-Zero-Like Training" (Dr. GRPO): without the division,
// easy and hard prompts are not weighted up. The paper's loss goes with aggregation
// `seq_mean_token_sum_norm`; here the two combine freely.
#include "learner/objectives/objectives.h"

namespace reckon {

std::vector<double> dr_grpo_advantage(const std::vector<double>& rewards) {
  double mean = mean_of(rewards);
  std::vector<double> advantages;
  for (double reward : rewards) advantages.push_back(reward - mean);
  return advantages;
}

}  // namespace reckon
