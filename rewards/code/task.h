// One program and the tests that judge it, and what judging it gave. Plain data; docs/sandbox.md
// describes the JSON.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <variant>
#include <vector>

#include "sandbox/sandbox.h"

namespace reckon {

enum class ProgramLanguage { python, cpp };

// How standard output is compared: byte for byte; by lines, blanks at their ends and at the end of
// the whole left aside; by words; by words, with numbers equal within `tolerance` (absolute or
// relative).
enum class OutputMatch { exact, lines, tokens, numbers };

struct StdioCase {
  std::string input, output;
};
struct StdioTests {
  OutputMatch match = OutputMatch::lines;
  double tolerance = 1e-6;
  std::vector<StdioCase> cases;
};

struct CallCase {
  nlohmann::json args, expected;  // args: a list
};
struct CallTests {
  std::string entry;     // "f", "Solution.f"
  double tolerance = 0;  // of numbers with a fraction, absolute or relative; 0: equal
  std::vector<CallCase> cases;
};

struct AssertTests {
  std::string helpers;  // what the prompt defined, for names that a test uses; left out if it does
                        // not parse
  std::string setup;    // before each test, in the grader's box
  std::vector<std::string> asserts;  // each a test program of its own
  std::vector<std::string>
      names;  // that mean the candidate's functions, whatever else they may mean
};

using Tests = std::variant<StdioTests, CallTests, AssertTests>;
size_t case_count(const Tests& tests);

struct CodeTask {
  ProgramLanguage language = ProgramLanguage::python;
  std::string code;
  Tests tests;
  Limits limits;
  bool stop_at_failure = false;  // cases behind the first that fails are not run
  bool fraction = false;  // value: the share of passed cases; otherwise 1 for all of them, else 0
};

// The status of a program is the greatest of its cases'.
enum class CodeStatus {
  scored,     // every case ran to its end
  crashed,    // some case ended by a failure of the program: an exception, a signal, memory, output
  timed_out,  // some case passed its limit of time
  rejected,   // the program does not compile
  infrastructure,  // a failure of ours; says nothing about the program
};
const char* code_status_name(CodeStatus status);

struct CaseResult {
  bool passed = false;
  CodeStatus status = CodeStatus::scored;
  std::string note;  // "passed", "wrong answer", "time limit (cpu)", "exit code 1: ValueError: ..."
  uint64_t cpu_us = 0, wall_us = 0, memory_bytes = 0;
  size_t output_bytes = 0;
};

struct CodeVerdict {
  CodeStatus status = CodeStatus::scored;
  size_t passed = 0;
  double value = 0;
  std::vector<CaseResult> cases;
  std::string stdout_head;  // of the first case
};

}  // namespace reckon
