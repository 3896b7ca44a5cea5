// A completion is a pure function of (weights, prompt, sampling, key): nothing else in the engine
// may change its bits.
#include <algorithm>
#include <set>

#include "tests/rollout/tiny_model.h"

namespace reckon {
namespace {

// Prompts around the page size, filters, greedy and plain sampling, groups of one to eight.
std::vector<GroupRequest> mixed_groups() {
  std::vector<GroupRequest> groups = {group_of(1, 1, 3, 20),  group_of(2, 16, 8, 18),
                                      group_of(3, 17, 4, 20), group_of(4, 15, 1, 33),
                                      group_of(5, 40, 2, 1),  group_of(6, 5, 5, 12)};
  groups[1].sampling.top_k = 5;
  groups[2].sampling.temperature = 0.7;
  groups[2].sampling.top_p = 0.9;
  groups[3].sampling.temperature = 0;
  groups[5].sampling.temperature = 1.3;
  groups[5].sampling.min_p = 0.05;
  return groups;
}

class Invariance : public testing::TestWithParam<ModelKind> {
 protected:
  Samples sample(const std::vector<GroupRequest>& groups, int max_rows, int threads,
                 size_t kv_bytes = 4 << 20, const KernelTable& table = kernels()) {
    ThreadPool pool(threads);
    Engine engine(spec_, GetParam().dtype, {.kv_bytes = kv_bytes, .max_rows = max_rows}, table,
                  pool);
    engine.set_weights(weights_);
    Samples samples = run_all(engine, groups);
    EXPECT_LE(engine.counters().kv_bytes_peak, kv_bytes);
    EXPECT_EQ(engine.counters().kv_bytes, 0u);
    return samples;
  }

  ModelSpec spec_ = tiny_spec(GetParam().moe);
  std::shared_ptr<const Weights> weights_ = tiny_weights(spec_, GetParam().dtype);
};

TEST_P(Invariance, AGroupAloneGivesTheSamplesItGivesAmongOthers) {
  std::vector<GroupRequest> groups = mixed_groups();
  Samples together = sample(groups, 64, 2);
  Samples alone;
  for (const GroupRequest& group : groups) alone.merge(sample({group}, 64, 1));
  expect_same(together, alone);
}

TEST_P(Invariance, OrderOfAddingDoesNotMatter) {
  std::vector<GroupRequest> groups = mixed_groups();
  Samples expected = sample(groups, 64, 1);
  for (int round = 0; round < 3; ++round) {
    std::rotate(groups.begin(), groups.begin() + 2, groups.end());
    std::swap(groups[0], groups[1]);
    expect_same(expected, sample(groups, 20, 2));
  }
}

TEST_P(Invariance, RowsOfAForwardDoNotMatter) {
  Samples expected = sample(mixed_groups(), 300, 1);
  for (int max_rows : {1, 3, 7, 64}) {
    SCOPED_TRACE(max_rows);
    expect_same(expected, sample(mixed_groups(), max_rows, 1));
  }
}

TEST_P(Invariance, KvBudgetDoesNotMatter) {
  Samples expected = sample(mixed_groups(), 64, 1);
  size_t page = KvPages::page_bytes(spec_, GetParam().dtype);
  // The largest group needs one page for its prompt and two for each of eight samples.
  for (size_t pages : {17, 18, 23, 40}) {
    SCOPED_TRACE(pages);
    expect_same(expected, sample(mixed_groups(), 64, 1, pages * page + page / 2));
  }
}

TEST_P(Invariance, ThreadsDoNotMatter) {
  Samples expected = sample(mixed_groups(), 64, 1);
  for (int threads : {2, 3}) expect_same(expected, sample(mixed_groups(), 64, threads));
}

TEST_P(Invariance, TheInstructionSetDoesNotMatter) {
  Samples expected = sample(mixed_groups(), 64, 1);
  for (Isa isa : {Isa::scalar, Isa::avx2, Isa::avx512}) {
    if (!isa_available(isa)) continue;
    SCOPED_TRACE(cpu_kernels(isa).isa);
    expect_same(expected, sample(mixed_groups(), 64, 1, 4 << 20, cpu_kernels(isa)));
  }
}

TEST_P(Invariance, PrefillMayBeCutAnywhereAcrossAnAttentionChunk) {
  std::vector<GroupRequest> groups = {group_of(1, kAttentionChunk - 3, 2, 8),
                                      group_of(2, kAttentionChunk, 1, 4),
                                      group_of(3, kAttentionChunk + 1, 1, 4)};
  for (GroupRequest& group : groups) group.stop_tokens.clear();
  Samples expected = sample(groups, 300, 1);
  for (int max_rows : {7, 100}) expect_same(expected, sample(groups, max_rows, 2));
}

TEST_P(Invariance, ASubsetOfTheSamplesGivesThoseOfTheFullGroup) {
  GroupRequest full = group_of(2, 17, 8, 20), part = full;
  part.samples = {6, 1, 3};
  Samples all = sample({full}, 64, 1), some = sample({part}, 5, 1);
  ASSERT_EQ(some.size(), 3u);
  for (const auto& [key, completion] : some) expect_same(completion, all.at(key));
}

TEST_P(Invariance, EveryPartOfTheNoiseKeyMatters) {
  GroupRequest base = group_of(2, 17, 4, 20);
  std::set<std::vector<int32_t>> seen;
  std::vector<NoiseKey> keys = {base.noise};
  for (int part = 0; part < 3; ++part) keys.push_back(base.noise);
  ++keys[1].seed;
  ++keys[2].phase;
  ++keys[3].draw;
  for (const NoiseKey& key : keys) {
    base.noise = key;
    for (const auto& [name, completion] : sample({base}, 64, 1)) seen.insert(completion.tokens);
  }
  EXPECT_GE(seen.size(), 15u);  // of 16: a very short one may come twice
}

INSTANTIATE_TEST_SUITE_P(, Invariance, testing::ValuesIn(all_kinds()), kind_name);

}  // namespace
}  // namespace reckon
