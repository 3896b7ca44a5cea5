#include "rewards/reward.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/error.h"

namespace reckon {
namespace {

using ::testing::HasSubstr;

RewardInput input_of(std::string_view completion, const nlohmann::json& columns) {
  RewardInput input;
  input.completion = completion;
  input.columns = &columns;
  return input;
}

Outcome score(const std::string& use, std::string_view completion,
              const RewardOptions& options = {},
              const nlohmann::json& columns = {{"answer", "blue"}}) {
  return make_reward({use, 1, false, options})->score(input_of(completion, columns));
}

std::string error_of(const RewardSpec& spec) {
  try {
    make_reward(spec);
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), Code::config);
    return error.what();
  }
  return "no error";
}

TEST(ExactReward, ComparesStrippedText) {
  EXPECT_EQ(score("exact", " blue\n").value, 1);
  EXPECT_EQ(score("exact", "Blue").value, 0);
  EXPECT_EQ(score("exact", "blue sky").value, 0);
  EXPECT_EQ(score("exact", "7", {}, {{"answer", 7}}).value, 1);
}

TEST(ExactReward, ComparesWhatFollowsTheLastMarker) {
  EXPECT_EQ(score("exact", "A: red A: blue", {{"after", "A:"}}).value, 1);
  EXPECT_EQ(score("exact", "A: blue A: red", {{"after", "A:"}}).value, 0);
  EXPECT_EQ(score("exact", "blue", {{"after", "A:"}}).value, 0);
}

TEST(ExactReward, AbstainsWhenTheColumnIsMissingAndNamesIt) {
  Outcome outcome = score("exact", "blue", {{"gold", "colour"}});
  EXPECT_EQ(outcome.status, Status::abstained);
  EXPECT_THAT(outcome.note, HasSubstr("'colour'"));
}

TEST(FormatReward, WantsOneThinkBlockThenOneAnswerBlock) {
  EXPECT_EQ(score("format", "<think>a</think><answer>b</answer>").value, 1);
  EXPECT_EQ(score("format", "\n<think>a</think>\n <answer>b</answer>\n").value, 1);
  for (const char* text :
       {"", "<think>a</think>", "<answer>b</answer>", "<answer>b</answer><think>a</think>",
        "x<think>a</think><answer>b</answer>", "<think>a</think>x<answer>b</answer>",
        "<think>a</think><answer>b</answer>x", "<think></think><answer>b</answer>",
        "<think>a</think><answer> </answer>", "<think>a<think>a</think></think><answer>b</answer>",
        "<think>a</think><answer>b</answer><answer>b</answer>",
        "<think>a<answer>b</answer></think>", "</think>a<think><answer>b</answer>"}) {
    Outcome outcome = score("format", text);
    EXPECT_EQ(outcome.status, Status::scored) << text;
    EXPECT_EQ(outcome.value, 0) << text;
  }
}

TEST(FormatReward, TakesOtherTagsAnOpenedThinkAndNoAnswerTag) {
  EXPECT_EQ(score("format", "<r>a</r><s>b</s>", {{"think", "r"}, {"answer", "s"}}).value, 1);
  EXPECT_EQ(score("format", "a</think><answer>b</answer>", {{"opened", true}}).value, 1);
  EXPECT_EQ(score("format", "<think>a</think><answer>b</answer>", {{"opened", true}}).value, 0);
  EXPECT_EQ(score("format", "<think>a</think> 12", {{"answer", ""}}).value, 1);
  EXPECT_EQ(score("format", "<think>a</think> ", {{"answer", ""}}).value, 0);
}

TEST(LengthReward, FallsLinearlyToMinusOneInsideTheBuffer) {
  RewardInput input;
  input.max_new_tokens = 100;
  auto reward = make_reward({"length", 1, true, {{"buffer", 40}}});
  for (auto [tokens, value] :
       {std::pair{0u, 0.0}, {60u, 0.0}, {61u, -0.025}, {80u, -0.5}, {100u, -1.0}}) {
    input.completion_tokens = tokens;
    EXPECT_DOUBLE_EQ(reward->score(input).value, value) << tokens;
  }
  input.completion_tokens = 90;
  EXPECT_DOUBLE_EQ(make_reward({"length", 1, true, {}})->score(input).value,
                   -0.5);  // a fifth of the limit
}

TEST(LengthReward, AbstainsWithoutALimit) {
  EXPECT_EQ(make_reward({"length", 1, true, {}})->score(RewardInput()).status, Status::abstained);
}

TEST(MakeReward, NamesTheNearestRewardAndOption) {
  EXPECT_THAT(error_of({"nunber", 1, false, {}}), HasSubstr("did you mean 'number'?"));
  EXPECT_THAT(error_of({"zzz", 1, false, {}}), HasSubstr("exact, number, format, length"));
  EXPECT_THAT(error_of({"number", 1, false, {{"golld", "x"}}}), HasSubstr("did you mean 'gold'?"));
  EXPECT_THAT(error_of({"exact", 1, false, {{"gold", 3}}}), HasSubstr("must be a text"));
  EXPECT_THAT(error_of({"length", 1, false, {{"buffer", -1}}}), HasSubstr("from 0 to"));
  EXPECT_THAT(error_of({"format", 1, false, {{"opened", "yes"}}}), HasSubstr("true or false"));
}

TEST(MakeReward, SaysWhichRewardsExistWhenAskedForALaterOne) {
  for (const char* use :
       {"python:a.py:score", "plugin:./a.so", "overlong", "repetition", "language", ""}) {
    EXPECT_THAT(error_of({use, 1, false, {}}), HasSubstr("exact, number, format, length")) << use;
  }
}

TEST(RewardSet, AddsWeightedPartsAndKeepsShapingOutOfRaw) {
  RewardSet set({{"exact", 2, false, {}}, {"format", 0.5, true, {}}});
  nlohmann::json columns = {{"answer", "b"}};
  Outcome outcome = set.score(input_of("<think>a</think><answer>b</answer>", columns));
  EXPECT_EQ(outcome.status, Status::scored);
  EXPECT_DOUBLE_EQ(outcome.value, 0.5);
  EXPECT_DOUBLE_EQ(outcome.raw, 0);
  EXPECT_FALSE(outcome.correct);
  ASSERT_EQ(outcome.parts.size(), 2u);
  EXPECT_EQ(outcome.parts[1].name, "format");
  outcome = set.score(input_of("b", columns));
  EXPECT_DOUBLE_EQ(outcome.value, 2);
  EXPECT_DOUBLE_EQ(outcome.raw, 2);
  EXPECT_TRUE(outcome.correct);
}

TEST(RewardSet, PassesOverAPartThatAbstains) {
  RewardSet set({{"exact", 1, false, {}}, {"number", 1, false, {{"gold", "target"}}}});
  nlohmann::json columns = {{"answer", "7"}};
  Outcome outcome = set.score(input_of("7", columns));
  EXPECT_EQ(outcome.status, Status::scored);
  EXPECT_DOUBLE_EQ(outcome.value, 1);
  EXPECT_EQ(outcome.parts.size(), 1u);
  EXPECT_THAT(outcome.note, HasSubstr("number: "));
}

TEST(RewardSet, AbstainsWhenNoJudgeSpokeEvenIfShapingDid) {
  RewardSet set({{"exact", 1, false, {}}, {"length", 1, true, {}}});
  nlohmann::json columns = nlohmann::json::object();
  RewardInput input = input_of("7", columns);
  input.max_new_tokens = 10;
  Outcome outcome = set.score(input);
  EXPECT_EQ(outcome.status, Status::abstained);
  EXPECT_EQ(outcome.value, 0);
}

TEST(RewardSet, TakesTheStatusOfAPartThatFailed) {
  RewardSet set({{"exact", 1, false, {}}, {"number", 1, false, {}}});
  nlohmann::json columns = {{"answer", "7"}};
  EXPECT_EQ(set.score(input_of(std::string(500, '7'), columns)).status, Status::undecided);
}

TEST(RewardSet, NamesASecondRewardOfAKindApart) {
  RewardSet set({{"exact", 1, false, {}}, {"exact", 1, false, {{"after", "="}}}});
  nlohmann::json columns = {{"answer", "7"}};
  Outcome outcome = set.score(input_of("7", columns));
  ASSERT_EQ(outcome.parts.size(), 2u);
  EXPECT_EQ(outcome.parts[1].name, "exact#2");
}

TEST(RewardSet, ProducerDependsOnEverySpec) {
  RewardSpec spec{"exact", 1, false, {}};
  std::string producer = RewardSet({spec}).producer();
  EXPECT_EQ(RewardSet({spec}).producer(), producer);
  spec.weight = 2;
  EXPECT_NE(RewardSet({spec}).producer(), producer);
  EXPECT_NE(RewardSet({{"exact", 1, false, {{"after", "="}}}}).producer(), producer);
}

}  // namespace
}  // namespace reckon
