#include "kernels/cpu/vec_scalar.h"
// The vector type comes first.
#include "kernels/cpu/math.h"
#include "tests/kernels/math_probe.h"

RECKON_MATH_PROBE(kMathScalar, "scalar")
