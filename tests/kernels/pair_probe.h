// The link of profile `avx512bf16` on one instruction set as a plain function. Each
// pair_probe_*_test.cc compiles one of the four.
#pragma once

#include <cstdint>

namespace reckon::testing {

// acc[i] = link(acc[i], x[i / 16], w[i]) for i < count, a multiple of 16. A pair has its even
// element in the lower half.
using PairProbe = void (*)(const uint32_t* x, const uint32_t* w, float* acc, int count);

extern const PairProbe kPairsScalar, kPairsAvx2, kPairsAvx512, kPairsNative;

}  // namespace reckon::testing

// Defines NAME over the Op that was included before.
#define RECKON_PAIR_PROBE(NAME, OP)                                                                \
  namespace reckon {                                                                               \
  namespace {                                                                                      \
  [[gnu::noinline]] void run_links(const uint32_t* x, const uint32_t* w, float* acc_, int count) { \
    for (int i = 0; i < count; i += 16) {                                                          \
      Vec acc[1][1] = {{load(acc_ + i)}};                                                          \
      const IVec weights[1] = {iload(w + i)};                                                      \
      const OP::Input input =                                                                      \
          OP::input({static_cast<uint16_t>(x[i / 16])}, {static_cast<uint16_t>(x[i / 16] >> 16)}); \
      OP::step<1, 1>(acc, weights, &input, 1);                                                     \
      store(acc_ + i, acc[0][0]);                                                                  \
    }                                                                                              \
  }                                                                                                \
  void probe_links(const uint32_t* x, const uint32_t* w, float* acc, int count) {                  \
    [[maybe_unused]] const OP::Mode mode;                                                          \
    run_links(x, w, acc, count);                                                                   \
  }                                                                                                \
  }                                                                                                \
  }                                                                                                \
  namespace reckon::testing {                                                                      \
  constinit const PairProbe NAME = probe_links;                                                    \
  }
