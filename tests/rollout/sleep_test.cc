// A sampler without work gives weights and KV memory back, and goes on with the same bits.
#include <sys/mman.h>
#include <unistd.h>

#include <cstring>

#include "base/error.h"
#include "rollout/engine.h"
#include "tests/rollout/tiny_model.h"

namespace reckon {
namespace {

// Whole pages of the system in [base, base + bytes) that are backed by memory.
size_t resident_pages(const void* base, size_t bytes) {
  const auto page = static_cast<uintptr_t>(::sysconf(_SC_PAGESIZE));
  const auto first = (reinterpret_cast<uintptr_t>(base) + page - 1) / page * page;
  const auto end = (reinterpret_cast<uintptr_t>(base) + bytes) / page * page;
  std::vector<unsigned char> present((end - first) / page);
  EXPECT_EQ(::mincore(reinterpret_cast<void*>(first), end - first, present.data()), 0);
  size_t count = 0;
  for (unsigned char state : present) count += state & 1;
  return count;
}

TEST(KvPagesAsleep, GiveTheirMemoryBackAndKeepTheirAddresses) {
  const ModelSpec spec = tiny_spec(false);
  const size_t bytes = size_t{4} << 20;
  KvPages pages(spec, DType::f32, bytes);
  void* base = pages.layer(0).base;
  const size_t used = static_cast<size_t>(pages.capacity()) * KvPages::page_bytes(spec, DType::f32);
  std::memset(base, 1, used);
  ASSERT_GT(resident_pages(base, used), used / 8192);
  const int32_t page = pages.take();
  EXPECT_THROW(pages.sleep(), Error);  // somebody's keys are in it
  pages.release(page);
  pages.sleep();
  EXPECT_EQ(resident_pages(base, used), 0u);
  EXPECT_EQ(pages.layer(0).base, base);
  std::memset(base, 2, used);  // backed anew
}

TEST(EngineAsleep, LetsGoOfTheWeightsAndGoesOnWithTheSameBits) {
  ThreadPool pool(1);
  const ModelSpec spec = tiny_spec(true);
  auto weights = tiny_weights(spec, DType::f32);
  Engine engine(spec, DType::f32, {.kv_bytes = size_t{1} << 20, .max_rows = 64}, kernels(), pool);
  engine.set_weights(weights);
  const std::vector<GroupRequest> groups = {group_of(1, 6, 3, 20), group_of(2, 17, 2, 9)};
  const Samples before = run_all(engine, groups);

  engine.sleep();
  EXPECT_EQ(engine.weights(), nullptr);
  EXPECT_EQ(weights.use_count(), 1);
  engine.sleep();  // already
  engine.set_weights(weights);
  expect_same(before, run_all(engine, groups));

  engine.add(group_of(3, 5, 1, 3));
  EXPECT_THROW(engine.sleep(), Error);
}

}  // namespace
}  // namespace reckon
