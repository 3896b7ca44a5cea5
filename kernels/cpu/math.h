// exp, log and what is made of them, the same sequence of operations per lane on every instruction
// set; helpers for loops over a row. Included after one of the vec_*.h files, see support.h.
#pragma once

#include "kernels/cpu/support.h"

namespace reckon {
namespace {

constexpr float kInfinity = std::numeric_limits<float>::infinity();

RECKON_VEC float fused(float a, float b, float c) { return __builtin_fmaf(a, b, c); }
RECKON_VEC int least(int a, int b) { return a < b ? a : b; }

// The first n <= 16 elements; full vectors take the short way.
template <class T>
RECKON_VEC Vec get(const T* p, int n) {
  return n >= 16 ? load(p) : load(p, n);
}
template <class T>
RECKON_VEC void put(T* p, Vec a, int n) {
  if (n >= 16) {
    store(p, a);
  } else {
    store(p, a, n);
  }
}

// e^x within 1.1 ulp: x = n ln 2 + r by Cody and Waite, e^r by the minimax polynomial of Cephes'
// expf, then 2^n in two exact factors so that results below the normal range round once. 0 below
// -104, infinity above 88.7, NaN stays NaN.
RECKON_VEC Vec vexp(Vec x) {
  const Vec clamped = max(broadcast(-104.0f), min(broadcast(89.0f), x));
  const Vec magic =
      broadcast(12582912.0f);  // 1.5 * 2^23: adding it rounds to an integer in the lower bits
  const Vec shifted = fma(clamped, broadcast(1.44269504088896341f), magic);
  const Vec n = sub(shifted, magic);
  Vec r = fma(n, broadcast(-0.693359375f), clamped);
  r = fma(n, broadcast(2.12194440e-4f), r);
  Vec y = broadcast(1.9875691500e-4f);
  y = fma(y, r, broadcast(1.3981999507e-3f));
  y = fma(y, r, broadcast(8.3334519073e-3f));
  y = fma(y, r, broadcast(4.1665795894e-2f));
  y = fma(y, r, broadcast(1.6666665459e-1f));
  y = fma(y, r, broadcast(5.0000001201e-1f));
  y = add(fma(y, mul(r, r), r), broadcast(1.0f));
  const IVec power = isub(as_int(shifted), as_int(magic));
  const IVec half = shift_right_signed<1>(power);
  const IVec bias = ibroadcast(127);
  const Vec low = as_float(shift_left<23>(iadd(half, bias)));
  const Vec high = as_float(shift_left<23>(iadd(isub(power, half), bias)));
  return mul(mul(y, low), high);
}

// ln x within 1 ulp: x = m 2^e with m in [sqrt(1/2), sqrt(2)), polynomial of Cephes' logf. -inf at
// 0, NaN below.
RECKON_VEC Vec vlog(Vec x) {
  const Mask tiny = less(x, broadcast(0x1p-126f));
  const Vec scaled = select(tiny, mul(x, broadcast(0x1p23f)), x);
  const IVec root_half = ibroadcast(0x3F3504F3);  // the bits of sqrt(1/2)
  const IVec above = isub(as_int(scaled), root_half);
  const Vec m = as_float(iadd(iand(above, ibroadcast(0x007FFFFF)), root_half));
  const Vec e =
      sub(to_float(shift_right_signed<23>(above)), select(tiny, broadcast(23.0f), broadcast(0.0f)));
  const Vec f = sub(m, broadcast(1.0f)), square = mul(f, f);
  Vec y = broadcast(7.0376836292e-2f);
  y = fma(y, f, broadcast(-1.1514610310e-1f));
  y = fma(y, f, broadcast(1.1676998740e-1f));
  y = fma(y, f, broadcast(-1.2420140846e-1f));
  y = fma(y, f, broadcast(1.4249322787e-1f));
  y = fma(y, f, broadcast(-1.6668057665e-1f));
  y = fma(y, f, broadcast(2.0000714765e-1f));
  y = fma(y, f, broadcast(-2.4999993993e-1f));
  y = fma(y, f, broadcast(3.3333331174e-1f));
  y = mul(mul(y, f), square);
  y = fma(e, broadcast(-2.12194440e-4f), y);
  y = fma(square, broadcast(-0.5f), y);
  Vec result = fma(e, broadcast(0.693359375f), add(f, y));
  result = select(less(x, broadcast(kInfinity)), result, x);
  const Vec outside =
      select(less(x, broadcast(0.0f)), broadcast(std::numeric_limits<float>::quiet_NaN()),
             broadcast(-kInfinity));
  return select(less(x, broadcast(0x1p-149f)), outside, result);
}

RECKON_VEC float exp_one(float x) { return first(vexp(broadcast(x))); }
RECKON_VEC float log_one(float x) { return first(vlog(broadcast(x))); }

// x / (1 + e^-x).
RECKON_VEC Vec silu(Vec x) { return div(x, add(broadcast(1.0f), vexp(sub(broadcast(0.0f), x)))); }

// mix32, random_bits and random_uniform of base/random.h for 16 counters.
template <int a, int b, int c, int d>
RECKON_VEC IVec mix(IVec x) {
  x = imul(ixor(x, shift_right<a>(x)), ibroadcast(0xED5AD4BBu));
  x = imul(ixor(x, shift_right<b>(x)), ibroadcast(0xAC4C1B51u));
  x = imul(ixor(x, shift_right<c>(x)), ibroadcast(0x31848BABu));
  return ixor(x, shift_right<d>(x));
}
RECKON_VEC Vec uniform(RandomKey key, IVec counter) {
  const IVec inner = mix<17, 11, 15, 14>(ixor(counter, ibroadcast(key.low)));
  const IVec bits = mix<17, 11, 15, 14>(iadd(inner, ibroadcast(key.high)));
  return mul(add(to_float(shift_right<9>(bits)), broadcast(0.5f)), broadcast(1.0f / 8388608.0f));
}
RECKON_VEC Vec gumbel(RandomKey key, IVec counter) {
  const Vec zero = broadcast(0.0f);
  return sub(zero, vlog(sub(zero, vlog(uniform(key, counter)))));
}

void exp_shifted(const float* z, float shift, int count, float* out) {
  for (int i = 0; i < count; i += 16)
    put(out + i, vexp(sub(get(z + i, count - i), broadcast(shift))), count - i);
}

float log_of(float x) { return log_one(x); }

constexpr cpu::VectorMath kMath{exp_shifted, log_of};

}  // namespace
}  // namespace reckon
