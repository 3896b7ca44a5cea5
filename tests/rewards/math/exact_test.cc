#include "rewards/math/exact.h"

#include <gtest/gtest.h>

#include <chrono>

#include "rewards/math/parser.h"

namespace reckon::math {
namespace {

std::optional<mpq_class> value(const char* text) {
  Budget budget;
  Arena arena(budget);
  return exact::value_of(parse_answer(arena, text).expr, budget);
}

TEST(Exact, PlainArithmeticIsFolded) {
  EXPECT_EQ(value("3\\frac12"), mpq_class(7, 2));
  EXPECT_EQ(value("-3\\frac12"), mpq_class(-7, 2));
  EXPECT_EQ(value("2^{-3}"), mpq_class(1, 8));
  EXPECT_EQ(value("\\sqrt[3]{-8}"), mpq_class(-2));
  EXPECT_EQ(value("\\binom{10}{5}"), mpq_class(252));
  EXPECT_EQ(value("7!!"), mpq_class(105));
  EXPECT_EQ(value("\\lfloor -\\frac12 \\rfloor"), mpq_class(-1));
}

TEST(Exact, WhatIsNotRationalOrNotDefinedHasNoValue) {
  EXPECT_EQ(value("\\sqrt2"), std::nullopt);
  EXPECT_EQ(value("\\frac{1}{0}"), std::nullopt);
  EXPECT_EQ(value("0^0"), std::nullopt);
  EXPECT_EQ(value("\\sqrt{-4}"), std::nullopt);
  EXPECT_EQ(value("x"), std::nullopt);
}

TEST(Exact, SizesAreCheckedBeforeTheWork) {
  const auto start = std::chrono::steady_clock::now();
  for (const char* text : {"9^{9^9}", "9^{9^{9^9}}", "10^{10^{10}}", "(10^8)!",
                           "\\binom{1000000000}{500000000}", "2^{-10^{12}}"}) {
    EXPECT_THROW(value(text), OverBudget) << text;
  }
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::milliseconds(100));
}

TEST(Exact, TrivialBasesTakeAnyExponent) {
  EXPECT_EQ(value("1^{10^{100}}"), mpq_class(1));
  EXPECT_EQ(value("(-1)^{10^{100}+1}"), mpq_class(-1));
}

}  // namespace
}  // namespace reckon::math
