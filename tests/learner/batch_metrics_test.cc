#include "learner/batch.h"
#include "tests/learner/state_fixture.h"

namespace reckon {
namespace {

Batch batch_of(LearnerState& state) {
  Batch batch;
  batch.groups = made_groups(state);
  batch.groups[0][1].body.finish = fb::Finish_length;
  batch.groups[1][0].outcome.status = fb::OutcomeStatus_crashed;
  for (const TrainGroup& group : batch.groups) {
    PlannedGroup& planned = batch.plan.groups.emplace_back();
    planned.key.version = Version{batch.plan.groups.size() + 3};  // 4 and 5
    for (const TrainSample& sample : group) {
      PlannedSample& row = planned.samples.emplace_back();
      row.completion_tokens = static_cast<uint32_t>(sample.body.sequences[0]->logprobs.size());
    }
  }
  batch.groups[0][0].outcome.parts.push_back(std::make_unique<fb::PartT>());
  batch.groups[0][0].outcome.parts[0]->name = "number";
  batch.groups[0][0].outcome.parts[0]->value = 0.5;
  batch.plan.drawn = 4;
  batch.plan.zero_variance = 1;
  batch.plan.surplus = 2;
  batch.plan.raw_sum = 6;
  batch.plan.raw_count = 8;
  batch.plan.correct = 4;
  batch.plan.outcomes = {{fb::OutcomeStatus_scored, 8}, {fb::OutcomeStatus_crashed, 2}};
  return batch;
}

TEST(BatchMetrics, CountWhatWasDrawnAndDescribeWhatIsTrainedOn) {
  TinyState tiny;
  Batch batch = batch_of(tiny.state);
  Metrics metrics = batch_metrics(batch, {}, Version{6}, "rl");
  EXPECT_EQ(std::get<std::string>(metrics.at("phase")), "rl");
  EXPECT_EQ(number(metrics, "reward/mean"), 0.75);
  // Of {1, 0, 0.25, 2}; the crashed one has no value.
  EXPECT_NEAR(number(metrics, "reward/std"), 0.8984, 1e-4);
  EXPECT_EQ(number(metrics, "reward/number/mean"), 0.5);
  EXPECT_EQ(number(metrics, "accuracy"), 0.5);
  EXPECT_EQ(number(metrics, "length/mean"), 3);
  EXPECT_EQ(number(metrics, "length/max"), 5);
  EXPECT_EQ(number(metrics, "length/clipped"), 0.2);
  EXPECT_EQ(number(metrics, "groups/trained"), 2);
  EXPECT_EQ(number(metrics, "groups/drawn"), 4);
  EXPECT_EQ(number(metrics, "groups/zero_std"), 0.25);
  EXPECT_EQ(number(metrics, "groups/surplus"), 2);
  EXPECT_EQ(number(metrics, "staleness/max"), 2);
  EXPECT_EQ(number(metrics, "outcomes/scored"), 8);
  EXPECT_EQ(number(metrics, "outcomes/crashed"), 2);
  EXPECT_EQ(number(metrics, "outcomes/timed_out"), 0);
}

TEST(BatchMetrics, TooManyUnscoredSamplesStopTheRun) {
  TinyState tiny;
  Batch batch = batch_of(tiny.state);
  RewardsConfig rewards;
  rewards.max_unscored_rate = 0.2;
  EXPECT_NO_THROW(batch_metrics(batch, rewards, Version{6}, "rl"));
  rewards.max_unscored_rate = 0.19;
  std::string text =
      error_of(Code::rewards_failing, [&] { batch_metrics(batch, rewards, Version{6}, "rl"); });
  EXPECT_NE(text.find("2 of 10"), std::string::npos) << text;
}

TEST(BatchMetrics, AnEmptyBatchHasNumbersToo) {
  Metrics metrics = batch_metrics({}, {}, Version{1}, "rl");
  for (const char* name : {"reward/mean", "reward/std", "accuracy", "length/mean", "groups/trained",
                           "groups/zero_std"})
    EXPECT_EQ(number(metrics, name), 0) << name;
}

TEST(RenderedExample, ShowsSpecialTokensAndTheReward) {
  TinyState tiny;
  Batch batch;
  batch.groups.emplace_back();
  const Tokenizer& tokenizer = tiny.state.tokenizer();
  std::vector<int32_t> answer = tokenizer.encode("42");
  answer.push_back(tokenizer.end_id());
  batch.groups[0].push_back(made_sample(tiny.state, 0, tokenizer.encode("6*7="), answer, 1));
  std::string text = rendered_example(batch, tokenizer);
  EXPECT_NE(text.find("6*7="), std::string::npos) << text;
  EXPECT_NE(text.find(cat("42", tokenizer.token_text(tokenizer.end_id()))), std::string::npos)
      << text;
  EXPECT_NE(text.find("1 (scored)"), std::string::npos) << text;
  EXPECT_FALSE(rendered_example({}, tokenizer).empty());
}

}  // namespace
}  // namespace reckon
