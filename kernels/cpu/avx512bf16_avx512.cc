#include "kernels/cpu/vec_avx512.h"
// The vector type comes first: the kernels are written over it.
#include "kernels/cpu/pairs_fma.h"
// Then the chain of the linear layers.
#include "kernels/cpu/table.h"

namespace reckon::cpu {

constinit const KernelTable kAvx512Bf16Avx512 = kernel_table("avx512");

}  // namespace reckon::cpu
