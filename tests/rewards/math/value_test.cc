#include "rewards/math/value.h"

#include <gtest/gtest.h>

#include <random>
#include <string>
#include <utility>
#include <vector>

#include "rewards/math/interval.h"
#include "rewards/math/modular.h"
#include "rewards/math/parser.h"
#include "tests/full_length.h"

namespace reckon::math {
namespace {

bool same(const char* left, const char* right) {
  Budget budget;
  Arena arena(budget);
  Algebra algebra(budget);
  const auto a = algebra.value_of(parse_answer(arena, left).expr);
  const auto b = algebra.value_of(parse_answer(arena, right).expr);
  return a && b && algebra.equal(*a, *b);
}

TEST(NormalForm, EqualValuesMeet) {
  for (const auto& [a, b] : std::initializer_list<std::pair<const char*, const char*>>{
           {"\\sqrt{12}", "2\\sqrt3"},
           {"\\frac{1}{\\sqrt[3]{2}}", "\\frac{\\sqrt[3]{4}}{2}"},
           {"\\frac{1}{1+\\sqrt2}", "\\sqrt2-1"},
           {"(1+i)^8", "16"},
           {"\\frac{1}{i}", "-i"},
           {"e^{i\\pi/3}", "\\frac12+\\frac{\\sqrt3}{2}i"},
           {"\\sin 15^\\circ", "\\frac{\\sqrt6-\\sqrt2}{4}"},
           {"\\tan\\frac{\\pi}{3}", "\\sqrt3"},
           {"\\ln 8", "3\\ln 2"},
           {"\\log_4 8", "\\frac32"},
           {"\\sin^2 x", "1-\\cos^2 x"},
           {"\\tan x", "\\frac{\\sin x}{\\cos x}"},
           {"x^{n+1}", "x\\cdot x^n"},
           {"4^x", "2^{2x}"},
           {"\\sqrt{4x+4}", "2\\sqrt{x+1}"},
           {"|3-4i|", "5"},
           {"\\arctan 1", "\\frac{\\pi}{4}"},
           {"\\sum_{k=1}^{10} k", "55"},
           {"\\sqrt[3]{-16}", "-2\\sqrt[3]{2}"}}) {
    EXPECT_TRUE(same(a, b)) << a << " and " << b;
  }
}

TEST(NormalForm, WhatIsNotAnIdentityDoesNotMeet) {
  for (const auto& [a, b] : std::initializer_list<std::pair<const char*, const char*>>{
           {"\\sqrt{x^2}", "x"},
           {"\\sqrt{-x}", "i\\sqrt{x}"},
           {"\\ln x^2", "2\\ln x"},
           {"(x^2)^{1/2}", "x"},
           {"\\sqrt{x}\\sqrt{y}", "\\sqrt{xy}"},
           {"f(x)", "f(y)"},
           {"2^{x}", "x^{2}"},
           {"\\log x", "\\ln x"},
           {"(-8)^{1/3}", "-2"},
           {"\\sin x", "\\sin(x+1)"}}) {
    EXPECT_FALSE(same(a, b)) << a << " and " << b;
  }
}

modular::Identity identity(const char* left, const char* right) {
  Budget budget;
  Arena arena(budget);
  const Expr a = parse_answer(arena, left).expr, b = parse_answer(arena, right).expr;
  return modular::compare(a, b, budget);
}

TEST(Modular, RationalFunctionsAreIdentifiedWithoutExpansion) {
  using modular::Identity;
  EXPECT_EQ(identity("(x+y)^{200}(x-y)^{200}", "(x^2-y^2)^{200}"), Identity::same);
  EXPECT_EQ(identity("(x+y+z+w)^{300}", "(w+z+y+x)^{300}"), Identity::same);
  EXPECT_EQ(identity("(x+y)^{200}", "(x+y)^{199}(x+y+1)"), Identity::different);
  EXPECT_EQ(identity("\\frac{1}{x}+\\frac{1}{y}", "\\frac{x+y}{xy}"), Identity::same);
  EXPECT_EQ(identity("x^{65537}", "x"), Identity::different);
  EXPECT_EQ(identity("\\sqrt{x}", "x"), Identity::unknown);
}

TEST(Modular, AKnownPrimeCannotBeUsedAgainstIt) {
  // Equal modulo 2^61 - 1, the field of the first look.
  EXPECT_EQ(identity("x", "x+2305843009213693951"), modular::Identity::different);
  EXPECT_EQ(identity("x", "2305843009213693952x"), modular::Identity::different);
}

// Small random expressions: many are equal by accident, and no normal form may say so of two that
// intervals prove apart.
class RandomExpression {
 public:
  explicit RandomExpression(uint32_t seed) : random_(seed) {}
  std::string make(int depth) {
    if (depth == 0) return pick({"1", "2", "3", "4", "x", "\\pi", "i", "8", "-1", "\\frac12"});
    const auto a = [&] { return make(depth - 1); };
    switch (random_() % 13) {
      case 0:
        return "(" + a() + ")+(" + a() + ")";
      case 1:
        return "(" + a() + ")-(" + a() + ")";
      case 2:
        return "(" + a() + ")\\cdot(" + a() + ")";
      case 3:
        return "\\frac{" + a() + "}{" + a() + "}";
      case 4:
        return "\\sqrt{" + a() + "}";
      case 5:
        return "\\sqrt[3]{" + a() + "}";
      case 6:
        return "(" + a() + ")^{" + pick({"2", "3", "-1", "1/2", "3/2", "x", "0"}) + "}";
      case 7:
        return "|" + a() + "|";
      case 8:
        return "\\sin(" + pick({"\\pi/6", "\\pi/5", "3\\pi/8", "x", "-x", "75^\\circ"}) + ")";
      case 9:
        return "\\cos(" + pick({"\\pi/4", "7\\pi/5", "\\pi/12", "x", "-x", "2\\pi/7"}) + ")";
      case 10:
        return "\\ln(" + a() + ")";
      case 11:
        return "e^{" + a() + "}";
      default:
        return pick({"2", "3", "4", "x"}) + "^{" + a() + "}";
    }
  }

 private:
  std::string pick(std::initializer_list<const char*> from) {
    return *(from.begin() + random_() % from.size());
  }
  std::mt19937 random_;
};

TEST(NormalForm, NeverEqualWhereIntervalsProveApart) {
  RandomExpression random(7);
  const int pairs = full_length() ? 2'000'000 : 20'000;
  int equal = 0;
  std::vector<std::string> texts(40);
  for (int n = 0; n < pairs; ++n) {
    // Every new text against one of the last few: small ones repeat their values.
    std::string& slot = texts[static_cast<size_t>(n) % texts.size()];
    slot = random.make(1 + n % 3);
    const std::string& other = texts[static_cast<size_t>(n / 40) % texts.size()];
    if (slot == other || other.empty()) continue;
    Budget budget;
    try {
      Arena arena(budget);
      Algebra algebra(budget);
      const Parse a = parse_answer(arena, slot), b = parse_answer(arena, other);
      if (!a.understood || !b.understood) continue;
      const auto x = algebra.value_of(a.expr), y = algebra.value_of(b.expr);
      if (!x || !y || !algebra.equal(*x, *y)) continue;
      ++equal;
      EXPECT_FALSE(interval::apart(a.expr, b.expr, budget)) << slot << " and " << other;
    } catch (const OverBudget&) {
    }
  }
  EXPECT_GT(equal, pairs / 300);
}

}  // namespace
}  // namespace reckon::math
