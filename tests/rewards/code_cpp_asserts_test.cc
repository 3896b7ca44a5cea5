// Splitting a C++ assert, and what each side's program is made of.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "rewards/code/cpp_asserts.h"

namespace reckon {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

std::string both(const char* text) {
  CppAssert one = split_assert(text);
  return one.actual + " | " + one.expected;
}

TEST(CppAsserts, AreSplitAtTheEqualityOutsideOfParentheses) {
  EXPECT_EQ(both("assert(f(1) == (2));"), "f(1) | (2)");
  EXPECT_EQ(both("  assert(candidate((1 == 2), (3)) == (true))"),
            "candidate((1 == 2), (3)) | (true)");
  EXPECT_EQ(both("f(\"a == b)\") == \"c\""), "f(\"a == b)\") | \"c\"");
  EXPECT_EQ(both("f(')') == '\\''"), "f(')') | '\\''");
  EXPECT_EQ(both("f(1'000) == 1'000"), "f(1'000) | 1'000");
  EXPECT_EQ(both("assert(f(std::vector<long>({1, 2}))[0] == 1);"),
            "f(std::vector<long>({1, 2}))[0] | 1");
}

TEST(CppAsserts, AConditionWithoutEqualityMustBeTrue) {
  EXPECT_EQ(both("assert(is_even(2));"), "is_even(2) | true");
  EXPECT_EQ(both("assert(!f(x == 1))"), "!f(x == 1) | true");
}

TEST(CppAsserts, TheCandidatesProgramHasNoExpectedValueAndTheGradersNoCandidate) {
  AssertTests tests;
  tests.setup = "auto candidate = f;";
  tests.asserts = {"assert(candidate(17) == (12345));"};
  std::string candidate = candidate_source("int f(int x) { return x; }", tests),
              expected = expected_source(tests);
  EXPECT_THAT(candidate, HasSubstr("candidate(17)"));
  EXPECT_THAT(candidate, Not(HasSubstr("12345")));
  EXPECT_THAT(expected, HasSubstr("(12345)"));
  EXPECT_THAT(expected, Not(HasSubstr("int f(")));
  EXPECT_THAT(expected, Not(HasSubstr("candidate(17)")));
}

}  // namespace
}  // namespace reckon
