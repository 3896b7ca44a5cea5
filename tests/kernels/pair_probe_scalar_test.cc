#include "kernels/cpu/vec_scalar.h"
// The vector type comes first.
#include "kernels/cpu/pairs_scalar.h"
#include "tests/kernels/pair_probe.h"

RECKON_PAIR_PROBE(kPairsScalar, ScalarPairs)
