// Activation checkpointing: the same gradients, bit for bit, from a second forward per layer; and
// the memory of a pass is what learner/footprint.h says.
#include <gtest/gtest.h>
#include <malloc.h>

#include <cmath>
#include <tuple>

#include "learner/footprint.h"
#include "tests/learner/policy_fixture.h"

namespace reckon {
namespace {

using CheckpointedPolicy = testing::TestWithParam<std::tuple<bool, DType>>;

// Two packs, one after the other, into the same gradients.
std::vector<float> gradients_of(SmallModel& model, bool checkpointing) {
  model.policy.set_checkpointing(checkpointing);
  for (unsigned seed : {31, 32}) {
    const Scores scores = model.policy.forward(small_pack(model.spec, seed), true);
    model.policy.backward(coefficients_for(scores, seed));
  }
  return model.policy.gradients();
}

TEST_P(CheckpointedPolicy, GradientsHaveTheSameBits) {
  const auto [moe, dtype] = GetParam();
  ModelSpec spec = small_spec(moe, !moe);
  spec.layers.push_back(spec.layers[0]);
  std::vector<float> plain;
  for (int threads : {1, 2}) {
    SmallModel kept(spec, dtype, threads), again(spec, dtype, threads);
    plain = gradients_of(kept, false);
    EXPECT_EQ(gradients_of(again, true), plain) << threads << " threads";
  }
  EXPECT_TRUE(std::any_of(plain.begin(), plain.end(), [](float g) { return g != 0; }));
}

TEST_P(CheckpointedPolicy, LogProbsHaveTheSameBits) {
  const auto [moe, dtype] = GetParam();
  SmallModel model(small_spec(moe, moe), dtype, 2);
  const Pack pack = small_pack(model.spec, 33);
  const Scores plain = model.policy.forward(pack, true);
  model.policy.set_checkpointing(true);
  const Scores scores = model.policy.forward(pack, true);
  EXPECT_EQ(scores.logprob, plain.logprob);
  EXPECT_EQ(scores.entropy, plain.entropy);
}

INSTANTIATE_TEST_SUITE_P(Models, CheckpointedPolicy,
                         testing::Combine(testing::Bool(),
                                          testing::Values(DType::f32, DType::bf16)));

int attends = 0;

TEST(Checkpointing, RunsEveryLayerOnceMore) {
  static const KernelTable& real = cpu_kernels(detect_isa());
  KernelTable counting = real;
  counting.attend = [](const AttendArgs& args, ThreadPool& pool) {
    ++attends;
    real.attend(args, pool);
  };
  const ModelSpec spec = small_spec(false, false);
  const ParameterLayout layout(spec);
  const std::vector<float> masters = lively_masters(spec, 3);
  ThreadPool pool(1);
  for (bool on : {false, true}) {
    Policy policy(spec, DType::f32, counting, pool);
    policy.set_weights(
        Weights::publish(spec, layout, DType::f32, masters.data(), Version{1}, pool));
    policy.set_checkpointing(on);
    attends = 0;
    const Scores scores = policy.forward(small_pack(spec, 34), true);
    EXPECT_EQ(attends, 2);
    policy.backward(coefficients_for(scores, 1));
    EXPECT_EQ(attends, on ? 4 : 2);
  }
}

size_t allocated() {
  const struct mallinfo2 info = ::mallinfo2();
  return info.uordblks + info.hblkhd;
}

// A model whose activations are larger than everything else a pass allocates.
ModelSpec wide_spec(bool moe) {
  ModelSpec spec = small_spec(moe, true);
  spec.hidden = 64;
  spec.head_dim = 16;
  spec.max_position = 512;
  for (LayerSpec& layer : spec.layers) {
    if (moe) layer.moe = MoeSpec{.experts = 8, .top_k = 2, .ffn = 96, .normalise = true};
    if (!moe) layer.ffn = 160;
  }
  spec.layers.resize(6, spec.layers[0]);
  return spec;
}

Pack wide_pack(const ModelSpec& spec) {
  std::mt19937 generator(35);
  Pack pack;
  for (int group = 0; group < 2; ++group) {
    pack.groups.push_back({random_tokens(generator, 64, spec.vocab), {}});
    for (int32_t i = 0; i < 3; ++i) {
      pack.groups.back().completions.push_back(
          {group * 3 + i, random_tokens(generator, 97, spec.vocab), {}, 1.0f});
    }
  }
  return pack;
}

TEST_P(CheckpointedPolicy, KeepsTheBytesThatAreEstimated) {
  const auto [moe, dtype] = GetParam();
  SmallModel model(wide_spec(moe), dtype, 1);
  const Pack pack = wide_pack(model.spec);
  model.policy.backward(coefficients_for(model.policy.forward(pack, true), 1));  // warm
  for (bool on : {false, true}) {
    model.policy.set_checkpointing(on);
    const size_t before = allocated();
    if (before == 0) GTEST_SKIP() << "the allocator does not tell";
    const Scores scores = model.policy.forward(pack, true);
    const auto kept = static_cast<double>(allocated() - before);
    const auto estimated =
        static_cast<double>(pass_bytes(model.spec, dtype, pack.rows(), on).activations);
    EXPECT_GT(estimated, 0.9 * kept) << "checkpointing " << on;
    EXPECT_LT(estimated, 1.3 * kept) << "checkpointing " << on;
    model.policy.backward(coefficients_for(scores, 1));
  }
}

}  // namespace
}  // namespace reckon
