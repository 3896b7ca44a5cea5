// The peer that Reckon's own kernels are measured against: LibTorch's matrix product in fp32 or
// bf16. For `reckon bench` only. This header knows no torch.
#pragma once

#include "kernels/types.h"

namespace reckon {

// FLOP/s of a [size, size] x [size, size] product with `threads` threads: the best of the repeats
// that fit `seconds` (at least one). LibTorch's number of threads is as before afterwards.
double gemm_peer_flops(int size, DType dtype, int threads, double seconds);

}  // namespace reckon
