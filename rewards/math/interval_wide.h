// Real intervals of any precision (MPFI). The precision is a property of the thread while a
// WideInterval::Precision lives; values keep the precision they were made with. Not copied between
// threads.
#pragma once

#include <gmpxx.h>
#include <mpfi.h>
#include <mpfr.h>

#include <utility>

namespace reckon::math {

class WideInterval {
 public:
  // Sets the precision of the intervals that this thread makes from now on.
  class Precision {
   public:
    explicit Precision(int bits) : before_(std::exchange(bits_, bits)) {}
    ~Precision() { bits_ = before_; }
    Precision(const Precision&) = delete;
    Precision& operator=(const Precision&) = delete;

   private:
    int before_;
  };

  WideInterval() { mpfi_init2(x_, bits_); }
  WideInterval(const WideInterval& b) : WideInterval() { mpfi_set(x_, b.x_); }
  WideInterval(WideInterval&& b) noexcept : WideInterval() { mpfi_swap(x_, b.x_); }
  WideInterval& operator=(WideInterval b) noexcept {
    mpfi_swap(x_, b.x_);
    return *this;
  }
  ~WideInterval() { mpfi_clear(x_); }

  static WideInterval exactly(double x) {
    WideInterval r;
    mpfi_set_d(r.x_, x);
    return r;
  }
  static WideInterval of(const mpq_class& x) {
    WideInterval r;
    mpfi_set_q(r.x_, x.get_mpq_t());
    return r;
  }
  static WideInterval pi() {
    WideInterval r;
    mpfi_const_pi(r.x_);
    return r;
  }

  bool positive() const { return mpfi_is_strictly_pos(x_) > 0; }
  bool negative() const { return mpfi_is_strictly_neg(x_) > 0; }
  bool has_zero() const { return !positive() && !negative(); }
  bool is_zero() const { return mpfi_is_zero(x_) > 0; }
  bool apart_from(const WideInterval& b) const { return below(b) || b.below(*this); }
  bool below(const WideInterval& b) const {
    if (mpfi_nan_p(x_) || mpfi_nan_p(b.x_)) return false;
    return mpfr_less_p(&x_->right, &b.x_->left) != 0;
  }
  // Is every value of the interval smaller than 2^exponent in magnitude?
  bool smaller_than_power_of_two(long exponent) const {
    if (mpfi_nan_p(x_) || mpfi_inf_p(x_)) return false;
    return mpfr_cmpabs_ui_2exp(&x_->left, exponent) && mpfr_cmpabs_ui_2exp(&x_->right, exponent);
  }

  friend WideInterval operator-(const WideInterval& a) { return map(mpfi_neg, a); }
  friend WideInterval operator+(const WideInterval& a, const WideInterval& b) {
    return map(mpfi_add, a, b);
  }
  friend WideInterval operator-(const WideInterval& a, const WideInterval& b) {
    return map(mpfi_sub, a, b);
  }
  friend WideInterval operator*(const WideInterval& a, const WideInterval& b) {
    return map(mpfi_mul, a, b);
  }
  friend WideInterval operator/(const WideInterval& a, const WideInterval& b) {
    return map(mpfi_div, a, b);
  }
  friend WideInterval exp(const WideInterval& a) { return map(mpfi_exp, a); }
  friend WideInterval log(const WideInterval& a) { return map(mpfi_log, a); }
  friend WideInterval atan(const WideInterval& a) { return map(mpfi_atan, a); }
  friend WideInterval asin(const WideInterval& a) { return map(mpfi_asin, a); }
  friend WideInterval sqrt(const WideInterval& a) { return map(mpfi_sqrt, a); }
  friend WideInterval sin(const WideInterval& a) { return map(mpfi_sin, a); }
  friend WideInterval cos(const WideInterval& a) { return map(mpfi_cos, a); }

 private:
  template <class F>
  static WideInterval map(F f, const WideInterval& a) {
    WideInterval r;
    f(r.x_, a.x_);
    return r;
  }
  template <class F>
  static WideInterval map(F f, const WideInterval& a, const WideInterval& b) {
    WideInterval r;
    f(r.x_, a.x_, b.x_);
    return r;
  }
  static bool mpfr_cmpabs_ui_2exp(mpfr_srcptr x, long exponent) {
    return mpfr_zero_p(x) || mpfr_get_exp(x) <= exponent;  // |x| < 2^exp(x)
  }

  static inline thread_local int bits_ = 64;
  mpfi_t x_;
};

}  // namespace reckon::math
