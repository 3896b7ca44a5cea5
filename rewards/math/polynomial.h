// Sums of monomials with rational coefficients over "atoms" (letters, primes under a root, pi, e,
// i, functions of something), each with a rational exponent: 3/2 * 2^{1/2} * pi * x^2. The atoms
// mean nothing here: value.h knows them and reduces what they allow. Sizes are checked before work
// is done; throws OverBudget; thread-safe.
//
//   Polynomial p = Polynomial::atom(x) * ...;  multiply(p, q, budget)
#pragma once

#include <gmpxx.h>

#include <cstdint>
#include <map>
#include <vector>

#include "rewards/math/budget.h"

namespace reckon::math {

struct Exponent {  // numerator / denominator in lowest terms, denominator > 0
  int64_t numerator = 0, denominator = 1;
  auto operator<=>(const Exponent&) const = default;
};
// Throws OverBudget when it does not fit.
Exponent make_exponent(const mpq_class& value);
inline mpq_class to_rational(const Exponent& e) {
  return mpq_class(static_cast<long>(e.numerator), static_cast<unsigned long>(e.denominator));
}
Exponent operator+(const Exponent& a, const Exponent& b);

struct Factor {
  uint32_t atom = 0;
  Exponent exponent;
  auto operator<=>(const Factor&) const = default;
};
using Monomial = std::vector<Factor>;  // sorted by atom, no exponent 0

// Adds the exponents.
Monomial multiply(const Monomial& a, const Monomial& b);

class Polynomial {
 public:
  Polynomial() = default;
  explicit Polynomial(const mpq_class& constant) { add({}, constant); }
  explicit Polynomial(Monomial monomial, const mpq_class& coefficient = 1) {
    add(std::move(monomial), coefficient);
  }

  bool is_zero() const { return terms_.empty(); }
  bool is_one() const { return is_constant() && !is_zero() && terms_.begin()->second == 1; }
  bool is_constant() const {
    return terms_.empty() || (terms_.size() == 1 && terms_.begin()->first.empty());
  }
  mpq_class constant() const { return terms_.empty() ? mpq_class(0) : terms_.begin()->second; }
  const std::map<Monomial, mpq_class>& terms() const { return terms_; }
  size_t size() const { return terms_.size(); }
  bool operator==(const Polynomial& b) const { return terms_ == b.terms_; }

  void add(Monomial monomial, const mpq_class& coefficient);
  void add(const Polynomial& b, Budget& budget);
  void scale(const mpq_class& factor, Budget& budget);
  // The positive rational c such that the rest has whole coefficients without a common divisor.
  mpq_class content() const;

 private:
  std::map<Monomial, mpq_class> terms_;  // no coefficient 0
};

}  // namespace reckon::math
