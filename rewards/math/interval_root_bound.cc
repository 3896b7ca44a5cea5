#include "rewards/math/interval_root_bound.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <vector>

#include "rewards/math/compare_form.h"
#include "rewards/math/exact.h"

namespace reckon::math::interval {

namespace {

// log2 of u and l.
struct Bound {
  double u = 0, l = 0;
};

double log2_of(const mpz_class& x) {
  if (x == 0) return 0;
  return static_cast<double>(mpz_sizeinbase(x.get_mpz_t(), 2));  // at least log2
}

class Bounder {
 public:
  explicit Bounder(Budget& budget) : budget_(budget) {}
  // All cosines lie in one field, the real part of that of the roots of unity of order order_.
  double degree() const {
    return degree_ * static_cast<double>(order_ > 2 ? totient(order_) / 2 : 1);
  }

  std::optional<Bound> bound(Expr expr) {
    budget_.spend(1);
    switch (expr->kind) {
      case Kind::number:
      case Kind::mixed:
      case Kind::factorial:
      case Kind::binomial:
        return rational(expr);
      case Kind::constant:
        if (expr->name != "i") return std::nullopt;
        if (!saw_i_) degree_ *= 2;
        saw_i_ = true;
        return Bound{};
      case Kind::negate:
        return bound(expr->args[0]);
      case Kind::sum:
      case Kind::product:
        return fold(expr);
      case Kind::quotient: {
        const auto a = bound(expr->args[0]), b = bound(expr->args[1]);
        if (!a || !b) return std::nullopt;
        return Bound{a->u + b->l, a->l + b->u};
      }
      case Kind::root: {
        const auto index = exact::value_of(expr->args[1], budget_);
        if (!index) return std::nullopt;
        return power(expr->args[0], 1 / *index);
      }
      case Kind::power: {
        const auto exponent = exact::value_of(expr->args[1], budget_);
        if (!exponent) return std::nullopt;
        return power(expr->args[0], *exponent);
      }
      case Kind::call:
        return cosine(expr);
      default:
        return std::nullopt;
    }
  }

 private:
  std::optional<Bound> rational(Expr expr) {
    const auto value = exact::value_of(expr, budget_);
    if (!value) return std::nullopt;
    return Bound{log2_of(value->get_num()), log2_of(value->get_den())};
  }

  std::optional<Bound> fold(Expr expr) {
    auto result = bound(expr->args[0]);
    for (size_t i = 1; result && i < expr->args.size(); ++i) {
      const auto next = bound(expr->args[i]);
      if (!next) return std::nullopt;
      result = expr->kind == Kind::product ? Bound{result->u + next->u, result->l + next->l}
                                           : add(*result, *next);
    }
    return result;
  }

 public:
  static Bound add(const Bound& a, const Bound& b) {
    return {std::max(a.u + b.l, a.l + b.u) + 1, a.l + b.l};
  }

 private:
  std::optional<Bound> power(Expr base, const mpq_class& exponent) {
    auto a = bound(base);
    if (!a || !mpz_fits_sint_p(exponent.get_den_mpz_t())) return std::nullopt;
    const double k = exponent.get_den().get_d();
    if (k > 1) {
      if (!seen(base, k)) degree_ *= k;
      a = a->u >= a->l ? Bound{(a->u + (k - 1) * a->l) / k, a->l}
                       : Bound{a->u, ((k - 1) * a->u + a->l) / k};
    }
    const double n = exponent.get_num().get_d();
    return n < 0 ? Bound{-n * a->l, -n * a->u} : Bound{n * a->u, n * a->l};
  }

  // The same root written twice has the same value: it counts once.
  bool seen(Expr radicand, double k) {
    for (const auto& [other, index] : roots_) {
      if (index == k && same_form(other, radicand)) return true;
    }
    roots_.emplace_back(radicand, k);
    return false;
  }

  // sin and cos of r pi (r rational, or degrees): half of an algebraic integer.
  std::optional<Bound> cosine(Expr expr) {
    if (expr->args.size() != 1 || (expr->name != "sin" && expr->name != "cos")) return std::nullopt;
    const auto turns = half_turns(expr->args[0], budget_);
    if (!turns || !mpz_fits_sint_p(turns->get_den_mpz_t())) return std::nullopt;
    const long q = turns->get_den().get_si();
    if (q > 512) return std::nullopt;
    // cos(pi p / q) comes from a root of unity of order dividing 2 q; sin is the cosine of what is
    // left to a right angle, whose order divides 4 q.
    order_ = std::lcm(order_, expr->name == "cos" ? 2 * q : 4 * q);
    if (order_ > kMostOrder) return std::nullopt;
    return Bound{1, 1};
  }

  static std::optional<mpq_class> half_turns(Expr arg, Budget& budget) {
    if (arg->kind == Kind::degrees) {
      const auto value = exact::value_of(arg->args[0], budget);
      if (!value) return std::nullopt;
      return mpq_class(*value / 180);
    }
    if (arg->kind == Kind::constant && arg->name == "pi") return mpq_class(1);
    mpq_class result = 1;
    if (arg->kind == Kind::quotient) {
      const auto top = half_turns(arg->args[0], budget);
      const auto bottom = exact::value_of(arg->args[1], budget);
      if (!top || !bottom || *bottom == 0) return std::nullopt;
      return mpq_class(*top / *bottom);
    }
    if (arg->kind != Kind::product) return std::nullopt;
    int pis = 0;
    for (Expr factor : arg->args) {
      if (const auto value = exact::value_of(factor, budget)) {
        result *= *value;
      } else if (const auto turns = half_turns(factor, budget)) {
        ++pis;
        result *= *turns;
      } else {
        return std::nullopt;
      }
    }
    if (pis != 1) return std::nullopt;
    return result;
  }

  static long totient(long n) {
    long result = n;
    for (long p = 2; p * p <= n; ++p) {
      if (n % p) continue;
      while (n % p == 0) n /= p;
      result -= result / p;
    }
    return n > 1 ? result - result / n : result;
  }

  static constexpr long kMostOrder = 1 << 20;
  Budget& budget_;
  double degree_ = 1;  // of the roots
  long order_ = 1;
  bool saw_i_ = false;
  std::vector<std::pair<Expr, double>> roots_;
};

}  // namespace

std::optional<double> root_bound_bits(Expr a, Expr b, Budget& budget) {
  Bounder bounder(budget);
  const auto x = bounder.bound(a), y = bounder.bound(b);
  if (!x || !y) return std::nullopt;
  const Bound difference = Bounder::add(*x, *y);
  return difference.l + difference.u * (bounder.degree() - 1);
}

}  // namespace reckon::math::interval
