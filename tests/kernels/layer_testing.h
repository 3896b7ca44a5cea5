// One decoder layer's worth of weights, and each span run on chosen rows: what the identity tests
// compare.
#pragma once

#include "tests/kernels/kernel_testing.h"

namespace reckon::testing {

struct LayerShape {
  int hidden = 40, heads = 4, kv_heads = 2, head_dim = 10, ffn = 24, experts = 5, top_k = 2,
      vocab = 300;
  int qkv() const { return (heads + 2 * kv_heads) * head_dim; }
};

class TestLayer {
 public:
  TestLayer(LayerShape shape_, DType dtype_)
      : shape(shape_),
        dtype(dtype_),
        norm(Tensor::random(dtype_, shape_.hidden, 2, 1)),
        qkv_weight(dtype_, shape_.qkv(), shape_.hidden, 2),
        qkv_bias(Tensor::random(dtype_, shape_.qkv(), 1, 3)),
        q_norm(Tensor::random(dtype_, shape_.head_dim, 2, 4)),
        k_norm(Tensor::random(dtype_, shape_.head_dim, 2, 5)),
        out_weight(dtype_, shape_.hidden, shape_.heads * shape_.head_dim, 6),
        gate_up(dtype_, 2 * shape_.ffn, shape_.hidden, 7),
        down(dtype_, shape_.hidden, shape_.ffn, 8),
        router(dtype_, shape_.experts, shape_.hidden, 9),
        head(dtype_, shape_.vocab + 5, shape_.hidden, 10) {
    for (int e = 0; e < shape.experts; ++e) {
      const auto stream = static_cast<uint64_t>(e);
      expert_gate_up.emplace_back(dtype, 2 * shape.ffn, shape.hidden, 100 + stream);
      expert_down.emplace_back(dtype, shape.hidden, shape.ffn, 200 + stream);
    }
    for (int e = 0; e < shape.experts; ++e) {
      gate_up_views.push_back(expert_gate_up[static_cast<size_t>(e)].view());
      down_views.push_back(expert_down[static_cast<size_t>(e)].view());
    }
    cos.resize(static_cast<size_t>(kPositions) * shape.head_dim / 2);
    sin.resize(cos.size());
    rope_table(10000, shape.head_dim, kPositions, cos.data(), sin.data());
  }

  static constexpr int kPositions = 700;
  static constexpr float kEps = 0.01f;  // large enough to show when it is forgotten

  // The source rows that RowKernels draw from.
  Tensor source(int rows, int width, uint64_t stream = 50) const {
    return Tensor::random(dtype, int64_t{rows} * width, 1.5f, stream);
  }

  LayerShape shape;
  DType dtype;
  Tensor norm;
  Weight qkv_weight;
  Tensor qkv_bias, q_norm, k_norm;
  Weight out_weight, gate_up, down, router, head;
  std::vector<Weight> expert_gate_up, expert_down;
  std::vector<WeightView> gate_up_views, down_views;
  std::vector<float> cos, sin;
};

struct MoeResult {
  Tensor normed, gate_up, h, y, out;
  std::vector<float> probabilities, weights;
  std::vector<int32_t> ids, offsets, order, place;
};

// route (or the ids given instead), dispatch, experts, combine.
inline MoeResult run_moe(const KernelTable& kernels, ThreadPool& pool, const TestLayer& layer,
                         const Tensor& x, const std::vector<int32_t>& forced_ids = {}) {
  const LayerShape& s = layer.shape;
  const int rows = static_cast<int>(x.size() / s.hidden), slots = rows * s.top_k;
  const auto blank = [&](int64_t n) { return Tensor(layer.dtype, n); };
  MoeResult r{blank(int64_t{rows} * s.hidden),
              blank(int64_t{slots} * 2 * s.ffn),
              blank(int64_t{slots} * s.ffn),
              blank(int64_t{slots} * s.hidden),
              blank(int64_t{rows} * s.hidden),
              std::vector<float>(static_cast<size_t>(rows * s.experts)),
              std::vector<float>(static_cast<size_t>(slots)),
              std::vector<int32_t>(static_cast<size_t>(slots)),
              std::vector<int32_t>(static_cast<size_t>(s.experts) + 1),
              std::vector<int32_t>(static_cast<size_t>(slots)),
              std::vector<int32_t>(static_cast<size_t>(slots))};
  kernels.route({.rows = rows,
                 .dtype = layer.dtype,
                 .x = x.data(),
                 .norm_weight = layer.norm.data(),
                 .eps = TestLayer::kEps,
                 .router = layer.router.view(),
                 .top_k = s.top_k,
                 .normed = r.normed.data(),
                 .probabilities = r.probabilities.data(),
                 .ids = r.ids.data(),
                 .weights = r.weights.data()},
                pool);
  if (!forced_ids.empty()) r.ids = forced_ids;
  kernels.dispatch({.rows = rows,
                    .top_k = s.top_k,
                    .experts = s.experts,
                    .ids = r.ids.data(),
                    .offsets = r.offsets.data(),
                    .order = r.order.data(),
                    .place = r.place.data()},
                   pool);
  kernels.experts({.rows = rows,
                   .top_k = s.top_k,
                   .experts = s.experts,
                   .dtype = layer.dtype,
                   .normed = r.normed.data(),
                   .offsets = r.offsets.data(),
                   .order = r.order.data(),
                   .gate_up_weights = layer.gate_up_views.data(),
                   .down_weights = layer.down_views.data(),
                   .gate_up = r.gate_up.data(),
                   .h = r.h.data(),
                   .y = r.y.data()},
                  pool);
  kernels.combine({.rows = rows,
                   .top_k = s.top_k,
                   .hidden = s.hidden,
                   .dtype = layer.dtype,
                   .weights = r.weights.data(),
                   .place = r.place.data(),
                   .y = r.y.data(),
                   .residual = x.data(),
                   .out = r.out.data()},
                  pool);
  return r;
}

struct MlpResult {
  Tensor normed, gate_up, h, out;
};

// mlp_in, mlp_out.
inline MlpResult run_mlp(const KernelTable& kernels, ThreadPool& pool, const TestLayer& layer,
                         const Tensor& x) {
  const LayerShape& s = layer.shape;
  const int rows = static_cast<int>(x.size() / s.hidden);
  MlpResult r{Tensor(layer.dtype, x.size()), Tensor(layer.dtype, int64_t{rows} * 2 * s.ffn),
              Tensor(layer.dtype, int64_t{rows} * s.ffn), Tensor(layer.dtype, x.size())};
  kernels.mlp_in({.rows = rows,
                  .dtype = layer.dtype,
                  .x = x.data(),
                  .norm_weight = layer.norm.data(),
                  .eps = TestLayer::kEps,
                  .gate_up_weight = layer.gate_up.view(),
                  .normed = r.normed.data(),
                  .gate_up = r.gate_up.data(),
                  .h = r.h.data()},
                 pool);
  kernels.mlp_out({.rows = rows,
                   .dtype = layer.dtype,
                   .in = r.h.data(),
                   .weight = layer.down.view(),
                   .residual = x.data(),
                   .out = r.out.data()},
                  pool);
  return r;
}

struct HeadResult {
  std::vector<HeadAnswer> answers;
  Tensor normed;
  std::vector<float> logits;
};

inline HeadResult run_head(const KernelTable& kernels, ThreadPool& pool, const TestLayer& layer,
                           const Tensor& x, const std::vector<HeadQuery>& queries,
                           bool keep_logits = false) {
  const LayerShape& s = layer.shape;
  const int rows = static_cast<int>(x.size() / s.hidden);
  HeadResult r{std::vector<HeadAnswer>(queries.size()), Tensor(layer.dtype, x.size()), {}};
  if (keep_logits) r.logits.resize(static_cast<size_t>(rows) * s.vocab);
  kernels.head({.rows = rows,
                .dtype = layer.dtype,
                .x = x.data(),
                .norm_weight = layer.norm.data(),
                .eps = TestLayer::kEps,
                .weight = layer.head.view(),
                .vocab = s.vocab,
                .queries = queries.data(),
                .query_count = static_cast<int>(queries.size()),
                .answers = r.answers.data(),
                .normed = r.normed.data(),
                .logits = keep_logits ? r.logits.data() : nullptr},
               pool);
  return r;
}

// KV pages of one layer, filled with NaN so that a slot read before it is written shows.
class TestPages {
 public:
  TestPages(const LayerShape& shape, DType dtype, int pages)
      : bytes_(Tensor(dtype,
                      static_cast<int64_t>(kv_page_bytes(shape.kv_heads, shape.head_dim, dtype)) *
                          pages / static_cast<int64_t>(dtype_size(dtype)))),
        pool_{bytes_.data(), dtype, shape.kv_heads, shape.head_dim} {
    for (int64_t i = 0; i < bytes_.size(); ++i) bytes_.set(i, std::nanf(""));
  }
  const KvPool& pool() const { return pool_; }

 private:
  Tensor bytes_;
  KvPool pool_;
};

// One row's place: its position and the spans of pages that hold positions 0 .. position.
struct RowPlace {
  int position;
  std::vector<KvSpan> spans;
};

struct AttentionResult {
  Tensor normed, raw, qkv, attended;
  std::vector<float> lse;

  // Everything that belongs to one row.
  std::string row(int i, const LayerShape& s) const {
    const int64_t width = s.qkv(), out = int64_t{s.heads} * s.head_dim;
    return raw.slice(i * width, width) + qkv.slice(i * width, width) +
           attended.slice(i * out, out) + bytes_of(lse.data() + i * s.heads, s.heads);
  }
};

// attention_in writes the rows' keys and values, then attend reads them.
inline AttentionResult run_attention(const KernelTable& kernels, ThreadPool& pool,
                                     const TestLayer& layer, const Tensor& x,
                                     const std::vector<RowPlace>& places, const TestPages& pages) {
  const LayerShape& s = layer.shape;
  const int rows = static_cast<int>(places.size()), width = s.qkv();
  std::vector<int32_t> positions, kv_pages, begin = {0};
  std::vector<KvSpan> spans;
  for (const RowPlace& place : places) {
    const KvSpan& own = place.spans.back();
    positions.push_back(place.position);
    kv_pages.push_back(
        own.pages[place.position / kKvPageTokens - own.first_position / kKvPageTokens]);
    spans.insert(spans.end(), place.spans.begin(), place.spans.end());
    begin.push_back(static_cast<int32_t>(spans.size()));
  }
  AttentionResult r{Tensor(layer.dtype, x.size()), Tensor(layer.dtype, int64_t{rows} * width),
                    Tensor(layer.dtype, int64_t{rows} * width),
                    Tensor(layer.dtype, int64_t{rows} * s.heads * s.head_dim),
                    std::vector<float>(static_cast<size_t>(rows * s.heads))};
  kernels.attention_in({.rows = rows,
                        .dtype = layer.dtype,
                        .x = x.data(),
                        .norm_weight = layer.norm.data(),
                        .eps = TestLayer::kEps,
                        .qkv_weight = layer.qkv_weight.view(),
                        .qkv_bias = layer.qkv_bias.data(),
                        .q_norm = layer.q_norm.data(),
                        .k_norm = layer.k_norm.data(),
                        .heads = s.heads,
                        .kv_heads = s.kv_heads,
                        .head_dim = s.head_dim,
                        .rope_cos = layer.cos.data(),
                        .rope_sin = layer.sin.data(),
                        .positions = positions.data(),
                        .kv = pages.pool(),
                        .kv_pages = kv_pages.data(),
                        .normed = r.normed.data(),
                        .qkv_raw = r.raw.data(),
                        .qkv = r.qkv.data()},
                       pool);
  kernels.attend({.rows = rows,
                  .dtype = layer.dtype,
                  .q = r.qkv.data(),
                  .q_stride = width,
                  .heads = s.heads,
                  .kv_heads = s.kv_heads,
                  .head_dim = s.head_dim,
                  .scale = 1 / std::sqrt(static_cast<float>(s.head_dim)),
                  .kv = pages.pool(),
                  .spans = spans.data(),
                  .span_begin = begin.data(),
                  .out = r.attended.data(),
                  .lse = r.lse.data()},
                 pool);
  return r;
}

}  // namespace reckon::testing
