// From an expression tree to its normal form.
#include "rewards/math/exact.h"
#include "rewards/math/interval.h"
#include "rewards/math/value.h"

namespace reckon::math {

std::optional<Value> Algebra::folded(Expr expr) {
  auto result = value_of(expr->args[0]);
  for (size_t i = 1; result && i < expr->args.size(); ++i) {
    const auto next = value_of(expr->args[i]);
    if (!next) return std::nullopt;
    result = expr->kind == Kind::sum ? add(*result, *next) : multiply(*result, *next);
  }
  return result;
}

std::optional<Value> Algebra::power_of(Expr expr) {
  const auto base = value_of(expr->args[0]);
  if (!base) return std::nullopt;
  const auto second = value_of(expr->args[1]);
  if (!second) return std::nullopt;
  if (expr->kind == Kind::power) return symbolic_power(*base, *second);
  if (!second->is_rational() || second->top.is_zero()) {
    return atom(AtomKind::function, "root", 0, {*base, *second});
  }
  return power(*base, 1 / second->top.constant(), true);
}

std::optional<Value> Algebra::call_of(Expr expr) {
  if (expr->name == "det" && expr->args.size() == 1 && expr->args[0]->kind == Kind::matrix) {
    return determinant(expr->args[0]);
  }
  std::vector<Value> args;
  for (Expr arg : expr->args) {
    auto value = value_of(arg);
    if (!value) return std::nullopt;
    args.push_back(std::move(*value));
  }
  if (expr->name == "abs" && args.size() == 1 && bound_.empty()) {
    if (const auto sign = interval::sign(expr->args[0], budget_)) {
      return *sign < 0 ? negate(args[0]) : args[0];
    }
  }
  return function(expr->name, std::move(args));
}

// Between bounds, of a polynomial in the variable.
std::optional<Value> Algebra::integral(Expr expr) {
  if (expr->args.size() != 4 || expr->args[1]->kind != Kind::symbol) return std::nullopt;
  const std::string_view name = expr->args[1]->name;
  const auto body = value_of(expr->args[0]);
  const auto lower = value_of(expr->args[2]), upper = value_of(expr->args[3]);
  if (!body || !lower || !upper || !body->bottom.is_one()) return std::nullopt;
  const Factor variable = atom(AtomKind::symbol, name).top.terms().begin()->first[0];
  Value result = rational(0);
  for (const auto& [monomial, coefficient] : body->top.terms()) {
    Monomial rest;
    Exponent n{0, 1};
    for (const Factor& factor : monomial) {
      const Atom& a = atoms_[factor.atom];
      if (factor.atom == variable.atom) {
        n = factor.exponent;
      } else if (!a.args.empty()) {
        return std::nullopt;  // the variable may be inside
      } else {
        rest.push_back(factor);
      }
    }
    if (n.denominator != 1 || n.numerator < 0) return std::nullopt;
    const auto high = power(*upper, n.numerator + 1), low = power(*lower, n.numerator + 1);
    if (!high || !low) return std::nullopt;
    const Value part = multiply(subtract(*high, *low), Value{Polynomial(rest, coefficient)});
    result = add(result, multiply(part, rational(mpq_class(1, n.numerator + 1))));
  }
  return result;
}

// Finite sums and products over whole numbers.
std::optional<Value> Algebra::big_operator(Expr expr) {
  constexpr long kMostTerms = 1000;
  if (expr->name == "integral") return integral(expr);
  const bool sum = expr->name == "sum";
  if ((!sum && expr->name != "product") || expr->args.size() != 4 ||
      expr->args[1]->kind != Kind::symbol) {
    return std::nullopt;
  }
  const auto lower = value_of(expr->args[2]), upper = value_of(expr->args[3]);
  if (!lower || !upper || !lower->is_rational() || !upper->is_rational()) return std::nullopt;
  const auto from = exact::small_integer(lower->top.constant());
  const auto to = exact::small_integer(upper->top.constant());
  if (!from || !to) return std::nullopt;
  if (*to - *from > kMostTerms || *from < -kMostTerms * kMostTerms) {
    throw OverBudget{"a sum or product of many terms"};
  }
  Value result = rational(sum ? 0 : 1);
  for (long k = *from; k <= *to; ++k) {
    bound_.emplace_back(expr->args[1]->name, rational(k));
    const auto next = value_of(expr->args[0]);
    bound_.pop_back();
    if (!next) return std::nullopt;
    result = sum ? add(result, *next) : multiply(result, *next);
  }
  return result;
}

std::optional<Value> Algebra::determinant(Expr matrix) {
  const size_t n = static_cast<size_t>(matrix->rows);
  if (n == 0 || n > 4 || matrix->args.size() != n * n) return std::nullopt;
  std::vector<Value> a;
  for (Expr entry : matrix->args) {
    auto value = value_of(entry);
    if (!value) return std::nullopt;
    a.push_back(std::move(*value));
  }
  // Along the first row, the rows below by recursion over the columns that are left.
  const auto expand = [&](auto&& self, size_t row, unsigned columns) -> Value {
    if (row == n) return rational(1);
    Value result = rational(0);
    bool minus = false;
    for (size_t j = 0; j < n; ++j) {
      if (!(columns >> j & 1)) continue;
      const Value part = multiply(a[row * n + j], self(self, row + 1, columns & ~(1u << j)));
      result = add(result, minus ? negate(part) : part);
      minus = !minus;
    }
    return result;
  };
  return expand(expand, 0, (1u << n) - 1);
}

std::optional<Value> Algebra::value_of(Expr expr) {
  budget_.spend(1);
  switch (expr->kind) {
    case Kind::number:
      return rational(expr->value);
    case Kind::constant:
      if (expr->name == "pi") return atom(AtomKind::pi);
      if (expr->name == "e") return atom(AtomKind::e);
      if (expr->name == "i") return atom(AtomKind::imaginary);
      return std::nullopt;
    case Kind::symbol:
      for (auto it = bound_.rbegin(); it != bound_.rend(); ++it) {
        if (it->first == expr->name) return it->second;
      }
      if (expr->name == "emptyset") return std::nullopt;
      return atom(AtomKind::symbol, expr->name);
    case Kind::negate: {
      auto value = value_of(expr->args[0]);
      if (value) value = negate(std::move(*value));
      return value;
    }
    case Kind::sum:
    case Kind::product:
      return folded(expr);
    case Kind::quotient: {
      const auto top = value_of(expr->args[0]);
      if (!top) return std::nullopt;
      const auto bottom = value_of(expr->args[1]);
      return bottom ? divide(*top, *bottom) : std::nullopt;
    }
    case Kind::power:
    case Kind::root:
      return power_of(expr);
    case Kind::mixed: {
      const auto value = exact::value_of(expr, budget_);
      return value ? std::optional(rational(*value)) : std::nullopt;
    }
    case Kind::factorial:
    case Kind::binomial: {
      std::vector<Value> args;
      std::vector<mpq_class> x;
      for (Expr arg : expr->args) {
        const auto value = value_of(arg);
        if (!value) return std::nullopt;
        if (value->is_rational()) x.push_back(value->top.constant());
        args.push_back(*value);
      }
      const bool binomial = expr->kind == Kind::binomial;
      if (x.size() != args.size()) {
        const std::string_view name = binomial ? std::string_view("binomial") : expr->name;
        return atom(AtomKind::function, name, 0, std::move(args));
      }
      const auto result = binomial ? exact::binomial(x[0], x[1], budget_)
                                   : exact::factorial(x[0], expr->name == "!!" ? 2 : 1, budget_);
      return result ? std::optional(rational(*result)) : std::nullopt;
    }
    case Kind::percent: {
      const auto value = value_of(expr->args[0]);
      return value ? divide(*value, rational(100)) : std::nullopt;
    }
    case Kind::degrees: {
      const auto value = value_of(expr->args[0]);
      if (!value) return std::nullopt;
      return multiply(multiply(*value, rational(mpq_class(1, 180))), atom(AtomKind::pi));
    }
    case Kind::call:
      return call_of(expr);
    case Kind::big_operator:
      return big_operator(expr);
    default:
      return std::nullopt;
  }
}

}  // namespace reckon::math
