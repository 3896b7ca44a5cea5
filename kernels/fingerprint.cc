// numerics_id: what the kernels make of fixed pseudo-random inputs, hashed. Shapes are small, odd
// where a tail could go wrong, and long enough for two attention chunks and several vocabulary
// segments.
#include <string>
#include <vector>

#include "kernels/kernels.h"

namespace reckon {
namespace {

constexpr int kRows = 270, kHidden = 40, kHeads = 4, kKvHeads = 2, kHeadDim = 10, kFfn = 24;
constexpr int kExperts = 6, kTopK = 2, kVocab = 300, kHeadRows = 7;
constexpr int kQkv = (kHeads + 2 * kKvHeads) * kHeadDim;

// Runs every kernel once in one storage type and collects the bytes of what they write.
class Probe {
 public:
  Probe(const KernelTable& kernels, DType dtype) : kernels_(kernels), dtype_(dtype), pool_(1) {}

  std::string outputs() {
    embed();
    attention();
    mlp();
    moe();
    head();
    return std::move(bytes_);
  }

 private:
  using Buffer = std::vector<std::byte>;

  struct Weight {
    Buffer data, panels;
    WeightView view;
  };

  Buffer blank(int64_t elements) const {
    return Buffer(static_cast<size_t>(elements) * dtype_size(dtype_));
  }

  // Uniform in (-scale, scale), rounded to the storage type; every call draws a stream of its own.
  Buffer values(int64_t elements, float scale) {
    Buffer out = blank(elements);
    const RandomKey key = random_key(1, Domain::test, {++streams_});
    for (int64_t i = 0; i < elements; ++i) {
      const float x = (random_uniform(key, static_cast<uint32_t>(i)) * 2 - 1) * scale;
      if (dtype_ == DType::f32) {
        reinterpret_cast<float*>(out.data())[i] = x;
      } else {
        reinterpret_cast<bf16*>(out.data())[i] = from_float<bf16>(x);
      }
    }
    return out;
  }

  Weight weight(int rows, int cols) {
    Weight w{values(int64_t{rows} * cols, 0.3f), Buffer(panel_bytes(rows, cols, dtype_)), {}};
    pack_panels(w.data.data(), rows, cols, dtype_, w.panels.data());
    w.view = {w.data.data(), w.panels.data(), dtype_, rows, cols};
    return w;
  }

  template <class E>
  void take(const std::vector<E>& output) {
    bytes_.append(reinterpret_cast<const char*>(output.data()), output.size() * sizeof(E));
  }

  void embed() {
    const Weight table = weight(kVocab, kHidden);
    std::vector<int32_t> tokens(kRows);
    for (int i = 0; i < kRows; ++i) tokens[static_cast<size_t>(i)] = i * 7 % kVocab;
    x_ = blank(int64_t{kRows} * kHidden);
    kernels_.embed({.rows = kRows,
                    .dtype = dtype_,
                    .tokens = tokens.data(),
                    .table = table.view,
                    .out = x_.data()},
                   pool_);
    take(x_);
  }

  void attention() {
    const Weight qkv_weight = weight(kQkv, kHidden),
                 out_weight = weight(kHidden, kHeads * kHeadDim);
    const Buffer norm = values(kHidden, 2), q_norm = values(kHeadDim, 2),
                 k_norm = values(kHeadDim, 2), bias = values(kQkv, 1);
    std::vector<float> cos(kRows * kHeadDim / 2), sin(cos.size());
    rope_table(10000, kHeadDim, kRows, cos.data(), sin.data());
    std::vector<int32_t> positions(kRows), kv_pages(kRows), pages, begin(kRows + 1);
    std::vector<KvSpan> spans(kRows);
    for (int i = 0; i < kRows; i += kKvPageTokens) pages.push_back(i / kKvPageTokens);
    for (int i = 0; i < kRows; ++i) {
      const auto at = static_cast<size_t>(i);
      positions[at] = i;
      kv_pages[at] = i / kKvPageTokens;
      spans[at] = {0, i + 1, pages.data()};
      begin[at + 1] = i + 1;
    }
    Buffer pool_bytes(pages.size() * kv_page_bytes(kKvHeads, kHeadDim, dtype_));
    const KvPool kv{pool_bytes.data(), dtype_, kKvHeads, kHeadDim};
    Buffer normed = blank(int64_t{kRows} * kHidden), raw = blank(int64_t{kRows} * kQkv), qkv = raw;
    kernels_.attention_in({.rows = kRows,
                           .dtype = dtype_,
                           .x = x_.data(),
                           .norm_weight = norm.data(),
                           .eps = 1e-6f,
                           .qkv_weight = qkv_weight.view,
                           .qkv_bias = bias.data(),
                           .q_norm = q_norm.data(),
                           .k_norm = k_norm.data(),
                           .heads = kHeads,
                           .kv_heads = kKvHeads,
                           .head_dim = kHeadDim,
                           .rope_cos = cos.data(),
                           .rope_sin = sin.data(),
                           .positions = positions.data(),
                           .kv = kv,
                           .kv_pages = kv_pages.data(),
                           .normed = normed.data(),
                           .qkv_raw = raw.data(),
                           .qkv = qkv.data()},
                          pool_);
    take(normed), take(raw), take(qkv), take(pool_bytes);
    Buffer attended = blank(int64_t{kRows} * kHeads * kHeadDim);
    std::vector<float> lse(kRows * kHeads);
    kernels_.attend({.rows = kRows,
                     .dtype = dtype_,
                     .q = qkv.data(),
                     .q_stride = kQkv,
                     .heads = kHeads,
                     .kv_heads = kKvHeads,
                     .head_dim = kHeadDim,
                     .scale = 0.316f,
                     .kv = kv,
                     .spans = spans.data(),
                     .span_begin = begin.data(),
                     .out = attended.data(),
                     .lse = lse.data()},
                    pool_);
    take(attended), take(lse);
    kernels_.attention_out({.rows = kRows,
                            .dtype = dtype_,
                            .in = attended.data(),
                            .weight = out_weight.view,
                            .residual = x_.data(),
                            .out = x_.data()},
                           pool_);
    take(x_);
  }

  void mlp() {
    const Weight gate_up_weight = weight(2 * kFfn, kHidden), down = weight(kHidden, kFfn);
    const Buffer norm = values(kHidden, 2);
    Buffer normed = blank(int64_t{kRows} * kHidden), gate_up = blank(int64_t{kRows} * 2 * kFfn),
           h = blank(int64_t{kRows} * kFfn);
    kernels_.mlp_in({.rows = kRows,
                     .dtype = dtype_,
                     .x = x_.data(),
                     .norm_weight = norm.data(),
                     .eps = 1e-6f,
                     .gate_up_weight = gate_up_weight.view,
                     .normed = normed.data(),
                     .gate_up = gate_up.data(),
                     .h = h.data()},
                    pool_);
    kernels_.mlp_out({.rows = kRows,
                      .dtype = dtype_,
                      .in = h.data(),
                      .weight = down.view,
                      .residual = x_.data(),
                      .out = x_.data()},
                     pool_);
    take(gate_up), take(h), take(x_);
  }

  void moe() {
    const Weight router = weight(kExperts, kHidden);
    const Buffer norm = values(kHidden, 2);
    constexpr int kSlots = kRows * kTopK;
    Buffer normed = blank(int64_t{kRows} * kHidden);
    std::vector<float> probabilities(kRows * kExperts), weights(kSlots);
    std::vector<int32_t> ids(kSlots), order(kSlots), place(kSlots), offsets(kExperts + 1);
    kernels_.route({.rows = kRows,
                    .dtype = dtype_,
                    .x = x_.data(),
                    .norm_weight = norm.data(),
                    .eps = 1e-6f,
                    .router = router.view,
                    .top_k = kTopK,
                    .normed = normed.data(),
                    .probabilities = probabilities.data(),
                    .ids = ids.data(),
                    .weights = weights.data()},
                   pool_);
    kernels_.dispatch({.rows = kRows,
                       .top_k = kTopK,
                       .experts = kExperts,
                       .ids = ids.data(),
                       .offsets = offsets.data(),
                       .order = order.data(),
                       .place = place.data()},
                      pool_);
    std::vector<Weight> gate_up_weights, down_weights;
    std::vector<WeightView> gate_up_views, down_views;
    for (int e = 0; e < kExperts; ++e) {
      gate_up_weights.push_back(weight(2 * kFfn, kHidden));
      down_weights.push_back(weight(kHidden, kFfn));
      gate_up_views.push_back(gate_up_weights.back().view);
      down_views.push_back(down_weights.back().view);
    }
    Buffer gate_up = blank(int64_t{kSlots} * 2 * kFfn), h = blank(int64_t{kSlots} * kFfn),
           y = blank(int64_t{kSlots} * kHidden);
    kernels_.experts({.rows = kRows,
                      .top_k = kTopK,
                      .experts = kExperts,
                      .dtype = dtype_,
                      .normed = normed.data(),
                      .offsets = offsets.data(),
                      .order = order.data(),
                      .gate_up_weights = gate_up_views.data(),
                      .down_weights = down_views.data(),
                      .gate_up = gate_up.data(),
                      .h = h.data(),
                      .y = y.data()},
                     pool_);
    kernels_.combine({.rows = kRows,
                      .top_k = kTopK,
                      .hidden = kHidden,
                      .dtype = dtype_,
                      .weights = weights.data(),
                      .place = place.data(),
                      .y = y.data(),
                      .residual = x_.data(),
                      .out = x_.data()},
                     pool_);
    take(probabilities), take(ids), take(weights), take(place), take(y), take(x_);
  }

  void head() {
    const Weight weights = weight(kVocab, kHidden);
    const Buffer norm = values(kHidden, 2);
    std::vector<HeadQuery> queries(kHeadRows);
    for (int i = 0; i < kHeadRows; ++i) {
      HeadQuery& query = queries[static_cast<size_t>(i)];
      query.row = i;
      query.inverse_temperature = 1 + 0.25f * static_cast<float>(i);
      query.key = random_key(1, Domain::test, {1000u + static_cast<uint64_t>(i)});
    }
    queries[1].target = 123;
    queries[2].greedy = true;
    queries[3].top_k = 20;
    queries[4].top_p = 0.8f;
    queries[5].min_p = 0.1f;
    std::vector<HeadAnswer> answers(kHeadRows);
    std::vector<float> logits(kHeadRows * kVocab);
    Buffer normed = blank(int64_t{kHeadRows} * kHidden);
    kernels_.head({.rows = kHeadRows,
                   .dtype = dtype_,
                   .x = x_.data(),
                   .norm_weight = norm.data(),
                   .eps = 1e-6f,
                   .weight = weights.view,
                   .vocab = kVocab - 3,
                   .queries = queries.data(),
                   .query_count = kHeadRows,
                   .answers = answers.data(),
                   .normed = normed.data(),
                   .logits = logits.data()},
                  pool_);
    take(normed), take(logits), take(answers);
  }

  const KernelTable& kernels_;
  DType dtype_;
  ThreadPool pool_;
  uint64_t streams_ = 0;
  Buffer x_;  // [kRows, kHidden], as it goes through the layers
  std::string bytes_;
};

}  // namespace

NumericsId numerics_id(const KernelTable& kernels) {
  const std::string outputs =
      Probe(kernels, DType::f32).outputs() + Probe(kernels, DType::bf16).outputs();
  return {kContractVersion, profile_name(kernels.profile), digest_of(outputs)};
}

}  // namespace reckon
