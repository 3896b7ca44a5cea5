#include "cli/eval_report.h"

#include <gtest/gtest.h>

#include <bit>
#include <cmath>

#include "base/random.h"

namespace reckon {
namespace {

Outcome scored(bool correct) {
  Outcome outcome;
  outcome.value = correct ? 1 : 0;
  outcome.correct = correct;
  return outcome;
}

TEST(MeanInterval, IsWilsonsForOneSamplePerProblem) {
  // 10 of 40: statsmodels.stats.proportion.proportion_confint(10, 40, method="wilson").
  std::vector<double> shares(40, 0.0);
  for (int i = 0; i < 10; ++i) shares[static_cast<size_t>(i)] = 1;
  Interval interval = mean_interval(shares, 1);
  EXPECT_NEAR(interval.low, 0.141871, 1e-6);
  EXPECT_NEAR(interval.high, 0.401940, 1e-6);
}

TEST(MeanInterval, HasAWidthWhenEverySampleAgrees) {
  Interval none = mean_interval(std::vector<double>(10, 0.0), 4);
  Interval all = mean_interval(std::vector<double>(10, 1.0), 4);
  EXPECT_NEAR(none.low, 0, 1e-12);
  EXPECT_NEAR(none.high, 0.277533, 1e-6);
  EXPECT_NEAR(all.low, 1 - none.high, 1e-12);
  EXPECT_NEAR(all.high, 1, 1e-12);
}

TEST(MeanInterval, SamplesThatAlwaysAgreeCountOnce) {
  std::vector<double> shares(40, 0.0);
  for (int i = 0; i < 10; ++i) shares[static_cast<size_t>(i)] = 1;
  Interval one = mean_interval(shares, 1), eight = mean_interval(shares, 8);
  EXPECT_DOUBLE_EQ(one.low, eight.low);
  EXPECT_DOUBLE_EQ(one.high, eight.high);
  // The same share from problems that are all alike: four times the evidence.
  Interval alike = mean_interval(std::vector<double>(40, 0.25), 4);
  EXPECT_LT(alike.high - alike.low, 0.6 * (one.high - one.low));
}

// Problems of unequal difficulty, four samples each: 95 of 100 intervals should hold the truth.
TEST(MeanInterval, HoldsTheTruthAsOftenAsItSays) {
  constexpr int kTrials = 2000, kProblems = 60, kSamples = 4;
  RandomKey key = random_key(1, Domain::test, {1});
  uint32_t next = 0;
  auto uniform = [&] { return static_cast<double>(random_uniform(key, next++)); };
  int held = 0;
  for (int trial = 0; trial < kTrials; ++trial) {
    std::vector<double> shares;
    for (int problem = 0; problem < kProblems; ++problem) {
      double skill = uniform(), share = 0;
      skill *= skill;  // mean 1 / 3
      for (int i = 0; i < kSamples; ++i) share += uniform() < skill ? 1.0 / kSamples : 0;
      shares.push_back(share);
    }
    Interval interval = mean_interval(shares, kSamples);
    held += interval.low <= 1.0 / 3 && 1.0 / 3 <= interval.high;
  }
  EXPECT_NEAR(static_cast<double>(held) / kTrials, 0.95, 0.015);
}

// Every choice of k of n samples, counted.
TEST(PassAtK, IsTheShareOfChoicesWithACorrectSample) {
  for (uint32_t n = 1; n <= 8; ++n) {
    for (uint32_t c = 0; c <= n; ++c) {
      for (uint32_t k = 1; k <= n; ++k) {
        double choices = 0, hits = 0;
        for (uint32_t set = 0; set < 1u << n; ++set) {
          if (std::popcount(set) != static_cast<int>(k)) continue;
          ++choices;
          hits += (set & ((1u << c) - 1)) != 0;
        }
        EXPECT_NEAR(pass_at_k(n, c, k), hits / choices, 1e-12) << n << " " << c << " " << k;
      }
    }
  }
}

TEST(PassAtK, IsAccuracyAtOneAndAnyCorrectAtAll) {
  EvalTally tally(3, 4, {1, 2, 4});
  for (size_t problem = 0; problem < 3; ++problem) {
    for (size_t i = 0; i < 4; ++i) tally.add(problem, scored(i < problem), 1, false);
  }
  EXPECT_NEAR(tally.pass_at(1), tally.accuracy(), 1e-12);
  EXPECT_NEAR(tally.pass_at(4), tally.any_correct(), 1e-12);
  // 0, 1 and 2 correct of 4: 0, 3 of 6 and 5 of 6 pairs.
  EXPECT_NEAR(tally.pass_at(2), (0 + 3.0 / 6 + 5.0 / 6) / 3, 1e-12);
  EXPECT_NEAR(tally.json()["pass_at"]["2"], tally.pass_at(2), 1e-12);
  EXPECT_NE(tally.text().find("pass@2      44.44 %"), std::string::npos) << tally.text();
}

TEST(EvalTally, CountsSamplesProblemsAndOutcomes) {
  EvalTally tally(2, 2);
  tally.add(0, scored(true), 4, false);
  tally.add(1, scored(false), 6, true);
  tally.add(0, scored(false), 5, false);
  Outcome undecided;
  undecided.status = Status::undecided;
  undecided.note = "too large";
  tally.add(1, undecided, 5, false);
  EXPECT_DOUBLE_EQ(tally.accuracy(), 0.25);
  EXPECT_DOUBLE_EQ(tally.any_correct(), 0.5);
  EXPECT_DOUBLE_EQ(tally.scored(), 3);
  EXPECT_NEAR(tally.mean_value(), 1.0 / 3, 1e-12);
  EXPECT_EQ(tally.first_note(), "too large");
  nlohmann::json json = tally.json();
  EXPECT_EQ(json["correct"], 1);
  EXPECT_EQ(json["outcomes"]["undecided"], 1);
  EXPECT_DOUBLE_EQ(json["length_mean"], 5);
  EXPECT_DOUBLE_EQ(json["length_clipped"], 0.25);
  EXPECT_NE(tally.text().find("avg@2       25.00 %"), std::string::npos) << tally.text();
  EXPECT_NE(tally.text().find("undecided"), std::string::npos) << tally.text();
}

}  // namespace
}  // namespace reckon
