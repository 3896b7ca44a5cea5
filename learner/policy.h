// The policy on the learner's side: forward through the sampler's kernels, backward by LibTorch and
// own code. This header knows no torch; policy.cc and autograd_*.cc do. One thread drives it;
// kernels and backward use the pool.
//
//   Policy policy(spec, pool);
//   policy.set_weights(weights);
//   Scores scores = policy.forward(pack, /*with_gradient=*/true);
//   policy.backward(dlogprob);               // adds into gradients()
#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "kernels/kernels.h"
#include "learner/pack.h"
#include "model/weights.h"

namespace reckon {

// Per completion of the pack, in order of groups then completions, per token.
struct Scores {
  std::vector<std::vector<float>> logprob, entropy;
};

class Policy {
 public:
  Policy(const ModelSpec& spec, DType dtype, const KernelTable& kernels, ThreadPool& pool);
  ~Policy();

  // Null: gives up the weights and whatever was kept of the last pass.
  void set_weights(std::shared_ptr<const Weights> weights);
  // A pass with gradient keeps only the inputs of its layers; backward computes the rest again. No
  // bit depends on it.
  void set_checkpointing(bool on);

  // Log-prob of every completion token under the distribution sampled from. With gradient, what
  // backward needs is kept until backward() or the next forward().
  Scores forward(const Pack& pack, bool with_gradient);
  // dlogprob as in Scores::logprob: adds d(loss)/d(parameter) into gradients().
  void backward(const std::vector<std::vector<float>>& dlogprob);

  // [layout.elements()], fp32; the caller clears it. Takes its memory when first asked for.
  std::vector<float>& gradients();
  // Called during backward when a parameter's gradient of this pass is complete (for sharding
  // later).
  void on_grad_ready(std::function<void(int parameter)> callback);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace reckon
