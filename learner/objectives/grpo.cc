// Advantage `grpo`: A_i = (R_i - mean) / (s + 1e-6)
//   mean, s  of the group's counted members; s is the sample deviation, divisor n - 1
// Source: Shao et al. 2024, DeepSeekMath, 4.1 (outcome supervision). The paper does not say which
// deviation; n - 1 and the epsilon are verl's. A group of one carries no signal: 0 (verl would give
// its bare reward).
#include <cmath>

#include "learner/objectives/objectives.h"

namespace reckon {

std::vector<double> grpo_advantage(const std::vector<double>& rewards) {
  constexpr double kEpsilon = 1e-6;
  double mean = mean_of(rewards);
  double squares = 0;
  for (double reward : rewards) squares += (reward - mean) * (reward - mean);
  double deviation = std::sqrt(squares / static_cast<double>(rewards.size() - 1));
  std::vector<double> advantages;
  for (double reward : rewards) advantages.push_back((reward - mean) / (deviation + kEpsilon));
  return advantages;
}

}  // namespace reckon
