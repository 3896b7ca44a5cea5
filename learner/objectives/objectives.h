// The choices an objective is made of, one file each; objective.cc holds the tables of names.
// Private to learner/ and its tests. All pure functions in double; derivatives are closed form,
// with respect to the token's new log-prob.
#pragma once

#include <algorithm>
#include <vector>

#include "learner/objective.h"

namespace reckon {

// Log ratios (new - old, new - reference) are cut to this before exp; the gradient is 0 where the
// cut is active.
constexpr double kMaxLogRatio = 20;

struct ClampedLogRatio {
  double value;
  bool clamped;
};
inline ClampedLogRatio clamp_log_ratio(double x) {
  double value = std::clamp(x, -kMaxLogRatio, kMaxLogRatio);
  return {value, value != x && x == x};
}

// --- advantage: rewards of a group's counted members (not all equal) -> advantages, same order
using AdvantageFunction = std::vector<double> (*)(const std::vector<double>& rewards);
std::vector<double> grpo_advantage(const std::vector<double>& rewards);
std::vector<double> dr_grpo_advantage(const std::vector<double>& rewards);
std::vector<double> rloo_advantage(const std::vector<double>& rewards);

// --- policy loss of one token
struct TokenLoss {
  double loss = 0;
  double gradient = 0;   // d(loss) / d(new_logprob)
  bool clipped = false;  // the clip took the gradient away
};
struct TokenInput {
  double advantage = 0, new_logprob = 0, old_logprob = 0;
};
using LossFunction = TokenLoss (*)(const TokenInput& token, const ObjectiveConfig& config);
TokenLoss ppo_clip_loss(const TokenInput& token, const ObjectiveConfig& config);
TokenLoss reinforce_loss(const TokenInput& token, const ObjectiveConfig& config);

// --- aggregation: what one token of a sample of `length` tokens weighs in the loss of the update
using AggregationFunction = double (*)(double length, const BatchTotals& totals);
double token_mean_weight(double length, const BatchTotals& totals);
double seq_mean_token_mean_weight(double length, const BatchTotals& totals);
double seq_mean_token_sum_norm_weight(double length, const BatchTotals& totals);

// --- KL to the reference, of one token; `d` = new - reference log-prob
using KlFunction = TokenLoss (*)(double d);
TokenLoss k2_kl(double d);
TokenLoss k3_kl(double d);

double mean_of(const std::vector<double>& values);

}  // namespace reckon
