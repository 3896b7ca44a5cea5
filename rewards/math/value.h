// Normal forms: what an expression tree is worth, as a quotient of two polynomials over atoms whose
// relations are known and applied (i^2 = -1, products of roots of primes, sin^2 = 1 - cos^2,
// special angles, logarithms of primes, equal arguments of the same function). Two values whose
// cross products agree are equal: an identity, never a coincidence of digits. Values that do not
// agree may still be equal: nothing is concluded. Not shared between threads; throws OverBudget
// alone.
//
//   Algebra algebra(budget);
//   auto a = algebra.value_of(expr);          // nullopt: undefined, or no rule
//   if (a && b && algebra.equal(*a, *b)) ...
#pragma once

#include <gmpxx.h>

#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "rewards/math/expression.h"
#include "rewards/math/polynomial.h"

namespace reckon::math {

struct Value {
  Polynomial top;
  Polynomial bottom{mpq_class(1)};  // never the zero polynomial

  bool is_rational() const { return top.is_constant() && bottom.is_one(); }
};

enum class AtomKind : uint8_t {
  pi,
  e,
  imaginary,
  symbol,       // name
  prime,        // integer > 1: a prime, or what could not be factored
  radicand,     // args[0], under a root
  function,     // name, args: nothing is known but that equal arguments give equal values
  sine,         // args[0]
  cosine,       // args[0]
  exponential,  // args[0] to the power args[1]: 2^x, x^n
};

struct Atom {
  AtomKind kind;
  std::string name;
  mpz_class integer;
  std::vector<Value> args;
};

class Algebra {
 public:
  explicit Algebra(Budget& budget) : budget_(budget) {}
  Budget& budget() { return budget_; }

  std::optional<Value> value_of(Expr expr);
  bool equal(const Value& a, const Value& b);
  // c with a = c * b, for a rational c other than 0 (a positive one too when asked): equations.
  std::optional<mpq_class> rational_ratio(const Value& a, const Value& b);

  static Value rational(const mpq_class& x) { return {Polynomial(x)}; }
  Value atom(AtomKind kind, std::string_view name = {}, const mpz_class& integer = 0,
             std::vector<Value> args = {});
  Value add(const Value& a, const Value& b);
  Value subtract(const Value& a, const Value& b) { return add(a, negate(b)); }
  Value multiply(const Value& a, const Value& b);
  static Value negate(Value a);
  std::optional<Value> divide(const Value& a, const Value& b);
  // real_root: an odd root of a negative number is the real one (as \sqrt[3]{-8}), otherwise none.
  std::optional<Value> power(const Value& base, const mpq_class& exponent, bool real_root = false);
  std::optional<Value> symbolic_power(const Value& base, const Value& exponent);
  std::optional<Value> function(std::string_view name, std::vector<Value> args);
  std::optional<Value> logarithm(const Value& a, std::string_view unknown_base);
  // What multiplies pi when the value is a rational multiple of it (0 included).
  std::optional<mpq_class> multiple_of_pi(const Value& a);

 private:
  friend class SymbolScope;
  Polynomial multiply(const Polynomial& a, const Polynomial& b);
  Polynomial reduce(const Monomial& monomial, const mpq_class& coefficient);
  std::optional<Polynomial> reduce_factor(const Factor& factor, Monomial& rest);
  std::optional<Value> integer_power(const Value& base, const mpz_class& n);
  std::optional<Value> root_of_monomial(const Monomial& m, const mpq_class& c, const mpq_class& e,
                                        bool real_root);
  std::optional<Value> rational_power(const mpq_class& base, const mpq_class& exponent);
  std::vector<std::pair<mpz_class, long>> factorise(const mpz_class& n);
  bool positive_constant(uint32_t atom) const;
  bool invertible(const Monomial& monomial) const;
  Value cosine_of_pi(mpq_class r);
  std::optional<Value> trigonometric(std::string_view name, const Value& x);
  std::optional<Value> inverse_trigonometric(std::string_view name, const Value& x);
  std::optional<Value> absolute(const Value& x);
  std::optional<Value> euler(const Value& exponent);
  std::optional<Value> call_of(Expr expr);
  std::optional<Value> power_of(Expr expr);
  std::optional<Value> folded(Expr expr);
  std::optional<Value> big_operator(Expr expr);
  std::optional<Value> integral(Expr expr);
  std::optional<Value> determinant(Expr matrix);

  Budget& budget_;
  std::deque<Atom> atoms_;
  std::vector<std::pair<std::string_view, Value>> bound_;  // index variables of sums
};

}  // namespace reckon::math
