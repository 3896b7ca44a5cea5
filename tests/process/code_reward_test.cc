// Reward `code` from an answer to an outcome, through real boxes.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/error.h"
#include "rewards/reward.h"
#include "tests/process/sandbox_rig.h"

namespace reckon {
namespace {

using ::testing::HasSubstr;

class CodeReward : public ::testing::Test {
 protected:
  void SetUp() override {
    if (std::string why = unusable_because(); !why.empty()) GTEST_SKIP() << why;
  }

  static std::unique_ptr<Reward> make(RewardOptions options = {}) {
    std::string missing;
    for (const std::string& name : lacking()) missing += (missing.empty() ? "" : ",") + name;
    if (!missing.empty()) options["allow_missing"] = missing;
    return make_reward({.use = "code", .weight = 1, .shaping = false, .options = options});
  }

  static Outcome score(const Reward& reward, const std::string& completion,
                       const nlohmann::json& columns) {
    RewardInput input;
    input.completion = completion;
    input.columns = &columns;
    return reward.score(input);
  }
};

const nlohmann::json kRow = {{"test_list", {"assert double(1) == 2", "assert double(5) == 10"}}};

TEST_F(CodeReward, ScoresTheLastBlockBehindTheThoughts) {
  auto reward = make();
  Outcome good = score(*reward,
                       "<think>```python\ndef double(x): return 0\n```</think>\n```python\ndef "
                       "double(x):\n    return 2 * x\n```\n",
                       kRow);
  EXPECT_EQ(good.status, Status::scored);
  EXPECT_EQ(good.value, 1);
  EXPECT_THAT(good.note, HasSubstr("MBPP: 2 of 2 passed"));
  Outcome half = score(*reward, "```python\ndef double(x):\n    return 2\n```\n", kRow);
  EXPECT_EQ(half.status, Status::scored);
  EXPECT_EQ(half.value, 0);
}

TEST_F(CodeReward, GivesSharesWhenAskedTo) {
  Outcome half = score(*make({{"scoring", "fraction"}}),
                       "```python\ndef double(x):\n    return 2\n```\n", kRow);
  EXPECT_EQ(half.value, 0.5);
}

TEST_F(CodeReward, AProgramThatFailsHasAScoreAndItIsZero) {
  auto reward = make({{"cpu_s", 1}});
  for (const char* code : {"def double(x): return 1 / 0", "def double(x):\n    while True: pass",
                           "import os; os._exit(0)", "def double(x", ""}) {
    Outcome outcome = score(*reward, std::string("```python\n") + code + "\n```\n", kRow);
    EXPECT_EQ(outcome.status, Status::scored) << code;
    EXPECT_EQ(outcome.value, 0) << code;
  }
  EXPECT_EQ(score(*reward, "I do not know.", kRow).value, 0);
}

// As many cases are run as are needed: the note of a share counts them all.
TEST_F(CodeReward, TheFirstFailureDecidesUnlessSharesAreAskedFor) {
  nlohmann::json row = {
      {"test_list", {"assert f(0) == 1", "assert f(1) == 1", "assert f(2) == 1"}}};
  const std::string answer = "```python\ndef f(x):\n    return 1 if x else 1 / x\n```\n";
  EXPECT_THAT(score(*make(), answer, row).note, HasSubstr("0 of 3 passed"));
  EXPECT_THAT(score(*make({{"scoring", "fraction"}}), answer, row).note,
              HasSubstr("2 of 3 passed"));
}

TEST_F(CodeReward, AnAnswerMayGoOnWithThePromptsProgram) {
  auto reward = make({{"program", "continuation"}});
  RewardInput input;
  input.prompt = "def double(x):  # twice x\n    return ";
  input.columns = &kRow;
  for (const auto& [completion, value] : {std::pair{"2*x", 1},
                                          {"x", 0},
                                          {"2*", 0},
                                          {"```python\ndef double(x):\n    return x+x\n```", 1}}) {
    input.completion = completion;
    Outcome outcome = reward->score(input);
    EXPECT_EQ(outcome.status, Status::scored) << completion;
    EXPECT_EQ(outcome.value, value) << completion << ": " << outcome.note;
  }
  input.completion = "2*x";
  EXPECT_EQ(make()->score(input).value, 0);
}

TEST_F(CodeReward, AbstainsWithoutTests) {
  Outcome outcome = score(*make(), "```python\nprint(1)\n```\n", {{"answer", "1"}});
  EXPECT_EQ(outcome.status, Status::abstained);
}

// The prompt's helper, not the candidate's, serves the test.
TEST_F(CodeReward, ACandidateCannotReplaceWhatThePromptDefined) {
  nlohmann::json row = {
      {"prompt",
       "def poly(x):\n    return x - 3\n\ndef zero():\n    \"\"\"Where poly is 0.\"\"\"\n"},
      {"entry_point", "zero"},
      {"test", "def check(candidate):\n    assert poly(candidate()) == 0\n"}};
  auto reward = make();
  EXPECT_EQ(score(*reward,
                  "```python\ndef poly(x):\n    return 0\n\ndef zero():\n    return 7\n```\n", row)
                .value,
            0);
  EXPECT_EQ(score(*reward, "```python\ndef zero():\n    return 3\n```\n", row).value, 1);
}

TEST_F(CodeReward, RefusesOptionsThatMeanNothing) {
  EXPECT_THROW(make({{"scoring", "some"}}), Error);
  EXPECT_THROW(make({{"program", "prompt"}}), Error);
  EXPECT_THROW(make({{"language", "cobol"}}), Error);
  EXPECT_THROW(make({{"allow_missing", "seccomp"}}), Error);
}

}  // namespace
}  // namespace reckon
