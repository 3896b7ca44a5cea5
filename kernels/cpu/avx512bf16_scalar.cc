#include "kernels/cpu/vec_scalar.h"
// The vector type comes first: the kernels are written over it.
#include "kernels/cpu/pairs_scalar.h"
// Then the chain of the linear layers.
#include "kernels/cpu/table.h"

namespace reckon::cpu {

constinit const KernelTable kAvx512Bf16Scalar = kernel_table("scalar");

}  // namespace reckon::cpu
