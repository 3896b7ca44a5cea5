#include "rewards/math/interval.h"

#include <cmath>
#include <cstdlib>

#include "rewards/math/interval_double.h"
#include "rewards/math/interval_evaluate.h"
#include "rewards/math/interval_root_bound.h"
#include "rewards/math/interval_wide.h"

namespace reckon::math::interval {

namespace {

// MPFR keeps constants per thread; they go when the thread does.
struct ThreadCaches {
  ~ThreadCaches() { mpfr_free_cache(); }
};
void free_caches_with_thread() { static thread_local ThreadCaches caches; }

template <class Real>
bool differ(const Complex<Real>& a, const Complex<Real>& b) {
  return a.re.apart_from(b.re) || a.im.apart_from(b.im);
}

// Both as far as they can be evaluated, under every reading of a log without a base.
template <class Real>
bool apart_at(Expr a, Expr b, Budget& budget) {
  for (const int base : {0, 10}) {
    Evaluator<Real> evaluator(budget, base);
    const auto x = evaluator.evaluate(a);
    if (!x) return false;
    const auto y = evaluator.evaluate(b);
    if (!y || !differ(*x, *y)) return false;
    if (!evaluator.saw_bare_log()) return true;
  }
  return true;
}

constexpr int kPrecisions[] = {128, 512, 1024};

template <class Real>
std::optional<int> sign_of(const Real& x) {
  if (x.positive()) return 1;
  if (x.negative()) return -1;
  return std::nullopt;
}

// A real constant: no letters, no imaginary part, no log whose base is a guess.
template <class Real>
std::optional<Real> real_constant(Expr a, Budget& budget) {
  Evaluator<Real> evaluator(budget);
  auto x = evaluator.evaluate(a);
  if (!x || !x->real || evaluator.saw_bare_log() || evaluator.saw_symbol()) return std::nullopt;
  return std::move(x->re);
}

}  // namespace

bool quickly_apart(Expr a, Expr b, Budget& budget) {
  return apart_at<DoubleInterval>(a, b, budget);
}

bool apart(Expr a, Expr b, Budget& budget) {
  if (quickly_apart(a, b, budget)) return true;
  free_caches_with_thread();
  for (const int bits : kPrecisions) {
    if (bits > budget.limits().precision_bits) break;
    budget.spend(bits / 8);
    const WideInterval::Precision precision(bits);
    if (apart_at<WideInterval>(a, b, budget)) return true;
  }
  return false;
}

std::optional<int> order(Expr a, Expr b, Budget& budget) {
  {
    const auto x = real_constant<DoubleInterval>(a, budget);
    const auto y = real_constant<DoubleInterval>(b, budget);
    if (!x || !y) return std::nullopt;
    if (x->below(*y)) return -1;
    if (y->below(*x)) return 1;
  }
  free_caches_with_thread();
  for (const int bits : kPrecisions) {
    if (bits > budget.limits().precision_bits) break;
    const WideInterval::Precision precision(bits);
    const auto x = real_constant<WideInterval>(a, budget);
    const auto y = real_constant<WideInterval>(b, budget);
    if (!x || !y) return std::nullopt;
    if (x->below(*y)) return -1;
    if (y->below(*x)) return 1;
  }
  return std::nullopt;
}

std::optional<int> sign(Expr a, Budget& budget) {
  const auto quick = real_constant<DoubleInterval>(a, budget);
  if (!quick) return std::nullopt;
  if (const auto found = sign_of(*quick)) return found;
  free_caches_with_thread();
  const WideInterval::Precision precision(budget.limits().precision_bits);
  const auto x = real_constant<WideInterval>(a, budget);
  return x ? sign_of(*x) : std::nullopt;
}

bool strictly_between(Expr a, const mpq_class& lower, const mpq_class& upper, Budget& budget) {
  free_caches_with_thread();
  for (const int bits : {64, 256, 1024}) {
    if (bits > budget.limits().precision_bits) break;
    const WideInterval::Precision precision(bits);
    const auto x = real_constant<WideInterval>(a, budget);
    if (!x) return false;
    if (WideInterval::of(lower).below(*x) && x->below(WideInterval::of(upper))) return true;
    if (x->below(WideInterval::of(lower)) || WideInterval::of(upper).below(*x)) return false;
  }
  return false;
}

bool well_defined(Expr a, Budget& budget) {
  if (Evaluator<DoubleInterval>(budget).evaluate(a)) return true;
  free_caches_with_thread();
  const WideInterval::Precision precision(budget.limits().precision_bits);
  return Evaluator<WideInterval>(budget).evaluate(a).has_value();
}

bool proven_equal(Expr a, Expr b, Budget& budget) {
  const auto bound = root_bound_bits(a, b, budget);
  const double limit = budget.limits().precision_bits;
  if (!bound || *bound + 32 > limit) return false;
  free_caches_with_thread();
  const long separation = static_cast<long>(std::ceil(*bound)) + 1;  // |re|, |im| < half of 2^-B
  for (const double bits : {*bound + 64, limit}) {
    if (bits > limit) break;
    budget.spend(static_cast<uint64_t>(bits / 8));
    const WideInterval::Precision precision(static_cast<int>(bits) + 1);
    Evaluator<WideInterval> evaluator(budget);
    const auto x = evaluator.evaluate(a), y = evaluator.evaluate(b);
    if (!x || !y || evaluator.saw_bare_log() || evaluator.saw_symbol()) return false;
    const auto rest = Evaluator<WideInterval>::subtract(*x, *y);
    if (differ(*x, *y)) return false;
    if (rest.re.smaller_than_power_of_two(-separation) &&
        rest.im.smaller_than_power_of_two(-separation)) {
      return true;
    }
  }
  return false;
}

}  // namespace reckon::math::interval
