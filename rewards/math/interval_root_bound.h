// How close to each other two different algebraic numbers can be: the separation bound of
// C. Burnikel, S. Funke, K. Mehlhorn, S. Schirra, S. Schmitt, "A Separation Bound for Real
// Algebraic Expressions" (ESA 2001). For an expression E of integers, + - * / and k-th roots, with
// D the product of all k over its distinct roots: E = 0 or |E| >= 1 / (l(E) u(E)^(D-1)), where
//   integer N: u = |N|, l = 1             a +- b: u = u(a) l(b) + l(a) u(b), l = l(a) l(b)
//   a b: u = u(a) u(b), l = l(a) l(b)     a / b: u = u(a) l(b), l = l(a) u(b)
//   root: if u >= l then (u l^(k-1))^(1/k), l   else u, (u^(k-1) l)^(1/k)
// u bounds every conjugate of an algebraic integer numerator, l of the denominator; so i counts as
// a square root of -1, and 2 cos(2 pi p / q) as an algebraic integer of degree at most phi(q) with
// all conjugates at most 2.
#pragma once

#include <optional>

#include "rewards/math/expression.h"

namespace reckon::math::interval {

// B such that a - b is 0 or |a - b| >= 2^-B; nullopt when some part is not known to be algebraic.
std::optional<double> root_bound_bits(Expr a, Expr b, Budget& budget);

}  // namespace reckon::math::interval
