#include "rollout/sampler_ops.h"

#include <algorithm>
#include <cstdlib>
#include <utility>

#include "base/error.h"
#include "base/text.h"

namespace reckon {
namespace {

constexpr size_t kAlignment = 64;

int32_t* ints(std::byte* bytes) { return reinterpret_cast<int32_t*>(bytes); }
float* floats(std::byte* bytes) { return reinterpret_cast<float*>(bytes); }

}  // namespace

void RowBatch::reserve(int rows) {
  size_t count = static_cast<size_t>(rows);
  for (std::vector<int32_t>* list : {&tokens, &positions, &kv_pages}) list->reserve(count);
  spans.reserve(2 * count);
  span_begin.reserve(count + 1);
  clear();
}

void RowBatch::clear() {
  for (std::vector<int32_t>* list : {&tokens, &positions, &kv_pages}) list->clear();
  spans.clear();
  span_begin.assign(1, 0);
}

void RowBatch::add(int32_t token, int32_t position, int32_t kv_page,
                   std::initializer_list<KvSpan> row_spans) {
  tokens.push_back(token);
  positions.push_back(position);
  kv_pages.push_back(kv_page);
  spans.insert(spans.end(), row_spans);
  span_begin.push_back(static_cast<int32_t>(spans.size()));
}

void SamplerOps::Free::operator()(std::byte* bytes) const { std::free(bytes); }

SamplerOps::SamplerOps(const ModelSpec& spec, DType dtype, const KernelTable& kernels,
                       ThreadPool& pool, int max_rows)
    : spec_(spec), dtype_(dtype), kernels_(kernels), pool_(pool), max_rows_(max_rows) {
  RECKON_CHECK(max_rows > 0, "a forward needs a row");
  plan_workspace(max_rows);
}

void SamplerOps::plan_workspace(int max_rows) {
  size_t gate_up = 0, h = 0, slots = 0, experts = 0;  // elements per row, the largest of any layer
  for (const LayerSpec& layer : spec_.layers) {
    size_t top_k = layer.moe ? static_cast<size_t>(layer.moe->top_k) : 1;
    size_t ffn = static_cast<size_t>(layer.moe ? layer.moe->ffn : layer.ffn);
    gate_up = std::max(gate_up, top_k * 2 * ffn);
    h = std::max(h, top_k * ffn);
    if (!layer.moe) continue;
    slots = std::max(slots, top_k);
    experts = std::max(experts, static_cast<size_t>(layer.moe->experts));
  }
  size_t rows = static_cast<size_t>(max_rows), hidden = static_cast<size_t>(spec_.hidden);
  size_t element = dtype_size(dtype_);
  size_t heads = static_cast<size_t>(spec_.heads) * static_cast<size_t>(spec_.head_dim);
  const std::pair<std::byte**, size_t> buffers[] = {
      {&x_, rows * hidden * element},
      {&normed_, rows * hidden * element},
      {&qkv_, rows * static_cast<size_t>(spec_.qkv_rows()) * element},
      {&attended_, rows * heads * element},
      {&gate_up_, rows * gate_up * element},
      {&h_, rows * h * element},
      {&y_, rows * slots * hidden * element},
      {&probabilities_, rows * experts * sizeof(float)},
      {&expert_weights_, rows * slots * sizeof(float)},
      {&expert_ids_, rows * slots * sizeof(int32_t)},
      {&offsets_, (experts + 1) * sizeof(int32_t)},
      {&order_, rows * slots * sizeof(int32_t)},
      {&place_, rows * slots * sizeof(int32_t)},
  };
  auto aligned = [](size_t bytes) { return (bytes + kAlignment - 1) / kAlignment * kAlignment; };
  size_t total = 0;
  for (const auto& [pointer, bytes] : buffers) total += aligned(bytes);
  workspace_.reset(static_cast<std::byte*>(std::aligned_alloc(kAlignment, total)));
  if (workspace_ == nullptr) {
    throw Error(Code::unavailable, "rollout.max_rows",
                cat("no memory for a workspace of ", total, " bytes"), "lower rollout.max_rows");
  }
  std::byte* at = workspace_.get();
  for (const auto& [pointer, bytes] : buffers) {
    *pointer = at;
    at += aligned(bytes);
  }
}

void SamplerOps::set_weights(std::shared_ptr<const Weights> weights) {
  RECKON_CHECK(weights != nullptr, "no weights");
  if (weights->spec() != spec_ || weights->dtype() != dtype_) {
    throw Error(Code::mismatch, cat("weights of version ", weights->id().version),
                "they belong to another model or storage type than the sampler was made for",
                "start learner and sampler from the same run file");
  }
  weights_ = std::move(weights);
}

void SamplerOps::begin(const RowBatch& rows, const KvPages& pages) {
  RECKON_CHECK(weights_ != nullptr, "set_weights() comes before a forward");
  RECKON_CHECK(rows.size() <= max_rows_, "more rows than the workspace was planned for");
  rows_ = &rows;
  pages_ = &pages;
}

SamplerOps::Act SamplerOps::embed() {
  kernels_.embed({.rows = rows_->size(),
                  .dtype = dtype_,
                  .tokens = rows_->tokens.data(),
                  .table = weights_->embed(),
                  .out = x_},
                 pool_);
  return x_;
}

SamplerOps::Act SamplerOps::attention_in(int layer, Act x) {
  const LayerWeights& w = weights_->layer(layer);
  kernels_.attention_in({.rows = rows_->size(),
                         .dtype = dtype_,
                         .x = x,
                         .norm_weight = w.attn_norm,
                         .eps = spec_.norm_eps,
                         .qkv_weight = w.qkv,
                         .qkv_bias = w.qkv_bias,
                         .q_norm = w.q_norm,
                         .k_norm = w.k_norm,
                         .heads = spec_.heads,
                         .kv_heads = spec_.kv_heads,
                         .head_dim = spec_.head_dim,
                         .rope_cos = weights_->rope_cos(),
                         .rope_sin = weights_->rope_sin(),
                         .positions = rows_->positions.data(),
                         .kv = pages_->layer(layer),
                         .kv_pages = rows_->kv_pages.data(),
                         .normed = normed_,
                         .qkv_raw = qkv_,
                         .qkv = qkv_},
                        pool_);
  return qkv_;
}

SamplerOps::Act SamplerOps::attend(int layer, Act qkv) {
  kernels_.attend({.rows = rows_->size(),
                   .dtype = dtype_,
                   .q = qkv,
                   .q_stride = spec_.qkv_rows(),
                   .heads = spec_.heads,
                   .kv_heads = spec_.kv_heads,
                   .head_dim = spec_.head_dim,
                   .scale = spec_.attention_scale(),
                   .kv = pages_->layer(layer),
                   .spans = rows_->spans.data(),
                   .span_begin = rows_->span_begin.data(),
                   .out = attended_},
                  pool_);
  return attended_;
}

SamplerOps::Act SamplerOps::attention_out(int layer, Act attended, Act x) {
  kernels_.attention_out({.rows = rows_->size(),
                          .dtype = dtype_,
                          .in = attended,
                          .weight = weights_->layer(layer).attn_out,
                          .residual = x,
                          .out = x},
                         pool_);
  return x;
}

SamplerOps::Act SamplerOps::mlp_in(int layer, Act x) {
  const LayerWeights& w = weights_->layer(layer);
  kernels_.mlp_in({.rows = rows_->size(),
                   .dtype = dtype_,
                   .x = x,
                   .norm_weight = w.ffn_norm,
                   .eps = spec_.norm_eps,
                   .gate_up_weight = w.gate_up,
                   .normed = normed_,
                   .gate_up = gate_up_,
                   .h = h_},
                  pool_);
  return h_;
}

SamplerOps::Act SamplerOps::mlp_out(int layer, Act h, Act x) {
  kernels_.mlp_out({.rows = rows_->size(),
                    .dtype = dtype_,
                    .in = h,
                    .weight = weights_->layer(layer).down,
                    .residual = x,
                    .out = x},
                   pool_);
  return x;
}

SamplerOps::Routed SamplerOps::route(int layer, Act x) {
  const LayerWeights& w = weights_->layer(layer);
  Routed routed{normed_, ints(expert_ids_), floats(expert_weights_)};
  kernels_.route({.rows = rows_->size(),
                  .dtype = dtype_,
                  .x = x,
                  .norm_weight = w.ffn_norm,
                  .eps = spec_.norm_eps,
                  .router = w.router,
                  .top_k = moe(layer).top_k,
                  .normalise = moe(layer).normalise,
                  .normed = routed.normed,
                  .probabilities = floats(probabilities_),
                  .ids = routed.ids,
                  .weights = routed.weights},
                 pool_);
  return routed;
}

SamplerOps::Dispatched SamplerOps::dispatch(int layer, const Routed& routed) {
  Dispatched dispatched{ints(offsets_), ints(order_), ints(place_)};
  kernels_.dispatch({.rows = rows_->size(),
                     .top_k = moe(layer).top_k,
                     .experts = moe(layer).experts,
                     .ids = routed.ids,
                     .offsets = dispatched.offsets,
                     .order = dispatched.order,
                     .place = dispatched.place},
                    pool_);
  return dispatched;
}

SamplerOps::Act SamplerOps::experts(int layer, const Routed& routed, const Dispatched& dispatched) {
  const LayerWeights& w = weights_->layer(layer);
  kernels_.experts({.rows = rows_->size(),
                    .top_k = moe(layer).top_k,
                    .experts = moe(layer).experts,
                    .dtype = dtype_,
                    .normed = routed.normed,
                    .offsets = dispatched.offsets,
                    .order = dispatched.order,
                    .gate_up_weights = w.expert_gate_up.data(),
                    .down_weights = w.expert_down.data(),
                    .gate_up = gate_up_,
                    .h = h_,
                    .y = y_},
                   pool_);
  return y_;
}

SamplerOps::Act SamplerOps::combine(int layer, const Routed& routed, const Dispatched& dispatched,
                                    Act y, Act x) {
  kernels_.combine({.rows = rows_->size(),
                    .top_k = moe(layer).top_k,
                    .hidden = spec_.hidden,
                    .dtype = dtype_,
                    .weights = routed.weights,
                    .place = dispatched.place,
                    .y = y,
                    .residual = x,
                    .out = x},
                   pool_);
  return x;
}

void SamplerOps::head(Act x, int rows, const std::vector<HeadQuery>& queries,
                      std::vector<HeadAnswer>& answers) {
  RECKON_CHECK(rows <= rows_->size(), "the head was asked about rows that were not computed");
  answers.resize(queries.size());
  if (queries.empty()) return;
  kernels_.head({.rows = rows,
                 .dtype = dtype_,
                 .x = x,
                 .norm_weight = weights_->final_norm(),
                 .eps = spec_.norm_eps,
                 .weight = weights_->head(),
                 .vocab = spec_.vocab,
                 .queries = queries.data(),
                 .query_count = static_cast<int>(queries.size()),
                 .answers = answers.data(),
                 .normed = normed_},
                pool_);
}

}  // namespace reckon
