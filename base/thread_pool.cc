#include "base/thread_pool.h"

#include <sched.h>

#include <algorithm>

#include "base/error.h"

namespace reckon {
namespace {

// A decode step starts a pool run every few microseconds: a short spin saves the futex round trip.
constexpr int kSpins = 4000;

}  // namespace

ThreadPool::ThreadPool(int threads) {
  RECKON_CHECK(threads >= 1, "a pool needs a thread");
  for (int i = 1; i < threads; ++i) workers_.emplace_back([this] { worker(); });
}

ThreadPool::~ThreadPool() {
  {
    std::lock_guard lock(mutex_);
    stop_ = true;
    ++generation_;
  }
  start_.notify_all();
  for (std::thread& thread : workers_) thread.join();
}

void ThreadPool::take_parts() {
  for (int part = next_part_++; part < parts_; part = next_part_++) (*work_)(part);
}

void ThreadPool::worker() {
  uint64_t seen = 0;
  for (;;) {
    for (int spin = 0; spin < kSpins && generation_.load(std::memory_order_acquire) == seen;
         ++spin) {
      __builtin_ia32_pause();
    }
    {
      std::unique_lock lock(mutex_);
      start_.wait(lock, [&] { return generation_ != seen; });
      seen = generation_;
      if (stop_) return;
    }
    take_parts();
    if (--active_ == 0) {
      std::lock_guard lock(mutex_);
      done_.notify_one();
    }
  }
}

void ThreadPool::run(int parts, const std::function<void(int)>& work) {
  if (parts <= 1 || workers_.empty()) {
    for (int part = 0; part < parts; ++part) work(part);
    return;
  }
  {
    std::lock_guard lock(mutex_);
    work_ = &work;
    parts_ = parts;
    next_part_ = 0;
    active_ = static_cast<int>(workers_.size());
    ++generation_;
  }
  start_.notify_all();
  take_parts();
  for (int spin = 0; spin < kSpins && active_.load(std::memory_order_acquire) != 0; ++spin)
    __builtin_ia32_pause();
  std::unique_lock lock(mutex_);
  done_.wait(lock, [&] { return active_ == 0; });
  work_ = nullptr;
}

void ThreadPool::for_ranges(int64_t count, int64_t grain,
                            const std::function<void(int64_t, int64_t)>& work) {
  if (count <= 0) return;
  int64_t parts = std::clamp<int64_t>(count / std::max<int64_t>(grain, 1), 1, threads());
  run(static_cast<int>(parts),
      [&](int part) { work(count * part / parts, count * (part + 1) / parts); });
}

int usable_cores() {
  cpu_set_t set;
  CPU_ZERO(&set);
  if (sched_getaffinity(0, sizeof set, &set) != 0) return 1;
  return std::max(1, CPU_COUNT(&set));
}

}  // namespace reckon
