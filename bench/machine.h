// What this machine can do at best, measured in the same run as Reckon itself: the yardsticks of
// `reckon bench`.
#pragma once

#include "base/thread_pool.h"

namespace reckon {

struct MachineRates {
  int threads = 0;                    // N
  double read_one = 0, read_all = 0;  // bytes/s read from memory with 1 and N threads
  // FLOP/s of LibTorch's matrix product, 2048^3, with 1 and N threads: fp32, and bf16 with N
  double gemm_one = 0, gemm_all = 0, gemm_bf16 = 0;
};

// Takes about seven times `seconds`, and up to 1 GiB of memory (a quarter of what is free when that
// is less).
MachineRates measure_machine(int threads, double seconds);

// Bytes/s at which `pool` reads a buffer of `bytes` (rounded up to 128) from front to back; the
// best of several passes within `seconds`.
double read_bandwidth(ThreadPool& pool, size_t bytes, double seconds);

}  // namespace reckon
