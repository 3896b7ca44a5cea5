#include "rewards/math/interval.h"

#include <gtest/gtest.h>

#include <cmath>

#include "rewards/math/interval_double.h"
#include "rewards/math/interval_root_bound.h"
#include "rewards/math/parser.h"

namespace reckon::math {
namespace {

class Interval : public testing::Test {
 protected:
  Expr parse(const char* text) { return parse_answer(arena_, text).expr; }
  Budget budget_{Limits{.steps = 200'000}};
  Arena arena_{budget_};
};

TEST_F(Interval, DoublesTellMostNumbersApart) {
  EXPECT_TRUE(interval::quickly_apart(parse("\\sqrt2"), parse("\\sqrt3"), budget_));
  EXPECT_TRUE(interval::quickly_apart(parse("2i"), parse("3i"), budget_));
  EXPECT_TRUE(interval::quickly_apart(parse("\\sqrt{x^2+1}"), parse("\\sqrt{x^2+2}"), budget_));
  EXPECT_FALSE(interval::quickly_apart(parse("\\sqrt8"), parse("2\\sqrt2"), budget_));
}

TEST_F(Interval, ManyDigitsTellNearNumbersApart) {
  // 640320^3 + 744 and e^{pi sqrt 163} agree to 30 digits.
  EXPECT_TRUE(interval::apart(parse("640320^3+744"), parse("e^{\\pi\\sqrt{163}}"), budget_));
  EXPECT_TRUE(interval::apart(parse("\\frac{1}{2004!}"), parse("\\frac{1}{2006!}"), budget_));
  EXPECT_FALSE(interval::apart(parse("\\sqrt{3+2\\sqrt2}"), parse("1+\\sqrt2"), budget_));
}

TEST_F(Interval, LogsWithoutBaseAreApartUnderEveryReading) {
  EXPECT_FALSE(interval::apart(parse("\\log 100"), parse("2"), budget_));
  EXPECT_TRUE(interval::apart(parse("\\log 100"), parse("3"), budget_));
}

TEST_F(Interval, NestedRadicalsAreEqualByTheRootBound) {
  EXPECT_TRUE(interval::proven_equal(parse("\\sqrt{3+2\\sqrt2}"), parse("1+\\sqrt2"), budget_));
  EXPECT_TRUE(interval::proven_equal(parse("\\sqrt[3]{2+\\sqrt5}+\\sqrt[3]{2-\\sqrt5}"), parse("1"),
                                     budget_));
  EXPECT_TRUE(interval::proven_equal(parse("\\cos\\frac{\\pi}{5}-\\cos\\frac{2\\pi}{5}"),
                                     parse("\\frac12"), budget_));
}

TEST_F(Interval, NearMissesAreNotEqualByTheRootBound) {
  EXPECT_FALSE(interval::proven_equal(parse("\\sqrt{3+2\\sqrt2}"),
                                      parse("1+\\sqrt2+\\frac{1}{10^{40}}"), budget_));
  EXPECT_FALSE(interval::proven_equal(parse("\\pi"), parse("\\frac{22}{7}"), budget_));
}

TEST_F(Interval, RootBoundIsBelowTheTrueDistance) {
  // 1 / (sqrt(n^2 + 1) + n) is how close sqrt(n^2 + 1) comes to n.
  for (const char* pair : {"\\sqrt{2}|1", "\\sqrt{101}|10", "\\sqrt{1000001}|1000"}) {
    const std::string text = pair;
    const size_t bar = text.find('|');
    const Expr a = parse(text.substr(0, bar).c_str()), b = parse(text.substr(bar + 1).c_str());
    const auto bits = interval::root_bound_bits(a, b, budget_);
    ASSERT_TRUE(bits) << pair;
    const double distance = std::sqrt(b->value.get_d() * b->value.get_d() + 1) - b->value.get_d();
    EXPECT_LE(std::exp2(-*bits), distance) << pair;
  }
}

TEST_F(Interval, OrderAndSignOfConstants) {
  EXPECT_EQ(interval::order(parse("\\sqrt2"), parse("1.5"), budget_), -1);
  EXPECT_EQ(interval::order(parse("\\pi"), parse("3"), budget_), 1);
  EXPECT_EQ(interval::order(parse("x"), parse("3"), budget_), std::nullopt);
  EXPECT_EQ(interval::sign(parse("2-\\sqrt5"), budget_), -1);
}

TEST(DoubleInterval, EnclosesTheExactValueOfEveryOperation) {
  // 1/3 + 1/3 + 1/3, and the way back.
  const DoubleInterval third = DoubleInterval::of(mpq_class(1, 3));
  EXPECT_LT(third.lower(), third.upper());
  const DoubleInterval sum = third + third + third - DoubleInterval::exactly(1);
  EXPECT_LE(sum.lower(), 0);
  EXPECT_GE(sum.upper(), 0);
  EXPECT_LT(sum.width(), 1e-14);
}

TEST(DoubleInterval, OverflowKnowsOnlyThatItIsLarge) {
  mpz_class huge;
  mpz_ui_pow_ui(huge.get_mpz_t(), 10, 400);
  const DoubleInterval x = DoubleInterval::of(mpq_class(huge));
  EXPECT_TRUE(std::isinf(x.upper()));
  EXPECT_TRUE(std::isfinite(x.lower()));
  EXPECT_FALSE((x - x).positive() || (x - x).negative());
}

}  // namespace
}  // namespace reckon::math
