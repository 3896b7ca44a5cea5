#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/error.h"
#include "learner/objectives/objectives.h"
#include "tests/learner/golden.h"

namespace reckon {
namespace {

std::vector<ObjectiveSample> with_rewards(const std::vector<double>& rewards) {
  std::vector<ObjectiveSample> samples(rewards.size());
  for (size_t i = 0; i < rewards.size(); ++i) samples[i].reward = rewards[i];
  return samples;
}

void assign(const std::string& name, std::vector<ObjectiveSample>& samples) {
  std::vector<ObjectiveSample*> group;
  for (ObjectiveSample& sample : samples) group.push_back(&sample);
  group_advantages(name, group);
}

TEST(Advantage, AgreesWithIndependentValues) {
  int compared = 0;
  const nlohmann::json values = golden("objectives.json");
  for (const auto& entry : values["advantages"]) {
    auto samples = with_rewards(entry["rewards"]);
    assign(entry["name"], samples);
    for (size_t i = 0; i < samples.size(); ++i, ++compared) {
      double expected = entry["expected"][i];
      EXPECT_NEAR(samples[i].advantage, expected, 1e-10 * std::max(1.0, std::abs(expected)))
          << entry;
    }
  }
  EXPECT_GT(compared, 60);
}

TEST(Advantage, AGroupOfOneIsExactlyZero) {
  for (const char* name : {"grpo", "dr_grpo", "rloo"}) {
    auto samples = with_rewards({0.7});
    samples[0].advantage = 5;
    assign(name, samples);
    EXPECT_EQ(samples[0].advantage, 0) << name;
  }
}

// The mean of equal rewards may round; divided by the epsilon that would be noise of 1e-11.
TEST(Advantage, EqualRewardsAreExactlyZero) {
  for (const char* name : {"grpo", "dr_grpo", "rloo"}) {
    for (size_t n : {3, 7, 10, 49}) {
      auto samples = with_rewards(std::vector<double>(n, 0.1));
      assign(name, samples);
      for (const auto& sample : samples) EXPECT_EQ(sample.advantage, 0) << name;
    }
  }
}

TEST(Advantage, AMemberThatIsNotCountedChangesNothingAndLeavesTheLoss) {
  for (const char* name : {"grpo", "dr_grpo", "rloo"}) {
    auto expected = with_rewards({1, 0, 0.5});
    assign(name, expected);
    auto samples = with_rewards({1, -100, 0, 0.5});
    samples[1].counted = false;
    samples[1].advantage = 3;
    assign(name, samples);
    EXPECT_EQ(samples[0].advantage, expected[0].advantage) << name;
    EXPECT_EQ(samples[2].advantage, expected[1].advantage) << name;
    EXPECT_EQ(samples[3].advantage, expected[2].advantage) << name;
    EXPECT_EQ(samples[1].advantage, 0);
    EXPECT_TRUE(samples[1].masked);
    EXPECT_FALSE(samples[0].masked);
  }
}

TEST(Advantage, AMaskedMemberStaysInTheStatistics) {
  auto samples = with_rewards({1, 0, 0, 0});
  samples[1].masked = true;
  assign("dr_grpo", samples);
  EXPECT_EQ(samples[0].advantage, 0.75);
  EXPECT_EQ(samples[1].advantage, -0.25);
  EXPECT_TRUE(samples[1].masked);
}

TEST(Advantage, AGroupWithoutCountedMembersIsMasked) {
  auto samples = with_rewards({1, 0});
  for (auto& sample : samples) sample.counted = false;
  assign("grpo", samples);
  for (const auto& sample : samples) {
    EXPECT_EQ(sample.advantage, 0);
    EXPECT_TRUE(sample.masked);
  }
}

TEST(Advantage, AnUnknownNameIsRefused) {
  auto samples = with_rewards({1, 0});
  try {
    assign("gpro", samples);
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), Code::config);
    EXPECT_EQ(error.place(), "objective.advantage");
  }
}

}  // namespace
}  // namespace reckon
