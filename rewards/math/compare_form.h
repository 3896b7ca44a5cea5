// Questions about the form of a tree, as written. Pure, thread-safe.
//
//   same_form(a, b)                    // the same tree, names and spelling of numbers aside
//   contains(expr, Kind::ellipsis)
//   unevaluated(prediction, gold)      // what strict mode refuses: "sum of numbers", or nullptr
#pragma once

#include <string>

#include "rewards/math/expression.h"

namespace reckon::math {

// Same kinds, names and values; 0.50 and 0.5 have the same form, 1/2 and 0.5 have not.
bool same_form(Expr a, Expr b);
bool contains(Expr expr, Kind kind);
bool contains_symbol(Expr expr, std::string_view name);
bool is_number(Expr expr);  // a number or its negative

// Policy category 36: work left undone. An operator in the prediction that the gold answer does not
// use itself makes it an echo of the question, not an answer. Refused: sums, products, integrals,
// limits and derivatives with bounds; chains; determinants, gcd, lcm, min, max, mod, floor,
// ceiling; trigonometric functions, their inverses and logarithms where the gold answer has no
// function at all (but for the polar form of a complex number); an absolute value of a number; a
// sum of two or more rational numbers; a product of two or more rational literals that is no
// scientific notation. Fine: fractions (also not in lowest terms), roots, powers, scientific
// notation, factorials, binomials, factored polynomials.
const char* unevaluated(Expr prediction, Expr gold);

}  // namespace reckon::math
