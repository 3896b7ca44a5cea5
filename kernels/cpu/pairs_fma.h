// The link of `avx512bf16` by two FMAs, on AVX2 and AVX-512: with subnormal inputs read as zero and
// subnormal results flushed to zero, the processor's own FMA gives the instruction's bits.
#pragma once

#include "kernels/cpu/pairs.h"

namespace reckon {
namespace {

struct FmaPairs {
  struct Input {
    float even, odd;
  };

  class Mode {
   public:
    Mode() : before_(_mm_getcsr()) { _mm_setcsr(kFlushing); }
    ~Mode() { _mm_setcsr(before_); }
    Mode(const Mode&) = delete;
    Mode& operator=(const Mode&) = delete;

   private:
    // Flush to zero, denormals are zero, all exceptions masked, round to nearest.
    static constexpr unsigned kFlushing = 0x8000 | 0x0040 | 0x1F80;
    unsigned before_;
  };

  static Input input(bf16 even, bf16 odd) {
    return {reckon::to_float(even), reckon::to_float(odd)};
  }

  template <int R, int P>
  RECKON_VEC static void step(Vec (&acc)[R][P], const IVec (&w)[P], const Input* x, int64_t ldx) {
    Vec half[P];
#pragma GCC unroll 8
    for (int p = 0; p < P; ++p) half[p] = as_float(iand(w[p], ibroadcast(0xFFFF0000u)));
#pragma GCC unroll 8
    for (int r = 0; r < R; ++r) {
      const Vec input = broadcast(x[r * ldx].odd);
#pragma GCC unroll 8
      for (int p = 0; p < P; ++p) acc[r][p] = fma(input, half[p], acc[r][p]);
    }
#pragma GCC unroll 8
    for (int p = 0; p < P; ++p) half[p] = as_float(shift_left<16>(w[p]));
#pragma GCC unroll 8
    for (int r = 0; r < R; ++r) {
      const Vec input = broadcast(x[r * ldx].even);
#pragma GCC unroll 8
      for (int p = 0; p < P; ++p) acc[r][p] = fma(input, half[p], acc[r][p]);
    }
  }
};

template <>
struct ChainOf<bf16> {
  using type = PairChain<FmaPairs>;
};

}  // namespace
}  // namespace reckon
