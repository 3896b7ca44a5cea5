// Routing ties, dispatch, and experts at the extremes.
#include "tests/kernels/layer_testing.h"

namespace reckon::testing {
namespace {

TEST(Dispatch, SortsSlotsByExpertStably) {
  ThreadPool pool(1);
  const std::vector<int32_t> ids = {2, 0, 2, 3, 0, 2};
  std::vector<int32_t> offsets(6), order(6), place(6);
  widest().dispatch({.rows = 3,
                     .top_k = 2,
                     .experts = 5,
                     .ids = ids.data(),
                     .offsets = offsets.data(),
                     .order = order.data(),
                     .place = place.data()},
                    pool);
  EXPECT_EQ(offsets, (std::vector<int32_t>{0, 2, 2, 5, 6, 6}));
  EXPECT_EQ(order, (std::vector<int32_t>{1, 4, 0, 2, 5, 3}));
  EXPECT_EQ(place, (std::vector<int32_t>{2, 0, 3, 5, 1, 4}));
}

TEST(Dispatch, RefusesAnExpertThatIsNotThere) {
  ThreadPool pool(1);
  const std::vector<int32_t> ids = {5};
  std::vector<int32_t> offsets(6), order(1), place(1);
  EXPECT_THROW(widest().dispatch({.rows = 1,
                                  .top_k = 1,
                                  .experts = 5,
                                  .ids = ids.data(),
                                  .offsets = offsets.data(),
                                  .order = order.data(),
                                  .place = place.data()},
                                 pool),
               std::exception);
}

class Experts : public EveryProfile {};
RECKON_EVERY_PROFILE(Experts);

// The same row through the same experts gives the same bits whether its experts are crowded or
// empty.
TEST_P(Experts, CrowdedAndEmptyExpertsGiveTheSameBits) {
  ThreadPool pool(2);
  constexpr int kRows = 210;
  for (DType dtype : dtypes()) {
    const TestLayer layer({}, dtype);
    const int hidden = layer.shape.hidden;
    const Tensor x = layer.source(kRows, hidden);
    std::vector<int32_t> all_on_one;
    for (int row = 0; row < kRows; ++row) all_on_one.insert(all_on_one.end(), {3, 1});
    const MoeResult crowded = run_moe(kernels(), pool, layer, x, all_on_one);
    EXPECT_EQ(crowded.offsets, (std::vector<int32_t>{0, 0, kRows, kRows, 2 * kRows, 2 * kRows}));
    for (int row : {0, 1, 95, 96, 150, kRows - 1}) {
      const MoeResult alone = run_moe(kernels(), pool, layer, x.gather({row}, hidden), {3, 1});
      EXPECT_EQ(crowded.out.slice(int64_t{row} * hidden, hidden), alone.out.bytes()) << row;
    }
  }
}

TEST(Route, TiesGoToTheLowestExpert) {
  ThreadPool pool(1);
  for (DType dtype : dtypes()) {
    const LayerShape s{.experts = 20, .top_k = 4};
    const TestLayer layer(s, dtype);
    const Tensor zero(dtype, s.hidden);  // all logits are 0
    const MoeResult r = run_moe(widest(), pool, layer, zero);
    EXPECT_EQ(r.ids, (std::vector<int32_t>{0, 1, 2, 3}));
    EXPECT_EQ(r.weights, (std::vector<float>{0.25f, 0.25f, 0.25f, 0.25f}));
    EXPECT_FLOAT_EQ(r.probabilities[19], 0.05f);
  }
}

TEST(Route, WithoutNormalisationTheWeightsAreTheProbabilities) {
  ThreadPool pool(1);
  const TestLayer layer({}, DType::f32);
  const LayerShape& s = layer.shape;
  const Tensor x = layer.source(3, s.hidden);
  Tensor normed(DType::f32, x.size());
  std::vector<float> probabilities(15), weights(6);
  std::vector<int32_t> ids(6);
  widest().route({.rows = 3,
                  .dtype = DType::f32,
                  .x = x.data(),
                  .norm_weight = layer.norm.data(),
                  .eps = 1e-6f,
                  .router = layer.router.view(),
                  .top_k = 2,
                  .normalise = false,
                  .normed = normed.data(),
                  .probabilities = probabilities.data(),
                  .ids = ids.data(),
                  .weights = weights.data()},
                 pool);
  for (size_t i = 0; i < 6; ++i)
    EXPECT_EQ(weights[i], probabilities[i / 2 * 5 + static_cast<size_t>(ids[i])]);
}

// A diverged model must end in NaN, not in a crash.
TEST(Route, NaNStaysInsideItsRowAndInBounds) {
  ThreadPool pool(1);
  for (DType dtype : dtypes()) {
    const TestLayer layer({}, dtype);
    const int hidden = layer.shape.hidden;
    Tensor x = layer.source(3, hidden);
    const MoeResult clean = run_moe(widest(), pool, layer, x);
    x.set(hidden + 4, std::nanf(""));
    const MoeResult dirty = run_moe(widest(), pool, layer, x);
    EXPECT_TRUE(std::isnan(dirty.out.get(hidden)));
    EXPECT_EQ(dirty.out.slice(0, hidden), clean.out.slice(0, hidden));
    EXPECT_EQ(dirty.out.slice(2 * hidden, hidden), clean.out.slice(2 * hidden, hidden));
  }
}

// The router keeps its FMA chain whatever the linear layers do.
TEST(Route, HasTheSameBitsInEveryProfile) {
  ThreadPool pool(1);
  const TestLayer layer({}, DType::bf16);
  const Tensor x = layer.source(50, layer.shape.hidden);
  const MoeResult portable = run_moe(widest(), pool, layer, x),
                  other = run_moe(widest(Profile::avx512bf16), pool, layer, x);
  EXPECT_EQ(bytes_of(portable.probabilities), bytes_of(other.probabilities));
}

}  // namespace
}  // namespace reckon::testing
