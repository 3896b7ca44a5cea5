#include <immintrin.h>

#include "kernels/cpu/support.h"
#include "tests/kernels/pair_probe.h"

// Only what follows is compiled for the wider instructions; the common headers came before.
#pragma GCC push_options
#pragma GCC target("avx2,fma")
#include "kernels/cpu/vec_avx2.h"
// The vector type comes first.
#include "kernels/cpu/pairs_fma.h"

RECKON_PAIR_PROBE(kPairsAvx2, FmaPairs)
#pragma GCC pop_options
