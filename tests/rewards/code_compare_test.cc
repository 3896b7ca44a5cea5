// Comparing outputs and values: whole, as data.
#include <gtest/gtest.h>

#include "rewards/code/compare.h"

namespace reckon {
namespace {

using nlohmann::json;

bool lines(const char* a, const char* b) { return outputs_match(a, b, OutputMatch::lines, 0); }
bool values(const char* actual, const char* expected, double tolerance = 0) {
  return values_match(json::parse(actual), json::parse(expected), tolerance);
}

TEST(CodeCompare, LinesForgiveBlanksAtTheirEndsAlone) {
  EXPECT_TRUE(lines("1 2 \n3\n\n", "1 2\n3"));
  EXPECT_TRUE(lines("a\r\nb", "a\nb\n"));
  EXPECT_FALSE(lines("1\n2", "1\n2\n3"));
  EXPECT_FALSE(lines("1\n2\n3", "1\n2"));
  EXPECT_FALSE(lines(" 1", "1"));
  EXPECT_FALSE(lines("1\n\n2", "1\n2"));
  EXPECT_TRUE(lines("", "\n"));
  EXPECT_FALSE(lines("", "0"));
}

TEST(CodeCompare, ExactIsExact) {
  EXPECT_TRUE(outputs_match("a\n", "a\n", OutputMatch::exact, 0));
  EXPECT_FALSE(outputs_match("a", "a\n", OutputMatch::exact, 0));
}

TEST(CodeCompare, WordsAndNumbers) {
  EXPECT_TRUE(outputs_match("1  2\n3", "1 2 3\n", OutputMatch::tokens, 0));
  EXPECT_FALSE(outputs_match("1 2", "1 2 3", OutputMatch::tokens, 0));
  EXPECT_FALSE(outputs_match("1.0", "1", OutputMatch::tokens, 0));
  EXPECT_TRUE(outputs_match("1.0000001 x", "1 x", OutputMatch::numbers, 1e-6));
  EXPECT_FALSE(outputs_match("1.1 x", "1 x", OutputMatch::numbers, 1e-6));
  EXPECT_FALSE(outputs_match("nan", "1", OutputMatch::numbers, 1e-6));
  EXPECT_FALSE(outputs_match("inf", "1e300", OutputMatch::numbers, 1e-6));
}

TEST(CodeCompare, ValuesAreComparedAsPythonDoes) {
  EXPECT_TRUE(values("[1, 2]", "[1, 2]"));
  EXPECT_TRUE(values(R"({"t": "tuple", "v": [1, {"t": "tuple", "v": []}]})", "[1, []]"));
  EXPECT_TRUE(values("1", "1.0"));
  EXPECT_TRUE(values("true", "1"));
  EXPECT_FALSE(values("\"1\"", "1"));
  EXPECT_FALSE(values("null", "0"));
  EXPECT_FALSE(values("[1, 2, 3]", "[1, 2]"));
  EXPECT_FALSE(values("[1]", "[1, 2]"));
  EXPECT_FALSE(values(R"({"t": "set", "v": [1, 2]})", "[1, 2]"));
  EXPECT_TRUE(values("0.30000000000000004", "0.3", 1e-9));
  EXPECT_FALSE(values("0.30000000000000004", "0.3"));
  EXPECT_FALSE(values(R"({"t": "float", "v": "nan"})", "0.3", 1e-9));
}

TEST(CodeCompare, DictionariesByTheirKeys) {
  EXPECT_TRUE(values(R"({"t": "dict", "v": [["a", 1], [2, [3]]]})", R"({"2": [3], "a": 1})"));
  EXPECT_FALSE(values(R"({"t": "dict", "v": [["a", 1]]})", R"({"a": 1, "b": 2})"));
  EXPECT_FALSE(values(R"({"t": "dict", "v": [["a", 1], ["b", 2]]})", R"({"a": 1})"));
  EXPECT_FALSE(values(R"({"t": "dict", "v": [["a", 2]]})", R"({"a": 1})"));
}

TEST(CodeCompare, LargeIntegersAreExact) {
  EXPECT_TRUE(values(R"({"t": "int", "v": "0x20000000000001"})", "9007199254740993"));
  EXPECT_FALSE(values(R"({"t": "int", "v": "0x20000000000001"})", "9007199254740992"));
  EXPECT_FALSE(values(R"({"t": "int", "v": "0x1000000000000000000000000"})", "0"));
  EXPECT_TRUE(values(R"({"t": "int", "v": "-0x20000000000001"})", "-9007199254740993"));
}

TEST(CodeCompare, WhatIsNoDataIsNeverRight) {
  for (const char* odd :
       {R"({"t": "object", "v": 1})", R"({"t": "dict", "v": 1})", R"({"t": "tuple", "v": {}})",
        R"({"t": 1, "v": 1})", "{}", R"({"t": "int", "v": []})", R"({"t": "int", "v": "zz"})"}) {
    for (const char* expected : {"0", "1", "[]", "{}", "null", "\"\""})
      EXPECT_FALSE(values(odd, expected)) << odd << " " << expected;
  }
}

}  // namespace
}  // namespace reckon
