#include "kernels/cpu/vec_avx2.h"
// The vector type comes first: the kernels are written over it.
#include "kernels/cpu/table.h"

namespace reckon::cpu {

constinit const KernelTable kPortableAvx2 = kernel_table("avx2");

}  // namespace reckon::cpu
