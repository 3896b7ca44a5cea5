// The one exception type. It ends the operation at hand and says where, what and what to do about
// it; it never crosses a thread, a socket or a stage (those turn it into a message). Expected
// outcomes are values, not errors.
//
//   throw Error(Code::config, "configs/run.toml:12:5", "unknown key 'stepz'", "did you mean
//   'steps'?"); RECKON_CHECK(rows > 0, "no rows");           // programmers' errors; stays on in
//   release
#pragma once

#include <stdexcept>
#include <string>

namespace reckon {

// What kind of thing went wrong; the value is the process's exit code (docs/exit_codes.md).
enum class Code : int {
  internal = 1,         // a defect of Reckon
  usage = 2,            // the command line
  data = 65,            // a data row, a checkpoint or a message has bad content
  no_input = 66,        // a file that should exist does not
  unavailable = 69,     // the machine lacks something
  io = 74,              // reading or writing failed
  config = 78,          // the run file
  no_checkpoint = 80,   // checkpoints exist and none is valid
  store_corrupt = 81,   // the trajectory store cannot be trusted
  diverged = 82,        // too many steps in a row had a non-finite loss or gradient
  mismatch = 83,        // sampler and learner disagree (numerics, model or weights)
  rewards_failing = 84  // too many rewards did not end in a score
};

class Error : public std::runtime_error {
 public:
  Error(Code code, std::string place, std::string what, std::string remedy);

  Code code() const { return code_; }
  const std::string& place() const { return place_; }
  const std::string& problem() const { return problem_; }
  const std::string& remedy() const { return remedy_; }

 private:
  Code code_;
  std::string place_, problem_, remedy_;
};

[[noreturn]] void check_failed(const char* file, int line, const char* expression,
                               const std::string& message);

#define RECKON_CHECK(condition, message) \
  ((condition) ? (void)0 : ::reckon::check_failed(__FILE__, __LINE__, #condition, (message)))

}  // namespace reckon
