// Sums, products, powers and what stands after a value.
#include "rewards/math/parser_state.h"

namespace reckon::math {
namespace {

bool is_set_valued(Expr expr) { return expr->kind == Kind::set || expr->kind == Kind::interval; }

}  // namespace

Expr Parser::sum() {
  std::vector<Expr> terms;
  int wraps = 0;
  auto total = [&]() -> Expr {
    if (terms.size() == 1) return terms[0];
    // "3 + 4 cm": the unit belongs to the sum unless an earlier term has one of its own.
    Expr last = terms.back();
    Expr inner = last->kind == Kind::negate ? last->args[0] : last;
    bool hoist = inner->kind == Kind::quantity || inner->kind == Kind::currency;
    for (size_t i = 0; hoist && i + 1 < terms.size(); ++i) {
      Expr term = terms[i]->kind == Kind::negate ? terms[i]->args[0] : terms[i];
      hoist = term->kind != inner->kind;
    }
    if (!hoist) return &node(Kind::sum, std::move(terms));
    Expr bare = inner->args[0];
    terms.back() = inner == last ? bare : &node(Kind::negate, {bare});
    return named(inner->kind, inner->name, {&node(Kind::sum, std::move(terms))});
  };
  for (bool first = true;; first = false) {
    bool negative = false;
    std::string_view either;
    if (!first && !is(Tok::plus) && !is(Tok::minus) && !is(Tok::plus_minus)) break;
    for (; is(Tok::plus) || is(Tok::minus) || is(Tok::plus_minus); ++at_) {
      if (is(Tok::minus)) negative = !negative;
      if (is(Tok::plus_minus)) either = peek().name;
    }
    Expr term = product();
    if (!term) return nullptr;
    if (negative && !first && is_set_valued(term) && either.empty()) {
      terms = {&node(Kind::set_difference, {total(), term})};
      continue;
    }
    if (negative) term = &node(Kind::negate, {term});
    if (!either.empty()) {
      arena_.budget().require_nesting(++wraps);
      term = first ? named(Kind::plus_minus, either, {term})
                   : named(Kind::plus_minus, either, {total(), term});
      terms.clear();
    }
    terms.push_back(term);
  }
  return total();
}

// Left to right; division and juxtaposition bind alike: 1/2x is (1/2)x.
Expr Parser::product() {
  Expr first = factor();
  if (!first) return nullptr;
  std::vector<Expr> factors = {first};
  int wraps = 0;          // a/b/c: each division makes the tree one deeper
  Node* joint = nullptr;  // the product that the last total() made, if it made one
  auto total = [&]() -> Expr {
    joint = factors.size() == 1 ? nullptr : &node(Kind::product, std::move(factors));
    factors = {joint ? joint : factors[0]};
    return factors[0];
  };
  while (true) {
    if (is(Tok::times) || is_cross()) {
      ++at_;
      Expr next = signed_factor();
      if (!next) return nullptr;
      factors.push_back(next);
    } else if (is(Tok::slash)) {
      ++at_;
      arena_.budget().require_nesting(++wraps);
      Expr above = total();
      Expr below = signed_factor();
      if (!below) return nullptr;
      // 100/3 % is a percentage of the quotient.
      bool percent = below->kind == Kind::percent;
      Expr quotient = &node(Kind::quotient, {above, percent ? below->args[0] : below});
      factors = {percent ? &node(Kind::percent, {quotient}) : quotient};
    } else if (is(Tok::modulo) && peek().name == "bmod") {
      ++at_;
      Expr above = total();
      Expr below = signed_factor();
      if (!below) return nullptr;
      factors = {named(Kind::call, "mod", {above, below})};
    } else if (is(Tok::binomial) && peek().name == "infix") {
      ++at_;
      Expr above = total();
      Expr below = factor();
      if (!below) return nullptr;
      factors = {&node(Kind::binomial, {above, below})};
    } else if (may_be_unit()) {
      size_t before = at_;
      Expr value = total();
      Expr quantity = unit_after(value);
      if (quantity == value && at_ == before) {
        if (joint) factors = std::move(joint->args);
      } else {
        if (!quantity) return nullptr;
        factors = {quantity};
        if (!is(Tok::number) || quantity->kind != Kind::quantity) continue;
        Nested nested(*this);
        Expr rest = product();  // 5 feet 6 inches
        if (!rest || rest->kind != Kind::quantity) return fail("a number after a unit");
        return &node(Kind::sum, {quantity, rest});
      }
      if (!starts_factor()) break;
      Expr next = factor();
      if (!next) return nullptr;
      factors.push_back(next);
    } else if (starts_factor()) {
      Expr next = factor();
      if (!next) return nullptr;
      factors.push_back(next);
    } else {
      break;
    }
  }
  return total();
}

Expr Parser::signed_factor() {
  bool negative = false;
  for (; is(Tok::plus) || is(Tok::minus); ++at_) negative ^= is(Tok::minus);
  Expr expr = factor();
  if (!expr || !negative) return expr;
  return &node(Kind::negate, {expr});
}

// The x of 5 x 10^3: no variable stands right before a number.
bool Parser::is_cross() const {
  return is(Tok::word) && (peek().source == "x" || peek().source == "X") && !peek().text &&
         is(Tok::number, 1) && at_ > 0 && tokens_[at_ - 1].type == Tok::number;
}

// Letters and signs of money may belong to the value before them; a lone letter does so only in
// text and in "m/s".
bool Parser::may_be_unit() const {
  const Token& next = peek();
  if (next.type == Tok::currency) return true;
  return next.type == Tok::word && next.kind != kSplit &&
         (next.text || next.source.size() > 1 || is(Tok::slash, 1));
}

// Whether the next token begins a factor that is multiplied by what stands before it.
bool Parser::starts_factor() const {
  const Token& next = peek();
  switch (next.type) {
    case Tok::number:
      return at_ == 0 || tokens_[at_ - 1].type != Tok::number ||
             (at_ >= 2 && tokens_[at_ - 2].type == Tok::caret);  // 2^5 3^4
    case Tok::symbol:
    case Tok::constant:
    case Tok::function:
    case Tok::fraction:
    case Tok::root:
    case Tok::big_operator:
    case Tok::decoration:
    case Tok::figure:
    case Tok::begin:
      return true;
    case Tok::binomial:
      return next.name.empty();
    case Tok::ellipsis:
      return true;
    case Tok::bar:
    case Tok::norm_bar:
      return bars_ == 0 && builders_ == 0 && !is(Tok::under, 1);
    case Tok::open:
      if (next.kind == '(') return !(is_word("mod", 1) || is(Tok::modulo, 1));
      if (next.kind == '[') return !closes_backwards();
      return next.kind != ']' && next.kind != '.';
    case Tok::word: {
      if (integrals_ > 0 && next.source[0] == 'd' && next.source.size() <= 2) return false;
      if (next.source == "U" && peek(1).type == Tok::open) return false;
      WordKind kind = meaning_of(next).kind;
      if (kind == WordKind::connective || kind == WordKind::english) return false;
      return !(is_word("in") && (is(Tok::open, 1) || is(Tok::decoration, 1) || is(Tok::symbol, 1)));
    }
    default:
      return false;
  }
}

Expr Parser::factor() {
  Expr base = primary();
  if (!base) return nullptr;
  return postfix(base);
}

Expr Parser::postfix(Expr base) {
  for (int wraps = 0; base; ++wraps) {
    arena_.budget().require_nesting(wraps);
    switch (peek().type) {
      case Tok::caret:
        base = power(base);
        break;
      case Tok::circle:  // 90\circ, the caret forgotten; f \circ g
        ++at_;
        if (base->kind == Kind::symbol && starts_factor()) {
          Expr inner = factor();
          if (!inner) return nullptr;
          return named(Kind::call, "compose", {base, inner});
        }
        base = degrees(base);
        break;
      case Tok::bang: {
        ++at_;
        bool twice = is(Tok::bang) && !peek().space;
        if (twice) ++at_;
        base = named(Kind::factorial, twice ? "!!" : "!", {base});
        break;
      }
      case Tok::percent:
        ++at_;
        base = &node(Kind::percent, {base});
        break;
      case Tok::under:
        base = base_below(base);
        break;
      case Tok::bar:
        if (!is(Tok::under, 1)) return base;
        ++at_;
        base = evaluated_at(base);
        break;
      default:
        return base;
    }
  }
  return base;
}

Expr Parser::power(Expr base) {
  ++at_;
  bool braced = is_open('{');
  size_t inside = braced ? 1 : 0;
  if (is(Tok::circle, inside)) {
    at_ += inside + 1;
    if (braced && !accept_close_brace()) return fail("an open brace");
    return degrees(base);
  }
  if (base->kind == Kind::matrix && (is_transpose(inside))) {
    at_ += inside + 1;
    if (braced && !accept_close_brace()) return fail("an open brace");
    return named(Kind::call, "transpose", {base});
  }
  // \mathbb{Z}^+: a name of its own
  if (base->kind == Kind::symbol && (is(Tok::plus, inside) || is(Tok::minus, inside)) &&
      (braced ? is_close('}', 2) : !is(Tok::number, 1) && !is(Tok::word, 1) && !is(Tok::open, 1))) {
    char sign = is(Tok::plus, inside) ? '+' : '-';
    at_ += braced ? 3 : 1;
    return named(Kind::symbol, arena_.keep(std::string(base->name) + sign));
  }
  Expr above = exponent();
  if (!above) return nullptr;
  return &node(Kind::power, {base, above});
}

bool Parser::is_transpose(size_t ahead) const {
  const Token& token = peek(ahead);
  return (token.type == Tok::word && (token.source == "T" || token.source == "t")) ||
         (token.type == Tok::junk && (token.source == "\\top" || token.source == "\\intercal"));
}

// What stands after ^: a group, a signed number, one letter. Towers bind to the right.
Expr Parser::exponent() {
  Nested nested(*this);
  if (is(Tok::minus) || is(Tok::plus)) {
    bool negative = is(Tok::minus);
    ++at_;
    Expr inner = exponent();
    if (!inner || !negative) return inner;
    return &node(Kind::negate, {inner});
  }
  Expr above;
  if (is(Tok::number)) {
    above = literal(tokens_[at_++]);
  } else {
    above = argument();
  }
  if (above && is(Tok::caret) && !is(Tok::circle, 1)) return power(above);
  return above;
}

// The argument of a command: a group, or one digit, letter or command.
Expr Parser::argument() {
  if (is(Tok::open)) return primary();
  Nested nested(*this);
  Token& token = tokens_[at_];
  switch (token.type) {
    case Tok::number: {
      Token digit = token;
      digit.source = token.source.substr(0, 1);
      if (token.source.size() == 1) {
        ++at_;
      } else {
        token.source.remove_prefix(1);
        token.space = false;
      }
      return literal(digit);
    }
    case Tok::minus: {
      ++at_;
      Expr inner = argument();
      if (!inner) return nullptr;
      return &node(Kind::negate, {inner});
    }
    case Tok::word: {
      if (meaning_of(token).kind == WordKind::constant && token.source.size() > 1) return letters();
      return one_letter();
    }
    default:
      return primary();
  }
}

Expr Parser::primary() {
  const Token& token = peek();
  switch (token.type) {
    case Tok::number:
      return number();
    case Tok::word:
      return letters();
    case Tok::symbol:
      ++at_;
      return symbol_with_marks(token.name);
    case Tok::constant:
      ++at_;
      return named(Kind::constant, token.name);
    case Tok::function:
      ++at_;
      return function(token.name);
    case Tok::open:
      return bracket();
    case Tok::close:  // ]a, b[
      if (token.kind != ']') return fail("a sign out of place");
      tokens_[at_].type = Tok::open;
      return bracket();
    case Tok::bar:
      ++at_;
      return absolute(Tok::bar);
    case Tok::norm_bar:
      ++at_;
      return absolute(Tok::norm_bar);
    case Tok::fraction:
      return fraction();
    case Tok::binomial:
      return binomial();
    case Tok::root:
      ++at_;
      return root();
    case Tok::big_operator:
      return big_operator();
    case Tok::decoration:
      return decoration();
    case Tok::begin:
      return environment();
    case Tok::currency:
      return money();
    case Tok::ellipsis:
      ++at_;
      return &node(Kind::ellipsis);
    case Tok::under:
    case Tok::caret:
      return prescript();
    case Tok::figure:
      return figure();
    case Tok::relation:
      return token.name == "<" ? angle_tuple() : fail("a relation out of place");
    case Tok::end:
      return fail("the end where an expression should stand");
    default:
      return fail("a sign out of place");
  }
}

// 30^\circ 15' 20'': minutes and seconds are folded in; a letter after it makes a temperature.
Expr Parser::degrees(Expr value) {
  if (is(Tok::word) && (peek().source == "C" || peek().source == "F"))
    return named(Kind::quantity, tokens_[at_++].source == "C" ? "degC" : "degF", {value});
  std::vector<Expr> parts = {value};
  for (int divisor : {60, 3600}) {
    if (!is(Tok::number) || !is(Tok::prime, 1) || (peek(1).kind == '"') != (divisor == 3600))
      continue;
    Expr part = literal(tokens_[at_]);
    at_ += 2;
    parts.push_back(&node(Kind::quotient, {part, integer(divisor)}));
  }
  Expr whole = parts.size() == 1 ? value : &node(Kind::sum, std::move(parts));
  return &node(Kind::degrees, {whole});
}

}  // namespace reckon::math
