#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "base/error.h"
#include "learner/optimizer.h"

namespace reckon {
namespace {

OptimizerConfig schedule(const std::string& name, uint64_t warmup, double min_lr = 0) {
  OptimizerConfig config;
  config.lr = 2;
  config.schedule = name;
  config.warmup = warmup;
  config.min_lr = min_lr;
  return config;
}

TEST(LearningRate, WarmsUpLinearlyFromTheFirstStepWhateverTheSchedule) {
  for (const char* name : {"constant", "linear", "cosine"}) {
    OptimizerConfig config = schedule(name, 4);
    EXPECT_DOUBLE_EQ(learning_rate(config, 0, 100), 0.5) << name;
    EXPECT_DOUBLE_EQ(learning_rate(config, 1, 100), 1.0) << name;
    EXPECT_DOUBLE_EQ(learning_rate(config, 3, 100), 2.0) << name;
    EXPECT_DOUBLE_EQ(learning_rate(config, 4, 100), 2.0) << name;
  }
}

TEST(LearningRate, ConstantStays) {
  OptimizerConfig config = schedule("constant", 0, 0.5);
  for (uint64_t step : {0, 1, 50, 99, 1000}) EXPECT_EQ(learning_rate(config, step, 100), 2);
}

TEST(LearningRate, LinearFallsToTheLeastRate) {
  OptimizerConfig config = schedule("linear", 20, 0.4);
  EXPECT_DOUBLE_EQ(learning_rate(config, 60, 100), 0.4 + 1.6 * 0.5);
  EXPECT_DOUBLE_EQ(learning_rate(config, 99, 100), 0.4 + 1.6 / 80);
  EXPECT_DOUBLE_EQ(learning_rate(config, 100, 100), 0.4);
  EXPECT_DOUBLE_EQ(learning_rate(config, 200, 100), 0.4);
}

TEST(LearningRate, CosineFallsToTheLeastRate) {
  OptimizerConfig config = schedule("cosine", 0, 0.4);
  EXPECT_DOUBLE_EQ(learning_rate(config, 0, 90), 2);
  EXPECT_NEAR(learning_rate(config, 30, 90), 0.4 + 1.6 * 0.75, 1e-12);
  EXPECT_NEAR(learning_rate(config, 45, 90), 0.4 + 1.6 * 0.5, 1e-12);
  EXPECT_NEAR(learning_rate(config, 60, 90), 0.4 + 1.6 * 0.25, 1e-12);
  EXPECT_NEAR(learning_rate(config, 90, 90), 0.4, 1e-12);
}

TEST(LearningRate, AWarmUpAsLongAsThePhaseIsAllThereIs) {
  OptimizerConfig config = schedule("cosine", 10);
  EXPECT_DOUBLE_EQ(learning_rate(config, 9, 10), 2);
  EXPECT_DOUBLE_EQ(learning_rate(schedule("linear", 20), 9, 10), 1);
}

TEST(LearningRate, AnUnknownScheduleIsRefused) {
  try {
    learning_rate(schedule("cosin", 0), 0, 10);
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), Code::config);
    EXPECT_EQ(error.place(), "optimizer.schedule");
    EXPECT_THAT(error.remedy(), testing::HasSubstr("cosine"));
  }
}

}  // namespace
}  // namespace reckon
