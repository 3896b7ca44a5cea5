// Powers and roots of normal forms.
#include "rewards/math/exact.h"
#include "rewards/math/value.h"

namespace reckon::math {

namespace {

bool odd(const mpz_class& x) { return mpz_odd_p(x.get_mpz_t()) != 0; }

}  // namespace

std::optional<Value> Algebra::integer_power(const Value& base, const mpz_class& n) {
  if (sgn(n) == 0) return base.top.is_zero() ? std::nullopt : std::optional(rational(1));
  if (sgn(n) < 0) {
    const auto positive = integer_power(base, -n);
    return positive ? divide(rational(1), *positive) : std::nullopt;
  }
  if (base.top.is_zero()) return rational(0);
  if (base.is_rational()) {
    return rational(*exact::power(base.top.constant(), n, budget_));
  }
  if (base.top.size() == 1 && base.bottom.is_one()) {
    const auto& [monomial, coefficient] = *base.top.terms().begin();
    Monomial raised = monomial;
    for (Factor& f : raised) f.exponent = make_exponent(to_rational(f.exponent) * n);
    return Value{reduce(raised, *exact::power(coefficient, n, budget_))};
  }
  budget_.require_bits(n.get_d(), "a large power of a sum");
  Value result = rational(1), square = base;
  for (unsigned long k = n.get_ui(); k; k >>= 1) {
    if (k & 1) result = multiply(result, square);
    if (k > 1) square = multiply(square, square);
  }
  return result;
}

std::vector<std::pair<mpz_class, long>> Algebra::factorise(const mpz_class& n) {
  std::vector<std::pair<mpz_class, long>> factors;
  mpz_class rest = n;
  const auto take = [&](unsigned long p) {
    long k = 0;
    while (mpz_divisible_ui_p(rest.get_mpz_t(), p)) {
      mpz_divexact_ui(rest.get_mpz_t(), rest.get_mpz_t(), p);
      ++k;
    }
    budget_.spend(static_cast<uint64_t>(k));
    if (k) factors.emplace_back(p, k);
  };
  take(2);
  for (unsigned long p = 3; p < 1000 && mpz_cmp_ui(rest.get_mpz_t(), p * p) >= 0; p += 2) take(p);
  budget_.spend(20 + mpz_sizeinbase(rest.get_mpz_t(), 2) / 16);
  if (rest == 1) return factors;
  long power = 1;  // what is left, if it is a perfect power
  while (mpz_perfect_power_p(rest.get_mpz_t())) {
    unsigned long k = 2;
    mpz_class base;
    while (!mpz_root(base.get_mpz_t(), rest.get_mpz_t(), k)) ++k;
    power *= static_cast<long>(k);
    rest = base;
  }
  factors.emplace_back(rest, power);
  return factors;
}

std::optional<Value> Algebra::rational_power(const mpq_class& base, const mpq_class& exponent) {
  if (sgn(base) <= 0) return std::nullopt;
  if (exact::is_integer(exponent)) {
    const auto result = exact::power(base, exponent.get_num(), budget_);
    return result ? std::optional(rational(*result)) : std::nullopt;
  }
  Value result = rational(1);
  for (const bool below : {false, true}) {
    for (const auto& [p, k] : factorise(below ? base.get_den() : base.get_num())) {
      const mpq_class e = exponent * (below ? -k : k);
      Monomial monomial = atom(AtomKind::prime, {}, p).top.terms().begin()->first;
      monomial[0].exponent = make_exponent(e);
      result = multiply(result, Value{reduce(monomial, 1)});
    }
  }
  return result;
}

bool Algebra::positive_constant(uint32_t atom) const {
  const AtomKind kind = atoms_[atom].kind;
  return kind == AtomKind::pi || kind == AtomKind::e || kind == AtomKind::prime;
}

// (c m)^e where a rule gives it: positive constants, one letter, a negative or imaginary sign.
std::optional<Value> Algebra::root_of_monomial(const Monomial& m, const mpq_class& c,
                                               const mpq_class& e, bool real_root) {
  Monomial raised;
  int others = 0;
  bool imaginary = false;
  for (const Factor& factor : m) {
    const Atom& atom = atoms_[factor.atom];
    if (atom.kind == AtomKind::imaginary) {
      imaginary = true;
      continue;
    }
    if (!positive_constant(factor.atom)) {
      ++others;
      const Exponent& x = factor.exponent;
      const bool fine = (atom.kind == AtomKind::symbol || atom.kind == AtomKind::radicand) &&
                        (x.numerator % 2 != 0 || odd(e.get_den()));
      if (!fine) return std::nullopt;
    }
    raised.push_back({factor.atom, make_exponent(to_rational(factor.exponent) * e)});
  }
  if (others > 1 || (others && imaginary)) return std::nullopt;
  auto size = rational_power(abs(c), e);
  if (!size) return std::nullopt;
  Value result = multiply(*size, Value{reduce(raised, 1)});
  if (!imaginary && sgn(c) > 0) return result;
  if (!imaginary && real_root && odd(e.get_den())) {
    return odd(e.get_num()) ? negate(result) : result;
  }
  // The principal power of -1 or +-i; other roots of a negative number have two readings.
  if (others || (!imaginary && e.get_den() != 2)) return std::nullopt;
  const mpq_class half_turns = e * (imaginary ? mpq_class(sgn(c), 2) : mpq_class(1));
  const Value sine = cosine_of_pi(mpq_class(1, 2) - half_turns);
  const Value direction = add(cosine_of_pi(half_turns), multiply(atom(AtomKind::imaginary), sine));
  return multiply(result, direction);
}

std::optional<Value> Algebra::power(const Value& base, const mpq_class& exponent, bool real_root) {
  if (exact::is_integer(exponent)) return integer_power(base, exponent.get_num());
  if (base.top.is_zero()) return sgn(exponent) > 0 ? std::optional(rational(0)) : std::nullopt;
  if (base.bottom.is_one() && base.top.size() == 1) {
    const auto& [monomial, coefficient] = *base.top.terms().begin();
    if (auto result = root_of_monomial(monomial, coefficient, exponent, real_root)) return result;
    if (monomial.empty()) return std::nullopt;
  }
  // The radicand as an atom, its rational content taken out, its sign too where the root is odd.
  Value radicand = base;
  mpq_class content = radicand.top.content() / radicand.bottom.content();
  radicand.top.scale(1 / radicand.top.content(), budget_);
  radicand.bottom.scale(1 / radicand.bottom.content(), budget_);
  bool minus = false;
  if (real_root && odd(exponent.get_den()) && sgn(radicand.top.terms().begin()->second) < 0) {
    radicand = negate(radicand);
    minus = odd(exponent.get_num());
  }
  auto outside = rational_power(content, abs(exponent));
  if (!outside) return std::nullopt;
  Monomial monomial = atom(AtomKind::radicand, {}, 0, {radicand}).top.terms().begin()->first;
  monomial[0].exponent = make_exponent(abs(exponent));
  Value result = multiply(*outside, Value{reduce(monomial, minus ? -1 : 1)});
  if (sgn(exponent) > 0) return result;
  return divide(rational(1), result);
}

// base^(c1 m1 + c2 m2 + ...) = product of base^(c m).
std::optional<Value> Algebra::symbolic_power(const Value& base, const Value& exponent) {
  if (exponent.is_rational()) return power(base, exponent.top.constant());
  if (base.top.is_zero()) return std::nullopt;
  if (base.is_rational() && base.top.constant() == 1) return rational(1);
  if (equal(base, atom(AtomKind::e))) return euler(exponent);
  if (!exponent.bottom.is_one()) return atom(AtomKind::exponential, {}, 0, {base, exponent});
  std::vector<std::pair<Value, mpq_class>> parts;  // bases and their own exponents
  bool positive = false;
  if (base.is_rational()) {
    positive = true;
    const mpq_class value = base.top.constant();
    for (const auto& [p, k] : factorise(abs(value.get_num()))) parts.emplace_back(rational(p), k);
    for (const auto& [p, k] : factorise(value.get_den())) parts.emplace_back(rational(p), -k);
    if (sgn(value) < 0) parts.emplace_back(rational(-1), 1);
  } else {
    parts.emplace_back(base, 1);
  }
  Value result = rational(1);
  for (const auto& [part, k] : parts) {
    const bool free = positive && part.top.constant() > 0;
    for (const auto& [m, c] : exponent.top.terms()) {
      const mpq_class times = c * k;
      std::optional<Value> next;
      if (m.empty()) {
        next = power(part, times);
      } else {
        // A negative or unknown base keeps the divisor of the exponent inside.
        const mpq_class inside = free ? mpq_class(1) : mpq_class(1, times.get_den());
        const Value atom =
            this->atom(AtomKind::exponential, {}, 0, {part, Value{Polynomial(m, inside)}});
        Monomial monomial = atom.top.terms().begin()->first;
        monomial[0].exponent = make_exponent(times / inside);
        next = Value{reduce(monomial, 1)};
      }
      if (!next) return std::nullopt;
      result = multiply(result, *next);
    }
  }
  return result;
}

// e^exponent: real parts stay powers of e, rational multiples of i pi become a direction,
// logarithms go back to what they are of.
std::optional<Value> Algebra::euler(const Value& exponent) {
  const Value e = atom(AtomKind::e), i = atom(AtomKind::imaginary), pi = atom(AtomKind::pi);
  if (!exponent.bottom.is_one()) return atom(AtomKind::exponential, {}, 0, {e, exponent});
  const Monomial turn = multiply(i, pi).top.terms().begin()->first;
  Value result = rational(1);
  for (const auto& [m, c] : exponent.top.terms()) {
    std::optional<Value> next;
    if (m.empty()) {
      next = power(e, c);
    } else if (m == turn) {
      next = add(cosine_of_pi(c), multiply(i, cosine_of_pi(mpq_class(1, 2) - c)));
    } else if (m.size() == 1 && m[0].exponent == Exponent{1, 1} &&
               atoms_[m[0].atom].kind == AtomKind::function && atoms_[m[0].atom].name == "ln" &&
               atoms_[m[0].atom].integer > 1) {
      next = rational_power(mpq_class(atoms_[m[0].atom].integer), c);
    } else {
      Monomial monomial =
          atom(AtomKind::exponential, {}, 0, {e, Value{Polynomial(m)}}).top.terms().begin()->first;
      monomial[0].exponent = make_exponent(c);
      next = Value{reduce(monomial, 1)};
    }
    if (!next) return std::nullopt;
    result = multiply(result, *next);
  }
  return result;
}

}  // namespace reckon::math
