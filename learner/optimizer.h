// AdamW over the flat arena of fp32 masters, with fixed-order reductions: the same bits for any
// number of threads. Loshchilov & Hutter 2019 (decoupled decay); bias correction as in Kingma & Ba
// 2015.
#pragma once

#include <cstdint>
#include <vector>

#include "base/thread_pool.h"
#include "model/weights.h"
#include "pipeline/config.h"

namespace reckon {

// Learning rate of step `step` (0-based) of a phase of `steps`: linear warm-up from lr / warmup to
// lr, then `constant`, or `linear` or `cosine` towards min_lr, which step `steps` would reach.
// Error(config) for another schedule.
double learning_rate(const OptimizerConfig& config, uint64_t step, uint64_t steps);

// sqrt of the sum of squares in double: blocks of 4096 elements, each summed in 16 fixed lanes,
// then the blocks in ascending order. NaN or infinity when any element is.
double gradient_norm(const std::vector<float>& gradients, ThreadPool& pool);

// Per element, in fp32, with g = scale * gradient and t = updates so far, this one included:
//   m = beta1 m + (1 - beta1) g              v = beta2 v + (1 - beta2) g^2
//   w = w (1 - lr weight_decay) - lr / (1 - beta1^t) m / (sqrt(v / (1 - beta2^t)) + eps)
class AdamW {
 public:
  explicit AdamW(const ParameterLayout& layout);  // norms and biases are not decayed

  // One update of `masters` by `gradients` times `scale` (clipping). Elements are not looked at: a
  // caller that finds gradient_norm() not finite skips the step, and nothing changes.
  void step(const OptimizerConfig& config, double lr, double scale,
            const std::vector<float>& gradients, std::vector<float>& masters, ThreadPool& pool);

  void reset();  // a new phase starts with fresh moments
  uint64_t updates() const { return updates_; }
  std::vector<float>& first_moment() { return m_; }
  std::vector<float>& second_moment() { return v_; }
  const std::vector<float>& first_moment() const { return m_; }
  const std::vector<float>& second_moment() const { return v_; }
  void set_updates(uint64_t updates) { updates_ = updates; }

 private:
  // A piece of one parameter.
  struct Range {
    int64_t begin = 0, count = 0;
    bool decayed = true;
  };
  std::vector<Range> ranges_;
  std::vector<float> m_, v_;
  uint64_t updates_ = 0;
};

}  // namespace reckon
