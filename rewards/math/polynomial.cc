#include "rewards/math/polynomial.h"

#include <numeric>

#include "rewards/math/exact.h"

namespace reckon::math {

Exponent make_exponent(const mpq_class& value) {
  constexpr long kLimit = 1l << 30;
  if (!mpz_fits_slong_p(value.get_num_mpz_t()) || !mpz_fits_slong_p(value.get_den_mpz_t())) {
    throw OverBudget{"a large exponent"};
  }
  const long n = value.get_num().get_si(), d = value.get_den().get_si();
  if (n > kLimit || n < -kLimit || d > kLimit) throw OverBudget{"a large exponent"};
  return {n, d};
}

Exponent operator+(const Exponent& a, const Exponent& b) {
  if (a.denominator == 1 && b.denominator == 1) {
    if (std::abs(a.numerator + b.numerator) > (1l << 30)) throw OverBudget{"a large exponent"};
    return {a.numerator + b.numerator, 1};
  }
  return make_exponent(to_rational(a) + to_rational(b));
}

Monomial multiply(const Monomial& a, const Monomial& b) {
  Monomial result;
  result.reserve(a.size() + b.size());
  auto i = a.begin();
  auto j = b.begin();
  while (i != a.end() || j != b.end()) {
    if (j == b.end() || (i != a.end() && i->atom < j->atom)) {
      result.push_back(*i++);
    } else if (i == a.end() || j->atom < i->atom) {
      result.push_back(*j++);
    } else {
      const Exponent sum = i->exponent + j->exponent;
      if (sum.numerator != 0) result.push_back({i->atom, sum});
      ++i;
      ++j;
    }
  }
  return result;
}

void Polynomial::add(Monomial monomial, const mpq_class& coefficient) {
  if (sgn(coefficient) == 0) return;
  const auto [it, fresh] = terms_.try_emplace(std::move(monomial), coefficient);
  if (fresh) return;
  it->second += coefficient;
  if (sgn(it->second) == 0) terms_.erase(it);
}

void Polynomial::add(const Polynomial& b, Budget& budget) {
  budget.spend(b.size());
  for (const auto& [monomial, coefficient] : b.terms_) {
    budget.require_bits(exact::bits(coefficient), "a long sum");
    add(monomial, coefficient);
    const auto it = terms_.find(monomial);
    if (it != terms_.end()) budget.require_bits(exact::bits(it->second), "a long sum");
  }
}

void Polynomial::scale(const mpq_class& factor, Budget& budget) {
  if (sgn(factor) == 0) {
    terms_.clear();
    return;
  }
  for (auto& [monomial, coefficient] : terms_) {
    coefficient = exact::multiply(coefficient, factor, budget);
  }
}

mpq_class Polynomial::content() const {
  mpz_class numerator = 0, denominator = 1;
  for (const auto& [monomial, coefficient] : terms_) {
    numerator = gcd(numerator, coefficient.get_num());
    denominator = lcm(denominator, coefficient.get_den());
  }
  mpq_class result(numerator, denominator);
  result.canonicalize();
  return result;
}

}  // namespace reckon::math
