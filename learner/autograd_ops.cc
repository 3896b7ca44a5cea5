// Embedding, attention and the dense feed-forward layer, and the steps that every backward uses.
#include "learner/autograd_ops.h"

#include <ATen/Parallel.h>
#include <ATen/ops/addmm.h>
#include <ATen/ops/from_blob.h>
#include <ATen/ops/mm.h>
#include <ATen/ops/zeros.h>
#include <torch/csrc/autograd/autograd.h>

#include <algorithm>
#include <cmath>

#include "learner/autograd_node.h"
#include "learner/backward.h"

namespace reckon {
namespace {

constexpr int64_t kPartWork = int64_t{4} << 20;  // multiply-adds of one part of a matrix product

// The library's number of threads is a setting of each thread that calls it.
void stay_on_this_thread() {
  thread_local bool done = false;
  if (!done) at::set_num_threads(1);
  done = true;
}

}  // namespace

LearnerOps::LearnerOps(const ModelSpec& spec, DType dtype, const KernelTable& kernels,
                       ThreadPool& pool)
    : spec_(spec), dtype_(dtype), kernels_(kernels), pool_(pool) {
  stay_on_this_thread();
}

void LearnerOps::begin(const Weights& weights, const RowPlan& plan, float* gradients) {
  weights_ = &weights;
  plan_ = &plan;
  gradients_ = gradients;
  const auto page = static_cast<int64_t>(kv_page_bytes(spec_.kv_heads, spec_.head_dim, dtype_));
  if (!kv_.defined() || kv_.numel() < plan.pages * page)
    kv_ = at::zeros({plan.pages * page}, at::kByte);
}

at::Tensor LearnerOps::storage(int64_t rows, int64_t cols) const {
  return at::empty({rows, cols}, scalar_type(dtype_));
}

KvPool LearnerOps::kv_pool() const {
  return {kv_.data_ptr(), dtype_, spec_.kv_heads, spec_.head_dim};
}

// ---- steps of backward ----

at::Tensor LearnerOps::wide(const void* data, at::IntArrayRef shape) const {
  const at::Tensor x = at::from_blob(const_cast<void*>(data), shape, scalar_type(dtype_));
  return wide(x);
}

at::Tensor LearnerOps::wide(const at::Tensor& x) const {
  if (x.scalar_type() == at::kFloat) return x.contiguous();
  const at::Tensor in = x.contiguous(), out = floats(x.sizes());
  widen(x.numel(), static_cast<const bf16*>(in.data_ptr()), f32(out), pool_);
  return out;
}

// Cut into blocks of rows by the sizes alone, each block one product on one thread: so the number
// of threads does not show in the bits, and no second set of threads competes with the pool for the
// cores.
void LearnerOps::multiply(const std::vector<Product>& products) {
  struct Part {
    const Product* product;
    int64_t begin, count;
  };
  std::vector<Part> parts;
  for (const Product& product : products) {
    const int64_t rows = product.out.size(0), row_work = product.right.numel();
    const int64_t block =
        std::clamp<int64_t>((kPartWork / std::max<int64_t>(row_work, 1) + 15) / 16 * 16, 16, 4096);
    for (int64_t row = 0; row < rows; row += block)
      parts.push_back({&product, row, std::min(block, rows - row)});
  }
  pool_.run(static_cast<int>(parts.size()), [&](int i) {
    stay_on_this_thread();
    const auto& [product, begin, count] = parts[static_cast<size_t>(i)];
    at::Tensor out = product->out.narrow(0, begin, count);
    const at::Tensor left = product->left.narrow(0, begin, count);
    if (product->add) {
      at::addmm_out(out, out, left, product->right);
    } else {
      at::mm_out(out, left, product->right);
    }
  });
}

void LearnerOps::add_gradient(int parameter, const at::Tensor& values, int64_t first) {
  float* sum = gradient(parameter) + first;
  const float* more = f32(values);
  pool_.for_ranges(values.numel(), 1 << 14, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) sum[i] += more[i];
  });
}

// The product goes through an aligned temporary: with the arena as its output, the library's order
// of summation could depend on where the arena happens to lie.
at::Tensor LearnerOps::linear_backward(const WeightView& weight, int parameter,
                                       const at::Tensor& d_out, const at::Tensor& in) {
  const at::Tensor d_weight = floats({weight.rows, weight.cols}),
                   d_in = floats({d_out.size(0), weight.cols});
  multiply({{d_weight, d_out.t(), in}, {d_in, d_out, matrix(weight)}});
  add_gradient(parameter, d_weight);
  return d_in;
}

at::Tensor LearnerOps::norm_backward_of(const void* weight, int parameter, const at::Tensor& x,
                                        const at::Tensor& d_normed) {
  const at::Tensor wide_x = wide(x), wide_weight = wide(weight, {x.size(1)});
  norm_backward<float>({.rows = x.size(0),
                        .cols = x.size(1),
                        .x = f32(wide_x),
                        .weight = f32(wide_weight),
                        .eps = spec_.norm_eps,
                        .d_y = f32(d_normed),
                        .d_x = f32(d_normed),
                        .d_weight = gradient(parameter)},
                       pool_);
  ready(parameter);
  return d_normed;
}

// ---- activation checkpointing ----

// The first run leaves no graph. Backward makes the layer's own and goes through it at once.
at::Tensor LearnerOps::checkpoint(const std::function<at::Tensor(const at::Tensor&)>& layer,
                                  const at::Tensor& x) {
  if (!checkpointing_ || !recording()) return layer(x);
  const at::Tensor in = x.detach();
  at::Tensor out;
  {
    const at::NoGradGuard plain;
    out = layer(in);
  }
  record({x}, {out}, [layer, in](const variable_list& d) -> variable_list {
    const at::AutoGradMode again(true);
    const at::Tensor leaf = in.detach().set_requires_grad(true);
    return torch::autograd::grad({layer(leaf)}, {leaf}, {d[0]});
  });
  return out;
}

// ---- embedding ----

at::Tensor LearnerOps::embed() {
  at::Tensor x = storage(rows(), spec_.hidden);
  kernels_.embed({.rows = rows(),
                  .dtype = dtype_,
                  .tokens = plan_->tokens.data(),
                  .table = weights_->embed(),
                  .out = x.data_ptr()},
                 pool_);
  if (recording()) {
    record({}, {x}, [this](const variable_list& d) -> variable_list {
      const at::Tensor d_x = wide(d[0]);
      const int parameter = weights_->layout().embed();
      embed_backward<float>(rows(), spec_.hidden, plan_->tokens.data(), f32(d_x),
                            gradient(parameter), pool_);
      ready(parameter);
      return {};
    });
  }
  return x;
}

// ---- attention ----

AttentionInArgs LearnerOps::attention_in_args(int layer, const at::Tensor& x) const {
  const LayerWeights& weights = weights_->layer(layer);
  AttentionInArgs args;
  args.rows = rows();
  args.dtype = dtype_;
  args.x = x.data_ptr();
  args.norm_weight = weights.attn_norm;
  args.eps = spec_.norm_eps;
  args.qkv_weight = weights.qkv;
  args.qkv_bias = weights.qkv_bias;
  args.q_norm = weights.q_norm;
  args.k_norm = weights.k_norm;
  args.heads = spec_.heads;
  args.kv_heads = spec_.kv_heads;
  args.head_dim = spec_.head_dim;
  args.rope_cos = weights_->rope_cos();
  args.rope_sin = weights_->rope_sin();
  args.positions = plan_->positions.data();
  args.kv = kv_pool();
  args.kv_pages = plan_->kv_pages.data();
  return args;
}

at::Tensor LearnerOps::attention_in(int layer, const at::Tensor& x) {
  AttentionInArgs args = attention_in_args(layer, x);
  at::Tensor normed = storage(rows(), spec_.hidden), raw = storage(rows(), spec_.qkv_rows());
  at::Tensor qkv = recording() ? storage(rows(), spec_.qkv_rows()) : raw;
  args.normed = normed.data_ptr();
  args.qkv_raw = raw.data_ptr();
  args.qkv = qkv.data_ptr();
  kernels_.attention_in(args, pool_);
  if (!recording()) return qkv;
  if (!spec_.qk_norm) raw.reset();  // read by the backward of the norms alone
  record({x}, {qkv},
         [this, layer, x = x.detach(), normed, raw](const variable_list& d) -> variable_list {
           const LayerWeights& weights = weights_->layer(layer);
           const LayerParameters& at = weights_->layout().layer(layer);
           const at::Tensor d_qkv = wide(d[0]);
           QkvBackward<float> back{.rows = rows(),
                                   .heads = spec_.heads,
                                   .kv_heads = spec_.kv_heads,
                                   .head_dim = spec_.head_dim,
                                   .eps = spec_.norm_eps,
                                   .rope_cos = weights_->rope_cos(),
                                   .rope_sin = weights_->rope_sin(),
                                   .positions = plan_->positions.data(),
                                   .d_qkv = f32(d_qkv)};
           at::Tensor wide_raw, q_norm, k_norm;
           if (spec_.qk_norm) {
             wide_raw = wide(raw);
             q_norm = wide(weights.q_norm, {spec_.head_dim});
             k_norm = wide(weights.k_norm, {spec_.head_dim});
             back.raw = f32(wide_raw);
             back.q_norm = f32(q_norm);
             back.k_norm = f32(k_norm);
             back.d_q_norm = gradient(at.q_norm);
             back.d_k_norm = gradient(at.k_norm);
           }
           qkv_backward(back, pool_);
           if (at.qkv_bias >= 0) {
             column_sums<float>(rows(), spec_.qkv_rows(), f32(d_qkv), gradient(at.qkv_bias), pool_);
           }
           const at::Tensor d_normed = linear_backward(weights.qkv, at.qkv, d_qkv, wide(normed));
           for (int parameter : {at.q_norm, at.k_norm, at.qkv_bias, at.qkv}) ready(parameter);
           return {norm_backward_of(weights.attn_norm, at.attn_norm, x, d_normed)};
         });
  return qkv;
}

at::Tensor LearnerOps::attend(int, const at::Tensor& qkv) {
  at::Tensor out = storage(rows(), spec_.heads * spec_.head_dim);
  at::Tensor lse = floats({rows(), spec_.heads});
  const float scale = 1.0f / std::sqrt(static_cast<float>(spec_.head_dim));
  kernels_.attend({.rows = rows(),
                   .dtype = dtype_,
                   .q = qkv.data_ptr(),
                   .q_stride = spec_.qkv_rows(),
                   .heads = spec_.heads,
                   .kv_heads = spec_.kv_heads,
                   .head_dim = spec_.head_dim,
                   .scale = scale,
                   .kv = kv_pool(),
                   .spans = plan_->spans.data(),
                   .span_begin = plan_->span_begin.data(),
                   .out = out.data_ptr(),
                   .lse = f32(lse)},
                  pool_);
  if (!recording()) return out;
  record({qkv}, {out},
         [this, scale, lse, qkv = qkv.detach(),
          out = out.detach()](const variable_list& d) -> variable_list {
           const at::Tensor d_out = wide(d[0]), wide_qkv = wide(qkv), wide_out = wide(out);
           const at::Tensor d_qkv = floats({rows(), spec_.qkv_rows()});
           attend_backward<float>({.heads = spec_.heads,
                                   .kv_heads = spec_.kv_heads,
                                   .head_dim = spec_.head_dim,
                                   .scale = scale,
                                   .groups = &plan_->groups,
                                   .qkv = f32(wide_qkv),
                                   .lse = f32(lse),
                                   .out = f32(wide_out),
                                   .d_out = f32(d_out),
                                   .d_qkv = f32(d_qkv)},
                                  pool_);
           return {d_qkv};
         });
  return out;
}

at::Tensor LearnerOps::project(Project kernel, const WeightView& weight, int parameter,
                               const at::Tensor& in, const at::Tensor& residual) {
  at::Tensor out = storage(rows(), spec_.hidden);
  kernel({.rows = rows(),
          .dtype = dtype_,
          .in = in.data_ptr(),
          .weight = weight,
          .residual = residual.data_ptr(),
          .out = out.data_ptr()},
         pool_);
  if (!recording()) return out;
  record({in, residual}, {out},
         [this, weight, parameter, in = in.detach()](const variable_list& d) -> variable_list {
           at::Tensor d_in = linear_backward(weight, parameter, wide(d[0]), wide(in));
           ready(parameter);
           return {d_in, d[0]};
         });
  return out;
}

at::Tensor LearnerOps::attention_out(int layer, const at::Tensor& attended,
                                     const at::Tensor& residual) {
  return project(kernels_.attention_out, weights_->layer(layer).attn_out,
                 weights_->layout().layer(layer).attn_out, attended, residual);
}

// ---- dense feed-forward ----

at::Tensor LearnerOps::mlp_in(int layer, const at::Tensor& x) {
  const LayerWeights& weights = weights_->layer(layer);
  const int64_t ffn = spec_.layers[static_cast<size_t>(layer)].ffn;
  at::Tensor normed = storage(rows(), spec_.hidden), gate_up = storage(rows(), 2 * ffn),
             h = storage(rows(), ffn);
  kernels_.mlp_in({.rows = rows(),
                   .dtype = dtype_,
                   .x = x.data_ptr(),
                   .norm_weight = weights.ffn_norm,
                   .eps = spec_.norm_eps,
                   .gate_up_weight = weights.gate_up,
                   .normed = normed.data_ptr(),
                   .gate_up = gate_up.data_ptr(),
                   .h = h.data_ptr()},
                  pool_);
  if (!recording()) return h;
  record(
      {x}, {h},
      [this, layer, ffn, x = x.detach(), normed, gate_up](const variable_list& d) -> variable_list {
        const LayerWeights& weights = weights_->layer(layer);
        const LayerParameters& at = weights_->layout().layer(layer);
        const at::Tensor d_h = wide(d[0]), wide_gate_up = wide(gate_up),
                         d_gate_up = floats({rows(), 2 * ffn});
        swiglu_backward<float>({.rows = rows(),
                                .ffn = ffn,
                                .gate_up = f32(wide_gate_up),
                                .d_h = f32(d_h),
                                .d_gate_up = f32(d_gate_up)},
                               pool_);
        const at::Tensor d_normed =
            linear_backward(weights.gate_up, at.gate_up, d_gate_up, wide(normed));
        ready(at.gate_up);
        return {norm_backward_of(weights.ffn_norm, at.ffn_norm, x, d_normed)};
      });
  return h;
}

at::Tensor LearnerOps::mlp_out(int layer, const at::Tensor& hidden, const at::Tensor& residual) {
  return project(kernels_.mlp_out, weights_->layer(layer).down,
                 weights_->layout().layer(layer).down, hidden, residual);
}

}  // namespace reckon
