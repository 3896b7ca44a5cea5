// AdamW over the flat arena of fp32 masters, with fixed-order reductions: the same bits for any number of threads.
// Loshchilov & Hutter 2019 (decoupled decay); bias correction as in Kingma & Ba 2015.
#pragma once

#include <cstdint>
#include <vector>

#include "base/thread_pool.h"
#include "model/weights.h"
#include "pipeline/config.h"

namespace reckon {

// Learning rate of step `step` (0-based) of a phase of `steps`.
double learning_rate(const OptimizerConfig& config, uint64_t step, uint64_t steps);

// sqrt of the sum of squares in double, over fixed blocks in ascending order; NaN or infinity when any element is.
double gradient_norm(const std::vector<float>& gradients, ThreadPool& pool);

class AdamW {
 public:
  explicit AdamW(const ParameterLayout& layout);  // norms and biases are not decayed

  // One update of `masters` by `gradients` times `scale` (clipping). Returns false and changes nothing when the scaled
  // gradient norm is not finite.
  void step(const OptimizerConfig& config, double lr, double scale, const std::vector<float>& gradients,
            std::vector<float>& masters, ThreadPool& pool);

  void reset();                        // a new phase starts with fresh moments
  uint64_t updates() const { return updates_; }
  std::vector<float>& first_moment() { return m_; }
  std::vector<float>& second_moment() { return v_; }
  void set_updates(uint64_t updates) { updates_ = updates; }

 private:
  const ParameterLayout& layout_;
  std::vector<float> m_, v_;
  uint64_t updates_ = 0;
};

}  // namespace reckon
