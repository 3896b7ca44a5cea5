#include "bench/machine.h"

#include <emmintrin.h>
#include <sys/mman.h>
#include <sys/sysinfo.h>

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <memory>

#include "base/clock.h"
#include "base/error.h"
#include "learner/gemm_peer.h"

namespace reckon {
namespace {

constexpr size_t kHugePage = size_t{2} << 20;
constexpr size_t kLine = 128;  // bytes per turn of the loop: eight independent sums

uint64_t sum_of(const std::byte* data, size_t bytes) {
  __m128i sums[8] = {};
  for (size_t at = 0; at + kLine <= bytes; at += kLine) {
    const auto* line = reinterpret_cast<const __m128i*>(data + at);
#pragma GCC unroll 8
    for (int i = 0; i < 8; ++i) sums[i] = _mm_add_epi64(sums[i], _mm_loadu_si128(line + i));
  }
  for (int i = 1; i < 8; ++i) sums[0] = _mm_add_epi64(sums[0], sums[i]);
  return static_cast<uint64_t>(
      _mm_cvtsi128_si64(_mm_add_epi64(sums[0], _mm_unpackhi_epi64(sums[0], sums[0]))));
}

size_t buffer_bytes() {
  struct sysinfo info;
  RECKON_CHECK(sysinfo(&info) == 0, "sysinfo");
  size_t free_bytes = static_cast<size_t>(info.freeram) * info.mem_unit;
  return std::min(size_t{1} << 30, free_bytes / 4) / kLine * kLine;
}

}  // namespace

double read_bandwidth(ThreadPool& pool, size_t bytes, double seconds) {
  bytes = (bytes + kLine - 1) / kLine * kLine;
  // Huge pages where the system gives them: the rate of the memory, not of the page tables.
  size_t whole = (bytes + kHugePage - 1) / kHugePage * kHugePage;
  std::unique_ptr<std::byte, decltype(&std::free)> buffer(
      static_cast<std::byte*>(std::aligned_alloc(kHugePage, whole)), &std::free);
  RECKON_CHECK(buffer != nullptr, "no memory to read");
  madvise(buffer.get(), whole, MADV_HUGEPAGE);
  std::fill(buffer.get(), buffer.get() + bytes, std::byte{1});
  auto lines = static_cast<int64_t>(bytes / kLine);
  std::atomic<uint64_t> total = 0;
  double best = 0;
  for (double begin = monotonic_seconds(); monotonic_seconds() - begin < seconds || best == 0;) {
    total = 0;
    double start = monotonic_seconds();
    pool.for_ranges(lines, 1, [&](int64_t first, int64_t last) {
      total += sum_of(buffer.get() + first * static_cast<int64_t>(kLine),
                      static_cast<size_t>(last - first) * kLine);
    });
    double rate = static_cast<double>(bytes) / (monotonic_seconds() - start);
    RECKON_CHECK(total == bytes / 8 * 0x0101010101010101ull, "memory was not read");
    best = std::max(best, rate);
  }
  return best;
}

MachineRates measure_machine(int threads, double seconds) {
  MachineRates rates;
  rates.threads = threads;
  size_t bytes = buffer_bytes();
  ThreadPool one(1), all(threads);
  rates.read_one = read_bandwidth(one, bytes, seconds);
  rates.read_all = read_bandwidth(all, bytes, seconds);
  rates.gemm_one = gemm_peer_flops(2048, DType::f32, 1, seconds);
  rates.gemm_all = gemm_peer_flops(2048, DType::f32, threads, seconds);
  rates.gemm_bf16 = gemm_peer_flops(2048, DType::bf16, threads, seconds);
  return rates;
}

}  // namespace reckon
