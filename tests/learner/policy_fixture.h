// Small models and packs for the policy's tests.
#pragma once

#include <cmath>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "kernels/kernels.h"
#include "learner/policy.h"
#include "model/weights.h"

namespace reckon {

// Sizes that are no multiple of a vector's width.
inline ModelSpec small_spec(bool moe, bool tied) {
  ModelSpec spec;
  spec.family = moe ? "qwen3_moe" : "qwen3";
  spec.vocab = 37;
  spec.hidden = 20;
  spec.heads = 4;
  spec.kv_heads = 2;
  spec.head_dim = 6;
  spec.max_position = 96;
  spec.rope_theta = 1000;
  spec.tied_head = tied;
  spec.qk_norm = true;
  LayerSpec layer;
  if (moe) {
    layer.moe = MoeSpec{.experts = 5, .top_k = 2, .ffn = 11, .normalise = true};
  } else {
    layer.ffn = 27;
  }
  spec.layers = {layer, layer};
  return spec;
}

// Far from the tiny values of a fresh model, so that every part has a visible gradient.
inline std::vector<float> lively_masters(const ModelSpec& spec, unsigned seed) {
  const ParameterLayout layout(spec);
  std::vector<float> masters(static_cast<size_t>(layout.elements()), 0.0f);
  std::mt19937 generator(seed);
  std::normal_distribution<float> normal;
  for (const Parameter& parameter : layout.parameters()) {
    const bool norm = parameter.kind == ParameterKind::norm;
    const float spread = norm ? 0.3f : 1.2f / std::sqrt(static_cast<float>(parameter.cols));
    for (int64_t i = 0; i < parameter.elements(); ++i) {
      masters[static_cast<size_t>(parameter.offset + i)] =
          (norm ? 1.0f : 0.0f) + spread * normal(generator);
    }
  }
  return masters;
}

inline std::vector<int32_t> random_tokens(std::mt19937& generator, int count, int vocab) {
  std::vector<int32_t> tokens(static_cast<size_t>(count));
  for (int32_t& token : tokens)
    token = static_cast<int32_t>(generator() % static_cast<unsigned>(vocab));
  return tokens;
}

// Groups of one to four completions of unequal length, a one-token prompt and one-token completions
// among them.
inline Pack small_pack(const ModelSpec& spec, unsigned seed) {
  std::mt19937 generator(seed);
  Pack pack;
  int32_t sample = 0;
  const std::vector<std::pair<int, std::vector<int>>> lengths = {
      {7, {5, 1, 30}}, {1, {3}}, {33, {9, 18, 2, 1}}, {16, {17, 16}}};
  for (const auto& [prompt, completions] : lengths) {
    PackedGroup group{random_tokens(generator, prompt, spec.vocab), {}};
    for (int length : completions) {
      group.completions.push_back(
          {sample++, random_tokens(generator, length, spec.vocab), {}, 1.0f});
    }
    pack.groups.push_back(std::move(group));
  }
  return pack;
}

// One pack per completion.
inline std::vector<Pack> taken_apart(const Pack& pack) {
  std::vector<Pack> packs;
  for (const PackedGroup& group : pack.groups) {
    for (const PackedCompletion& completion : group.completions)
      packs.push_back({{{group.prompt, {completion}}}});
  }
  return packs;
}

// A gradient for every log-prob, between -1 and 1.
inline std::vector<std::vector<float>> coefficients_for(const Scores& scores, unsigned seed) {
  std::mt19937 generator(seed);
  std::vector<std::vector<float>> result;
  for (const std::vector<float>& tokens : scores.logprob) {
    std::vector<float>& row = result.emplace_back();
    for (size_t i = 0; i < tokens.size(); ++i)
      row.push_back(static_cast<float>(generator() % 2001) / 1000.0f - 1.0f);
  }
  return result;
}

struct SmallModel {
  SmallModel(const ModelSpec& model, DType dtype, int threads, unsigned seed = 3)
      : SmallModel(model, dtype, threads, lively_masters(model, seed)) {}
  SmallModel(const ModelSpec& model, DType dtype, int threads, std::vector<float> values)
      : spec(model),
        layout(model),
        pool(threads),
        masters(std::move(values)),
        policy(model, dtype, cpu_kernels(detect_isa()), pool) {
    policy.set_weights(Weights::publish(spec, layout, dtype, masters.data(), Version{1}, pool));
  }

  double norm_of(const Parameter& parameter) {
    double sum = 0;
    for (int64_t i = 0; i < parameter.elements(); ++i) {
      const double g = policy.gradients()[static_cast<size_t>(parameter.offset + i)];
      sum += g * g;
    }
    return std::sqrt(sum);
  }

  ModelSpec spec;
  ParameterLayout layout;
  ThreadPool pool;
  std::vector<float> masters;
  Policy policy;
};

}  // namespace reckon
