// The link of `avx512bf16` as the instruction itself. It does not read the floating-point mode.
#pragma once

#include "kernels/cpu/pairs.h"

namespace reckon {
namespace {

struct NativePairs {
  struct Input {
    uint32_t bits;  // the even input in the lower half
  };
  struct Mode {};

  static Input input(bf16 even, bf16 odd) {
    return {static_cast<uint32_t>(odd.bits) << 16 | even.bits};
  }

  template <int R, int P>
  RECKON_VEC static void step(Vec (&acc)[R][P], const IVec (&w)[P], const Input* x, int64_t ldx) {
#pragma GCC unroll 8
    for (int r = 0; r < R; ++r) {
      const IVec input = ibroadcast(x[r * ldx].bits);
#pragma GCC unroll 8
      for (int p = 0; p < P; ++p) {
        acc[r][p] = _mm512_dpbf16_ps(acc[r][p], reinterpret_cast<__m512bh>(w[p]),
                                     reinterpret_cast<__m512bh>(input));
      }
    }
  }
};

template <>
struct ChainOf<bf16> {
  using type = PairChain<NativePairs>;
};

}  // namespace
}  // namespace reckon
