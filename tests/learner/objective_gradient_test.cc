#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "learner/objectives/objectives.h"

namespace reckon {
namespace {

constexpr double kStep = 1e-5;

void expect_derivative(double gradient, double above, double below) {
  EXPECT_NEAR(gradient, (above - below) / (2 * kStep), 1e-6 * std::max(1.0, std::abs(gradient)));
}

// Log ratios between and beyond the bounds log(0.8) = -0.223 and log(1.28) = 0.247, none within a
// step of them.
TEST(ObjectiveGradient, LossesAgreeWithFiniteDifferences) {
  ObjectiveConfig config;
  for (LossFunction loss : {ppo_clip_loss, reinforce_loss}) {
    for (double advantage : {-2.0, -0.3, 0.0, 0.7, 1.5}) {
      for (double log_ratio : {-25.0, -0.5, -0.23, -0.2, -0.01, 0.0, 0.1, 0.24, 0.25, 0.6, 2.0}) {
        TokenInput token{advantage, -1.5 + log_ratio, -1.5};
        TokenInput above = token, below = token;
        above.new_logprob += kStep;
        below.new_logprob -= kStep;
        expect_derivative(loss(token, config).gradient, loss(above, config).loss,
                          loss(below, config).loss);
      }
    }
  }
}

TEST(ObjectiveGradient, KlEstimatorsAgreeWithFiniteDifferences) {
  for (KlFunction kl : {k2_kl, k3_kl}) {
    for (double d : {-21.0, -3.0, -0.4, -1e-3, 0.0, 1e-3, 0.2, 1.0, 5.0, 21.0, 400.0}) {
      expect_derivative(kl(d).gradient, kl(d + kStep).loss, kl(d - kStep).loss);
    }
  }
}

ObjectiveSample one_sample(double advantage, std::vector<float> old) {
  ObjectiveSample sample;
  sample.advantage = advantage;
  sample.old_logprob = std::move(old);
  return sample;
}

// The whole of sample(), by steps of 2^-12 that floats hold exactly.
TEST(ObjectiveGradient, ASampleAgreesWithFiniteDifferences) {
  constexpr float kExact = 1.0f / 4096;
  std::vector<float> logprob = {-1.0f, -2.25f, -1.5f, -1.125f};
  for (const char* aggregation : {"token_mean", "seq_mean_token_mean", "seq_mean_token_sum_norm"}) {
    for (const char* kl : {"k2", "k3"}) {
      ObjectiveConfig config;
      config.aggregation = aggregation;
      config.kl = kl;
      config.kl_coef = 0.5;
      Objective objective(config);
      ObjectiveSample sample = one_sample(-1.25, {-1.0f, -2.0f, -1.125f, -1.25f});
      sample.ref_logprob = {-1.5f, -2.0f, -1.5f, -0.5f};
      BatchTotals totals{.tokens = 11, .samples = 3, .length_norm = 8};
      ObjectiveStats stats;
      TokenGradients result = objective.sample(sample, logprob, totals, stats);
      for (size_t t = 0; t < logprob.size(); ++t) {
        std::vector<float> above = logprob, below = logprob;
        above[t] += kExact;
        below[t] -= kExact;
        double difference = objective.sample(sample, above, totals, stats).loss -
                            objective.sample(sample, below, totals, stats).loss;
        EXPECT_NEAR(result.dlogprob[t], difference / (2 * kExact), 1e-6)
            << aggregation << " " << kl << " " << t;
      }
    }
  }
}

TEST(ObjectiveGradient, OnPolicyTheRatioIsOneAndTheGradientThatOfReinforce) {
  ObjectiveConfig clip, plain;
  plain.loss = "reinforce";
  BatchTotals totals{.tokens = 7, .samples = 2, .length_norm = 8};
  for (double advantage : {-1.3, 0.37}) {
    ObjectiveSample sample = one_sample(advantage, {-0.1f, -3.7f, -12.25f});
    ObjectiveStats stats, other;
    auto clipped = Objective(clip).sample(sample, sample.old_logprob, totals, stats);
    auto expected = Objective(plain).sample(sample, sample.old_logprob, totals, other);
    EXPECT_EQ(clipped.dlogprob, expected.dlogprob);
    EXPECT_EQ(stats.ratio_max, 1);
    EXPECT_EQ(stats.clipped, 0);
  }
}

TEST(ObjectiveGradient, AMaskedSampleHasNoLossNoGradientAndNoShareOfTheDenominators) {
  Objective objective{ObjectiveConfig()};
  ObjectiveSample kept = one_sample(1, {-1, -2, -3}), masked = one_sample(2, {-1, -1});
  masked.masked = true;
  BatchTotals totals = objective.totals({&kept, &masked}, 16);
  EXPECT_EQ(totals.tokens, 3);
  EXPECT_EQ(totals.samples, 1);
  EXPECT_EQ(totals.length_norm, 16);
  ObjectiveStats stats;
  TokenGradients result = objective.sample(masked, {-1.5f, -0.5f}, totals, stats);
  EXPECT_EQ(result.dlogprob, std::vector<float>(2, 0.0f));
  EXPECT_EQ(result.loss, 0);
  EXPECT_EQ(stats.tokens, 0);
  EXPECT_EQ(stats.ratio_max, 0);
}

TEST(ObjectiveGradient, AConfiguredLengthNormWins) {
  ObjectiveConfig config;
  config.length_norm = 100;
  ObjectiveSample sample = one_sample(1, {-1});
  EXPECT_EQ(Objective(config).totals({&sample}, 16).length_norm, 100);
}

TEST(ObjectiveStatistics, MismatchIsCheckedOnTokensOfThePresentWeightsOnly) {
  Objective objective{ObjectiveConfig()};
  BatchTotals totals{.tokens = 3, .samples = 1, .length_norm = 8};
  ObjectiveSample sample = one_sample(1, {-1, -2, -3});
  ObjectiveStats stats;
  objective.sample(sample, {-1, -2.5f, -3}, totals, stats);
  EXPECT_EQ(stats.checked, 0);
  EXPECT_EQ(stats.mismatch, 0);
  sample.same_weights = true;
  objective.sample(sample, {-1, -2.5f, -3.25f}, totals, stats);
  EXPECT_EQ(stats.checked, 3);
  EXPECT_EQ(stats.mismatch, 0.5);
  sample.masked = true;  // out of the loss, yet sampled by these weights
  objective.sample(sample, {-2, -2, -3}, totals, stats);
  EXPECT_EQ(stats.checked, 6);
  EXPECT_EQ(stats.mismatch, 1);
}

TEST(ObjectiveStatistics, ANanIsNeverPassedOver) {
  Objective objective{ObjectiveConfig()};
  BatchTotals totals{.tokens = 2, .samples = 1, .length_norm = 8};
  ObjectiveSample sample = one_sample(1, {-1, -2});
  sample.same_weights = true;
  ObjectiveStats stats;
  auto result =
      objective.sample(sample, {std::numeric_limits<float>::quiet_NaN(), -2}, totals, stats);
  EXPECT_EQ(stats.mismatch, std::numeric_limits<double>::infinity());
  EXPECT_TRUE(std::isnan(stats.loss));
  EXPECT_TRUE(std::isnan(result.dlogprob[0]));
}

TEST(ObjectiveStatistics, KlIsTheMeanOverTokensHoweverTheyAreGrouped) {
  Objective objective{ObjectiveConfig()};  // k3, reported though its coefficient is 0
  ObjectiveSample three = one_sample(1, {-1, -1, -1}), one = one_sample(1, {-1});
  three.ref_logprob = {-1.5f, -1.5f, -1.5f};
  one.ref_logprob = {0};
  BatchTotals all{.tokens = 4, .samples = 2, .length_norm = 8},
      first{.tokens = 3, .samples = 1, .length_norm = 8},
      second{.tokens = 1, .samples = 1, .length_norm = 8};
  ObjectiveStats together, apart;
  objective.sample(three, {-1, -1, -1}, all, together);
  objective.sample(one, {-1}, all, together);
  objective.sample(three, {-1, -1, -1}, first, apart);
  objective.sample(one, {-1}, second, apart);
  double expected = (3 * (std::exp(-0.5) - 0.5) + (std::exp(1.0) - 2)) / 4;
  EXPECT_NEAR(together.kl, expected, 1e-12);
  EXPECT_EQ(together.kl, apart.kl);
}

}  // namespace
}  // namespace reckon
