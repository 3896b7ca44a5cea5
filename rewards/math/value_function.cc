// Functions of normal forms: trigonometry with its special angles, logarithms, absolute values.
#include <string>

#include "rewards/math/exact.h"
#include "rewards/math/value.h"

namespace reckon::math {

// cos(r pi): exact at multiples of pi / 12, pi / 10 and pi / 8, an atom elsewhere.
Value Algebra::cosine_of_pi(mpq_class r) {
  r -= 2 * exact::floor(r / 2);
  if (r > 1) r = 2 - r;
  if (r > mpq_class(1, 2)) return negate(cosine_of_pi(1 - r));
  const auto root = [&](const mpq_class& x) { return *power(rational(x), mpq_class(1, 2)); };
  const auto over = [&](const Value& x, long n) { return multiply(x, rational(mpq_class(1, n))); };
  const auto nested = [&](long a, long b, long n) {  // sqrt(a + b sqrt n)
    const Value inside = add(rational(a), multiply(rational(b), root(n)));
    return *power(inside, mpq_class(1, 2));
  };
  if (r == 0) return rational(1);
  if (r == mpq_class(1, 2)) return rational(0);
  if (r == mpq_class(1, 3)) return rational(mpq_class(1, 2));
  if (r == mpq_class(1, 4)) return over(root(2), 2);
  if (r == mpq_class(1, 6)) return over(root(3), 2);
  if (r == mpq_class(1, 12)) return over(add(root(6), root(2)), 4);
  if (r == mpq_class(5, 12)) return over(subtract(root(6), root(2)), 4);
  if (r == mpq_class(1, 5)) return over(add(root(5), rational(1)), 4);
  if (r == mpq_class(2, 5)) return over(subtract(root(5), rational(1)), 4);
  if (r == mpq_class(1, 10)) return over(nested(10, 2, 5), 4);
  if (r == mpq_class(3, 10)) return over(nested(10, -2, 5), 4);
  if (r == mpq_class(1, 8)) return over(nested(2, 1, 2), 2);
  if (r == mpq_class(3, 8)) return over(nested(2, -1, 2), 2);
  return atom(AtomKind::cosine, {}, 0, {multiply(rational(r), atom(AtomKind::pi))});
}

std::optional<Value> Algebra::trigonometric(std::string_view name, const Value& x) {
  if (name == "tan" || name == "cot" || name == "sec" || name == "csc") {
    const auto sine = trigonometric("sin", x), cosine = trigonometric("cos", x);
    if (name == "tan") return divide(*sine, *cosine);
    if (name == "cot") return divide(*cosine, *sine);
    return divide(rational(1), name == "sec" ? *cosine : *sine);
  }
  if (const auto r = multiple_of_pi(x)) {
    return cosine_of_pi(name == "cos" ? *r : mpq_class(mpq_class(1, 2) - *r));
  }
  const bool minus = sgn(x.top.terms().begin()->second) < 0;
  const Value positive = minus ? negate(x) : x;
  if (name == "cos") return atom(AtomKind::cosine, {}, 0, {positive});
  const Value sine = atom(AtomKind::sine, {}, 0, {positive});
  return minus ? negate(sine) : sine;
}

// arcsin, arccos and arctan of the sines and tangents that are known.
std::optional<Value> Algebra::inverse_trigonometric(std::string_view name, const Value& x) {
  if (name == "arccos") {
    const auto sine = inverse_trigonometric("arcsin", x);
    return subtract(multiply(rational(mpq_class(1, 2)), atom(AtomKind::pi)), *sine);
  }
  static constexpr long kTwentyFourths[] = {0, 2, 3, 4, 6, 8, 9, 10, 12};  // of a right angle / 12
  const bool minus = !x.top.is_zero() && sgn(x.top.terms().begin()->second) < 0;
  for (const long k : kTwentyFourths) {
    const mpq_class r(k, 24);
    mpq_class turns = r;
    turns.canonicalize();
    std::optional<Value> candidate = cosine_of_pi(mpq_class(1, 2) - turns);
    if (name == "arctan") candidate = divide(*candidate, cosine_of_pi(turns));
    if (!candidate) continue;
    const Value angle = multiply(rational(turns), atom(AtomKind::pi));
    if (equal(*candidate, x)) return angle;
    if (equal(negate(*candidate), x)) return negate(angle);
  }
  const Value angle = atom(AtomKind::function, name, 0, {minus ? negate(x) : x});
  return minus ? negate(angle) : angle;
}

// Sum of k log p over what is known to be positive: rationals, pi, e, one letter.
std::optional<Value> Algebra::logarithm(const Value& a, std::string_view log) {
  if (a.top.is_zero()) return std::nullopt;
  const Value whole = atom(AtomKind::function, log, 0, {a});
  if (!a.bottom.is_one() || a.top.size() != 1) return whole;
  const auto [monomial, coefficient] = *a.top.terms().begin();
  if (sgn(coefficient) < 0) return monomial.empty() ? std::nullopt : std::optional(whole);
  Value result = rational(0);
  int others = 0;
  for (const Factor& factor : monomial) {
    const Atom& atom = atoms_[factor.atom];
    Value part;
    if (atom.kind == AtomKind::prime) {
      part = this->atom(AtomKind::function, log, atom.integer);
    } else if (atom.kind == AtomKind::e && log == "ln") {
      part = rational(1);
    } else {
      const bool letter = atom.kind == AtomKind::symbol && factor.exponent.numerator % 2 != 0;
      if (!positive_constant(factor.atom) && (!letter || ++others > 1)) return whole;
      part = this->atom(AtomKind::function, log, 0,
                        {Value{Polynomial(Monomial{{factor.atom, {1, 1}}})}});
    }
    result = add(result, multiply(rational(to_rational(factor.exponent)), part));
  }
  for (const bool below : {false, true}) {
    const mpz_class n = below ? coefficient.get_den() : coefficient.get_num();
    for (const auto& [p, k] : factorise(n)) {
      const Value part = atom(AtomKind::function, log, p);
      result = add(result, multiply(rational(below ? -k : k), part));
    }
  }
  return result;
}

// |z|: of rationals, of a + bi with constants, opaque otherwise.
std::optional<Value> Algebra::absolute(const Value& x) {
  if (x.is_rational()) return rational(abs(x.top.constant()));
  bool constant = x.bottom.is_one(), complex = false;
  Value re = rational(0), im = rational(0);
  const Monomial i = atom(AtomKind::imaginary).top.terms().begin()->first;
  for (const auto& [monomial, coefficient] : x.top.terms()) {
    Monomial rest;
    for (const Factor& factor : monomial) {
      if (factor.atom == i[0].atom) continue;
      constant = constant && positive_constant(factor.atom);
      rest.push_back(factor);
    }
    const bool imaginary = rest.size() != monomial.size();
    complex = complex || imaginary;
    Value& part = imaginary ? im : re;
    part.top.add(rest, coefficient);
  }
  if (constant && complex) {
    return power(add(multiply(re, re), multiply(im, im)), mpq_class(1, 2));
  }
  const bool minus = sgn(x.top.terms().begin()->second) < 0;
  return atom(AtomKind::function, "abs", 0, {minus ? negate(x) : x});
}

std::optional<Value> Algebra::function(std::string_view name, std::vector<Value> args) {
  if (args.size() == 1) {
    const Value& x = args[0];
    for (const std::string_view f : {"sin", "cos", "tan", "cot", "sec", "csc"}) {
      if (name == f) return trigonometric(name, x);
    }
    for (const std::string_view f : {"arcsin", "arccos", "arctan"}) {
      if (name == f) return inverse_trigonometric(name, x);
    }
    if (name == "ln" || name == "log") return logarithm(x, name);
    if (name == "exp") return symbolic_power(atom(AtomKind::e), x);
    if (name == "abs") return absolute(x);
    if (name == "cis") {
      return add(*trigonometric("cos", x),
                 multiply(atom(AtomKind::imaginary), *trigonometric("sin", x)));
    }
  }
  if (name == "log" && args.size() == 2) {
    const auto top = logarithm(args[0], "ln"), bottom = logarithm(args[1], "ln");
    if (!top || !bottom) return std::nullopt;
    return divide(*top, *bottom);
  }
  std::vector<mpq_class> numbers;
  for (const Value& arg : args) {
    if (arg.is_rational()) numbers.push_back(arg.top.constant());
  }
  if (numbers.size() == args.size()) {
    if (const auto result = exact::call(name, numbers, budget_)) return rational(*result);
  }
  return atom(AtomKind::function, name, 0, std::move(args));
}

}  // namespace reckon::math
