#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "rewards/rational.h"
#include "rewards/reward.h"

namespace reckon {
namespace {

Outcome score(const std::string& completion, const nlohmann::json& gold,
              const RewardOptions& options = {}) {
  nlohmann::json columns = {{"answer", gold}};
  RewardInput input;
  input.completion = completion;
  input.columns = &columns;
  return make_reward({"number", 1, false, options})->score(input);
}

struct Case {
  const char* completion;
  const char* gold;
  double value;
};

TEST(NumberReward, ComparesTheLastNumberAsAnExactRational) {
  const std::vector<Case> cases = {
      {"23+58=81;81+41=122", "122", 1},
      {"122 or rather 121", "122", 0},
      {"the answer is 12.", "12", 1},
      {"12.50", "25/2", 1},
      {"0.1", "1/10", 1},
      {"0.3333333333333333", "1/3", 0},
      {"1,234,567", "1234567", 1},
      {"1,2345", "12345", 0},
      {"81,12", "12", 1},
      {"-7", "-7", 1},
      {"= +7", "7", 1},
      {"5-3", "3", 1},
      {"5-3", "-3", 0},
      {"\xE2\x88\x92"
       "4",
       "-4", 1},
      {"50%", "50", 1},
      {"50%", "1/2", 0},
      {"$18", "18", 1},
      {"18 km", "18", 1},
      {"12apples", "12", 1},
      {"call it x1", "1", 0},
      {"7 in x12", "7", 1},
      {"7 in x12", "2", 0},
      {"1.5e3", "1500", 1},
      {"2e-2", "1/50", 1},
      {".5", "1/2", 1},
      {"007", "7", 1},
      {"on 1/2/2024", "2024", 1},
      {"-1/2", "-0.5", 1},
      {"9007199254740993", "9007199254740992", 0},
      {"72", "They sold 48+24 = 72 clips. #### 72", 1},
  };
  for (const Case& c : cases) {
    Outcome outcome = score(c.completion, c.gold);
    EXPECT_EQ(outcome.status, Status::scored) << c.completion;
    EXPECT_EQ(outcome.value, c.value) << c.completion << " against " << c.gold;
  }
}

TEST(NumberReward, PrefersTheLastBoxedAnswerAndTakesItWhole) {
  const std::vector<Case> cases = {
      {"\\boxed{3} is less than 4", "3", 1},
      {"\\boxed{3} no, \\boxed{4}", "3", 0},
      {"\\boxed{\\frac{1}{2}}", "0.5", 1},
      {"\\boxed{-\\dfrac{3}{4}}", "-3/4", 1},
      {"\\boxed{$1{,}000$}", "1000", 1},
      {"\\boxed{12\\%}", "12", 1},
      {"\\boxed{3 or 4}", "4", 0},
      {"\\boxed{x=4}", "4", 0},
      {"4 \\boxed{4", "4", 0},
      {"\\boxed{}", "4", 0},
  };
  for (const Case& c : cases) EXPECT_EQ(score(c.completion, c.gold).value, c.value) << c.completion;
}

TEST(NumberReward, ScoresZeroWithoutANumberAndOnDivisionByZero) {
  for (const char* text : {"", "no idea", "x1 y2", "1/0", "\\boxed{1/0}"}) {
    Outcome outcome = score(text, "1");
    EXPECT_EQ(outcome.status, Status::scored) << text;
    EXPECT_EQ(outcome.value, 0) << text;
    EXPECT_FALSE(outcome.note.empty()) << text;
  }
}

TEST(NumberReward, LeavesNumbersPastTheBoundUndecided) {
  EXPECT_EQ(score(std::string(kMaxDigits, '9'), "1").status, Status::scored);
  EXPECT_EQ(score(std::string(kMaxDigits + 1, '9'), "1").status, Status::undecided);
  EXPECT_EQ(score("1e999999999999999999999", "1").status, Status::undecided);
  EXPECT_EQ(score("1e-201", "1").status, Status::undecided);
  EXPECT_EQ(score("1/" + std::string(100000, '3'), "1").status, Status::undecided);
  EXPECT_EQ(score("\\boxed{" + std::string(100000, '3') + "}", "1").status, Status::undecided);
}

TEST(NumberReward, AbstainsWithoutAComparableGold) {
  EXPECT_EQ(score("1", nullptr).status, Status::abstained);
  EXPECT_EQ(score("1", "blue").status, Status::abstained);
  EXPECT_EQ(score("1", nlohmann::json::array({1})).status, Status::abstained);
  Outcome outcome = score("1", 1, {{"gold", "target"}});
  EXPECT_EQ(outcome.status, Status::abstained);
  EXPECT_NE(outcome.note.find("'target'"), std::string::npos);
}

TEST(NumberReward, TakesNumbersOfADataRowAndAMarker) {
  EXPECT_EQ(score("it is 2.50", 2.5).value, 1);
  EXPECT_EQ(score("it is 2", 2).value, 1);
  EXPECT_EQ(score("5 #### 2", 2, {{"after", "####"}}).value, 1);
  EXPECT_EQ(score("5 #### none", 5, {{"after", "####"}}).value, 0);
  EXPECT_EQ(score("5", 5, {{"after", "####"}}).value, 0);
}

TEST(Rational, WholeNumberRefusesWhatIsMoreThanANumber) {
  EXPECT_EQ(whole_number("12 apples").kind, NumberKind::none);
  EXPECT_EQ(whole_number("1/2/3").kind, NumberKind::none);
  EXPECT_EQ(whole_number("--1").kind, NumberKind::none);
  EXPECT_EQ(whole_number("-").kind, NumberKind::none);
  EXPECT_EQ(whole_number("-1,000.25").value, mpq_class(-4001, 4));
}

}  // namespace
}  // namespace reckon
