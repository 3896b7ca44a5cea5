// Every kernel against the plain reference in double. Tolerances, relative to 1 + |expected|: in
// f32, sums of at most 200 products of size 1 carry an error of about sqrt(200) * 2^-24 = 1e-6, and
// softmax and norms multiply it by a few: 1e-5. In bf16 the reference rounds at the same points,
// but a value near a rounding boundary may fall on the other side, one step of 2^-8 of its size,
// and a few such steps meet in a sum: 3e-2.
#include "kernels/reference.h"

#include "tests/kernels/layer_testing.h"

namespace reckon::testing {
namespace {

double tolerance(DType dtype) { return dtype == DType::f32 ? 1e-5 : 3e-2; }

std::vector<double> widened(const std::vector<float>& x) { return {x.begin(), x.end()}; }

std::vector<LayerShape> shapes() {
  return {{},
          {.hidden = 17,
           .heads = 3,
           .kv_heads = 3,
           .head_dim = 6,
           .ffn = 9,
           .experts = 3,
           .top_k = 3,
           .vocab = 33},
          {.hidden = 129,
           .heads = 6,
           .kv_heads = 2,
           .head_dim = 36,
           .ffn = 70,
           .experts = 9,
           .top_k = 2,
           .vocab = 2500},
          {.hidden = 192,
           .heads = 5,
           .kv_heads = 1,
           .head_dim = 64,
           .ffn = 128,
           .experts = 4,
           .top_k = 1,
           .vocab = 515}};
}

struct Case {
  Profile profile;
  LayerShape shape;
  DType dtype;
};

class AgainstReference : public ::testing::TestWithParam<Case> {
 protected:
  TestLayer layer_{GetParam().shape, GetParam().dtype};
  const LayerShape& s_ = layer_.shape;
  DType dtype_ = GetParam().dtype;
  double tolerance_ = tolerance(GetParam().dtype);
  const KernelTable& kernels_ = widest(GetParam().profile);
  ThreadPool pool_{2};

  std::vector<double> normed(const Tensor& x) const {
    std::vector<double> out(static_cast<size_t>(x.size()));
    reference::rms_norm<double>(static_cast<int>(x.size() / s_.hidden), s_.hidden,
                                x.doubles().data(), layer_.norm.doubles().data(), TestLayer::kEps,
                                dtype_, out.data());
    return out;
  }
};

std::vector<Case> cases() {
  std::vector<Case> out;
  for (Profile profile : profiles()) {
    for (const LayerShape& shape : shapes()) {
      for (DType dtype : dtypes()) out.push_back({profile, shape, dtype});
    }
  }
  return out;
}

INSTANTIATE_TEST_SUITE_P(Shapes, AgainstReference, ::testing::ValuesIn(cases()),
                         [](const auto& info) {
                           return cat(profile_name(info.param.profile), "_hidden",
                                      info.param.shape.hidden, dtype_name(info.param.dtype));
                         });

TEST_P(AgainstReference, Embed) {
  const Weight table(dtype_, 11, s_.hidden, 60);
  const std::vector<int32_t> tokens = {10, 0, 3, 3};
  Tensor out(dtype_, 4 * s_.hidden);
  kernels_.embed({.rows = 4,
                  .dtype = dtype_,
                  .tokens = tokens.data(),
                  .table = table.view(),
                  .out = out.data()},
                 pool_);
  EXPECT_EQ(out.bytes(), table.data.gather({10, 0, 3, 3}, s_.hidden).bytes());
}

TEST_P(AgainstReference, Mlp) {
  const Tensor x = layer_.source(23, s_.hidden);
  const MlpResult r = run_mlp(kernels_, pool_, layer_, x);
  const std::vector<double> expected = normed(x);
  EXPECT_TRUE(all_near(r.normed.doubles(), expected, tolerance_));
  // Each later stage is compared on the kernel's own inputs to it, so that a flipped rounding does
  // not spread.
  std::vector<double> gate_up(static_cast<size_t>(23 * 2 * s_.ffn));
  reference::linear<double>(23, 2 * s_.ffn, s_.hidden, r.normed.doubles().data(),
                            layer_.gate_up.data.doubles().data(), nullptr, gate_up.data());
  reference::round_all(gate_up, dtype_);
  EXPECT_TRUE(all_near(r.gate_up.doubles(), gate_up, tolerance_));
  EXPECT_TRUE(all_near(
      r.h.doubles(), reference::gated(23, s_.ffn, r.gate_up.doubles().data(), dtype_), tolerance_));
  EXPECT_TRUE(
      all_near(r.out.doubles(),
               reference::project(23, s_.hidden, s_.ffn, r.h.doubles().data(),
                                  layer_.down.data.doubles().data(), x.doubles().data(), dtype_),
               tolerance_));
}

TEST_P(AgainstReference, Moe) {
  constexpr int kRows = 37;
  const Tensor x = layer_.source(kRows, s_.hidden);
  const MoeResult r = run_moe(kernels_, pool_, layer_, x);
  std::vector<std::vector<double>> gate_up, down;
  std::vector<const double*> gate_up_rows, down_rows;
  for (int e = 0; e < s_.experts; ++e) {
    gate_up.push_back(layer_.expert_gate_up[static_cast<size_t>(e)].data.doubles());
    down.push_back(layer_.expert_down[static_cast<size_t>(e)].data.doubles());
  }
  for (size_t e = 0; e < gate_up.size(); ++e) {
    gate_up_rows.push_back(gate_up[e].data());
    down_rows.push_back(down[e].data());
  }
  const std::vector<double> input = r.normed.doubles(), residual = x.doubles();
  std::vector<double> logits(static_cast<size_t>(kRows * s_.experts));
  reference::linear<double>(kRows, s_.experts, s_.hidden, input.data(),
                            layer_.router.data.doubles().data(), nullptr, logits.data());
  std::vector<double> probabilities, weights, out;
  for (int row = 0; row < kRows; ++row) {
    const auto routed =
        reference::route(s_.experts, s_.top_k, true, logits.data() + row * s_.experts);
    const std::vector<int> ids(r.ids.begin() + row * s_.top_k,
                               r.ids.begin() + (row + 1) * s_.top_k);
    EXPECT_EQ(ids, routed.ids) << "row " << row;
    probabilities.insert(probabilities.end(), routed.probabilities.begin(),
                         routed.probabilities.end());
    weights.insert(weights.end(), routed.weights.begin(), routed.weights.end());
    const auto mixed = reference::moe_row(s_.hidden, s_.ffn, input.data() + row * s_.hidden,
                                          routed.ids, routed.weights, gate_up_rows, down_rows,
                                          residual.data() + row * s_.hidden, dtype_);
    out.insert(out.end(), mixed.begin(), mixed.end());
  }
  EXPECT_TRUE(all_near(widened(r.probabilities), probabilities, 1e-5));
  EXPECT_TRUE(all_near(widened(r.weights), weights, 1e-5));
  // Two roundings of gate_up and h flip before the last sum: allow one more step.
  EXPECT_TRUE(all_near(r.out.doubles(), out, 2 * tolerance_));
}

TEST_P(AgainstReference, AttentionOverTwoChunks) {
  constexpr int kTokens = 290;
  const int width = s_.qkv(), out_width = s_.heads * s_.head_dim;
  const Tensor x = layer_.source(kTokens, s_.hidden);
  const TestPages pages(s_, dtype_, kTokens / kKvPageTokens + 1);
  std::vector<int32_t> page_ids = first_rows(kTokens / kKvPageTokens + 1),
                       positions = first_rows(kTokens);
  std::vector<RowPlace> places;
  for (int i = 0; i < kTokens; ++i) places.push_back({i, {{0, i + 1, page_ids.data()}}});
  const AttentionResult r = run_attention(kernels_, pool_, layer_, x, places, pages);
  EXPECT_TRUE(all_near(r.normed.doubles(), normed(x), tolerance_));

  const reference::AttentionShape shape{s_.heads, s_.kv_heads, s_.head_dim};
  const std::vector<double> expected = reference::qkv<double>(
      kTokens, s_.hidden, shape, r.normed.doubles().data(), layer_.qkv_weight.data.doubles().data(),
      layer_.qkv_bias.doubles().data(), layer_.q_norm.doubles().data(),
      layer_.k_norm.doubles().data(), TestLayer::kEps, 10000, positions.data(), dtype_);
  // The table of cosines is rounded to float once: positions up to 290 times 2^-24 in f32.
  EXPECT_TRUE(all_near(r.qkv.doubles(), expected, tolerance_));

  const std::vector<double> qkv = r.qkv.doubles();
  std::vector<double> attended(static_cast<size_t>(kTokens * out_width)),
      lse(static_cast<size_t>(kTokens * s_.heads));
  for (int i = 0; i < kTokens; ++i) {
    reference::attend<double>(shape, 1 / std::sqrt(s_.head_dim), qkv.data() + int64_t{i} * width,
                              qkv.data(), first_rows(i + 1), dtype_,
                              attended.data() + int64_t{i} * out_width, lse.data() + i * s_.heads);
  }
  EXPECT_TRUE(all_near(r.attended.doubles(), attended, tolerance_));
  EXPECT_TRUE(all_near(widened(r.lse), lse, 1e-5));
}

// The kernel's own logits go into the reference, so thresholds and ties are the same question for
// both.
TEST_P(AgainstReference, HeadScoresAndSamples) {
  const Tensor x = layer_.source(6, s_.hidden);
  std::vector<HeadQuery> queries;
  for (int row = 0; row < 6; ++row) {
    for (int kind = 0; kind < 6; ++kind) {
      HeadQuery query{.row = row,
                      .inverse_temperature = 0.8f,
                      .key = test_key(static_cast<uint64_t>(100 + row))};
      if (kind == 0) query.target = row * 5;
      if (kind == 1) query.greedy = true;
      if (kind == 2) query.top_k = 7;
      if (kind == 3) query.top_p = 0.7f;
      if (kind == 4) query.min_p = 0.05f;
      queries.push_back(query);
    }
  }
  const HeadResult r = run_head(kernels_, pool_, layer_, x, queries, true);
  std::vector<double> logits(static_cast<size_t>(6 * (s_.vocab + 5)));
  reference::linear<double>(6, s_.vocab + 5, s_.hidden, r.normed.doubles().data(),
                            layer_.head.data.doubles().data(), nullptr, logits.data());
  for (size_t i = 0; i < queries.size(); ++i) {
    const float* row = r.logits.data() + queries[i].row * s_.vocab;
    const std::vector<double> exact(logits.begin() + queries[i].row * (s_.vocab + 5),
                                    logits.begin() + queries[i].row * (s_.vocab + 5) + s_.vocab);
    EXPECT_TRUE(all_near(std::vector<double>(row, row + s_.vocab), exact, 1e-5));
    const std::vector<double> own(row, row + s_.vocab);
    const auto expected = reference::head<double>(s_.vocab, own.data(), queries[i]);
    const HeadAnswer& actual = r.answers[i];
    EXPECT_EQ(actual.token, expected.token) << "query " << i;
    EXPECT_EQ(actual.kept, expected.kept) << "query " << i;
    EXPECT_NEAR(actual.logprob, expected.logprob, 1e-5) << "query " << i;
    EXPECT_NEAR(actual.entropy, expected.entropy, 1e-5) << "query " << i;
    EXPECT_NEAR(actual.lse, expected.lse, 1e-5) << "query " << i;
    ASSERT_EQ(std::isfinite(actual.threshold), std::isfinite(expected.threshold));
    if (std::isfinite(expected.threshold)) {
      EXPECT_NEAR(actual.threshold, expected.threshold, 1e-5);
    }
  }
}

// Float is the other instance: it must agree with double to float's precision.
TEST(Reference, FloatAgreesWithDouble) {
  const Tensor x = Tensor::random(DType::f32, 5 * 40, 1, 1),
               w = Tensor::random(DType::f32, 40, 1, 2);
  std::vector<float> xf, wf, out(200);
  for (int i = 0; i < 200; ++i) xf.push_back(x.get(i));
  for (int i = 0; i < 40; ++i) wf.push_back(w.get(i));
  reference::rms_norm<float>(5, 40, xf.data(), wf.data(), 1e-6f, DType::f32, out.data());
  std::vector<double> exact(200);
  reference::rms_norm<double>(5, 40, x.doubles().data(), w.doubles().data(), 1e-6, DType::f32,
                              exact.data());
  EXPECT_TRUE(all_near(widened(out), exact, 1e-6));
}

}  // namespace
}  // namespace reckon::testing
