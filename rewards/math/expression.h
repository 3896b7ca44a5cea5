// The expression tree that answers are parsed into: what was written, not yet what it is worth.
// The parser keeps the form (a quotient stays a quotient), the comparison decides what is equal.
// Nodes are immutable and live in an Arena, which also counts them against the budget.
//
//   Arena arena(budget);
//   Parse parse = parse_answer(arena, "\\frac{1}{2}");   // quotient(number 1, number 2)
#pragma once

#include <gmpxx.h>

#include <cstdint>
#include <deque>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "rewards/math/budget.h"

namespace reckon::math {

enum class Kind : uint8_t {
  // Values
  number,    // value, decimals, text as it was spelled ("004", "1,000", "0.\overline{3}")
  constant,  // name: pi, e, i, infinity
  symbol,    // name: x, alpha, x_1; also named sets R, N, Z, Q, C, and emptyset
  // Arithmetic: the form as written
  sum,           // two or more terms; a difference is sum(a, negate(b))
  negate,        // one
  product,       // two or more factors
  quotient,      // numerator, denominator
  mixed,         // whole, quotient: 3\frac12
  power,         // base, exponent
  root,          // radicand, index (a number 2 when none was written)
  call,          // name(args): sin, log (argument, base), ln, exp, abs, floor, gcd, max, det, f ...
  factorial,     // one; name "!" or "!!"
  binomial,      // n, k
  plus_minus,    // two (a \pm b) or one (\pm b); name "\pm" or "\mp"
  percent,       // one
  degrees,       // one: degrees of arc (minutes and seconds folded in as a sum)
  quantity,      // one, name: the unit, in one spelling ("km/h", "m^2", "square feet" = "ft^2")
  currency,      // one, name: "$", "EUR", ...
  based,         // name: the digits; args: the base (a number): 101_2
  big_operator,  // name sum | product | integral | limit | derivative; args: body, variable,
                 // bounds...
  eval_at,       // body, lower, upper
  // Collections
  list,          // bare a, b, c
  tuple,         // (a, b, c), name: bracket "(" or "<"; with two elements perhaps an open interval
  set,           // {a, b}
  bracketed,     // [a, b, c] or nested lists that are no interval
  interval,      // lower, upper; left_open, right_open (as written; one of them is a [ or ])
  set_union,     // two or more
  intersection,  // two or more
  set_difference,  // two
  set_builder,     // element, condition...
  matrix,          // rows, args row by row; name: the environment (vmatrix is call det(matrix))
  // Statements
  relation,  // name = one of "=" "!=" "<" "<=" ">" ">=" "in" "notin" "subset" "approx" "equiv"; two
  chain,     // relations joined: a < b < c, x = y = 3; args: relations
  conjunction,  // all hold: x > 1 and x < 2, a system
  disjunction,  // one holds: x = 1 or x = 2
  cases,  // value, condition, value, condition...; the last condition may be the text "otherwise"
  congruence,  // value, modulus: 3 \pmod 7 (a relation "equiv" may hold one on its right)
  // Not arithmetic
  ratio,     // 3:4 and 1:2:3
  clock,     // hours, minutes, seconds...; name "", "am", "pm"
  date,      // args year, month, day (0 where not written)
  choice,    // name: the letter; args: what stood beside it, if anything
  text,      // name: words, case folded, \text stripped
  ellipsis,  // ...
};

struct Node;
using Expr = const Node*;

struct Node {
  Kind kind = Kind::text;
  bool left_open = false, right_open = false;  // interval
  int32_t decimals = -1;  // number: digits written after the point; -1 when there was no point
  int32_t rows = 0;       // matrix
  mpq_class value;        // number
  std::string_view name;  // owned by the arena
  std::string_view text;  // number: as spelled; owned by the arena
  std::vector<Expr> args;
};

// Owns nodes and names; Budget::spend says when the tree grows past its limit.
class Arena {
 public:
  explicit Arena(Budget& budget) : budget_(budget) {}
  Node& add(Kind kind, std::vector<Expr> args = {}) {
    budget_.spend(1);
    Node& node = nodes_.emplace_back();
    node.kind = kind;
    node.args = std::move(args);
    return node;
  }
  std::string_view keep(std::string text) { return names_.emplace_back(std::move(text)); }
  Budget& budget() { return budget_; }

 private:
  Budget& budget_;
  std::deque<Node> nodes_;
  std::deque<std::string> names_;
};

}  // namespace reckon::math
