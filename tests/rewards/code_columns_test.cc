// Tests of a row, in the shapes of data sets.
#include <gtest/gtest.h>

#include "rewards/code/columns.h"

namespace reckon {
namespace {

using nlohmann::json;

std::optional<RowTests> tests_of(const json& row, const std::string& prompt = "") {
  std::string problem;
  auto found = find_tests(row, prompt, &problem);
  EXPECT_TRUE(found || !problem.empty());
  return found;
}

TEST(CodeColumns, HumanEval) {
  auto found = tests_of(
      {{"entry_point", "f"}, {"test", "def check(candidate):\n    assert candidate(1) == 2\n"}},
      "def g(): return 1\ndef f(x):\n");
  ASSERT_TRUE(found);
  const auto& tests = std::get<AssertTests>(found->tests);
  EXPECT_EQ(tests.names, std::vector<std::string>{"f"});
  EXPECT_TRUE(tests.asserts.at(0).ends_with("\ncheck(f)\n"));
  EXPECT_EQ(tests.helpers, "def g(): return 1\ndef f(x):\n    pass\n");
}

TEST(CodeColumns, Mbpp) {
  auto found = tests_of(
      {{"test_list", {"assert f(1) == 2", "assert f(2) == 3"}}, {"test_setup_code", "x = 1"}});
  ASSERT_TRUE(found);
  const auto& tests = std::get<AssertTests>(found->tests);
  EXPECT_EQ(tests.asserts.size(), 2u);
  EXPECT_EQ(tests.setup, "x = 1");
}

TEST(CodeColumns, AppsByStandardInput) {
  auto found = tests_of(
      {{"input_output", R"({"inputs": ["1\n2\n", ["3", "4"]], "outputs": ["3\n", ["7"]]})"}});
  ASSERT_TRUE(found);
  const auto& tests = std::get<StdioTests>(found->tests);
  EXPECT_EQ(tests.cases.at(1).input, "3\n4");
  EXPECT_EQ(tests.cases.at(1).output, "7");
}

TEST(CodeColumns, AppsByCalls) {
  auto found =
      tests_of({{"input_output", R"({"fn_name": "add", "inputs": [[1, 2]], "outputs": [[3]]})"}});
  ASSERT_TRUE(found);
  const auto& tests = std::get<CallTests>(found->tests);
  EXPECT_EQ(tests.entry, "add");
  EXPECT_EQ(tests.cases.at(0).args, json({1, 2}));
  EXPECT_EQ(tests.cases.at(0).expected, 3);
}

TEST(CodeColumns, LiveCodeBench) {
  auto found = tests_of({{"public_test_cases",
                          R"([{"input": "1\n[2, 3]", "output": "[1]", "testtype": "functional"}])"},
                         {"metadata", R"({"func_name": "f"})"}});
  ASSERT_TRUE(found);
  const auto& tests = std::get<CallTests>(found->tests);
  EXPECT_EQ(tests.cases.at(0).args, json::parse("[1, [2, 3]]"));
  EXPECT_EQ(tests.cases.at(0).expected, json({1}));
  EXPECT_EQ(tests.entry, "f");
}

TEST(CodeColumns, PackedPythonObjectsAreNeverOpened) {
  std::string problem;
  EXPECT_FALSE(find_tests({{"public_test_cases", "[]"}, {"private_test_cases", "eJxrYJmqzgABGd"}},
                          "", &problem));
  EXPECT_NE(problem.find("packed"), std::string::npos);
}

TEST(CodeColumns, OpenR1) {
  auto found =
      tests_of({{"verification_info",
                 {{"language", "cpp"},
                  {"test_cases", {{{"input", "1"}, {"output", "2"}, {"type", "stdin_stdout"}}}}}}});
  ASSERT_TRUE(found);
  EXPECT_EQ(found->language, ProgramLanguage::cpp);
  EXPECT_EQ(std::get<StdioTests>(found->tests).cases.at(0).output, "2");
}

TEST(CodeColumns, Verl) {
  auto found =
      tests_of({{"reward_model", {{"ground_truth", R"({"inputs": ["1"], "outputs": ["2"]})"}}}});
  ASSERT_TRUE(found);
  EXPECT_EQ(found->shape, "verl");
}

TEST(CodeColumns, HalfReadTestsAreNone) {
  EXPECT_FALSE(tests_of({{"input_output", R"({"inputs": ["1", "2"], "outputs": ["2"]})"}}));
  EXPECT_FALSE(tests_of({{"input_output", R"({"inputs": [], "outputs": []})"}}));
  EXPECT_FALSE(tests_of({{"verification_info", {{"test_cases", {{{"input", "1"}}}}}}}));
  EXPECT_FALSE(tests_of({{"tests", {{"type", "stdio"}, {"cases", json::array()}}}}));
  EXPECT_FALSE(tests_of({{"answer", "4"}}));
}

}  // namespace
}  // namespace reckon
