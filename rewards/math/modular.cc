#include "rewards/math/modular.h"

#include <array>
#include <cmath>
#include <cstdint>
#include <optional>

#include "rewards/math/exact.h"

namespace reckon::math::modular {

namespace {

using Word = uint64_t;
constexpr Word kMersenne = (Word{1} << 61) - 1;

Word multiply(Word a, Word b, Word p) {
  const auto wide = static_cast<unsigned __int128>(a) * b;
  if (p == kMersenne) {
    const Word sum = static_cast<Word>(wide & p) + static_cast<Word>(wide >> 61);
    return sum >= p ? sum - p : sum;
  }
  return static_cast<Word>(wide % p);
}
Word add(Word a, Word b, Word p) {
  const Word sum = a + b;
  return sum >= p ? sum - p : sum;
}
Word power(Word a, Word n, Word p) {
  Word result = 1;
  for (; n; n >>= 1, a = multiply(a, a, p)) {
    if (n & 1) result = multiply(result, a, p);
  }
  return result;
}

Word mix(Word x) {  // splitmix64
  x += 0x9e3779b97f4a7c15ull;
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9ull;
  x = (x ^ (x >> 27)) * 0x94d049bb133111ebull;
  return x ^ (x >> 31);
}

bool is_prime(Word n) {
  for (const Word p : {3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37, 41, 43, 47, 53}) {
    if (n % p == 0) return n == p;
  }
  const int twos = __builtin_ctzll(n - 1);
  // These bases leave no false prime below 2^64 (J. Sinclair).
  for (const Word base : {2ull, 325ull, 9375ull, 28178ull, 450775ull, 9780504ull, 1795265022ull}) {
    Word x = power(base % n, (n - 1) >> twos, n);
    if (x == 1 || x == n - 1) continue;
    int i = 1;
    while (i < twos && (x = multiply(x, x, n)) != n - 1) ++i;
    if (i >= twos) return false;
  }
  return true;
}

Word random_prime(Word seed) {
  for (;; seed = mix(seed)) {
    const Word candidate = (mix(seed) >> 4) | (Word{1} << 60) | 1;  // in [2^60, 2^61)
    if (candidate < (Word{1} << 61) && is_prime(candidate)) return candidate;
  }
}

Word digest(Expr expr, Word h) {
  h = mix(h ^ static_cast<Word>(expr->kind));
  for (const char c : expr->name) h = mix(h ^ static_cast<unsigned char>(c));
  if (expr->kind == Kind::number) {
    for (const mpz_srcptr part : {expr->value.get_num_mpz_t(), expr->value.get_den_mpz_t()}) {
      h = mix(h ^ static_cast<Word>(mpz_sgn(part) + 1));
      for (size_t i = 0; i < mpz_size(part); ++i) h = mix(h ^ mpz_getlimbn(part, i));
    }
  }
  for (Expr arg : expr->args) h = mix(digest(arg, h) + 1);
  return h;
}

// Degree and size of numerator and denominator, as upper bounds.
struct Size {
  double degree = 0;  // the larger of the two degrees
  double bits = 0;    // log2 of the sum of absolute coefficients, the larger of the two
};
constexpr double kMost = 1 << 20;

class Evaluator {
 public:
  Evaluator(Word prime, Word seed, Budget& budget) : p_(prime), seed_(seed), budget_(budget) {}
  struct Point {
    Word value = 0;
    Size size;
  };
  bool saw_letter() const { return saw_letter_; }
  // Whether pi and e depend on each other is not known.
  bool letters_are_free() const { return !(saw_pi_ && saw_e_); }

  std::optional<Point> evaluate(Expr expr) {
    budget_.spend(1);
    switch (expr->kind) {
      case Kind::number:
        return number(expr->value);
      case Kind::mixed: {
        const auto value = exact::value_of(expr, budget_);
        return value ? number(*value) : std::nullopt;
      }
      case Kind::constant:
        if (expr->name != "pi" && expr->name != "e") return std::nullopt;
        (expr->name == "e" ? saw_e_ : saw_pi_) = true;
        return letter(expr->name, 1);
      case Kind::symbol:
        if (expr->name == "emptyset") return std::nullopt;
        return letter(expr->name, 2);
      case Kind::negate: {
        auto a = evaluate(expr->args[0]);
        if (a && a->value) a->value = p_ - a->value;
        return a;
      }
      case Kind::sum:
      case Kind::product:
        return fold(expr);
      case Kind::quotient: {
        const auto a = evaluate(expr->args[0]), b = evaluate(expr->args[1]);
        if (!a || !b || b->value == 0) return std::nullopt;
        return both(multiply(a->value, power(b->value, p_ - 2, p_), p_), *a, *b, 0);
      }
      case Kind::power:
        return raised(expr);
      default:
        return std::nullopt;
    }
  }

 private:
  std::optional<Point> letter(std::string_view name, Word tag) {
    saw_letter_ = true;
    Word h = mix(seed_ ^ tag);
    for (const char c : name) h = mix(h ^ static_cast<unsigned char>(c));
    return Point{h % p_, {1, 0}};
  }
  std::optional<Point> number(const mpq_class& x) {
    const Word top = mpz_fdiv_ui(x.get_num_mpz_t(), p_);
    const Word bottom = mpz_fdiv_ui(x.get_den_mpz_t(), p_);
    if (bottom == 0) return std::nullopt;
    const Word value = bottom == 1 ? top : multiply(top, power(bottom, p_ - 2, p_), p_);
    return Point{value, {0, exact::bits(x)}};
  }
  static std::optional<Point> both(Word value, const Point& a, const Point& b, double more_bits) {
    const Size size{a.size.degree + b.size.degree, a.size.bits + b.size.bits + more_bits};
    if (!(size.degree < kMost) || !(size.bits < kMost)) return std::nullopt;
    return Point{value, size};
  }
  std::optional<Point> fold(Expr expr) {
    auto result = evaluate(expr->args[0]);
    for (size_t i = 1; result && i < expr->args.size(); ++i) {
      const auto next = evaluate(expr->args[i]);
      if (!next) return std::nullopt;
      const bool sum = expr->kind == Kind::sum;
      const Word value =
          sum ? add(result->value, next->value, p_) : multiply(result->value, next->value, p_);
      result = both(value, *result, *next, sum ? 1 : 0);
    }
    return result;
  }
  std::optional<Point> raised(Expr expr) {
    const auto base = evaluate(expr->args[0]);
    if (!base) return std::nullopt;
    const auto exponent = exact::value_of(expr->args[1], budget_);
    if (!exponent) return std::nullopt;
    const auto n = exact::small_integer(*exponent);
    if (!n || std::abs(*n) >= (1 << 20)) return std::nullopt;
    if (*n <= 0 && base->value == 0) return std::nullopt;
    const double times = std::abs(static_cast<double>(*n));
    const Size size{base->size.degree * times, base->size.bits * times};
    if (!(size.degree < kMost) || !(size.bits < kMost)) return std::nullopt;
    const Word raised = power(base->value, static_cast<Word>(std::abs(*n)), p_);
    return Point{*n < 0 ? power(raised, p_ - 2, p_) : raised, size};
  }

  const Word p_, seed_;
  Budget& budget_;
  bool saw_letter_ = false, saw_pi_ = false, saw_e_ = false;
};

}  // namespace

Identity compare(Expr a, Expr b, Budget& budget) {
  constexpr Word kSeed = 0x5245434b4f4eull;
  Evaluator first(kMersenne, kSeed, budget);
  const auto x = first.evaluate(a);
  if (!x) return Identity::unknown;
  const auto y = first.evaluate(b);
  if (!y || !first.saw_letter()) return Identity::unknown;
  const Identity unequal = first.letters_are_free() ? Identity::different : Identity::unknown;
  if (x->value != y->value) return unequal;
  Word seed = digest(b, digest(a, kSeed));
  for (int round = 0; round < 3; ++round) {
    seed = mix(seed);
    budget.spend(100);
    const Word prime = random_prime(seed);
    Evaluator evaluator(prime, mix(seed ^ prime), budget);
    const auto u = evaluator.evaluate(a), v = evaluator.evaluate(b);
    if (!u || !v) return Identity::unknown;
    if (u->value != v->value) return unequal;
  }
  return Identity::same;
}

}  // namespace reckon::math::modular
