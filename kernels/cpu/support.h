// What the vector files may use from the rest of the program, behind plain functions.
//
// *_avx2.cc, *_avx512.cc and *_native.cc are compiled with wider instruction sets than the rest.
// An inline function or template that such a file shares with another (std::vector, std::function,
// std::string, ...) exists in both object files, and the linker keeps one copy for all: perhaps the
// one with AVX-512 in it, on a machine that has none. So:
//   - everything in kernels/cpu/*.h that those files instantiate lives in an anonymous namespace;
//   - they call no inline function of a common header that could be emitted; threads, memory,
//   checks and the search for
//     a sampling threshold are reached through the functions below, which live in ordinary files.
// A test reads the object files and fails when one of them defines a weak symbol.
#pragma once

#include <cstddef>
#include <cstdint>

#include "kernels/kernels.h"

namespace reckon::cpu {

extern const KernelTable kPortableScalar, kPortableAvx2, kPortableAvx512;
extern const KernelTable kAvx512Bf16Scalar, kAvx512Bf16Avx2, kAvx512Bf16Avx512, kAvx512Bf16Native;

// ThreadPool::run without std::function at the caller.
using PartFunction = void (*)(void* context, int part);
void run_parts(ThreadPool& pool, int parts, PartFunction function, void* context);
int pool_threads(const ThreadPool& pool);

// Uninitialised memory for the length of one call, 64-byte aligned.
void* scratch_allocate(size_t bytes);
void scratch_free(void* memory);

// Shapes and indices that a kernel relies on; a violation is a programmer's error.
void check(const EmbedArgs& args);
void check(const AttentionInArgs& args);
void check(const AttendArgs& args);
void check(const ProjectArgs& args);
void check(const MlpInArgs& args);
void check(const RouteArgs& args);
void check(const ExpertsArgs& args);
void check(const CombineArgs& args);
void check(const HeadArgs& args);

void dispatch(const DispatchArgs& args, ThreadPool& pool);

// The profile's own functions, for code outside the vector files. exp_shifted: out[i] = exp(z[i] -
// shift).
struct VectorMath {
  void (*exp_shifted)(const float* z, float shift, int count, float* out);
  float (*log)(float x);
};

// Threshold of the kept set of `z` [count] under the query's filters (see HeadQuery); -inf when
// nothing is filtered or a value is NaN. `work` [count] is overwritten; z is kept.
float kept_threshold(const float* z, int count, const HeadQuery& query, const VectorMath& math,
                     float* work);

constexpr bool has_filters(const HeadQuery& query) {
  return query.target < 0 && (query.top_k > 0 || query.top_p < 1 || query.min_p > 0);
}

}  // namespace reckon::cpu
