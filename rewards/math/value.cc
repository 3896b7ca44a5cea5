#include "rewards/math/value.h"

#include "rewards/math/exact.h"

namespace reckon::math {

namespace {

int64_t floor_of(const Exponent& e) {
  const int64_t q = e.numerator / e.denominator;
  return q * e.denominator > e.numerator ? q - 1 : q;
}

}  // namespace

Value Algebra::atom(AtomKind kind, std::string_view name, const mpz_class& integer,
                    std::vector<Value> args) {
  const auto same = [&](const Atom& a) {
    if (a.kind != kind || a.name != name || a.integer != integer || a.args.size() != args.size()) {
      return false;
    }
    for (size_t i = 0; i < args.size(); ++i) {
      if (!equal(a.args[i], args[i])) return false;
    }
    return true;
  };
  uint32_t id = 0;
  while (id < atoms_.size() && !same(atoms_[id])) ++id;
  budget_.spend(1 + id);
  if (id == atoms_.size()) atoms_.push_back({kind, std::string(name), integer, std::move(args)});
  return {Polynomial(Monomial{{id, {1, 1}}})};
}

// One factor after its atom's relations: goes into `rest` what stays; returned is what it turned
// into, if anything.
std::optional<Polynomial> Algebra::reduce_factor(const Factor& factor, Monomial& rest) {
  const Atom& atom = atoms_[factor.atom];
  const Exponent& e = factor.exponent;
  switch (atom.kind) {
    case AtomKind::imaginary: {
      const int64_t k = ((e.numerator % 4) + 4) % 4;
      if (k % 2) rest.push_back({factor.atom, {1, 1}});
      if (k < 2) return std::nullopt;
      return Polynomial(mpq_class(-1));
    }
    case AtomKind::prime:
    case AtomKind::radicand: {
      const int64_t whole = floor_of(e);
      const bool reducible =
          atom.kind == AtomKind::prime || (whole > 0 && atom.args[0].bottom.is_one());
      if (!reducible) {
        rest.push_back(factor);
        return std::nullopt;
      }
      const int64_t left = e.numerator - whole * e.denominator;
      if (left != 0) rest.push_back({factor.atom, {left, e.denominator}});
      if (whole == 0) return std::nullopt;
      if (atom.kind == AtomKind::prime) {
        return Polynomial(*exact::power(mpq_class(atom.integer), whole, budget_));
      }
      const Value base = atom.args[0];
      return integer_power(base, whole)->top;
    }
    case AtomKind::sine: {
      if (e.denominator != 1 || e.numerator < 2) {
        rest.push_back(factor);
        return std::nullopt;
      }
      if (e.numerator % 2) rest.push_back({factor.atom, {1, 1}});
      const std::vector<Value> args = atom.args;
      const Value cosine = this->atom(AtomKind::cosine, {}, 0, args);
      const Value square = subtract(rational(1), multiply(cosine, cosine));
      return integer_power(square, e.numerator / 2)->top;
    }
    default:
      rest.push_back(factor);
      return std::nullopt;
  }
}

Polynomial Algebra::reduce(const Monomial& monomial, const mpq_class& coefficient) {
  Monomial rest;
  std::optional<Polynomial> extra;
  for (const Factor& factor : monomial) {
    const auto turned = reduce_factor(factor, rest);
    if (turned) extra = extra ? multiply(*extra, *turned) : *turned;
  }
  Polynomial result(std::move(rest), coefficient);
  if (!extra) return result;
  if (extra->is_constant()) {
    result.scale(extra->constant(), budget_);
    return result;
  }
  return multiply(result, *extra);
}

Polynomial Algebra::multiply(const Polynomial& a, const Polynomial& b) {
  Polynomial result;
  for (const auto& [m, c] : a.terms()) {
    budget_.spend(b.size());
    for (const auto& [n, d] : b.terms()) {
      const mpq_class coefficient = exact::multiply(c, d, budget_);
      if (m.empty() || n.empty()) {
        result.add(m.empty() ? n : m, coefficient);
      } else {
        result.add(reduce(math::multiply(m, n), coefficient), budget_);
      }
    }
  }
  return result;
}

Value Algebra::negate(Value a) {
  Value result{Polynomial(), std::move(a.bottom)};
  for (const auto& [m, c] : a.top.terms()) result.top.add(m, -c);
  return result;
}

Value Algebra::add(const Value& a, const Value& b) {
  if (a.bottom == b.bottom) {
    Value result = a;
    result.top.add(b.top, budget_);
    if (result.top.is_zero()) return rational(0);
    return result;
  }
  Value result{multiply(a.top, b.bottom), multiply(a.bottom, b.bottom)};
  result.top.add(multiply(b.top, a.bottom), budget_);
  if (result.top.is_zero()) return rational(0);
  return result;
}

Value Algebra::multiply(const Value& a, const Value& b) {
  Value result{multiply(a.top, b.top)};
  if (result.top.is_zero()) return result;
  if (a.bottom.is_one()) {
    result.bottom = b.bottom;
  } else {
    result.bottom = b.bottom.is_one() ? a.bottom : multiply(a.bottom, b.bottom);
  }
  return result;
}

bool Algebra::invertible(const Monomial& monomial) const {
  for (const Factor& factor : monomial) {
    const AtomKind kind = atoms_[factor.atom].kind;
    if (kind == AtomKind::radicand || kind == AtomKind::function || kind == AtomKind::sine ||
        kind == AtomKind::cosine) {
      return false;
    }
  }
  return true;
}

std::optional<Value> Algebra::divide(const Value& a, const Value& b) {
  if (b.top.is_zero()) return std::nullopt;
  if (b.top.size() == 1 && invertible(b.top.terms().begin()->first)) {
    const auto& [monomial, coefficient] = *b.top.terms().begin();
    Monomial inverse = monomial;
    for (Factor& factor : inverse) factor.exponent.numerator = -factor.exponent.numerator;
    const Polynomial flipped = reduce(inverse, 1 / coefficient);
    Value result{multiply(multiply(a.top, b.bottom), flipped), a.bottom};
    return result;
  }
  Value result{multiply(a.top, b.bottom), multiply(a.bottom, b.top)};
  if (result.bottom.is_zero()) return std::nullopt;
  if (result.top.is_zero()) return rational(0);
  if (result.bottom.size() == 1 && invertible(result.bottom.terms().begin()->first)) {
    return divide(Value{std::move(result.top)}, Value{std::move(result.bottom)});
  }
  return result;
}

bool Algebra::equal(const Value& a, const Value& b) {
  if (a.bottom == b.bottom) return a.top == b.top;
  return multiply(a.top, b.bottom) == multiply(b.top, a.bottom);
}

std::optional<mpq_class> Algebra::rational_ratio(const Value& a, const Value& b) {
  const bool alike = a.bottom == b.bottom;
  const Polynomial x = alike ? a.top : multiply(a.top, b.bottom);
  const Polynomial y = alike ? b.top : multiply(b.top, a.bottom);
  if (x.is_zero() || x.size() != y.size()) return std::nullopt;
  const mpq_class ratio = x.terms().begin()->second / y.terms().begin()->second;
  auto j = y.terms().begin();
  for (const auto& [monomial, coefficient] : x.terms()) {
    if (monomial != j->first || coefficient != ratio * j->second) return std::nullopt;
    ++j;
  }
  return ratio;
}

std::optional<mpq_class> Algebra::multiple_of_pi(const Value& a) {
  if (a.top.is_zero()) return mpq_class(0);
  if (!a.bottom.is_one() || a.top.size() != 1) return std::nullopt;
  const auto& [monomial, coefficient] = *a.top.terms().begin();
  if (monomial.size() != 1 || monomial[0].exponent != Exponent{1, 1} ||
      atoms_[monomial[0].atom].kind != AtomKind::pi) {
    return std::nullopt;
  }
  return coefficient;
}

}  // namespace reckon::math
