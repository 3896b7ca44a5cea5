// The learner's Ops (model/decoder.h): each span is a node of LibTorch's graph whose forward is the
// sampler's kernel and whose backward is ATen's matrix products and backward.h. Parameters are no
// leaves of the graph: backward adds into a flat fp32 arena. One thread drives it; one pass at a
// time.
//
//   ops.begin(weights, plan, gradients);
//   at::Tensor x = decode(ops, spec);
//   LearnerOps::Head head = ops.head(x);     // then torch::autograd::backward({head.logprob},
//   {d_logprob})
#pragma once

#include <ATen/core/Tensor.h>

#include <functional>
#include <memory>
#include <vector>

#include "kernels/kernels.h"
#include "learner/row_plan.h"
#include "model/weights.h"

namespace reckon {

class LearnerOps {
 public:
  using Act = at::Tensor;
  struct Routed {
    at::Tensor normed, weights;  // with a gradient; weights fp32 [rows, top_k]
    at::Tensor ids;              // int32 [rows, top_k]
  };
  struct Dispatched {
    at::Tensor offsets, order, place;  // int32, as in DispatchArgs
  };
  struct Head {
    at::Tensor logprob;  // fp32 [queries], with a gradient
    std::vector<HeadAnswer> answers;
  };

  LearnerOps(const ModelSpec& spec, DType dtype, const KernelTable& kernels, ThreadPool& pool);

  // What the pass reads and adds to; all must outlive its backward. Drops the KV pages of the pass
  // before.
  void begin(const Weights& weights, const RowPlan& plan, float* gradients);
  // Whether a recorded pass keeps only the inputs of the layers, and backward computes one layer at
  // a time again by the same kernels: the same bits for less memory and one more forward.
  void set_checkpointing(bool on) { checkpointing_ = on; }
  void on_grad_ready(std::function<void(int parameter)> callback) {
    grad_ready_ = std::move(callback);
  }

  at::Tensor checkpoint(const std::function<at::Tensor(const at::Tensor&)>& layer,
                        const at::Tensor& x);
  at::Tensor embed();
  at::Tensor attention_in(int layer, const at::Tensor& x);
  at::Tensor attend(int layer, const at::Tensor& qkv);
  at::Tensor attention_out(int layer, const at::Tensor& attended, const at::Tensor& residual);
  Routed route(int layer, const at::Tensor& x);
  Dispatched dispatch(int layer, const Routed& routed);
  at::Tensor experts(int layer, const Routed& routed, const Dispatched& dispatched);
  at::Tensor combine(int layer, const Routed& routed, const Dispatched& dispatched,
                     const at::Tensor& outputs, const at::Tensor& residual);
  at::Tensor mlp_in(int layer, const at::Tensor& x);
  at::Tensor mlp_out(int layer, const at::Tensor& hidden, const at::Tensor& residual);
  Head head(const at::Tensor& x);

 private:
  using Project = void (*)(const ProjectArgs&, ThreadPool&);
  int rows() const { return plan_->rows(); }
  at::Tensor storage(int64_t rows, int64_t cols) const;  // uninitialised, in storage type
  at::Tensor project(Project kernel, const WeightView& weight, int parameter, const at::Tensor& in,
                     const at::Tensor& residual);
  KvPool kv_pool() const;
  AttentionInArgs attention_in_args(int layer, const at::Tensor& x) const;

  // Steps of backward, in fp32.
  struct Product {
    at::Tensor out, left, right;  // out = left right
    bool add = false;             // out += left right
  };
  void multiply(const std::vector<Product>& products);
  at::Tensor wide(const at::Tensor& x) const;  // fp32, contiguous; x itself if it is
  at::Tensor wide(const void* data, at::IntArrayRef shape) const;  // of weights
  at::Tensor matrix(const WeightView& weight) const {
    return wide(weight.data, {weight.rows, weight.cols});
  }
  at::Tensor linear_backward(const WeightView& weight, int parameter, const at::Tensor& d_out,
                             const at::Tensor& in);
  at::Tensor norm_backward_of(const void* weight, int parameter, const at::Tensor& x,
                              const at::Tensor& d_normed);
  at::Tensor experts_backward(int layer, const at::Tensor& normed, const Dispatched& dispatched,
                              const at::Tensor& gate_up, const at::Tensor& h,
                              const at::Tensor& d_y);
  at::Tensor head_logits_backward(const at::Tensor& x, const at::Tensor& normed,
                                  const std::vector<HeadAnswer>& answers,
                                  const at::Tensor& d_logprob);
  // Adds to the parameter's gradient from its element `first` on.
  void add_gradient(int parameter, const at::Tensor& values, int64_t first = 0);
  float* gradient(int parameter) { return gradients_ + weights_->layout()[parameter].offset; }
  void ready(int parameter) {
    if (grad_ready_ && parameter >= 0) grad_ready_(parameter);
  }

  const ModelSpec& spec_;
  DType dtype_;
  const KernelTable& kernels_;
  ThreadPool& pool_;
  bool checkpointing_ = false;
  std::function<void(int)> grad_ready_;
  const Weights* weights_ = nullptr;
  const RowPlan* plan_ = nullptr;
  float* gradients_ = nullptr;
  at::Tensor
      kv_;  // the pages, one layer at a time: backward reads keys and values from qkv instead
};

}  // namespace reckon
