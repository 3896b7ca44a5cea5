// Real intervals in two doubles, every bound moved outward after each operation: cheap enough to
// prove most pairs of answers different before any big number is touched. An interval that knows
// nothing is (-inf, inf). Pure values, thread-safe.
#pragma once

#include <gmpxx.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>

namespace reckon::math {

class DoubleInterval {
 public:
  DoubleInterval() = default;
  static DoubleInterval exactly(double x) { return {x, x}; }
  static DoubleInterval of(const mpq_class& x) {
    if (mpz_cmp_ui(x.get_den_mpz_t(), 1) == 0 && mpz_sizeinbase(x.get_num_mpz_t(), 2) <= 53) {
      return exactly(mpz_get_d(x.get_num_mpz_t()));
    }
    return of(x.get_num_mpz_t()) / of(x.get_den_mpz_t());
  }
  static DoubleInterval pi() { return around(M_PI); }

  double lower() const { return lower_; }
  double upper() const { return upper_; }
  double width() const { return upper_ - lower_; }
  bool positive() const { return lower_ > 0; }
  bool negative() const { return upper_ < 0; }
  bool has_zero() const { return !positive() && !negative(); }
  bool is_zero() const { return lower_ == 0 && upper_ == 0; }
  bool apart_from(const DoubleInterval& b) const { return upper_ < b.lower_ || b.upper_ < lower_; }
  bool below(const DoubleInterval& b) const { return upper_ < b.lower_; }

  friend DoubleInterval operator-(const DoubleInterval& a) { return {-a.upper_, -a.lower_}; }
  friend DoubleInterval operator+(const DoubleInterval& a, const DoubleInterval& b) {
    return outward(a.lower_ + b.lower_, a.upper_ + b.upper_);
  }
  friend DoubleInterval operator-(const DoubleInterval& a, const DoubleInterval& b) {
    return outward(a.lower_ - b.upper_, a.upper_ - b.lower_);
  }
  friend DoubleInterval operator*(const DoubleInterval& a, const DoubleInterval& b) {
    return hull(a.lower_ * b.lower_, a.lower_ * b.upper_, a.upper_ * b.lower_, a.upper_ * b.upper_);
  }
  // The caller sees to it that b has no zero.
  friend DoubleInterval operator/(const DoubleInterval& a, const DoubleInterval& b) {
    return hull(a.lower_ / b.lower_, a.lower_ / b.upper_, a.upper_ / b.lower_, a.upper_ / b.upper_);
  }

  // The library's functions are within 2 ulp of the truth (glibc's manual); 8 are allowed for.
  friend DoubleInterval exp(const DoubleInterval& a) {
    const DoubleInterval r = widened(std::exp(a.lower_), std::exp(a.upper_));
    return {std::max(r.lower_, 0.0), r.upper_};
  }
  friend DoubleInterval log(const DoubleInterval& a) {
    return widened(std::log(a.lower_), std::log(a.upper_));
  }
  friend DoubleInterval atan(const DoubleInterval& a) {
    return widened(std::atan(a.lower_), std::atan(a.upper_));
  }
  friend DoubleInterval asin(const DoubleInterval& a) {
    return widened(std::asin(std::max(a.lower_, -1.0)), std::asin(std::min(a.upper_, 1.0)));
  }
  friend DoubleInterval sqrt(const DoubleInterval& a) {
    return outward(std::sqrt(std::max(a.lower_, 0.0)), std::sqrt(a.upper_));
  }
  friend DoubleInterval sin(const DoubleInterval& a) {
    return periodic(a, [](double x) { return std::sin(x); });
  }
  friend DoubleInterval cos(const DoubleInterval& a) {
    return periodic(a, [](double x) { return std::cos(x); });
  }

 private:
  DoubleInterval(double lower, double upper) : lower_(lower), upper_(upper) {}

  static double up(double x) { return std::nextafter(x, kInfinity); }
  static double down(double x) { return std::nextafter(x, -kInfinity); }
  static DoubleInterval outward(double lower, double upper) {
    if (std::isnan(lower) || std::isnan(upper)) return {};
    return {down(lower), up(upper)};
  }
  static DoubleInterval widened(double lower, double upper) {
    if (std::isnan(lower) || std::isnan(upper)) return {};
    constexpr double kUlps = 8 * std::numeric_limits<double>::epsilon();
    return outward(lower - std::fabs(lower) * kUlps, upper + std::fabs(upper) * kUlps);
  }
  static DoubleInterval around(double x) { return outward(x, x); }
  static DoubleInterval hull(double a, double b, double c, double d) {
    if (std::isnan(a) || std::isnan(b) || std::isnan(c) || std::isnan(d)) return {};
    return outward(std::min(std::min(a, b), std::min(c, d)),
                   std::max(std::max(a, b), std::max(c, d)));
  }
  static DoubleInterval of(mpz_srcptr x) {
    signed long exponent = 0;
    const double mantissa = mpz_get_d_2exp(&exponent, x);  // truncated
    const int shift = static_cast<int>(std::clamp<long>(exponent, -3000, 3000));
    return around(std::ldexp(mantissa, shift));
  }
  // |f(x) - f(m)| <= |x - m| for sine and cosine; huge arguments say nothing.
  template <class F>
  static DoubleInterval periodic(const DoubleInterval& a, F f) {
    const double middle = a.lower_ / 2 + a.upper_ / 2;
    const double radius = up(a.width() / 2) * 1.001;
    if (!(std::fabs(middle) < 1e9) || !(radius < 1)) return outward(-1, 1);
    const double value = f(middle);
    const DoubleInterval r = widened(value - radius, value + radius);
    constexpr double kSlack = 4 * std::numeric_limits<double>::epsilon();  // the sums above
    return {std::max(r.lower_ - kSlack, -1.0), std::min(r.upper_ + kSlack, 1.0)};
  }

  static constexpr double kInfinity = std::numeric_limits<double>::infinity();
  double lower_ = -kInfinity, upper_ = kInfinity;
};

}  // namespace reckon::math
