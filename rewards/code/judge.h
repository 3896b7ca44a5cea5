// Judging a program: each case in a fresh box, tests fed one at a time, expected values outside the
// candidate's box. One thread per Judge; it uses two slots of its sandbox.
//
//   Judge judge(sandbox, 0);                // slots 0 and 1
//   CodeVerdict verdict = judge.judge(task);
#pragma once

#include <optional>

#include "rewards/code/task.h"

namespace reckon {

class Judge {
 public:
  static constexpr int kSlots = 2;  // the candidate's and the grader's
  Judge(Sandbox& sandbox, int first_slot)
      : candidate_(sandbox.slot(first_slot)), grader_(sandbox.slot(first_slot + 1)) {}

  // Never throws for what a program does; a failure of ours is a status, too.
  CodeVerdict judge(const CodeTask& task);

 private:
  struct Prepared;                                       // the program, compiled where it must be
  std::optional<CaseResult> prepare(Prepared* program);  // a result: no case can be run
  CaseResult one_case(const Prepared& program, size_t index, std::string* head);
  CaseResult stdio(const Prepared& program, const StdioTests& tests, const StdioCase& one,
                   std::string* head);
  CaseResult call(const Prepared& program, const CallTests& tests, const CallCase& one,
                  std::string* head);
  CaseResult assertion(const Prepared& program, const AssertTests& tests, const std::string& one,
                       std::string* head);
  std::optional<CaseResult> compute_expected(const AssertTests& tests,
                                             std::vector<nlohmann::json>* values);
  CaseResult cpp_assertion(const Prepared& program, size_t index, std::string* head);
  Slot &candidate_, &grader_;
};

}  // namespace reckon
