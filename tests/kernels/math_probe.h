// The vector math of one instruction set as plain functions. Each math_probe_*_test.cc compiles one
// of the three.
#pragma once

#include "base/random.h"

namespace reckon::testing {

struct MathProbe {
  const char* isa;
  void (*exp)(const float* x, int count, float* out);
  void (*log)(const float* x, int count, float* out);
  void (*uniform)(RandomKey key, uint32_t first, int count, float* out);
};

extern const MathProbe kMathScalar, kMathAvx2, kMathAvx512;

}  // namespace reckon::testing

// Defines NAME over the vector type and math that were included before. `count` is a multiple
// of 16.
#define RECKON_MATH_PROBE(NAME, ISA)                                                            \
  namespace reckon {                                                                            \
  namespace {                                                                                   \
  void probe_exp(const float* x, int count, float* out) {                                       \
    for (int i = 0; i < count; i += 16) store(out + i, vexp(load(x + i)));                      \
  }                                                                                             \
  void probe_log(const float* x, int count, float* out) {                                       \
    for (int i = 0; i < count; i += 16) store(out + i, vlog(load(x + i)));                      \
  }                                                                                             \
  void probe_uniform(RandomKey key, uint32_t first, int count, float* out) {                    \
    for (int i = 0; i < count; i += 16) {                                                       \
      store(out + i, uniform(key, iadd(iota(), ibroadcast(first + static_cast<uint32_t>(i))))); \
    }                                                                                           \
  }                                                                                             \
  }                                                                                             \
  }                                                                                             \
  namespace reckon::testing {                                                                   \
  constinit const MathProbe NAME{ISA, probe_exp, probe_log, probe_uniform};                     \
  }
