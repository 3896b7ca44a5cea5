#include <immintrin.h>

#include "kernels/cpu/support.h"
#include "tests/kernels/pair_probe.h"

// Only what follows is compiled for the wider instructions; the common headers came before.
#pragma GCC push_options
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"  // false ones inside avx512fintrin.h
#pragma GCC diagnostic ignored "-Wuninitialized"
#pragma GCC target("avx512f,avx512bw,avx512dq,avx512vl,avx512bf16,fma")
#include "kernels/cpu/vec_avx512.h"
// The vector type comes first.
#include "kernels/cpu/pairs_native.h"

RECKON_PAIR_PROBE(kPairsNative, NativePairs)
#pragma GCC pop_options
