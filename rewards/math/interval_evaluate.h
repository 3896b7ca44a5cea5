// An expression tree over complex intervals: Real is DoubleInterval or WideInterval. Internal to
// the interval layer.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "rewards/math/exact.h"
#include "rewards/math/expression.h"

namespace reckon::math::interval {

// What the letters stand for: a fixed real number in [1, 2), the same for the same name.
inline double symbol_value(std::string_view name) {
  uint64_t h = 1469598103934665603ull;
  for (const char c : name) h = (h ^ static_cast<unsigned char>(c)) * 1099511628211ull;
  h ^= h >> 29;
  return 1.0 + static_cast<double>(h % 1000003) / 1048576.0;  // exact
}

template <class Real>
struct Complex {
  Real re;
  Real im = Real::exactly(0);
  bool real = true;
};

template <class Real>
class Evaluator {
 public:
  using Number = Complex<Real>;
  using Result = std::optional<Number>;

  // bare_log_base: what a log without a base means, 0 for the natural one.
  explicit Evaluator(Budget& budget, int bare_log_base = 0)
      : budget_(budget), bare_log_base_(bare_log_base) {}
  bool saw_bare_log() const { return saw_bare_log_; }
  bool saw_symbol() const { return saw_symbol_; }

  Result evaluate(Expr expr) {
    budget_.spend(1);
    switch (expr->kind) {
      case Kind::number:
        return of(expr->value);
      case Kind::constant:
        return constant(expr->name);
      case Kind::symbol:
        if (expr->name == "emptyset") return std::nullopt;
        saw_symbol_ = true;
        return Number{Real::exactly(symbol_value(expr->name))};
      case Kind::negate: {
        Result a = evaluate(expr->args[0]);
        if (a) a = negate(*a);
        return a;
      }
      case Kind::sum:
      case Kind::product:
        return fold(expr);
      case Kind::mixed:
        return of(exact::value_of(expr, budget_));
      case Kind::quotient:
        return quotient(evaluate(expr->args[0]), evaluate(expr->args[1]));
      case Kind::power:
        return power(expr->args[0], expr->args[1]);
      case Kind::root:
        return root(expr->args[0], expr->args[1]);
      case Kind::factorial:
        return factorial(expr);
      case Kind::binomial:
        return of(exact::value_of(expr, budget_));
      case Kind::percent:
        return quotient(evaluate(expr->args[0]), Number{Real::exactly(100)});
      case Kind::degrees:
        return quotient(product(evaluate(expr->args[0]), Number{Real::pi()}),
                        Number{Real::exactly(180)});
      case Kind::call:
        return call(expr);
      default:
        return std::nullopt;
    }
  }

  static Number subtract(const Number& a, const Number& b) {
    return {a.re - b.re, a.im - b.im, a.real && b.real};
  }

 private:
  Result of(const std::optional<mpq_class>& x) {
    if (!x) return std::nullopt;
    return Number{Real::of(*x)};
  }
  Result constant(std::string_view name) {
    if (name == "pi") return Number{Real::pi()};
    if (name == "e") return Number{exp(Real::exactly(1))};
    if (name == "i") return Number{Real::exactly(0), Real::exactly(1), false};
    return std::nullopt;
  }

  // Exact while small; a long product of intervals beyond.
  Result factorial(Expr expr) {
    constexpr long kExact = 1000, kMost = 20'000;
    const auto value = exact::value_of(expr->args[0], budget_);
    const auto n = value ? exact::small_integer(*value) : std::nullopt;
    if (!n || *n < 0) return std::nullopt;
    const int step = expr->name == "!!" ? 2 : 1;
    if (*n <= kExact) return of(mpq_class(*exact::factorial(*value, step, budget_)));
    if (*n > kMost) return std::nullopt;
    budget_.spend(static_cast<uint64_t>(*n / 8));
    Real product = Real::exactly(1);
    for (long k = *n; k > 1; k -= step) product = product * Real::exactly(static_cast<double>(k));
    return Number{product};
  }

  static Number negate(const Number& a) { return {-a.re, -a.im, a.real}; }
  static Number multiply(const Number& a, const Number& b) {
    if (a.real && b.real) return {a.re * b.re};
    return {a.re * b.re - a.im * b.im, a.re * b.im + a.im * b.re, false};
  }
  static Result product(const Result& a, const Result& b) {
    if (!a || !b) return std::nullopt;
    return multiply(*a, *b);
  }
  static Result quotient(const Result& a, const Result& b) {
    if (!a || !b) return std::nullopt;
    if (b->real) {
      if (b->re.has_zero()) return std::nullopt;
      if (a->real) return Number{a->re / b->re};
      return Number{a->re / b->re, a->im / b->re, false};
    }
    const Real norm = b->re * b->re + b->im * b->im;
    if (norm.has_zero()) return std::nullopt;
    const Number top = multiply(*a, Number{b->re, -b->im, false});
    return Number{top.re / norm, top.im / norm, false};
  }

  Result fold(Expr expr) {
    Result result = evaluate(expr->args[0]);
    for (size_t i = 1; result && i < expr->args.size(); ++i) {
      const Result next = evaluate(expr->args[i]);
      if (!next) return std::nullopt;
      if (expr->kind == Kind::product) {
        result = multiply(*result, *next);
      } else {
        result = Number{result->re + next->re, result->im + next->im, result->real && next->real};
      }
    }
    return result;
  }

  static Result integer_power(const Number& base, long n) {
    Number result{Real::exactly(1)}, square = base;
    for (unsigned long k = n < 0 ? 0ul - static_cast<unsigned long>(n) : n; k; k >>= 1) {
      if (k & 1) result = multiply(result, square);
      if (k > 1) square = multiply(square, square);
    }
    return n < 0 ? quotient(Number{Real::exactly(1)}, result) : Result(result);
  }

  static Result exponential(const Number& a) {
    const Real size = exp(a.re);
    if (a.real) return Number{size};
    return Number{size * cos(a.im), size * sin(a.im), false};
  }

  Result power(Expr base_expr, Expr exponent_expr) {
    if (base_expr->kind == Kind::constant && base_expr->name == "e") {
      const Result exponent = evaluate(exponent_expr);
      if (!exponent) return std::nullopt;
      return exponential(*exponent);
    }
    const Result base = evaluate(base_expr);
    if (!base) return std::nullopt;
    if (const auto exponent = exact::value_of(exponent_expr, budget_)) {
      if (const auto n = exact::small_integer(*exponent); n && std::abs(*n) < (1l << 40)) {
        return integer_power(*base, *n);
      }
      if (*exponent == mpq_class(1, 2)) return square_root(*base);
    }
    if (!base->real || !base->re.positive()) return std::nullopt;
    const Result exponent = evaluate(exponent_expr);
    if (!exponent) return std::nullopt;
    return exponential(multiply(Number{log(base->re)}, *exponent));
  }

  // The principal root.
  static Result square_root(const Number& a) {
    const Real half = Real::exactly(0.5);
    if (a.real) {
      if (a.re.positive() || a.re.is_zero()) return Number{sqrt(a.re)};
      if (a.re.negative()) return Number{Real::exactly(0), sqrt(-a.re), false};
      return std::nullopt;
    }
    const Real size = sqrt(a.re * a.re + a.im * a.im);
    if (!a.im.positive() && !a.im.negative()) return std::nullopt;
    const Real re = sqrt((size + a.re) * half), im = sqrt((size - a.re) * half);
    return Number{re, a.im.positive() ? im : -im, false};
  }

  Result root(Expr radicand, Expr index_expr) {
    const Result a = evaluate(radicand);
    const auto index = exact::value_of(index_expr, budget_);
    if (!a || !index) return std::nullopt;
    const auto k = exact::small_integer(*index);
    if (!k || *k < 1) return std::nullopt;
    if (*k == 2) return square_root(*a);
    if (!a->real) return std::nullopt;
    if (a->re.is_zero()) return a;
    const bool flip = a->re.negative() && *k % 2 != 0;  // the real root
    if (!flip && !a->re.positive()) return std::nullopt;
    const Real size = exp(log(flip ? -a->re : a->re) / Real::of(*index));
    return Number{flip ? -size : size};
  }

  Result logarithm(Expr expr) {
    const Result a = evaluate(expr->args[0]);
    if (!a || !a->real || !a->re.positive()) return std::nullopt;
    const Number top{log(a->re)};
    if (expr->name == "ln") return top;
    if (expr->args.size() == 1) {
      saw_bare_log_ = true;
      if (bare_log_base_ == 0) return top;
      return quotient(top, Number{log(Real::exactly(bare_log_base_))});
    }
    const Result base = evaluate(expr->args[1]);
    if (!base || !base->real || !base->re.positive()) return std::nullopt;
    return quotient(top, Number{log(base->re)});
  }

  Result absolute(const Number& a) {
    if (!a.real) return Number{sqrt(a.re * a.re + a.im * a.im)};
    if (a.re.positive() || a.re.is_zero()) return a;
    if (a.re.negative()) return negate(a);
    return std::nullopt;
  }

  Result call(Expr expr) {
    const std::string_view name = expr->name;
    if (name == "log" || name == "ln") return logarithm(expr);
    if (expr->args.size() != 1) return of(exact::value_of(expr, budget_));
    if (name == "floor" || name == "ceil") return of(exact::value_of(expr, budget_));
    const Result a = evaluate(expr->args[0]);
    if (!a) return std::nullopt;
    if (name == "abs") return absolute(*a);
    if (name == "exp") return exponential(*a);
    if (name == "cis" && a->real) return Number{cos(a->re), sin(a->re), false};
    if (!a->real) return std::nullopt;
    return real_function(name, a->re);
  }

  Result real_function(std::string_view name, const Real& x) {
    const Number one{Real::exactly(1)};
    const auto sine = [&] { return Number{sin(x)}; };
    const auto cosine = [&] { return Number{cos(x)}; };
    if (name == "sin") return sine();
    if (name == "cos") return cosine();
    if (name == "tan") return quotient(sine(), cosine());
    if (name == "cot") return quotient(cosine(), sine());
    if (name == "sec") return quotient(one, cosine());
    if (name == "csc") return quotient(one, sine());
    if (name == "arctan") return Number{atan(x)};
    const bool inside = !x.apart_from(Real::exactly(1)) ||  // 1 itself is fine, whatever its width
                        (x.below(Real::exactly(1)) && Real::exactly(-1).below(x));
    if (name == "arcsin" && inside) return Number{asin(x)};
    if (name == "arccos" && inside) return Number{Real::pi() * Real::exactly(0.5) - asin(x)};
    if (name == "sinh" || name == "cosh" || name == "tanh") return hyperbolic(name, x);
    return std::nullopt;
  }

  Result hyperbolic(std::string_view name, const Real& x) {
    const Real up = exp(x), down = exp(-x), half = Real::exactly(0.5);
    const Number sinh{(up - down) * half}, cosh{(up + down) * half};
    if (name == "tanh") return quotient(sinh, cosh);
    return name == "sinh" ? sinh : cosh;
  }

  Budget& budget_;
  const int bare_log_base_;
  bool saw_bare_log_ = false;
  bool saw_symbol_ = false;
};

}  // namespace reckon::math::interval
