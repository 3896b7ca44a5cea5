// The tests of a data row in the shapes that data sets have. Pure functions.
//
// HumanEval: test, entry_point (the function's prompt gives helpers)
// MBPP: test_list, test_setup_code
// APPS, TACO: input_output = {inputs, outputs, fn_name?}
// LiveCodeBench: public_test_cases, private_test_cases = [{input, output, testtype}],
//   metadata.func_name
// open-r1: verification_info = {language, test_cases = [{input, output, type, fn_name?}]}
// verl, PRIME: reward_model.ground_truth or ground_truth = {inputs, outputs, fn_name?}
// Reckon: tests, as for `reckon judge`
//
// Values that are JSON in a text are read as such.
#pragma once

#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>

#include "rewards/code/task.h"

namespace reckon {

struct RowTests {
  Tests tests;
  std::string shape;                        // "HumanEval", ...: which one was read
  std::optional<ProgramLanguage> language;  // where the row says so
};

// Nothing when the row has no tests that can be read; `problem` says why.
std::optional<RowTests> find_tests(const nlohmann::json& row, std::string_view prompt,
                                   std::string* problem);

}  // namespace reckon
