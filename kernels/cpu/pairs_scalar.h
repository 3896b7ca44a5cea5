// The link of `avx512bf16` in plain C++: the meaning of the instruction, bit for bit (except inside
// a NaN).
#pragma once

#include "kernels/cpu/pairs.h"

namespace reckon {
namespace {

constexpr float kLeastNormal = std::numeric_limits<float>::min();

inline float no_subnormal(float x) {
  return __builtin_fabsf(x) < kLeastNormal ? __builtin_copysignf(0.0f, x) : x;
}

// x w + acc, rounded once, in a world without subnormal numbers: inputs are read as zero, and a
// result becomes zero when it would lie below the least normal number after rounding to 24 bits
// with an unbounded exponent. Results that fmaf rounds up to the least normal number are the ones
// where that differs from rounding to a subnormal.
inline float flushed_fma(float x, float w, float acc) {
  x = no_subnormal(x), w = no_subnormal(w), acc = no_subnormal(acc);
  const float y = __builtin_fmaf(x, w, acc);
  if (__builtin_fabsf(y) == kLeastNormal) {
    // The product is exact in double; so is the sum wherever it can lie below this bound, which is
    // half a unit in the last place (of 24 bits) under the least normal number.
    const double sum = double{x} * w + acc;
    if (__builtin_fabs(sum) < 0x1p-126 - 0x1p-151) return __builtin_copysignf(0.0f, y);
  }
  return no_subnormal(y);
}

struct ScalarPairs {
  struct Input {
    float even, odd;
  };
  struct Mode {};

  static Input input(bf16 even, bf16 odd) {
    return {reckon::to_float(even), reckon::to_float(odd)};
  }

  template <int R, int P>
  RECKON_VEC static void step(Vec (&acc)[R][P], const IVec (&w)[P], const Input* x, int64_t ldx) {
    for (int r = 0; r < R; ++r) {
      const Input input = x[r * ldx];
      for (int p = 0; p < P; ++p) {
        acc[r][p] = lanes<Vec>(
            [=](float sum, uint32_t pair) {
              sum = flushed_fma(input.odd, std::bit_cast<float>(pair & 0xFFFF0000u), sum);
              return flushed_fma(input.even, std::bit_cast<float>(pair << 16), sum);
            },
            acc[r][p], w[p]);
      }
    }
  }
};

template <>
struct ChainOf<bf16> {
  using type = PairChain<ScalarPairs>;
};

}  // namespace
}  // namespace reckon
