// Answers in LaTeX or plain text, as an expression tree. Never throws but OverBudget; a text that
// follows no rule becomes a node of kind `text`, and parse says so. Thread-safe.
//
//   Parse parse = parse_answer(arena, "x \\in [0, \\infty)");
#pragma once

#include <string>
#include <string_view>

#include "rewards/math/expression.h"

namespace reckon::math {

struct Parse {
  Expr expr = nullptr;      // never null
  bool understood = false;  // false: `expr` is the whole as text, for want of a rule
  std::string problem;      // why not, for people
};

// `answer` is one answer (what stood in a box), not a response. Spelling errors of category 39
// (\frac12, a missing last brace, unicode minus, full-width digits, **73**) are mended.
Parse parse_answer(Arena& arena, std::string_view answer);

// The tree in one line, for tests and notes: "quotient(1, 2)".
std::string describe(Expr expr);

}  // namespace reckon::math
