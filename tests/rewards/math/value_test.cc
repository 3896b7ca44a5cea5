#include "rewards/math/value.h"

#include <gtest/gtest.h>

#include <utility>

#include "rewards/math/modular.h"
#include "rewards/math/parser.h"

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

}  // namespace
}  // namespace reckon::math
