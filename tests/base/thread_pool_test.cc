#include "base/thread_pool.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <mutex>
#include <set>
#include <utility>
#include <vector>

#include "base/error.h"

namespace reckon {
namespace {

TEST(ThreadPool, RunsEveryPartOnce) {
  for (int threads : {1, 2, 3, 5}) {
    ThreadPool pool(threads);
    EXPECT_EQ(pool.threads(), threads);
    for (int parts : {0, 1, 2, 3, 7, 100, 1'000}) {
      std::vector<std::atomic<int>> runs(static_cast<size_t>(parts));
      pool.run(parts, [&](int part) { ++runs[static_cast<size_t>(part)]; });
      for (const std::atomic<int>& count : runs) ASSERT_EQ(count, 1);
    }
  }
}

TEST(ThreadPool, WritesOfThePartsAreSeenAfterRunOverManySmallRuns) {
  ThreadPool pool(3);
  std::vector<int64_t> plain(4);  // not atomic: run() itself must order them
  for (int round = 1; round <= 5'000; ++round) {
    pool.run(4, [&](int part) { plain[static_cast<size_t>(part)] += part + 1; });
    for (int part = 0; part < 4; ++part)
      ASSERT_EQ(plain[static_cast<size_t>(part)], int64_t{round} * (part + 1));
  }
}

TEST(ThreadPool, OtherThreadsTakePartsToo) {
  ThreadPool pool(2);
  std::set<std::thread::id> threads;
  std::mutex mutex;
  std::atomic<int> inside{0};
  // Each part waits for the other one, so no single thread can run both.
  pool.run(2, [&](int) {
    ++inside;
    while (inside < 2) std::this_thread::yield();
    std::lock_guard lock(mutex);
    threads.insert(std::this_thread::get_id());
  });
  EXPECT_EQ(threads.size(), 2u);
  EXPECT_EQ(threads.count(std::this_thread::get_id()), 1u);
}

TEST(ThreadPool, PartsMayUseAnotherPool) {
  ThreadPool outer(2);
  ThreadPool inner[2] = {ThreadPool(2), ThreadPool(2)};
  std::atomic<int> sum{0};
  for (int round = 0; round < 200; ++round) {
    outer.run(2, [&](int part) { inner[part].run(8, [&](int i) { sum += i; }); });
  }
  EXPECT_EQ(sum, 200 * 2 * 28);
}

TEST(ThreadPool, RangesCoverTheCountInOrderAndRespectTheGrain) {
  ThreadPool pool(4);
  for (int64_t count : {0, 1, 2, 5, 64, 1'001}) {
    for (int64_t grain : {0, 1, 10, 1'000}) {
      std::vector<std::pair<int64_t, int64_t>> ranges;
      std::mutex mutex;
      pool.for_ranges(count, grain, [&](int64_t begin, int64_t end) {
        std::lock_guard lock(mutex);
        ranges.emplace_back(begin, end);
      });
      std::sort(ranges.begin(), ranges.end());
      int64_t next = 0;
      for (auto [begin, end] : ranges) {
        EXPECT_EQ(begin, next);
        EXPECT_GE(end - begin, std::min(count, std::max<int64_t>(grain, 1)));
        next = end;
      }
      EXPECT_EQ(next, count);
      EXPECT_LE(ranges.size(), 4u);
    }
  }
}

TEST(ThreadPool, StartsAndEndsWithoutWork) {
  for (int round = 0; round < 50; ++round) ThreadPool pool(3);
  EXPECT_THROW(ThreadPool(0), Error);
}

TEST(UsableCores, IsAtLeastOne) { EXPECT_GE(usable_cores(), 1); }

}  // namespace
}  // namespace reckon
