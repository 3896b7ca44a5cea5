// Asserts of a C++ test, split at `==`: what stands left of it is computed in the candidate's box,
// what stands right of it in the grader's, by a program that has none of the candidate's code. Both
// say their value as plain data, and the two are compared outside. Pure functions over text.
//
//   CppAssert one = split_assert("assert(f(1) == (2));");   // {"f(1)", "(2)"}
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "rewards/code/task.h"

namespace reckon {

struct CppAssert {
  std::string actual, expected;
};

// `assert(...)` or the condition alone, with or without a semicolon. A condition without `==` must
// be true.
CppAssert split_assert(std::string_view text);

// A program that reads a number from descriptor 3 and answers with the value of that assert's left
// side.
std::string candidate_source(const std::string& code, const AssertTests& tests);

// A program that writes the value of every right side, one per line, to standard output.
std::string expected_source(const AssertTests& tests);

}  // namespace reckon
