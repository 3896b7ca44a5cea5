// Router, experts and head.
#include <ATen/ops/from_blob.h>
#include <ATen/ops/zeros.h>

#include <algorithm>
#include <limits>

#include "learner/autograd_node.h"
#include "learner/autograd_ops.h"
#include "learner/backward.h"
#include "learner/footprint.h"

namespace reckon {
namespace {

at::Tensor indices(const std::vector<int32_t>& values) {
  return at::from_blob(const_cast<int32_t*>(values.data()), {static_cast<int64_t>(values.size())},
                       at::kInt)
      .to(at::kLong);
}

}  // namespace

// ---- mixture of experts ----

LearnerOps::Routed LearnerOps::route(int layer, const at::Tensor& x) {
  const LayerWeights& weights = weights_->layer(layer);
  const MoeSpec& moe = *spec_.layers[static_cast<size_t>(layer)].moe;
  Routed routed{storage(rows(), spec_.hidden), floats({rows(), moe.top_k}),
                ints({rows(), moe.top_k})};
  at::Tensor probabilities = floats({rows(), moe.experts});
  kernels_.route({.rows = rows(),
                  .dtype = dtype_,
                  .x = x.data_ptr(),
                  .norm_weight = weights.ffn_norm,
                  .eps = spec_.norm_eps,
                  .router = weights.router,
                  .top_k = moe.top_k,
                  .normalise = moe.normalise,
                  .normed = routed.normed.data_ptr(),
                  .probabilities = f32(probabilities),
                  .ids = i32(routed.ids),
                  .weights = f32(routed.weights)},
                 pool_);
  if (!recording()) return routed;
  record({x}, {routed.normed, routed.weights},
         [this, layer, &moe, x = x.detach(), normed = routed.normed.detach(), ids = routed.ids,
          probabilities](const variable_list& d) -> variable_list {
           const LayerWeights& weights = weights_->layer(layer);
           const LayerParameters& at = weights_->layout().layer(layer);
           const at::Tensor d_weights = wide(d[1]), d_logits = floats({rows(), moe.experts});
           route_backward<float>({.rows = rows(),
                                  .experts = moe.experts,
                                  .top_k = moe.top_k,
                                  .normalise = moe.normalise,
                                  .probabilities = f32(probabilities),
                                  .ids = i32(ids),
                                  .d_weights = f32(d_weights),
                                  .d_logits = f32(d_logits)},
                                 pool_);
           at::Tensor d_normed = linear_backward(weights.router, at.router, d_logits, wide(normed));
           d_normed.add_(d[0]);
           ready(at.router);
           return {norm_backward_of(weights.ffn_norm, at.ffn_norm, x, d_normed)};
         });
  return routed;
}

LearnerOps::Dispatched LearnerOps::dispatch(int layer, const Routed& routed) {
  const MoeSpec& moe = *spec_.layers[static_cast<size_t>(layer)].moe;
  Dispatched out{ints({moe.experts + 1}), ints({rows() * moe.top_k}), ints({rows() * moe.top_k})};
  kernels_.dispatch({.rows = rows(),
                     .top_k = moe.top_k,
                     .experts = moe.experts,
                     .ids = i32(routed.ids),
                     .offsets = i32(out.offsets),
                     .order = i32(out.order),
                     .place = i32(out.place)},
                    pool_);
  return out;
}

at::Tensor LearnerOps::experts(int layer, const Routed& routed, const Dispatched& dispatched) {
  const LayerWeights& weights = weights_->layer(layer);
  const MoeSpec& moe = *spec_.layers[static_cast<size_t>(layer)].moe;
  const int64_t slots = int64_t{rows()} * moe.top_k;
  at::Tensor gate_up = storage(slots, 2 * moe.ffn), h = storage(slots, moe.ffn),
             y = storage(slots, spec_.hidden);
  kernels_.experts({.rows = rows(),
                    .top_k = moe.top_k,
                    .experts = moe.experts,
                    .dtype = dtype_,
                    .normed = routed.normed.data_ptr(),
                    .offsets = i32(dispatched.offsets),
                    .order = i32(dispatched.order),
                    .gate_up_weights = weights.expert_gate_up.data(),
                    .down_weights = weights.expert_down.data(),
                    .gate_up = gate_up.data_ptr(),
                    .h = h.data_ptr(),
                    .y = y.data_ptr()},
                   pool_);
  if (!recording()) return y;
  record({routed.normed}, {y},
         [this, layer, normed = routed.normed.detach(), dispatched, gate_up,
          h](const variable_list& d) -> variable_list {
           return {experts_backward(layer, normed, dispatched, gate_up, h, wide(d[0]))};
         });
  return y;
}

at::Tensor LearnerOps::experts_backward(int layer, const at::Tensor& normed,
                                        const Dispatched& dispatched, const at::Tensor& gate_up,
                                        const at::Tensor& h, const at::Tensor& d_y) {
  const LayerWeights& weights = weights_->layer(layer);
  const LayerParameters& at = weights_->layout().layer(layer);
  const MoeSpec& moe = *spec_.layers[static_cast<size_t>(layer)].moe;
  const int64_t slots = d_y.size(0), ffn = moe.ffn, hidden = spec_.hidden;
  const auto of_expert = [&](const at::Tensor& x, int e) {
    const int32_t* offsets = i32(dispatched.offsets);
    return x.narrow(0, offsets[e], offsets[e + 1] - offsets[e]);
  };
  // d_out = weight^T d_in of every expert at once; an expert without rows keeps its zeros.
  const auto linears = [&](int parameter, const std::vector<WeightView>& views,
                           const at::Tensor& d_out, const at::Tensor& in, const at::Tensor& d_in) {
    const at::Tensor d_weight = at::zeros({moe.experts, d_out.size(1), in.size(1)}, at::kFloat);
    std::vector<Product> products;
    for (int e = 0; e < moe.experts; ++e) {
      if (of_expert(d_in, e).size(0) == 0) continue;
      products.push_back({d_weight[e], of_expert(d_out, e).t(), of_expert(in, e)});
      products.push_back(
          {of_expert(d_in, e), of_expert(d_out, e), matrix(views[static_cast<size_t>(e)])});
    }
    multiply(products);
    add_gradient(parameter, d_weight);
  };
  const at::Tensor d_h = floats({slots, ffn}), d_gate_up = floats({slots, 2 * ffn}),
                   wide_gate_up = wide(gate_up);
  linears(at.expert_down, weights.expert_down, d_y, wide(h), d_h);
  swiglu_backward<float>({.rows = slots,
                          .ffn = ffn,
                          .gate_up = f32(wide_gate_up),
                          .d_h = f32(d_h),
                          .d_gate_up = f32(d_gate_up)},
                         pool_);
  const at::Tensor in = floats({slots, hidden}), d_in = floats({slots, hidden}),
                   wide_normed = wide(normed);
  dispatch_rows<float>({.rows = normed.size(0),
                        .top_k = moe.top_k,
                        .hidden = hidden,
                        .order = i32(dispatched.order),
                        .x = f32(wide_normed),
                        .out = f32(in)},
                       pool_);
  linears(at.expert_gate_up, weights.expert_gate_up, d_gate_up, in, d_in);
  ready(at.expert_down);
  ready(at.expert_gate_up);
  const at::Tensor d_normed = floats({normed.size(0), hidden});
  dispatch_backward<float>({.rows = normed.size(0),
                            .top_k = moe.top_k,
                            .hidden = hidden,
                            .place = i32(dispatched.place),
                            .d_slots = f32(d_in),
                            .d_x = f32(d_normed)},
                           pool_);
  return d_normed;
}

at::Tensor LearnerOps::combine(int layer, const Routed& routed, const Dispatched& dispatched,
                               const at::Tensor& outputs, const at::Tensor& residual) {
  const MoeSpec& moe = *spec_.layers[static_cast<size_t>(layer)].moe;
  at::Tensor out = storage(rows(), spec_.hidden);
  kernels_.combine({.rows = rows(),
                    .top_k = moe.top_k,
                    .hidden = spec_.hidden,
                    .dtype = dtype_,
                    .weights = f32(routed.weights),
                    .place = i32(dispatched.place),
                    .y = outputs.data_ptr(),
                    .residual = residual.data_ptr(),
                    .out = out.data_ptr()},
                   pool_);
  if (!recording()) return out;
  record({routed.weights, outputs, residual}, {out},
         [this, &moe, weights = routed.weights.detach(), place = dispatched.place,
          y = outputs.detach()](const variable_list& d) -> variable_list {
           const at::Tensor d_out = wide(d[0]), wide_y = wide(y);
           const at::Tensor d_weights = floats({rows(), moe.top_k}),
                            d_y = floats({y.size(0), spec_.hidden});
           combine_backward<float>({.rows = rows(),
                                    .top_k = moe.top_k,
                                    .hidden = spec_.hidden,
                                    .weights = f32(weights),
                                    .place = i32(place),
                                    .y = f32(wide_y),
                                    .d_out = f32(d_out),
                                    .d_weights = f32(d_weights),
                                    .d_y = f32(d_y)},
                                   pool_);
           return {d_weights, d_y, d[0]};
         });
  return out;
}

// ---- head ----

LearnerOps::Head LearnerOps::head(const at::Tensor& x) {
  const at::Tensor index = indices(plan_->head_rows);
  const at::Tensor asked = x.detach().index_select(0, index);
  const auto queries = static_cast<int64_t>(plan_->queries.size());
  Head head{floats({queries}), std::vector<HeadAnswer>(plan_->queries.size())};
  at::Tensor normed = storage(asked.size(0), spec_.hidden);
  HeadArgs args{.rows = static_cast<int>(asked.size(0)),
                .dtype = dtype_,
                .x = asked.data_ptr(),
                .norm_weight = weights_->final_norm(),
                .eps = spec_.norm_eps,
                .weight = weights_->head(),
                .vocab = spec_.vocab,
                .queries = plan_->queries.data(),
                .query_count = static_cast<int>(queries),
                .answers = head.answers.data(),
                .normed = normed.data_ptr()};
  kernels_.head(args, pool_);
  for (int64_t i = 0; i < queries; ++i)
    f32(head.logprob)[i] = head.answers[static_cast<size_t>(i)].logprob;
  if (!recording()) return head;
  record({x}, {head.logprob},
         [this, asked, normed, index,
          answers = head.answers](const variable_list& d) -> variable_list {
           const at::Tensor d_normed = head_logits_backward(asked, normed, answers, wide(d[0]));
           if (!spec_.tied_head) ready(weights_->layout().head());
           const at::Tensor d_asked = norm_backward_of(
               weights_->final_norm(), weights_->layout().final_norm(), asked, d_normed);
           at::Tensor d_x = at::zeros({rows(), spec_.hidden}, at::kFloat);
           return {d_x.index_copy_(0, index, d_asked)};
         });
  return head;
}

// Walks blocks of rows, and inside them slices of the vocabulary. The logits come from the forward
// kernel again, so that a threshold keeps exactly the same tokens.
at::Tensor LearnerOps::head_logits_backward(const at::Tensor& x, const at::Tensor& normed,
                                            const std::vector<HeadAnswer>& answers,
                                            const at::Tensor& d_logprob) {
  const std::vector<HeadQuery>& queries = plan_->queries;
  std::vector<float> lse(answers.size());
  const at::Tensor d = d_logprob.clone();
  for (size_t i = 0; i < answers.size(); ++i) {
    lse[i] = answers[i].lse;
    // A scored token outside the kept set has no derivative.
    if (answers[i].logprob == -std::numeric_limits<float>::infinity()) f32(d)[i] = 0;
  }
  const at::Tensor wide_normed = wide(normed), d_normed = floats({x.size(0), spec_.hidden});
  const int64_t block = head_block(spec_.vocab, x.size(0)),
                slice = head_slice(spec_.vocab, spec_.hidden);
  size_t query = 0;
  for (int64_t first = 0; first < x.size(0); first += block) {
    const int64_t count = std::min(block, x.size(0) - first);
    size_t end = query;
    while (end < queries.size() && queries[end].row < first + count) ++end;
    const at::Tensor rows = x.narrow(0, first, count), logits = floats({count, spec_.vocab});
    const at::Tensor scratch = storage(count, spec_.hidden),
                     d_logits = floats({count, spec_.vocab});
    kernels_.head({.rows = static_cast<int>(count),
                   .dtype = dtype_,
                   .x = rows.data_ptr(),
                   .norm_weight = weights_->final_norm(),
                   .eps = spec_.norm_eps,
                   .weight = weights_->head(),
                   .vocab = spec_.vocab,
                   .normed = scratch.data_ptr(),
                   .logits = f32(logits)},
                  pool_);
    head_backward<float>({.rows = count,
                          .vocab = spec_.vocab,
                          .queries = queries.data() + query,
                          .query_count = static_cast<int64_t>(end - query),
                          .first_row = first,
                          .lse = lse.data() + query,
                          .d_logprob = f32(d) + query,
                          .logits = f32(logits),
                          .d_logits = f32(d_logits)},
                         pool_);
    for (int64_t token = 0; token < spec_.vocab; token += slice) {
      const int64_t tokens = std::min<int64_t>(slice, spec_.vocab - token);
      const auto* weight = static_cast<const std::byte*>(weights_->head().data) +
                           static_cast<size_t>(token * spec_.hidden) * dtype_size(dtype_);
      const at::Tensor d_slice = d_logits.narrow(1, token, tokens),
                       d_weight = floats({tokens, spec_.hidden});
      multiply({{d_weight, d_slice.t(), wide_normed.narrow(0, first, count)},
                {d_normed.narrow(0, first, count), d_slice, wide(weight, {tokens, spec_.hidden}),
                 token > 0}});
      add_gradient(weights_->layout().head(), d_weight, token * spec_.hidden);
    }
    query = end;
  }
  return d_normed;
}

}  // namespace reckon
