// The rules of the comparison that a table of pairs does not show: directions, modes, budgets.
#include "rewards/math/compare.h"

#include <gtest/gtest.h>

#include "rewards/math/parser.h"
#include "rewards/math/verify.h"

namespace reckon::math {
namespace {

Verdict verdict(const char* gold, const char* answer, Mode mode = Mode::strict) {
  return verify_answer(gold, answer, mode).verdict;
}
bool equal(const char* gold, const char* answer, Mode mode = Mode::strict) {
  return verdict(gold, answer, mode) == Verdict::equal;
}

TEST(Compare, ADecimalGoldAcceptsWhatRoundsToItAndNeverTheOtherWayRound) {
  EXPECT_TRUE(equal("0.33", "\\frac13"));
  EXPECT_TRUE(equal("3.14", "\\pi"));
  EXPECT_TRUE(equal("0.33", "0.333"));
  EXPECT_TRUE(equal("1.41\\times 10^{3}", "1000\\sqrt2"));
  EXPECT_FALSE(equal("0.13", "\\frac18"));  // a tie: up or to even, nobody knows
  EXPECT_FALSE(equal("0.12", "\\frac18"));
  EXPECT_FALSE(equal("\\frac13", "0.33"));
  EXPECT_FALSE(equal("0.333", "0.33"));
  EXPECT_FALSE(equal("0.3", "\\frac13"));  // two decimals or more
  EXPECT_FALSE(equal("0.\\overline{33}", "0.33"));
}

TEST(Compare, GoldInequalityAcceptsAnIntervalAndStrictModeNotTheReverse) {
  EXPECT_TRUE(equal("0<x\\le 1", "(0,1]"));
  EXPECT_FALSE(equal("(0,1]", "0<x\\le 1"));
  EXPECT_TRUE(equal("(0,1]", "0<x\\le 1", Mode::lenient));
  EXPECT_FALSE(equal("0<x\\le 1", "0<y\\le 1"));
}

TEST(Compare, SetsOfNumbersAreComparedByWhatTheyContain) {
  EXPECT_TRUE(equal("(-\\infty,1)\\cup(1,\\infty)", "x\\ne 1") ||
              equal("(-\\infty,1)\\cup(1,\\infty)", "x\\ne 1", Mode::lenient));
  EXPECT_TRUE(equal("(-\\infty,1)\\cup(1,\\infty)", "\\mathbb{R}\\setminus\\{1\\}"));
  EXPECT_TRUE(equal("[0,2]\\cup[1,3]", "[0,3]"));
  EXPECT_TRUE(equal("[0,1)\\cup[1,3]", "[0,3]"));
  EXPECT_FALSE(equal("[0,1)\\cup(1,3]", "[0,3]"));
  EXPECT_TRUE(equal("[1,\\sqrt2]", "[1,\\frac{2}{\\sqrt2}]"));
  EXPECT_EQ(verdict("[0,1)", "[0,1]"), Verdict::different);
}

TEST(Compare, WorkLeftUndoneIsRefusedInStrictModeAlone) {
  for (const auto& [gold, answer] :
       std::initializer_list<std::pair<const char*, const char*>>{{"5", "2+3"},
                                                                  {"14", "3\\cdot 4+2"},
                                                                  {"12", "3\\cdot 4"},
                                                                  {"55", "\\sum_{k=1}^{10} k"},
                                                                  {"6", "\\gcd(12, 18)"},
                                                                  {"\\frac12", "\\sin 30^\\circ"},
                                                                  {"5", "\\sqrt{3^2+4^2}"}}) {
    EXPECT_FALSE(equal(gold, answer)) << answer;
    EXPECT_TRUE(equal(gold, answer, Mode::lenient)) << answer;
  }
  for (const auto& [gold, answer] :
       std::initializer_list<std::pair<const char*, const char*>>{{"\\sqrt{12}", "2\\sqrt3"},
                                                                  {"300000", "3\\cdot 10^5"},
                                                                  {"\\frac52", "\\frac{10}{4}"},
                                                                  {"1024", "2^{10}"},
                                                                  {"120", "5!"},
                                                                  {"252", "\\binom{10}{5}"},
                                                                  {"x^2+3x+2", "(x+1)(x+2)"}}) {
    EXPECT_TRUE(equal(gold, answer)) << answer;
  }
}

TEST(Compare, ValuesOfSeveralVariablesNeedTheirNames) {
  EXPECT_TRUE(equal("x=1, y=2", "y=2, x=1"));
  EXPECT_FALSE(equal("x=1, y=2", "2, 1"));
  EXPECT_FALSE(equal("x=1, y=2", "x=2, y=1"));
  EXPECT_TRUE(equal("x=1, x=2", "2, 1"));
}

TEST(Compare, EquationsUpToAFactorAndNeverWithTheirValue) {
  EXPECT_TRUE(equal("2x+4y-3=0", "y=-\\frac12x+\\frac34"));
  EXPECT_TRUE(equal("x^2+y^2=1", "1-x^2-y^2=0"));
  EXPECT_FALSE(equal("x+y=1", "x+y=2"));
  EXPECT_FALSE(equal("x+y=0", "0"));
  EXPECT_FALSE(equal("x+y=0", "0=0"));
  EXPECT_FALSE(equal("x=y", "1=1"));
}

TEST(Compare, AnUnsolvedEquationIsNoSolution) {
  EXPECT_FALSE(equal("x=3", "2x=6"));
  EXPECT_TRUE(equal("x=3", "3=x"));
  EXPECT_FALSE(equal("5", "2+3=5"));
  EXPECT_TRUE(equal("5", "AB=5"));
}

TEST(Compare, LettersThatCancelAreTheQuestion) {
  EXPECT_FALSE(equal("5", "x+5-x"));
  EXPECT_TRUE(equal("5", "x+5-x", Mode::lenient));
  EXPECT_TRUE(equal("x+1", "\\frac{x^2-1}{x-1}"));
}

TEST(Compare, AnExactValueMayCarryItsOwnRounding) {
  EXPECT_TRUE(equal("\\frac{\\sqrt5}{5}", "\\frac{\\sqrt5}{5}\\approx 0.447"));
  EXPECT_FALSE(equal("\\frac{\\sqrt5}{5}", "\\frac{\\sqrt5}{5}\\approx 0.547"));
  EXPECT_FALSE(equal("4", "\\approx 4"));
}

TEST(Compare, MarksOfDifferentKindAreNotExchanged) {
  EXPECT_FALSE(equal("83\\%", "83\\text{ cm}"));
  EXPECT_FALSE(equal("7.5^\\circ", "\\$7.50"));
  EXPECT_FALSE(equal("5", "5 pairs"));
  EXPECT_TRUE(equal("21", "21\\text{ dogs}"));
  EXPECT_TRUE(equal("30^\\circ", "\\frac{\\pi}{6}"));
  EXPECT_FALSE(equal("30^\\circ", "0.5236"));
  EXPECT_TRUE(equal("20^\\circ C", "68^\\circ F"));
}

TEST(Compare, ConstantsOfIntegrationAloneMayBeRenamed) {
  EXPECT_TRUE(equal("x^2+C", "x^2+c"));
  EXPECT_FALSE(equal("x^2+C", "x^2"));
  EXPECT_FALSE(equal("A+B+C", "A+B+K"));
  EXPECT_FALSE(equal("a+b+C", "a+b+k"));
  EXPECT_FALSE(equal("x+1", "y+1"));
}

TEST(Compare, NothingIsNeverRewarded) {
  for (const char* answer : {"", " ", "$$", "\\boxed{}", "\\text{}", "{}"}) {
    for (const char* gold : {"5", "", "\\text{none}", "\\emptyset", "\\boxed{}"}) {
      EXPECT_FALSE(equal(gold, answer)) << gold << " | " << answer;
    }
  }
}

TEST(Compare, TooLargeForExactArithmeticIsUndecidedOrProvenDifferent) {
  EXPECT_EQ(verdict("2^{99999}", "2^{99998}"), Verdict::different);
  EXPECT_NE(verdict("9^{9^9}", "9^{9^9+1}"), Verdict::equal);
  EXPECT_NE(verdict("\\frac13", "(10^8)!"), Verdict::equal);
  EXPECT_NE(verdict("\\frac13", "\\sum_{k=1}^{10^9} \\frac1k"), Verdict::equal);
}

TEST(Compare, TypesOfGoldAnswers) {
  const auto type = [](const char* gold) {
    Budget budget;
    Arena arena(budget);
    return std::string(type_of(parse_answer(arena, gold).expr));
  };
  EXPECT_EQ(type("\\frac{3}{4}"), "number");
  EXPECT_EQ(type("2\\sqrt3"), "algebraic");
  EXPECT_EQ(type("x^2+1"), "polynomial");
  EXPECT_EQ(type("[0,1)"), "interval");
  EXPECT_EQ(type("(1,2)"), "tuple");
  EXPECT_EQ(type("\\{1,2\\}"), "set");
  EXPECT_EQ(type("f(x)=x^2"), "function");
  EXPECT_EQ(type("x<3"), "inequality");
  EXPECT_EQ(type("\\text{Monday}"), "text");
}

TEST(Verify, GoldAnswersMayBeWrapped) {
  EXPECT_TRUE(equal("$18$", "18"));
  EXPECT_TRUE(equal("\\boxed{18}", "18"));
  EXPECT_TRUE(equal("So she makes 9 * 2 = <<9*2=18>>18 dollars.\n#### 18", "18.0"));
}

TEST(Verify, AnAnswerOverItsLengthIsComparedAsTextAlone) {
  const std::string longer(5000, '1');
  EXPECT_EQ(verify_answer(longer, longer).verdict, Verdict::equal);
  EXPECT_EQ(verify_answer(longer, longer + "2").verdict, Verdict::undecided);
}

}  // namespace
}  // namespace reckon::math
