// The math verifier: does a prediction equal the gold answer? A pure, bounded, thread-safe
// function: no process, no eval, no clock. Never throws.
//
//   Verification v = verify_answer("\\frac12", "0.5");                     // equal
//   Verification v = verify_response("1/2", "<think>..</think> \\boxed{0.5}");  // equal, rule
//   "boxed"
#pragma once

#include <string>
#include <string_view>

#include "rewards/math/budget.h"

namespace reckon::math {

enum class Verdict { equal, different, undecided };
const char* verdict_name(Verdict verdict);

// strict: what a reward may pay for. lenient: evaluation, where a human reader would nod.
enum class Mode { strict, lenient };

struct Verification {
  Verdict verdict = Verdict::undecided;
  std::string extracted;  // what was compared with the gold answer
  std::string rule;       // of the extraction; "whole" where the prediction is an answer already
  std::string note;       // why, for people
};

Verification verify_answer(std::string_view gold, std::string_view answer, Mode mode = Mode::strict,
                           const Limits& limits = {});
Verification verify_response(std::string_view gold, std::string_view response,
                             Mode mode = Mode::strict, const Limits& limits = {});

}  // namespace reckon::math
