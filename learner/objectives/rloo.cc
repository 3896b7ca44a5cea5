// Advantage `rloo`: A_i = R_i - mean of the other counted members = (R_i - mean) n / (n - 1)
// Source: Kool et al. 2019, "Buy 4 REINFORCE Samples, Get a Baseline for Free!"; Ahmadian et al.
// 2024, "Back to Basics". The baseline does not contain R_i, so the gradient is unbiased. A group
// of one has no others: 0.
#include "learner/objectives/objectives.h"

namespace reckon {

std::vector<double> rloo_advantage(const std::vector<double>& rewards) {
  double n = static_cast<double>(rewards.size());
  double sum = mean_of(rewards) * n;
  std::vector<double> advantages;
  for (double reward : rewards) advantages.push_back(reward - (sum - reward) / (n - 1));
  return advantages;
}

}  // namespace reckon
