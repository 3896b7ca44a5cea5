#include <immintrin.h>

#include "kernels/cpu/support.h"
#include "tests/kernels/math_probe.h"

// Only what follows is compiled for the wider instructions; the common headers came before.
#pragma GCC push_options
#pragma GCC target("avx2,fma")
#include "kernels/cpu/vec_avx2.h"
// The vector type comes first.
#include "kernels/cpu/math.h"

RECKON_MATH_PROBE(kMathAvx2, "avx2")
#pragma GCC pop_options
