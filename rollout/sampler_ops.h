// The sampler's side of the decoder: SamplerOps models the Ops concept of model/decoder.h with the
// plain kernels. An activation is a pointer into a workspace planned once from (spec, most rows); a
// step allocates nothing. One thread; the kernels use the pool.
//
//   SamplerOps ops(spec, DType::bf16, kernels, pool, /*max_rows=*/256);
//   ops.set_weights(weights);
//   rows.clear(); rows.add(token, position, page, {span});
//   ops.begin(rows, pages);
//   void* x = decode(ops, spec);
//   ops.head(x, head_rows, queries, answers);
#pragma once

#include <initializer_list>
#include <memory>
#include <vector>

#include "kernels/kernels.h"
#include "model/decoder.h"
#include "model/weights.h"
#include "rollout/kv_pages.h"

namespace reckon {

// The rows of one forward, in any order. The page lists that spans point to must outlive it.
struct RowBatch {
  std::vector<int32_t> tokens, positions, kv_pages;
  std::vector<KvSpan> spans;
  std::vector<int32_t> span_begin;  // [rows + 1]

  int size() const { return static_cast<int>(tokens.size()); }
  void reserve(int rows);
  void clear();
  // kv_page takes the row's key and value; the spans cover positions 0 .. position.
  void add(int32_t token, int32_t position, int32_t kv_page,
           std::initializer_list<KvSpan> row_spans);
};

class SamplerOps {
 public:
  using Act = void*;  // T [rows, hidden] or another activation of the layer, in the workspace
  struct Routed {
    Act normed;
    int32_t* ids;
    float* weights;
  };
  struct Dispatched {
    int32_t *offsets, *order, *place;
  };

  SamplerOps(const ModelSpec& spec, DType dtype, const KernelTable& kernels, ThreadPool& pool,
             int max_rows);

  void set_weights(std::shared_ptr<const Weights> weights);
  void drop_weights() { weights_.reset(); }
  const std::shared_ptr<const Weights>& weights() const { return weights_; }

  // The rows of the forward that follows; both stay the caller's and must live until head()
  // returns.
  void begin(const RowBatch& rows, const KvPages& pages);

  Act embed();
  Act attention_in(int layer, Act x);
  Act attend(int layer, Act qkv);
  Act attention_out(int layer, Act attended, Act x);  // in place of x
  Act mlp_in(int layer, Act x);
  Act mlp_out(int layer, Act h, Act x);  // in place of x
  Routed route(int layer, Act x);
  Dispatched dispatch(int layer, const Routed& routed);
  Act experts(int layer, const Routed& routed, const Dispatched& dispatched);
  Act combine(int layer, const Routed& routed, const Dispatched& dispatched, Act y,
              Act x);  // in place of x

  // Asks about the first `rows` rows of the last layer's output x. answers is resized to queries.
  void head(Act x, int rows, const std::vector<HeadQuery>& queries,
            std::vector<HeadAnswer>& answers);

 private:
  struct Free {
    void operator()(std::byte* bytes) const;
  };
  void plan_workspace(int max_rows);
  const MoeSpec& moe(int layer) const { return *spec_.layers[static_cast<size_t>(layer)].moe; }

  ModelSpec spec_;
  DType dtype_;
  const KernelTable& kernels_;
  ThreadPool& pool_;
  int max_rows_;
  std::shared_ptr<const Weights> weights_;
  const RowBatch* rows_ = nullptr;
  const KvPages* pages_ = nullptr;

  std::unique_ptr<std::byte[], Free> workspace_;  // 64-byte aligned, and so is every buffer in it
  std::byte *x_ = nullptr, *normed_ = nullptr, *qkv_ = nullptr, *attended_ = nullptr;
  std::byte *gate_up_ = nullptr, *h_ = nullptr, *y_ = nullptr;  // dense rows, or slots of experts
  std::byte *probabilities_ = nullptr, *expert_weights_ = nullptr, *expert_ids_ = nullptr;
  std::byte *offsets_ = nullptr, *order_ = nullptr, *place_ = nullptr;
};

}  // namespace reckon
