#include "rewards/math/exact.h"

#include <algorithm>
#include <cmath>

namespace reckon::math::exact {

double bits(const mpq_class& x) {
  return static_cast<double>(
      std::max(mpz_sizeinbase(x.get_num_mpz_t(), 2), mpz_sizeinbase(x.get_den_mpz_t(), 2)));
}

bool is_integer(const mpq_class& x) { return mpz_cmp_ui(x.get_den_mpz_t(), 1) == 0; }

std::optional<long> small_integer(const mpq_class& x) {
  if (!is_integer(x) || !mpz_fits_slong_p(x.get_num_mpz_t())) return std::nullopt;
  return mpz_get_si(x.get_num_mpz_t());
}

mpq_class add(const mpq_class& a, const mpq_class& b, Budget& budget) {
  budget.require_bits(bits(a) + bits(b) + 1, "a long sum");
  return a + b;
}

mpq_class multiply(const mpq_class& a, const mpq_class& b, Budget& budget) {
  budget.require_bits(bits(a) + bits(b), "a long product");
  return a * b;
}

std::optional<mpq_class> power(const mpq_class& base, const mpz_class& exponent, Budget& budget) {
  const int sign = sgn(exponent);
  if (sgn(base) == 0) {
    if (sign <= 0) return std::nullopt;
    return mpq_class(0);
  }
  if (sign == 0 || base == 1) return mpq_class(1);
  if (base == -1) return mpq_class(mpz_odd_p(exponent.get_mpz_t()) ? -1 : 1);
  budget.require_bits(bits(base) * std::fabs(exponent.get_d()), "a large power");
  const unsigned long n = mpz_get_ui(exponent.get_mpz_t());  // of the absolute value
  mpq_class result;
  mpz_pow_ui(result.get_num_mpz_t(), base.get_num_mpz_t(), n);
  mpz_pow_ui(result.get_den_mpz_t(), base.get_den_mpz_t(), n);
  if (sign < 0) result = 1 / result;
  return result;
}

std::optional<mpz_class> factorial(const mpq_class& n, int step, Budget& budget) {
  if (!is_integer(n) || sgn(n) < 0) return std::nullopt;
  const double x = n.get_d();
  budget.require_bits(std::lgamma(x + 1) / std::log(2.0) / step + 2, "a large factorial");
  mpz_class result;
  if (step == 2) {
    mpz_2fac_ui(result.get_mpz_t(), n.get_num().get_ui());
  } else {
    mpz_fac_ui(result.get_mpz_t(), n.get_num().get_ui());
  }
  return result;
}

std::optional<mpz_class> binomial(const mpq_class& n, const mpq_class& k, Budget& budget) {
  if (!is_integer(n) || !is_integer(k) || sgn(n) < 0) return std::nullopt;
  if (sgn(k) < 0 || k > n) return mpz_class(0);
  mpz_class rest = n.get_num() - k.get_num();
  mpz_class small = std::min<mpz_class>(k.get_num(), rest);
  // C(n, k) <= n^k and <= 2^n
  const double estimate = std::min(n.get_d(), small.get_d() * bits(n));
  budget.require_bits(estimate + 1, "a large binomial");
  mpz_class result;
  mpz_bin_ui(result.get_mpz_t(), n.get_num_mpz_t(), small.get_ui());
  return result;
}

std::optional<mpq_class> root(const mpq_class& x, unsigned long k) {
  if (k == 0) return std::nullopt;
  if (sgn(x) < 0 && k % 2 == 0) return std::nullopt;
  mpq_class result;
  if (!mpz_root(result.get_num_mpz_t(), x.get_num_mpz_t(), k)) return std::nullopt;
  if (!mpz_root(result.get_den_mpz_t(), x.get_den_mpz_t(), k)) return std::nullopt;
  return result;
}

mpz_class floor(const mpq_class& x) {
  mpz_class result;
  mpz_fdiv_q(result.get_mpz_t(), x.get_num_mpz_t(), x.get_den_mpz_t());
  return result;
}

mpz_class ceiling(const mpq_class& x) {
  mpz_class result;
  mpz_cdiv_q(result.get_mpz_t(), x.get_num_mpz_t(), x.get_den_mpz_t());
  return result;
}

std::optional<mpq_class> call(std::string_view name, const std::vector<mpq_class>& args,
                              Budget& budget) {
  if (args.empty()) return std::nullopt;
  if (args.size() == 1) {
    if (name == "floor") return mpq_class(floor(args[0]));
    if (name == "ceil") return mpq_class(ceiling(args[0]));
    if (name == "abs") return mpq_class(abs(args[0]));
  }
  if (name == "max") return *std::max_element(args.begin(), args.end());
  if (name == "min") return *std::min_element(args.begin(), args.end());
  if (!std::all_of(args.begin(), args.end(), is_integer)) return std::nullopt;
  if (name == "mod") {
    if (args.size() != 2 || sgn(args[1]) <= 0) return std::nullopt;
    mpz_class rest;
    mpz_fdiv_r(rest.get_mpz_t(), args[0].get_num_mpz_t(), args[1].get_num_mpz_t());
    return mpq_class(rest);
  }
  if (name != "gcd" && name != "lcm") return std::nullopt;
  mpz_class result = abs(args[0].get_num());
  for (size_t i = 1; i < args.size(); ++i) {
    budget.require_bits(static_cast<double>(mpz_sizeinbase(result.get_mpz_t(), 2)) + bits(args[i]),
                        "a large common multiple");
    const mpz_class next = args[i].get_num();
    result = name == "gcd" ? mpz_class(gcd(result, next)) : mpz_class(lcm(result, next));
  }
  return mpq_class(result);
}

namespace {

std::optional<mpq_class> power_of(Expr expr, Budget& budget) {
  const auto base = value_of(expr->args[0], budget);
  if (!base) return std::nullopt;
  const auto exponent = value_of(expr->args[1], budget);
  if (!exponent) return std::nullopt;
  if (is_integer(*exponent)) return power(*base, exponent->get_num(), budget);
  if (sgn(*base) < 0 || !mpz_fits_ulong_p(exponent->get_den_mpz_t())) return std::nullopt;
  const auto rooted = root(*base, exponent->get_den().get_ui());
  if (!rooted) return std::nullopt;
  return power(*rooted, exponent->get_num(), budget);
}

std::optional<mpq_class> fold(Expr expr, Budget& budget) {
  std::optional<mpq_class> result = value_of(expr->args[0], budget);
  for (size_t i = 1; result && i < expr->args.size(); ++i) {
    const auto next = value_of(expr->args[i], budget);
    if (!next) return std::nullopt;
    if (expr->kind == Kind::product) {
      result = multiply(*result, *next, budget);
    } else {  // sum, and the mixed number, whose second part takes the first one's sign
      const bool minus = expr->kind == Kind::mixed && sgn(*result) < 0;
      result = add(*result, minus ? mpq_class(-*next) : *next, budget);
    }
  }
  return result;
}

std::optional<mpq_class> call_of(Expr expr, Budget& budget) {
  std::vector<mpq_class> args;
  for (Expr arg : expr->args) {
    auto value = value_of(arg, budget);
    if (!value) return std::nullopt;
    args.push_back(std::move(*value));
  }
  return call(expr->name, args, budget);
}

}  // namespace

std::optional<mpq_class> value_of(Expr expr, Budget& budget) {
  budget.spend(1);
  switch (expr->kind) {
    case Kind::number:
      return expr->value;
    case Kind::sum:
    case Kind::product:
    case Kind::mixed:
      return fold(expr, budget);
    case Kind::power:
      return power_of(expr, budget);
    case Kind::call:
      return call_of(expr, budget);
    case Kind::negate:
    case Kind::percent: {
      auto value = value_of(expr->args[0], budget);
      if (!value) return std::nullopt;
      if (expr->kind == Kind::negate) return mpq_class(-*value);
      return mpq_class(*value / 100);
    }
    case Kind::factorial: {
      const auto value = value_of(expr->args[0], budget);
      if (!value) return std::nullopt;
      const auto result = factorial(*value, expr->name == "!!" ? 2 : 1, budget);
      if (!result) return std::nullopt;
      return mpq_class(*result);
    }
    case Kind::quotient:
    case Kind::binomial:
    case Kind::root: {
      const auto a = value_of(expr->args[0], budget);
      if (!a) return std::nullopt;
      const auto b = value_of(expr->args[1], budget);
      if (!b) return std::nullopt;
      if (expr->kind == Kind::quotient) {
        if (sgn(*b) == 0) return std::nullopt;
        return multiply(*a, 1 / *b, budget);
      }
      if (expr->kind == Kind::binomial) {
        const auto result = binomial(*a, *b, budget);
        if (!result) return std::nullopt;
        return mpq_class(*result);
      }
      const auto index = small_integer(*b);
      if (!index || *index < 1) return std::nullopt;
      return root(*a, static_cast<unsigned long>(*index));
    }
    default:
      return std::nullopt;
  }
}

}  // namespace reckon::math::exact
