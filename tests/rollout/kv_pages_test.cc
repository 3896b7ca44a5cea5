#include "rollout/kv_pages.h"

#include <set>

#include "base/error.h"
#include "tests/rollout/tiny_model.h"

namespace reckon {
namespace {

TEST(KvPages, TheBudgetIsCountedOverAllLayers) {
  ModelSpec spec = tiny_spec(false);
  size_t page = 2 * 2 * 8 * 16 * 4 * 2;  // key and value, kv heads, head_dim, tokens, bytes, layers
  EXPECT_EQ(KvPages::page_bytes(spec, DType::f32), page);
  EXPECT_EQ(KvPages::page_bytes(spec, DType::bf16), page / 2);
  EXPECT_EQ(KvPages(spec, DType::f32, 0).capacity(), 0);
  EXPECT_EQ(KvPages(spec, DType::f32, page - 1).capacity(), 0);
  EXPECT_EQ(KvPages(spec, DType::f32, 10 * page + page - 1).capacity(), 10);
}

TEST(KvPages, LayersDoNotOverlapAndAreAligned) {
  ModelSpec spec = tiny_spec(false);
  KvPages pages(spec, DType::bf16, 7 * KvPages::page_bytes(spec, DType::bf16));
  auto* first = static_cast<std::byte*>(pages.layer(0).base);
  auto* second = static_cast<std::byte*>(pages.layer(1).base);
  EXPECT_EQ(static_cast<size_t>(second - first), 7 * kv_page_bytes(2, 8, DType::bf16));
  EXPECT_EQ(reinterpret_cast<uintptr_t>(first) % 64, 0u);
  EXPECT_EQ(reinterpret_cast<uintptr_t>(second) % 64, 0u);
}

TEST(KvPages, APageIsTakenOnceAndComesBackAfterItsLastReference) {
  ModelSpec spec = tiny_spec(false);
  KvPages pages(spec, DType::f32, 4 * KvPages::page_bytes(spec, DType::f32));
  std::set<int32_t> taken;
  for (int i = 0; i < 4; ++i) taken.insert(pages.take());
  EXPECT_EQ(taken, (std::set<int32_t>{0, 1, 2, 3}));
  EXPECT_EQ(pages.used_bytes(), 4 * KvPages::page_bytes(spec, DType::f32));
  EXPECT_THROW(pages.take(), Error);
  pages.share(2);
  pages.share(2);
  pages.release(2);
  pages.release(2);
  EXPECT_EQ(pages.available(), 0);
  pages.release(2);
  EXPECT_EQ(pages.available(), 1);
  EXPECT_THROW(pages.release(2), Error);
  EXPECT_THROW(pages.share(2), Error);
  EXPECT_EQ(pages.take(), 2);
}

TEST(KvBlocks, CountsTheBlocksThatPositionsTouch) {
  EXPECT_EQ(kv_blocks(0, 0), 0);
  EXPECT_EQ(kv_blocks(5, 0), 0);
  EXPECT_EQ(kv_blocks(0, 1), 1);
  EXPECT_EQ(kv_blocks(0, 16), 1);
  EXPECT_EQ(kv_blocks(0, 17), 2);
  EXPECT_EQ(kv_blocks(15, 1), 1);
  EXPECT_EQ(kv_blocks(15, 2), 2);
  EXPECT_EQ(kv_blocks(16, 16), 1);
  EXPECT_EQ(kv_blocks(17, 16), 2);
  EXPECT_EQ(kv_blocks(31, 18), 3);
}

}  // namespace
}  // namespace reckon
