// Numbers by enclosure: an expression tree is evaluated to complex intervals, first in doubles,
// then with rising precision, which can prove two values different or put them in order, never
// equal - except for algebraic numbers, where a root bound says how close two different ones can
// be. Symbols stand for fixed real numbers, so a proof of difference holds for expressions in
// letters too (as functions of real variables). Thread-safe; throws OverBudget alone.
//
//   interval::apart(sqrt2, sqrt3, budget)          // true: proven different
//   interval::order(a, b, budget)                  // -1, 1, or none when it cannot tell
//   interval::proven_equal(nested, simple, budget) // \sqrt{3+2\sqrt2} and 1+\sqrt2
#pragma once

#include <gmpxx.h>

#include <optional>

#include "rewards/math/budget.h"
#include "rewards/math/expression.h"

namespace reckon::math::interval {

// Proven different in doubles alone: a microsecond.
bool quickly_apart(Expr a, Expr b, Budget& budget);
// Proven different at some precision up to the limit.
bool apart(Expr a, Expr b, Budget& budget);
// The sign of a - b for real constants, when it is proven not to be 0.
std::optional<int> order(Expr a, Expr b, Budget& budget);
// Sign of a real constant, when proven not to be 0.
std::optional<int> sign(Expr a, Budget& budget);
// Is the value proven to lie within lower < a < upper?
bool strictly_between(Expr a, const mpq_class& lower, const mpq_class& upper, Budget& budget);
// Can the whole tree be evaluated: no quotient by an interval around 0, no function out of domain?
bool well_defined(Expr a, Budget& budget);
// Equality of algebraic constants by the root bound; false when not proven.
bool proven_equal(Expr a, Expr b, Budget& budget);

}  // namespace reckon::math::interval
