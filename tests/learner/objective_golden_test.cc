#include <gtest/gtest.h>

#include <cmath>

#include "learner/objectives/objectives.h"
#include "tests/learner/golden.h"

namespace reckon {
namespace {

struct Batch {
  std::vector<ObjectiveSample> samples;
  std::vector<std::vector<float>> new_logprob;
  std::vector<std::vector<size_t>> groups;
  double length_norm = 0;
};

Batch read_batch(const nlohmann::json& update) {
  Batch batch;
  for (const auto& entry : update["samples"]) {
    ObjectiveSample sample;
    sample.reward = entry["reward"];
    sample.counted = entry["counted"];
    sample.masked = entry["masked"];
    sample.old_logprob = entry["old"].get<std::vector<float>>();
    sample.ref_logprob = entry["ref"].get<std::vector<float>>();
    batch.samples.push_back(sample);
    batch.new_logprob.push_back(entry["new"].get<std::vector<float>>());
  }
  batch.groups = update["groups"].get<std::vector<std::vector<size_t>>>();
  batch.length_norm = update["length_norm"];
  return batch;
}

ObjectiveConfig read_config(const nlohmann::json& entry) {
  ObjectiveConfig config;
  config.advantage = entry["advantage"];
  config.loss = entry["loss"];
  config.aggregation = entry["aggregation"];
  config.clip_low = entry["clip_low"];
  config.clip_high = entry["clip_high"];
  config.kl = entry["kl"];
  config.kl_coef = entry["kl_coef"];
  return config;
}

BatchTotals prepare(const Objective& objective, const ObjectiveConfig& config, Batch& batch) {
  for (const auto& members : batch.groups) {
    std::vector<ObjectiveSample*> group;
    for (size_t i : members) group.push_back(&batch.samples[i]);
    group_advantages(config.advantage, group);
  }
  std::vector<const ObjectiveSample*> all;
  for (const ObjectiveSample& sample : batch.samples) all.push_back(&sample);
  return objective.totals(all, batch.length_norm);
}

void expect_near(double value, double expected, double relative, const std::string& what) {
  EXPECT_NEAR(value, expected, relative * std::max(1.0, std::abs(expected))) << what;
}

// Every combination of advantage, loss, aggregation and KL: loss and statistics to 1e-10, gradients
// (floats) to 1e-6.
TEST(ObjectiveGolden, LossGradientAndStatisticsAgreeWithAutograd) {
  int cases = 0, gradients = 0;
  const nlohmann::json values = golden("objectives.json");
  for (const auto& update : values["updates"]) {
    for (const auto& entry : update["cases"]) {
      std::string what =
          entry["advantage"].get<std::string>() + " " + entry["loss"].get<std::string>() + " " +
          entry["aggregation"].get<std::string>() + " " + entry["kl"].get<std::string>();
      Batch batch = read_batch(update);
      ObjectiveConfig config = read_config(entry);
      Objective objective(config);
      BatchTotals totals = prepare(objective, config, batch);
      ObjectiveStats stats;
      for (size_t i = 0; i < batch.samples.size(); ++i) {
        TokenGradients result =
            objective.sample(batch.samples[i], batch.new_logprob[i], totals, stats);
        auto expected = entry["gradient"][i].get<std::vector<double>>();
        ASSERT_EQ(result.dlogprob.size(), expected.size());
        for (size_t t = 0; t < expected.size(); ++t, ++gradients) {
          EXPECT_NEAR(result.dlogprob[t], expected[t], 1e-6 * std::abs(expected[t]))
              << what << " " << i << " " << t;
        }
      }
      expect_near(stats.loss, entry["value"], 1e-10, what);
      expect_near(stats.kl, entry["mean_kl"], 1e-10, what);
      expect_near(stats.ratio_max, entry["ratio_max"], 1e-10, what);
      EXPECT_EQ(stats.clipped, entry["clipped"].get<double>()) << what;
      EXPECT_EQ(stats.tokens, entry["tokens"].get<double>()) << what;
      ++cases;
    }
  }
  EXPECT_GE(cases, 57);
  EXPECT_GT(gradients, 1000);
}

// The values above would agree on the wrong side too if no token were clipped; both sides and both
// signs must occur.
TEST(ObjectiveGolden, TheBatchHasTokensOnEverySideOfTheBounds) {
  auto update = golden("objectives.json")["updates"][0];
  Batch batch = read_batch(update);
  ObjectiveConfig config = read_config(update["cases"][0]);
  prepare(Objective(config), config, batch);
  int seen[2][3] = {};
  for (size_t i = 0; i < batch.samples.size(); ++i) {
    const ObjectiveSample& sample = batch.samples[i];
    if (sample.masked || sample.advantage == 0) continue;
    for (size_t t = 0; t < sample.old_logprob.size(); ++t) {
      double ratio = std::exp(double{batch.new_logprob[i][t]} - sample.old_logprob[t]);
      int side = ratio < 1 - config.clip_low ? 0 : ratio > 1 + config.clip_high ? 2 : 1;
      ++seen[sample.advantage > 0][side];
    }
  }
  for (auto& sign : seen) {
    for (int count : sign) EXPECT_GT(count, 0);
  }
}

// One denominator for the update: packs in any order and number give the same gradients, and the
// same loss in total.
TEST(ObjectiveGolden, PackingDoesNotShow) {
  auto update = golden("objectives.json")["updates"][0];
  for (const char* aggregation : {"token_mean", "seq_mean_token_mean", "seq_mean_token_sum_norm"}) {
    Batch batch = read_batch(update);
    ObjectiveConfig config;
    config.aggregation = aggregation;
    config.kl_coef = 0.05;
    Objective objective(config);
    BatchTotals totals = prepare(objective, config, batch);
    ObjectiveStats whole;
    std::vector<std::vector<float>> expected;
    for (size_t i = 0; i < batch.samples.size(); ++i) {
      expected.push_back(
          objective.sample(batch.samples[i], batch.new_logprob[i], totals, whole).dlogprob);
    }
    ObjectiveStats packs[3];
    for (size_t i = batch.samples.size(); i-- > 0;) {
      auto result = objective.sample(batch.samples[i], batch.new_logprob[i], totals, packs[i % 3]);
      EXPECT_EQ(result.dlogprob, expected[i]);
    }
    EXPECT_NEAR(packs[0].loss + packs[1].loss + packs[2].loss, whole.loss, 1e-12);
    EXPECT_EQ(packs[0].tokens + packs[1].tokens + packs[2].tokens, whole.tokens);
  }
}

}  // namespace
}  // namespace reckon
