// Functions and the commands that take arguments: fractions, roots, sums, integrals, limits.
#include <utility>

#include "rewards/math/parser_state.h"

namespace reckon::math {
namespace {

bool is_trigonometric(std::string_view name) {
  for (std::string_view one : {"sin", "cos", "tan", "cot", "sec", "csc"})
    if (name == one) return true;
  return false;
}

}  // namespace

// After the name: \sin^2 x, \sin^{-1} x, \log_2 8, \max(a, b), sqrt(2).
Expr Parser::function(std::string_view name) {
  Nested nested(*this);
  if (name == "sqrt" || name == "cbrt") {
    if (name == "sqrt") return root();
    Expr inner = is_open('(') ? primary() : argument();
    if (!inner) return nullptr;
    return &node(Kind::root, {inner, integer(3)});
  }
  Expr base = nullptr, raised = nullptr;
  for (int mark = 0; mark < 2; ++mark) {
    if (is(Tok::under) && !base) {
      ++at_;
      base = is(Tok::number) ? literal(tokens_[at_++]) : argument();
      if (!base) return nullptr;
    } else if (is(Tok::caret) && !raised && !is(Tok::circle, 1)) {
      ++at_;
      raised = exponent();
      if (!raised) return nullptr;
    }
  }
  bool inverse = raised && raised->kind == Kind::negate && raised->args[0]->kind == Kind::number &&
                 raised->args[0]->value == 1 && is_trigonometric(name);
  std::vector<Expr> args;
  bool set = is_open('s') || (is_open('{') && (name == "max" || name == "min"));
  if (is_open('(')) {
    if (!arguments(args)) return nullptr;
  } else if (set) {
    Expr elements = bracket();
    if (!elements) return nullptr;
    args = elements->kind == Kind::set ? elements->args : std::vector<Expr>{elements};
  } else {
    Expr argument = function_argument(is_trigonometric(name));
    if (!argument) return nullptr;
    args = {argument};
  }
  if (base && name != "log") return fail("a subscript of a function");
  if (base) args.push_back(base);
  if (name == "binom") {
    if (args.size() != 2) return fail("a binomial without two arguments");
    return &node(Kind::binomial, std::move(args));
  }
  if (inverse) {
    std::string_view arc = arena_.keep("arc" + std::string(name));
    return named(Kind::call, arc, std::move(args));
  }
  Expr call = named(Kind::call, name, std::move(args));
  return raised ? &node(Kind::power, {call, raised}) : call;
}

// Without parentheses: the factors up to the next function, bracket or sign. \sin 2x \cos x
Expr Parser::function_argument(bool trigonometric) {
  if (is(Tok::minus)) {
    ++at_;
    Expr inner = function_argument(trigonometric);
    if (!inner) return nullptr;
    return &node(Kind::negate, {inner});
  }
  std::vector<Expr> factors;
  bool numeric = true;
  auto continues = [&] {
    if (factors.empty()) return true;
    switch (peek().type) {
      case Tok::word:
        return starts_factor() && meaning_of(peek()).kind != WordKind::function;
      case Tok::number:
        return false;
      case Tok::symbol:
      case Tok::constant:
      case Tok::fraction:
      case Tok::root:
      case Tok::decoration:
        return true;
      default:
        return false;
    }
  };
  while (continues()) {
    Expr next = factor();
    if (!next) return nullptr;
    numeric = numeric && (next->kind == Kind::number || next->kind == Kind::constant);
    factors.push_back(next);
  }
  Expr product = factors.size() == 1 ? factors[0] : &node(Kind::product, std::move(factors));
  // sin pi/4
  if (!trigonometric || !numeric || !is(Tok::slash) || !is(Tok::number, 1)) return product;
  ++at_;
  Expr below = factor();
  if (!below) return nullptr;
  return &node(Kind::quotient, {product, below});
}

Expr Parser::fraction() {
  if (Expr expr = derivative()) return expr;
  ++at_;
  Expr above = argument();
  if (!above) return nullptr;
  Expr below = argument();
  if (!below) return nullptr;
  return &node(Kind::quotient, {above, below});
}

// \frac{d}{dx} f, \frac{dy}{dx}; nullptr, with nothing consumed, for any other fraction.
Expr Parser::derivative() {
  if (!is_open('{', 1) || !is(Tok::word, 2) || !is_close('}', 3) || !is_open('{', 4) ||
      !is(Tok::word, 5) || !is_close('}', 6))
    return nullptr;
  std::string_view above = peek(2).source, below = peek(5).source;
  if (above[0] != 'd' || above.size() > 2 || below[0] != 'd' || below.size() != 2) return nullptr;
  at_ += 7;
  Expr variable = named(Kind::symbol, below.substr(1));
  Expr body = above.size() == 2 ? named(Kind::symbol, above.substr(1)) : product();
  if (!body) return nullptr;
  return named(Kind::big_operator, "derivative", {body, variable});
}

// \sqrt2, \sqrt{3 (the brace missing), \sqrt[3]{x}, sqrt(x), \sqrt 12 (the whole number)
Expr Parser::root() {
  Nested nested(*this);
  Expr index = nullptr;
  if (is_open('[')) {
    ++at_;
    index = sum();
    if (!index) return nullptr;
    if (!is_close(']')) return fail("a root's index without its bracket");
    ++at_;
  }
  Expr radicand = is(Tok::number) ? literal(tokens_[at_++]) : argument();
  if (!radicand) return nullptr;
  if (!index) index = integer(2);
  return &node(Kind::root, {radicand, index});
}

Expr Parser::binomial() {
  ++at_;
  Expr n = argument();
  if (!n) return nullptr;
  Expr k = argument();
  if (!k) return nullptr;
  return &node(Kind::binomial, {n, k});
}

// _{...}^{...} in either order.
bool Parser::bounds(Expr& lower, Expr& upper) {
  for (int mark = 0; mark < 2 && (is(Tok::under) || is(Tok::caret)); ++mark) {
    bool below = is(Tok::under);
    ++at_;
    if (below) {
      lower = is(Tok::number) ? literal(tokens_[at_++]) : argument();
      if (!lower) return false;
    } else {
      upper = exponent();
      if (!upper) return false;
    }
  }
  return true;
}

Expr Parser::big_operator() {
  Nested nested(*this);
  std::string_view name = tokens_[at_++].name;
  if (name == "limit") return limit();
  Expr lower = nullptr, upper = nullptr;
  bool letter = is(Tok::under) && is_open('{', 1) && is(Tok::word, 2) && is(Tok::relation, 3);
  char outer = std::exchange(bound_, letter ? peek(2).source[0] : bound_);
  Expr result = bounds(lower, upper) ? big_body(name, lower, upper) : nullptr;
  bound_ = outer;
  return result;
}

Expr Parser::big_body(std::string_view name, Expr lower, Expr upper) {
  if ((lower == nullptr) != (upper == nullptr)) return fail("one bound without the other");
  if (name == "integral")
    return integral(lower ? std::vector<Expr>{lower, upper} : std::vector<Expr>{});
  if (!lower || lower->kind != Kind::relation || lower->name != "=" ||
      lower->args[0]->kind != Kind::symbol)
    return fail("a sum or product without its variable");
  Expr body = product();
  if (!body) return nullptr;
  return named(Kind::big_operator, name, {body, lower->args[0], lower->args[1], upper});
}

Expr Parser::integral(std::vector<Expr> bounds) {
  ++integrals_;
  auto differential = [&](size_t ahead) {
    const Token& token = peek(ahead);
    return token.type == Tok::word && token.source[0] == 'd' && token.source.size() <= 2;
  };
  Expr body = differential(0) ? integer(1) : sum();
  --integrals_;
  if (!body) return nullptr;
  if (!differential(0)) return fail("an integral without its differential");
  std::string_view d = tokens_[at_++].source;
  Expr variable;
  if (d.size() == 2) {
    variable = named(Kind::symbol, d.substr(1));
  } else {
    variable = argument();
    if (!variable) return nullptr;
  }
  std::vector<Expr> args = {body, variable};
  args.insert(args.end(), bounds.begin(), bounds.end());
  return named(Kind::big_operator, "integral", std::move(args));
}

// \lim_{x \to a} f. From one side (a^+) is another matter than the limit: no rule for it.
Expr Parser::limit() {
  if (!is(Tok::under) || !is_open('{', 1)) return fail("a limit without its variable");
  at_ += 2;
  Expr variable = factor();
  if (!variable) return nullptr;
  if (!accept(Tok::arrow)) return fail("a limit without its arrow");
  Expr target = sum();
  if (!target) return nullptr;
  if (!accept_close_brace()) return fail("an open brace");
  Expr body = product();
  if (!body) return nullptr;
  return named(Kind::big_operator, "limit", {body, variable, target});
}

// f(x)\Big|_a^b
Expr Parser::evaluated_at(Expr body) {
  Expr lower = nullptr, upper = nullptr;
  if (!bounds(lower, upper)) return nullptr;
  std::vector<Expr> args = {body, lower};
  if (upper) args.push_back(upper);
  return &node(Kind::eval_at, std::move(args));
}

}  // namespace reckon::math
