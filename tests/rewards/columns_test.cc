#include "rewards/columns.h"

#include <gtest/gtest.h>

#include "rewards/reward.h"

namespace reckon {
namespace {

using nlohmann::json;

double number(const json& columns, const RewardOptions& options = {}) {
  auto reward = make_reward({"number", 1, false, options});
  Outcome outcome = reward->score({"", "so 4", &columns});
  return outcome.status == Status::scored ? outcome.value : -1;
}

TEST(Columns, AreFoundByNameBeforeByPath) {
  json row = {{"a.b", 1}, {"a", {{"b", 2}, {"c", {{"d", 3}}}}}};
  EXPECT_EQ(*find_column(row, "a.b"), 1);
  EXPECT_EQ(*find_column(row, "a.c.d"), 3);
  EXPECT_EQ(find_column(row, "a.x"), nullptr);
  EXPECT_EQ(find_column(row, "a.b.c"), nullptr);
  EXPECT_EQ(find_column(json::array(), "a"), nullptr);
}

TEST(Columns, LastBoxCountsBracesAndTakesBareTokens) {
  EXPECT_EQ(last_boxed("\\boxed{1} \\boxed{\\frac{1}{2}}."), "\\frac{1}{2}");
  EXPECT_EQ(last_boxed("\\boxed{\\left\\{ 1 \\right.}"), "\\left\\{ 1 \\right.");
  EXPECT_EQ(last_boxed("$\\boxed 12$."), "12");
  EXPECT_EQ(last_boxed("\\fbox{C}"), "C");
  EXPECT_EQ(last_boxed("\\boxed{1"), "");
  EXPECT_EQ(last_boxed("\\boxed"), std::nullopt);
  EXPECT_EQ(last_boxed("\\boxedin 3"), std::nullopt);
}

TEST(Columns, TheGoldIsTheOptionThenTheUsualNamesInOrder) {
  json row = {{"solution", "\\boxed{4} in 1 step"}};
  EXPECT_EQ(number(row), 1);
  row["ground_truth"] = 5;
  EXPECT_EQ(number(row), 0);
  row["reward_model"] = {{"ground_truth", "4"}};
  EXPECT_EQ(number(row), 1);
  row["answer"] = 5;
  EXPECT_EQ(number(row), 0);
  EXPECT_EQ(number(row, {{"gold", "reward_model.ground_truth"}}), 1);
  EXPECT_EQ(number(row, {{"gold", "extra_info.x"}}), -1);
  EXPECT_EQ(number({{"other", 4}}), -1);
}

}  // namespace
}  // namespace reckon
