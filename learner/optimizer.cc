#include "learner/optimizer.h"

#include <xmmintrin.h>

#include <algorithm>
#include <cmath>
#include <numbers>

#include "base/error.h"
#include "base/text.h"

namespace reckon {
namespace {

constexpr int64_t kNormBlock = 4096;
constexpr int kNormLanes = 16;
constexpr int64_t kRange = 32768;  // elements of one piece of work: 512 KB over the four arrays

void squares_in_lanes(const float* values, int64_t count, double* lanes) {
  double sums[kNormLanes] = {};
  int64_t whole = count / kNormLanes * kNormLanes;
  for (int64_t i = 0; i < whole; i += kNormLanes) {
    for (int lane = 0; lane < kNormLanes; ++lane) {
      double value = values[i + lane];
      sums[lane] += value * value;
    }
  }
  for (int64_t i = whole; i < count; ++i)
    sums[i - whole] += static_cast<double>(values[i]) * values[i];
  for (int lane = 0; lane < kNormLanes; ++lane) lanes[lane] = sums[lane];
}

double block_sum(const float* values, int64_t count) {
  double lanes[kNormLanes];
  squares_in_lanes(values, count, lanes);
  double sum = 0;
  for (double lane : lanes) sum += lane;
  return sum;
}

// Rounded to fp32 once per step.
struct Factors {
  float scale, beta1, rest1, beta2, rest2, root, eps, rate, keep;
};

// Four elements at a time, `count` a multiple of 4. Written out because sqrt may set errno, so
// compilers leave it scalar; wider vectors divide and take roots no faster.
void update(const Factors& f, int64_t count, const float* gradients, float* m, float* v,
            float* masters) {
  const __m128 scale = _mm_set1_ps(f.scale), beta1 = _mm_set1_ps(f.beta1),
               rest1 = _mm_set1_ps(f.rest1), beta2 = _mm_set1_ps(f.beta2),
               rest2 = _mm_set1_ps(f.rest2), root = _mm_set1_ps(f.root), eps = _mm_set1_ps(f.eps),
               rate = _mm_set1_ps(f.rate), keep = _mm_set1_ps(f.keep);
  for (int64_t i = 0; i < count; i += 4) {
    __m128 g = _mm_loadu_ps(gradients + i) * scale;
    __m128 first = beta1 * _mm_loadu_ps(m + i) + rest1 * g;
    __m128 second = beta2 * _mm_loadu_ps(v + i) + rest2 * (g * g);
    __m128 denominator = _mm_sqrt_ps(second) * root + eps;
    _mm_storeu_ps(m + i, first);
    _mm_storeu_ps(v + i, second);
    _mm_storeu_ps(masters + i, _mm_loadu_ps(masters + i) * keep - rate * first / denominator);
  }
}

}  // namespace

double learning_rate(const OptimizerConfig& config, uint64_t step, uint64_t steps) {
  if (step < config.warmup)
    return config.lr * static_cast<double>(step + 1) / static_cast<double>(config.warmup);
  double progress = 1;
  if (step < steps)
    progress =
        static_cast<double>(step - config.warmup) / static_cast<double>(steps - config.warmup);
  double left;
  if (config.schedule == "constant") {
    return config.lr;
  } else if (config.schedule == "linear") {
    left = 1 - progress;
  } else if (config.schedule == "cosine") {
    left = (1 + std::cos(std::numbers::pi * progress)) / 2;
  } else {
    auto near = nearest(config.schedule, {"constant", "linear", "cosine"});
    throw Error(
        Code::config, "optimizer.schedule", cat("unknown schedule '", config.schedule, "'"),
        near ? cat("did you mean '", *near, "'?") : "choose one of constant, linear, cosine");
  }
  return config.min_lr + (config.lr - config.min_lr) * left;
}

double gradient_norm(const std::vector<float>& gradients, ThreadPool& pool) {
  auto size = static_cast<int64_t>(gradients.size());
  int64_t blocks = (size + kNormBlock - 1) / kNormBlock;
  std::vector<double> sums(static_cast<size_t>(blocks));
  pool.for_ranges(blocks, 8, [&](int64_t begin, int64_t end) {
    for (int64_t block = begin; block < end; ++block) {
      int64_t first = block * kNormBlock;
      sums[static_cast<size_t>(block)] =
          block_sum(gradients.data() + first, std::min(kNormBlock, size - first));
    }
  });
  double sum = 0;
  for (double block : sums) sum += block;
  return std::sqrt(sum);
}

AdamW::AdamW(const ParameterLayout& layout) {
  for (const Parameter& parameter : layout.parameters()) {
    bool decayed = parameter.kind != ParameterKind::norm && parameter.kind != ParameterKind::bias;
    for (int64_t done = 0; done < parameter.elements(); done += kRange) {
      // Rounded up into the padding, whose zeros stay zeros.
      int64_t count = (std::min(kRange, parameter.elements() - done) + 3) / 4 * 4;
      ranges_.push_back({parameter.offset + done, count, decayed});
    }
  }
  m_.assign(static_cast<size_t>(layout.elements()), 0.0f);
  v_.assign(m_.size(), 0.0f);
}

void AdamW::step(const OptimizerConfig& config, double lr, double scale,
                 const std::vector<float>& gradients, std::vector<float>& masters,
                 ThreadPool& pool) {
  RECKON_CHECK(gradients.size() == m_.size() && masters.size() == m_.size(),
               "arenas of another layout");
  RECKON_CHECK(std::isfinite(scale) && std::isfinite(lr), "a step that should have been skipped");
  ++updates_;
  double correction1 = 1 - std::pow(config.beta1, static_cast<double>(updates_));
  double correction2 = 1 - std::pow(config.beta2, static_cast<double>(updates_));
  Factors factors{.scale = static_cast<float>(scale),
                  .beta1 = static_cast<float>(config.beta1),
                  .rest1 = static_cast<float>(1 - config.beta1),
                  .beta2 = static_cast<float>(config.beta2),
                  .rest2 = static_cast<float>(1 - config.beta2),
                  .root = static_cast<float>(1 / std::sqrt(correction2)),
                  .eps = static_cast<float>(config.eps),
                  .rate = static_cast<float>(lr / correction1),
                  .keep = 1};
  RECKON_CHECK(factors.eps > 0, "eps must be positive");
  auto keep = static_cast<float>(1 - lr * config.weight_decay);
  pool.run(static_cast<int>(ranges_.size()), [&](int part) {
    const Range& range = ranges_[static_cast<size_t>(part)];
    Factors mine = factors;
    if (range.decayed) mine.keep = keep;
    auto at = static_cast<size_t>(range.begin);
    update(mine, range.count, &gradients[at], &m_[at], &v_[at], &masters[at]);
  });
}

void AdamW::reset() {
  std::fill(m_.begin(), m_.end(), 0.0f);
  std::fill(v_.begin(), v_.end(), 0.0f);
  updates_ = 0;
}

}  // namespace reckon
