#include "model/weights.h"

#include <cmath>
#include <cstring>
#include <numeric>

#include "tests/model/helpers.h"

namespace reckon {
namespace {

std::vector<float> counting_masters(const ParameterLayout& layout) {
  std::vector<float> masters(static_cast<size_t>(layout.elements()));
  for (size_t i = 0; i < masters.size(); ++i) masters[i] = std::sin(static_cast<float>(i));
  return masters;
}

Digest digest(const ParameterLayout& layout, const std::vector<float>& arena, int threads = 2) {
  ThreadPool pool(threads);
  return weights_digest(layout, DType::f32, arena.data(), pool);
}

TEST(ParameterLayout, OffsetsAreAlignedAscendingAndDisjoint) {
  for (const ModelSpec& spec : {dense_spec(), moe_spec()}) {
    ParameterLayout layout(spec);
    int64_t end = 0;
    for (const Parameter& parameter : layout.parameters()) {
      EXPECT_EQ(parameter.offset % 64, 0) << parameter.name;
      EXPECT_GE(parameter.offset, end) << parameter.name;
      EXPECT_LT(parameter.offset, end + 64) << parameter.name;
      end = parameter.offset + parameter.elements();
    }
    EXPECT_EQ(layout.elements() % 64, 0);
    EXPECT_GE(layout.elements(), end);
  }
}

TEST(ParameterLayout, NamesAndShapesFollowTheSpec) {
  ModelSpec spec = moe_spec();
  spec.qkv_bias = true;
  ParameterLayout layout(spec);
  const LayerParameters& at = layout.layer(1);
  auto check = [&](int index, const char* name, int64_t count, int64_t rows, int64_t cols) {
    const Parameter& p = layout[index];
    EXPECT_EQ(p.name, name);
    EXPECT_EQ(std::vector({p.count, p.rows, p.cols}), std::vector({count, rows, cols})) << name;
  };
  check(layout.embed(), "embed", 1, 272, 24);
  check(at.attn_norm, "layers.1.attn_norm", 1, 1, 24);
  check(at.qkv, "layers.1.qkv", 1, 80, 24);
  check(at.qkv_bias, "layers.1.qkv_bias", 1, 1, 80);
  check(at.q_norm, "layers.1.q_norm", 1, 1, 10);
  check(at.k_norm, "layers.1.k_norm", 1, 1, 10);
  check(at.attn_out, "layers.1.attn_out", 1, 24, 40);
  check(at.ffn_norm, "layers.1.ffn_norm", 1, 1, 24);
  check(at.router, "layers.1.router", 1, 5, 24);
  check(at.expert_gate_up, "layers.1.experts.gate_up", 5, 40, 24);
  check(at.expert_down, "layers.1.experts.down", 5, 24, 20);
  check(layout.final_norm(), "final_norm", 1, 1, 24);
  check(layout.head(), "head", 1, 272, 24);
  EXPECT_EQ(at.gate_up, -1);
  EXPECT_EQ(at.down, -1);
  ParameterLayout dense(dense_spec());
  EXPECT_EQ(dense.head(), dense.embed());
  EXPECT_EQ(dense[dense.layer(0).gate_up].rows, 72);
  EXPECT_EQ(dense.layer(0).router, -1);
}

TEST(WeightsDigest, DoesNotDependOnThreads) {
  ParameterLayout layout(moe_spec());
  std::vector<float> masters = counting_masters(layout);
  EXPECT_EQ(digest(layout, masters, 1), digest(layout, masters, 3));
}

TEST(WeightsDigest, SeesEveryElementAndIgnoresPadding) {
  ParameterLayout layout(dense_spec());
  std::vector<float> masters = counting_masters(layout);
  const Digest whole = digest(layout, masters);
  std::vector<bool> is_parameter(masters.size(), false);
  for (const Parameter& p : layout.parameters()) {
    std::fill_n(is_parameter.begin() + p.offset, p.elements(), true);
  }
  for (size_t i = 0; i < masters.size(); i += 131) {
    float kept = masters[i];
    masters[i] = std::nextafter(kept, 2.0f);
    EXPECT_EQ(digest(layout, masters) != whole, is_parameter[i]) << i;
    masters[i] = kept;
  }
}

TEST(WeightsDigest, SeesSwappedRowsAndSwappedParameters) {
  ParameterLayout layout(moe_spec());
  std::vector<float> masters = counting_masters(layout), other = masters;
  const Parameter& down = layout[layout.layer(0).expert_down];
  auto row = [&](std::vector<float>& arena, int64_t i) {
    return arena.begin() + down.offset + i * down.cols;
  };
  std::swap_ranges(row(other, 3), row(other, 4), row(other, 30));  // rows of two experts
  EXPECT_NE(digest(layout, other), digest(layout, masters));
  other = masters;
  const Parameter &q = layout[layout.layer(0).q_norm], &k = layout[layout.layer(0).k_norm];
  std::swap_ranges(other.begin() + q.offset, other.begin() + q.offset + q.cols,
                   other.begin() + k.offset);
  EXPECT_NE(digest(layout, other), digest(layout, masters));
}

// What makes shards and deltas work: replacing a part replaces its term of the sum.
TEST(WeightsDigest, AddsUpOverParts) {
  ParameterLayout layout(dense_spec());
  std::vector<float> a = counting_masters(layout), b(a.size(), 0.5f), ab = b, ba = a;
  const Parameter& p = layout[layout.layer(1).qkv];
  std::copy_n(a.begin() + p.offset, p.elements(), ab.begin() + p.offset);
  std::copy_n(b.begin() + p.offset, p.elements(), ba.begin() + p.offset);
  Digest left = digest(layout, a), right = digest(layout, ab);
  left += digest(layout, b);
  right += digest(layout, ba);
  EXPECT_EQ(left, right);
  EXPECT_NE(digest(layout, a), digest(layout, ab));
}

TEST(Weights, PublishedFloatsAreTheMastersAndPaddingIsZero) {
  ThreadPool pool(2);
  ModelSpec spec = moe_spec();
  ParameterLayout layout(spec);
  std::vector<float> masters = counting_masters(layout);
  auto weights = Weights::publish(spec, layout, DType::f32, masters.data(), Version{7}, pool);
  auto published = static_cast<const float*>(weights->data());
  int64_t at = 0;
  for (const Parameter& p : layout.parameters()) {
    for (; at < p.offset; ++at) EXPECT_EQ(published[at], 0.0f);
    for (; at < p.offset + p.elements(); ++at)
      ASSERT_EQ(published[at], masters[static_cast<size_t>(at)]);
  }
  for (; at < layout.elements(); ++at) EXPECT_EQ(published[at], 0.0f);
  EXPECT_EQ(weights->id().version, Version{7});
  EXPECT_EQ(weights->id().digest, weights_digest(layout, DType::f32, weights->data(), pool));
  EXPECT_EQ(reinterpret_cast<uintptr_t>(weights->data()) % 64, 0u);
}

TEST(Weights, PublishRoundsToNearestEvenBf16) {
  ThreadPool pool(2);
  ModelSpec spec = dense_spec();
  ParameterLayout layout(spec);
  std::vector<float> masters(static_cast<size_t>(layout.elements()), 0.0f);
  const float inputs[] = {1.0f, 1.00390625f, 1.01171875f, 1.003907f, -1.00390625f, 3.4e38f, 1e-40f};
  const float wanted[] = {1.0f, 1.0f, 1.015625f, 1.0078125f, -1.0f, INFINITY, 9.1835496e-41f};
  std::copy(std::begin(inputs), std::end(inputs), masters.begin());
  auto weights = Weights::publish(spec, layout, DType::bf16, masters.data(), Version{}, pool);
  auto published = static_cast<const bf16*>(weights->data());
  for (size_t i = 0; i < std::size(inputs); ++i)
    EXPECT_EQ(to_float(published[i]), wanted[i]) << inputs[i];
  EXPECT_EQ(weights->dtype(), DType::bf16);
}

TEST(Weights, ViewsPointAtTheirParameters) {
  auto weights = random_weights(moe_spec(), DType::f32);
  const ParameterLayout& layout = weights->layout();
  auto data = [&](int index, int64_t skip = 0) {
    return static_cast<const void*>(static_cast<const float*>(weights->data()) +
                                    layout[index].offset + skip);
  };
  const LayerWeights& layer = weights->layer(1);
  const LayerParameters& at = layout.layer(1);
  EXPECT_EQ(layer.qkv.data, data(at.qkv));
  EXPECT_EQ(layer.qkv.rows, 80);
  EXPECT_EQ(layer.qkv.cols, 24);
  EXPECT_EQ(layer.attn_norm, data(at.attn_norm));
  EXPECT_EQ(layer.k_norm, data(at.k_norm));
  EXPECT_EQ(layer.qkv_bias, nullptr);
  EXPECT_EQ(layer.gate_up.data, nullptr);
  ASSERT_EQ(layer.expert_gate_up.size(), 5u);
  EXPECT_EQ(layer.expert_gate_up[3].data, data(at.expert_gate_up, 3 * 40 * 24));
  EXPECT_EQ(layer.expert_down[4].data, data(at.expert_down, 4 * 24 * 20));
  EXPECT_EQ(weights->final_norm(), data(layout.final_norm()));
  EXPECT_EQ(weights->head().data, data(layout.head()));
  EXPECT_EQ(weights->embed().data, data(layout.embed()));
  EXPECT_EQ(weights->embed().panels, nullptr);
}

TEST(Weights, EveryLinearHasThePanelsOfItsRows) {
  for (DType dtype : {DType::f32, DType::bf16}) {
    for (const ModelSpec& spec : {dense_spec(), moe_spec()}) {
      auto weights = random_weights(spec, dtype);
      std::vector<WeightView> views = {weights->head()};
      for (int i = 0; i < 2; ++i) {
        const LayerWeights& layer = weights->layer(i);
        for (const WeightView& view :
             {layer.qkv, layer.attn_out, layer.gate_up, layer.down, layer.router}) {
          if (view.data != nullptr) views.push_back(view);
        }
        views.insert(views.end(), layer.expert_gate_up.begin(), layer.expert_gate_up.end());
        views.insert(views.end(), layer.expert_down.begin(), layer.expert_down.end());
      }
      EXPECT_EQ(views.size(), spec.tied_head ? 9u : 27u);
      for (const WeightView& view : views) {
        std::string wanted(panel_bytes(view.rows, view.cols, dtype), 'x');
        pack_panels(view.data, view.rows, view.cols, dtype, wanted.data());
        ASSERT_EQ(reinterpret_cast<uintptr_t>(view.panels) % 64, 0u);
        EXPECT_EQ(std::memcmp(view.panels, wanted.data(), wanted.size()), 0);
      }
    }
  }
}

// A matrix that is packed in several jobs.
TEST(Weights, PanelsOfATallMatrixAreThoseOfTheWhole) {
  ModelSpec spec = dense_spec();
  spec.vocab = 1200;
  auto weights = random_weights(spec, DType::bf16);
  const WeightView& head = weights->head();
  std::string wanted(panel_bytes(head.rows, head.cols, head.dtype), 'x');
  pack_panels(head.data, head.rows, head.cols, head.dtype, wanted.data());
  EXPECT_EQ(std::memcmp(head.panels, wanted.data(), wanted.size()), 0);
  EXPECT_EQ(weights->embed().panels, head.panels);
}

TEST(Weights, VersionsOfOneModelShareTheRopeTable) {
  auto first = random_weights(dense_spec(), DType::f32, 1),
       second = random_weights(dense_spec(), DType::bf16, 2);
  EXPECT_EQ(first->rope_cos(), second->rope_cos());
  EXPECT_EQ(first->rope_sin() - first->rope_cos(), 32 * 5);
  EXPECT_EQ(first->rope_cos()[0], 1.0f);
  EXPECT_FLOAT_EQ(first->rope_sin()[5], std::sin(1.0f));
}

TEST(InitialMasters, AreAFunctionOfSpecAndSeed) {
  ModelSpec spec = moe_spec();
  ParameterLayout layout(spec);
  EXPECT_EQ(initial_masters(spec, layout, 5), initial_masters(spec, layout, 5));
  EXPECT_NE(initial_masters(spec, layout, 5), initial_masters(spec, layout, 6));
}

TEST(InitialMasters, HaveTheStatedDeviationsAndConstants) {
  ModelSpec spec = dense_spec();
  spec.hidden = 96;
  spec.qkv_bias = true;
  ParameterLayout layout(spec);
  std::vector<float> masters = initial_masters(spec, layout, 3);
  auto deviation = [&](int index) {
    const Parameter& p = layout[index];
    double sum = 0;
    for (int64_t i = 0; i < p.elements(); ++i)
      sum += std::pow(masters[static_cast<size_t>(p.offset + i)], 2.0);
    return std::sqrt(sum / static_cast<double>(p.elements()));
  };
  const LayerParameters& at = layout.layer(1);
  EXPECT_NEAR(deviation(layout.embed()), 0.02, 0.0008);
  EXPECT_NEAR(deviation(at.qkv), 0.02, 0.0008);
  EXPECT_NEAR(deviation(at.gate_up), 0.02, 0.0008);
  EXPECT_NEAR(deviation(at.attn_out), 0.02 / 2, 0.0004);  // 1 / sqrt(2 layers) = 1/2
  EXPECT_NEAR(deviation(at.down), 0.02 / 2, 0.0004);
  EXPECT_EQ(masters[static_cast<size_t>(layout[at.q_norm].offset + 9)], 1.0f);
  EXPECT_EQ(masters[static_cast<size_t>(layout[at.q_norm].offset + 10)], 0.0f);  // padding
  EXPECT_EQ(deviation(at.qkv_bias), 0.0);
  EXPECT_EQ(deviation(layout.final_norm()), 1.0);
}

}  // namespace
}  // namespace reckon
