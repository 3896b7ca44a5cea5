// Exact rational arithmetic under a budget: the size of every result is estimated before it is
// computed, so that 9^{9^9} or (10^8)! costs nothing. Throws OverBudget; thread-safe.
//
//   mpq_class x = exact::power(mpq_class(3, 2), 10, budget);
//   std::optional<mpq_class> v = exact::value_of(expr, budget);   // 3\frac12 -> 7/2, \sqrt2 ->
//   none
#pragma once

#include <gmpxx.h>

#include <optional>

#include "rewards/math/budget.h"
#include "rewards/math/expression.h"

namespace reckon::math::exact {

// The larger of the bits of numerator and denominator.
double bits(const mpq_class& x);
bool is_integer(const mpq_class& x);
// The value as a small integer, if it is one.
std::optional<long> small_integer(const mpq_class& x);

mpq_class add(const mpq_class& a, const mpq_class& b, Budget& budget);
mpq_class multiply(const mpq_class& a, const mpq_class& b, Budget& budget);
// Any integer exponent; nullopt for 0 to a power that is not positive.
std::optional<mpq_class> power(const mpq_class& base, const mpz_class& exponent, Budget& budget);
std::optional<mpz_class> factorial(const mpq_class& n, int step, Budget& budget);  // step 2: n!!
std::optional<mpz_class> binomial(const mpq_class& n, const mpq_class& k, Budget& budget);
// The k-th root of x when it is rational (negative x: odd k alone).
std::optional<mpq_class> root(const mpq_class& x, unsigned long k);
mpz_class floor(const mpq_class& x);
mpz_class ceiling(const mpq_class& x);
// gcd, lcm, min, max, mod, floor, ceil, abs of rationals; nullopt for any other name or domain.
std::optional<mpq_class> call(std::string_view name, const std::vector<mpq_class>& args,
                              Budget& budget);

// The value of a tree that is rational by plain arithmetic; nullopt when it is not (or is
// undefined).
std::optional<mpq_class> value_of(Expr expr, Budget& budget);

}  // namespace reckon::math::exact
