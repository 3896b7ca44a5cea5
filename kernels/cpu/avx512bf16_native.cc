#include "kernels/cpu/vec_avx512.h"
// The vector type comes first: the kernels are written over it.
#include "kernels/cpu/pairs_native.h"
// Then the chain of the linear layers.
#include "kernels/cpu/table.h"

namespace reckon::cpu {

constinit const KernelTable kAvx512Bf16Native = kernel_table("avx512bf16");

}  // namespace reckon::cpu
