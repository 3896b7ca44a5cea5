#include "kernels/cpu/vec_avx512.h"
// The vector type comes first: the kernels are written over it.
#include "kernels/cpu/portable.h"

namespace reckon::cpu {

constinit const KernelTable kPortableAvx512 = portable_table("avx512");

}  // namespace reckon::cpu
