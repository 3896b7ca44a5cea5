#include "kernels/cpu/vec_scalar.h"
// The vector type comes first: the kernels are written over it.
#include "kernels/cpu/table.h"

namespace reckon::cpu {

constinit const KernelTable kPortableScalar = kernel_table("scalar");

}  // namespace reckon::cpu
