// A fixed set of threads for the kernels. Work is cut by the caller into numbered parts whose
// results do not depend on which thread runs them; a part must not throw. One caller at a time;
// each stage has a pool of its own.
//
//   pool.run(parts, [&](int part) { ... });   // returns when all parts are done; the caller works
//   too
#pragma once

#include <atomic>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

namespace reckon {

class ThreadPool {
 public:
  explicit ThreadPool(int threads);  // threads >= 1, the caller's own included
  ~ThreadPool();
  ThreadPool(const ThreadPool&) = delete;

  int threads() const { return static_cast<int>(workers_.size()) + 1; }
  void run(int parts, const std::function<void(int part)>& work);

  // Cuts [0, count) into at most `threads` ranges of at least `grain` and runs work(begin, end) on
  // each.
  void for_ranges(int64_t count, int64_t grain,
                  const std::function<void(int64_t begin, int64_t end)>& work);

 private:
  void worker();
  void take_parts();

  std::vector<std::thread> workers_;
  std::mutex mutex_;
  std::condition_variable start_, done_;
  const std::function<void(int)>* work_ = nullptr;
  std::atomic<int> next_part_{0};
  std::atomic<uint64_t> generation_{0};
  int parts_ = 0;
  std::atomic<int> active_{0};
  bool stop_ = false;
};

// Number of hardware threads this process may use (its affinity mask), at least 1.
int usable_cores();

}  // namespace reckon
