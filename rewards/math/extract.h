// The final answer of a response, and by which rule it was found. Separate steps, tried in order;
// pure functions, linear in the length of the response.
//
//   extract_answer("... so \\boxed{42}.", Mode::strict)   // {"42", "boxed"}
#pragma once

#include <string>
#include <string_view>

#include "rewards/math/verify.h"

namespace reckon::math {

struct Extraction {
  enum class Outcome { found, none, conflicting };
  Outcome outcome = Outcome::none;
  std::string text;       // the answer, when found
  const char* rule = "";  // "boxed", "hash", "final_answer", "answer_line", "answer_tag", "bold",
                          // "last_expression" (lenient alone), "whole"
  std::string note;       // "two boxes that disagree: 3 and 4"
};

Extraction extract_answer(std::string_view response, Mode mode, const Limits& limits = {});

}  // namespace reckon::math
