// Tokens of an answer: LaTeX and plain text alike, in one linear pass. What only lays out (\left,
// \quad, \displaystyle, a pair of $) leaves no token; \text{...} leaves the tokens inside it,
// marked. Tokens are views into the text. Thread-safe.
//
//   std::vector<Token> tokens = lex("3\\frac12");   // number, fraction, number, end
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

namespace reckon::math {

enum class Tok : uint8_t {
  end,
  number,    // source as spelled: digits, separators, point, repeating part, exponent
  word,      // a run of letters
  symbol,    // name: alpha, R (of \mathbb-like commands)
  constant,  // name: pi, infinity
  function,  // name: sin, log, gcd ...
  open,      // kind: ( [ { s (a set's \{) < f (floor) c (ceiling) | (\left|) n (norm) .
  close,     // kind: ) ] } s > f c | n .
  bar,       // | that may open or close
  norm_bar,  // \| likewise
  mid,       // \mid: the bar of a set builder
  comma,
  semicolon,
  colon,
  plus,
  minus,
  plus_minus,  // name: "\pm" or "\mp"
  times,
  slash,  // name "/" or "div"
  caret,
  under,
  bang,
  percent,
  prime,         // kind: ' or "
  circle,        // \circ, \degree
  dot,           // a full stop that belongs to no number
  relation,      // name as in Kind::relation
  set_operator,  // name: cup, cap, setminus
  connective,    // name: and, or (as symbols or commands; words are found by the parser)
  arrow,         // \to
  fraction,
  binomial,
  root,
  big_operator,  // name: sum, product, integral, limit
  modulo,        // name: pmod, bmod
  decoration,    // name: vector, bar, set, bold; one argument follows
  begin,         // name: the environment
  finish,        // \end{...}
  ampersand,
  row,       // the end of a row: \\ or \cr
  currency,  // name: as in Kind::currency
  ellipsis,
  negation,  // \not
  figure,    // name: angle, triangle; letters follow
  junk,      // anything else
};

struct Token {
  Tok type = Tok::end;
  char kind = 0;
  bool space = false;  // white space (or a layout command) stood before it
  bool text = false;   // inside \text{...} or its like
  std::string_view source;
  std::string_view name;
};

std::vector<Token> lex(std::string_view text);

// The end of the number literal that begins at `at` (a digit, or a point before a digit).
// `bracketed`: inside brackets, where a comma separates elements.
size_t end_of_number(std::string_view text, size_t at, bool bracketed);

// What a command means ("frac" without its backslash); type junk when it is not known.
enum class Layout : uint8_t { none, skip, skip_argument, text, bracket_prefix };
struct Command {
  std::string_view spelling;
  Tok type;
  std::string_view name;
  char kind = 0;
  Layout layout = Layout::none;
};
const Command* find_command(std::string_view spelling);

}  // namespace reckon::math
