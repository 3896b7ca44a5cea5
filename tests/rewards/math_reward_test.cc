#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/error.h"
#include "rewards/reward.h"

namespace reckon {
namespace {

using nlohmann::json;
using ::testing::HasSubstr;
using ::testing::StartsWith;

Outcome score(std::string_view completion, const json& row, const RewardOptions& options = {},
              bool evaluation = false) {
  RewardInput input;
  input.completion = completion;
  input.columns = &row;
  input.evaluation = evaluation;
  return make_reward({"math", 1, false, options})->score(input);
}

TEST(MathReward, PaysForAnEqualAnswerAndSaysByWhichRuleItWasFound) {
  Outcome equal = score("so \\boxed{0.5}", {{"answer", "\\frac{1}{2}"}});
  EXPECT_EQ(equal.status, Status::scored);
  EXPECT_EQ(equal.value, 1);
  EXPECT_THAT(equal.note, StartsWith("boxed: 0.5: "));

  Outcome different = score("so \\boxed{0.6}", {{"answer", "\\frac{1}{2}"}});
  EXPECT_EQ(different.status, Status::scored);
  EXPECT_EQ(different.value, 0);
  EXPECT_THAT(different.note, StartsWith("boxed: 0.6: "));
}

TEST(MathReward, PaysNothingWithoutAnAnswerOrForSeveral) {
  for (const char* text : {"", "I do not know.", "\\boxed{}", "<think> \\boxed{4}",
                           "either \\boxed{3} or \\boxed{4}", "\\boxed{3}, no, \\boxed{4}"}) {
    Outcome outcome = score(text, {{"answer", 4}});
    EXPECT_EQ(outcome.status, Status::scored) << text;
    EXPECT_EQ(outcome.value, 0) << text;
    EXPECT_NE(outcome.note, "") << text;
  }
}

TEST(MathReward, IsUndecidedWhereTheVerifierCannotSay) {
  Outcome outcome = score("\\boxed{9^{9^{9^9}}}", {{"answer", "\\frac{1}{3}"}});
  EXPECT_EQ(outcome.status, Status::undecided);
  EXPECT_EQ(outcome.value, 0);
  EXPECT_THAT(outcome.note, StartsWith("boxed: 9^{9^{9^9}}: "));
}

TEST(MathReward, AbstainsWithoutAGoldAnswer) {
  EXPECT_EQ(score("\\boxed{4}", {{"level", 3}}).status, Status::abstained);
  Outcome named = score("\\boxed{4}", {{"answer", 4}}, {{"gold", "right"}});
  EXPECT_EQ(named.status, Status::abstained);
  EXPECT_THAT(named.note, HasSubstr("'right'"));
  Outcome blank = score("\\boxed{4}", {{"answer", " "}});
  EXPECT_EQ(blank.status, Status::abstained);
  EXPECT_THAT(blank.note, HasSubstr("'answer'"));
}

TEST(MathReward, TheGoldMayBeAWorkedSolution) {
  EXPECT_EQ(score("\\boxed{72}", {{"answer", "48 + 24 = 72\n#### 72"}}).value, 1);
  EXPECT_EQ(score("\\boxed{4}", {{"solution", "We get $x = \\boxed{4}$ in 2 steps."}}).value, 1);
  EXPECT_EQ(score("\\boxed{4}", {{"a", {{"b", "\\boxed{4}"}}}}, {{"gold", "a.b"}}).value, 1);
  EXPECT_EQ(score("\\boxed{2}", {{"solution", "We get $x = \\boxed{4}$ in 2 steps."}}).value, 0);
}

TEST(MathReward, IsStrictInTrainingAndLenientInAnEvaluationUnlessToldOtherwise) {
  json row = {{"answer", 4}};
  const char* text = "So in the end we are left with 4";  // no mark: for lenient readers alone
  EXPECT_EQ(score(text, row).value, 0);
  EXPECT_EQ(score(text, row, {}, true).value, 1);
  EXPECT_EQ(score(text, row, {{"mode", "lenient"}}).value, 1);
  EXPECT_EQ(score(text, row, {{"mode", "strict"}}, true).value, 0);
}

TEST(MathReward, KnowsItsModesAndOptions) {
  auto problem = [](const RewardOptions& options) -> std::string {
    try {
      make_reward({"math", 1, false, options});
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), Code::config);
      return error.place() + ": " + error.what();
    }
    return "none";
  };
  EXPECT_THAT(problem({{"mode", "loose"}}), StartsWith("mode: "));
  EXPECT_THAT(problem({{"mode", 1}}), StartsWith("mode: "));
  EXPECT_THAT(problem({{"moode", "strict"}}), HasSubstr("did you mean 'mode'?"));
  EXPECT_EQ(problem({{"mode", "strict"}, {"gold", "answer"}}), "none");
}

}  // namespace
}  // namespace reckon
