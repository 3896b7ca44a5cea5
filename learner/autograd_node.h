// Private to autograd_*.cc: a span as a node of LibTorch's graph, and short names for its tensors.
#pragma once

#include <ATen/core/Tensor.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/empty.h>
#include <torch/csrc/autograd/function.h>
#include <torch/csrc/autograd/functions/utils.h>

#include <functional>
#include <memory>
#include <utility>

#include "kernels/types.h"

namespace reckon {

using torch::autograd::variable_list;
using Backward = std::function<variable_list(const variable_list& d_outputs)>;

struct SpanNode : torch::autograd::Node {
  explicit SpanNode(Backward backward) : backward_(std::move(backward)) {}
  variable_list apply(variable_list&& d_outputs) override { return backward_(d_outputs); }
  void release_variables() override { backward_ = nullptr; }

 private:
  Backward backward_;
};

inline bool recording() { return at::GradMode::is_enabled(); }

// Makes `outputs` depend on `inputs`. What `backward` keeps of the outputs must be detached, or the
// graph keeps itself.
inline void record(const variable_list& inputs, const variable_list& outputs, Backward backward) {
  std::shared_ptr<SpanNode> node(new SpanNode(std::move(backward)), torch::autograd::deleteNode);
  node->set_next_edges(torch::autograd::collect_next_edges(inputs));
  for (const at::Tensor& output : outputs) torch::autograd::set_history(output, node);
}

inline at::ScalarType scalar_type(DType dtype) {
  return dtype == DType::f32 ? at::kFloat : at::kBFloat16;
}
inline at::Tensor floats(at::IntArrayRef shape) { return at::empty(shape, at::kFloat); }
inline at::Tensor ints(at::IntArrayRef shape) { return at::empty(shape, at::kInt); }
inline float* f32(const at::Tensor& x) { return x.data_ptr<float>(); }
inline int32_t* i32(const at::Tensor& x) { return x.data_ptr<int32_t>(); }

}  // namespace reckon
