// Work over the pool and memory for one call. See support.h.
#pragma once

#include "kernels/cpu/math.h"

namespace reckon {
namespace {

// Work is counted in multiply-adds of a linear, of which a core does up to 80 a nanosecond; other
// loops are weighed accordingly. Waking the pool and waiting for it costs microseconds: smaller
// work than kWakeWork stays with the caller.
constexpr int64_t kWakeWork = 1'000'000;
constexpr int64_t kPartWork = kWakeWork / 4;

// f(part) for each part in [0, parts); `work` is that of all parts together.
template <class F>
void parallel(ThreadPool& pool, int parts, int64_t work, const F& f) {
  if (parts <= 1 || work < kWakeWork || cpu::pool_threads(pool) == 1) {
    for (int part = 0; part < parts; ++part) f(part);
    return;
  }
  cpu::run_parts(
      pool, parts, [](void* context, int part) { (*static_cast<const F*>(context))(part); },
      const_cast<void*>(static_cast<const void*>(&f)));
}

// How many parts are worth having: a few per thread so that uneven ones level out, none too small.
inline int useful_parts(ThreadPool& pool, int64_t work) {
  const int threads = cpu::pool_threads(pool);
  if (threads == 1) return 1;
  const int64_t most = int64_t{4} * threads, parts = work / kPartWork;
  return static_cast<int>(parts < 1 ? 1 : parts > most ? most : parts);
}

// f(begin, end) over ranges that cover [0, rows).
template <class F>
void parallel_rows(ThreadPool& pool, int rows, int64_t work_per_row, const F& f) {
  const int parts = least(rows, useful_parts(pool, rows * work_per_row));
  parallel(pool, parts, rows * work_per_row, [&](int part) {
    f(static_cast<int>(int64_t{rows} * part / parts),
      static_cast<int>(int64_t{rows} * (part + 1) / parts));
  });
}

// Uninitialised array for the length of a call.
template <class E>
class Scratch {
 public:
  explicit Scratch(int64_t count)
      : data_(count == 0 ? nullptr
                         : static_cast<E*>(
                               cpu::scratch_allocate(static_cast<size_t>(count) * sizeof(E)))) {}
  ~Scratch() {
    if (data_ != nullptr) cpu::scratch_free(data_);
  }
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;
  operator E*() const { return data_; }

 private:
  E* data_;
};

}  // namespace
}  // namespace reckon
