// A model made from nothing learns to write a line of Python from the tests of its programs alone
// (configs/code_tiny.toml): sampled, run in real boxes, scored, trained on.
#include "pipeline/generators.h"
#include "rewards/reward.h"
#include "tests/process/sandbox_rig.h"
#include "tests/process/train_run.h"

namespace reckon {
namespace {

class CodeLearning : public ::testing::Test {
 protected:
  void SetUp() override {
    if (std::string why = unusable_because(); !why.empty()) GTEST_SKIP() << why;
  }

  static constexpr char kRunFile[] = RECKON_SOURCE_DIR "/configs/code_tiny.toml";
  static std::vector<std::string> settings(std::vector<std::string> some = {}) {
    if (!lacking().empty()) some.push_back("reward.code.allow_missing=" + join(lacking(), ","));
    return some;
  }
};

// Every program is scored and none is lost to a failure of the sandbox; the sampler's log-probs are
// the learner's.
void expect_all_scored(const TrainRun& run, size_t steps) {
  auto rows = run.metrics("rl");
  EXPECT_EQ(rows.size(), steps);
  for (const nlohmann::json& row : rows) {
    EXPECT_GT(row.value("outcomes/scored", 0), 0) << row.dump();
    for (const char* other : {"outcomes/crashed", "outcomes/timed_out", "outcomes/abstained",
                              "outcomes/undecided", "logprob_mismatch"}) {
      EXPECT_EQ(row.value(other, -1), 0) << other << " in " << row.dump();
    }
  }
}

TEST_F(CodeLearning, StepsGoThroughTheBox) {
  TrainRun run(
      settings({"phase.sft.steps=10", "phase.sft.prompts_per_step=16", "phase.sft.until.every=100",
                "phase.rl.steps=2", "phase.rl.prompts_per_step=4", "phase.rl.minibatches=1",
                "phase.rl.rollout.samples_per_prompt=4", "phase.rl.objective.zero_variance=keep",
                "run.eval.problems=8"}),
      kRunFile);
  ASSERT_EQ(run.go(), 0) << run.output();
  expect_all_scored(run, 2);
  for (const nlohmann::json& row : run.metrics("rl")) EXPECT_EQ(row["outcomes/scored"], 16);
}

TEST_F(CodeLearning, TheGeneratorsTestsTellRightFromWrong) {
  RewardOptions options = {{"program", "continuation"}};
  if (!lacking().empty()) options["allow_missing"] = join(lacking(), ",");
  auto reward = make_reward({.use = "code", .weight = 1, .shaping = false, .options = options});
  auto data = make_generator("python_line?variables=2&parts=2", 6);
  auto score = [&](const Row& row, const std::string& completion) {
    RewardInput input;
    input.prompt = row.prompt;
    input.completion = completion;
    input.columns = &row.columns;
    Outcome outcome = reward->score(input);
    EXPECT_EQ(outcome.status, Status::scored) << outcome.note;
    return outcome.value;
  };
  for (uint64_t i = 0; i < 30; ++i) {
    const Row row = data->row(i);
    const std::string right = row.columns["completion"];
    EXPECT_EQ(score(row, right), 1) << row.prompt << right;
    EXPECT_EQ(score(row, right + "+1"), 0) << row.prompt << right;
    if (size_t at = right.find("max"); at != std::string::npos) {
      std::string wrong = right;
      EXPECT_EQ(score(row, wrong.replace(at, 3, "min")), 0) << row.prompt << wrong;
    }
  }
}

TEST_F(CodeLearning, HeldOutPassRateRisesFromUnderThirtyToOverEightyPercent) {
  if (!full_length()) GTEST_SKIP() << "minutes long: a part of `./reckon test full`";
  TrainRun run(settings(), kRunFile);
  ASSERT_EQ(run.go(), 0) << run.output();
  auto rl = run.metrics("rl");
  expect_all_scored(run, rl.size());
  std::vector<double> before, after;
  for (const nlohmann::json& row : run.metrics()) {
    if (!row.contains("eval/eval/accuracy")) continue;
    (row["step"] < rl.front()["step"] ? before : after).push_back(row["eval/eval/accuracy"]);
  }
  ASSERT_FALSE(before.empty() || after.empty());
  EXPECT_LT(before.back(), 0.3);
  EXPECT_GT(after.back(), 0.8);
}

}  // namespace
}  // namespace reckon
