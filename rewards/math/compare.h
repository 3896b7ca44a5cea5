// Whether two parsed answers are equal under the policy (docs/verifier.md). Typed: what the gold
// answer is decides which comparison applies. `equal` only when proven (same normal form, exact
// identity) or when the policy's rounding rule says so. Thread-safe; throws OverBudget alone.
#pragma once

#include "rewards/math/expression.h"
#include "rewards/math/verify.h"

namespace reckon::math {

struct Comparison {
  Verdict verdict = Verdict::undecided;
  std::string reason;  // for people: "both are 1/2", "2 elements against 3"
};

Comparison compare(Arena& arena, Expr gold, Expr prediction, Mode mode);

// The type that a gold answer is given ("number", "algebraic", "interval", "set", "tuple",
// "matrix", "equation", "inequality", "polynomial", "function", "text", "choice", ...); "raw" for a
// text that no rule understood.
const char* type_of(Expr gold);

}  // namespace reckon::math
