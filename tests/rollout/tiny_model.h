// Tiny real models and helpers for the sampler's tests: everything is compared by its bits.
#pragma once

#include <gtest/gtest.h>

#include <bit>
#include <map>
#include <memory>
#include <numeric>
#include <string>
#include <utility>
#include <vector>

#include "kernels/kernels.h"
#include "model/weights.h"
#include "rollout/engine.h"
#include "rollout/kv_pages.h"
#include "rollout/sampler_ops.h"

namespace reckon {

struct ModelKind {
  bool moe = false;
  DType dtype = DType::f32;
};

inline std::vector<ModelKind> all_kinds() {
  return {{false, DType::f32}, {false, DType::bf16}, {true, DType::f32}, {true, DType::bf16}};
}

inline std::string kind_name(const testing::TestParamInfo<ModelKind>& info) {
  return std::string(info.param.moe ? "Moe_" : "Dense_") + dtype_name(info.param.dtype);
}

inline ModelSpec tiny_spec(bool moe) {
  ModelSpec spec;
  spec.family = moe ? "qwen3_moe" : "qwen3";
  spec.vocab = 40;
  spec.hidden = 32;
  spec.heads = 4;
  spec.kv_heads = 2;
  spec.head_dim = 8;
  spec.max_position = 320;
  spec.rope_theta = 10000;
  spec.tied_head = !moe;
  spec.qk_norm = true;
  spec.layers.resize(2);
  for (LayerSpec& layer : spec.layers) {
    layer.ffn = moe ? 0 : 48;
    if (moe) layer.moe = MoeSpec{.experts = 5, .top_k = 2, .ffn = 16};
  }
  return spec;
}

// Fresh weights, made ten times larger so that logits, routing and attention differ from row to
// row.
inline std::shared_ptr<const Weights> tiny_weights(const ModelSpec& spec, DType dtype,
                                                   uint64_t seed = 1) {
  ThreadPool pool(1);
  ParameterLayout layout(spec);
  std::vector<float> masters = initial_masters(spec, layout, seed);
  for (const Parameter& parameter : layout.parameters()) {
    if (parameter.kind == ParameterKind::norm) continue;
    for (int64_t i = 0; i < parameter.elements(); ++i)
      masters[static_cast<size_t>(parameter.offset + i)] *= 10;
  }
  return Weights::publish(spec, layout, dtype, masters.data(), Version{seed}, pool);
}

inline const KernelTable& kernels() { return cpu_kernels(detect_isa()); }

inline std::vector<int32_t> prompt_of(int length, uint64_t seed, int vocab = 40) {
  RandomStream stream(random_key(seed, Domain::test, {static_cast<uint64_t>(length)}));
  std::vector<int32_t> prompt;
  for (int i = 0; i < length; ++i)
    prompt.push_back(static_cast<int32_t>(stream.below(static_cast<uint64_t>(vocab))));
  return prompt;
}

inline GroupRequest group_of(uint64_t tag, int prompt, uint32_t samples, int max_new_tokens) {
  GroupRequest request;
  request.tag = tag;
  request.prompt = prompt_of(prompt, tag);
  request.samples.resize(samples);
  std::iota(request.samples.begin(), request.samples.end(), 0u);
  request.sampling.max_new_tokens = max_new_tokens;
  request.noise = {.seed = 1, .phase = 0, .draw = tag};
  request.stop_tokens = {7};
  return request;
}

using Samples = std::map<std::pair<uint64_t, uint32_t>, Completion>;  // by tag and sample

inline Samples run_all(Engine& engine, const std::vector<GroupRequest>& requests) {
  for (const GroupRequest& request : requests) engine.add(request);
  Samples samples;
  while (!engine.idle()) {
    for (Completion& done : engine.step()) {
      auto key = std::pair(done.tag, done.sample);
      EXPECT_EQ(samples.count(key), 0u)
          << "sample " << done.sample << " of group " << done.tag << " came twice";
      samples[key] = std::move(done);
    }
  }
  return samples;
}

inline std::vector<uint32_t> bits(const std::vector<float>& values) {
  std::vector<uint32_t> out;
  for (float value : values) out.push_back(std::bit_cast<uint32_t>(value));
  return out;
}

inline void expect_same(const Completion& a, const Completion& b) {
  SCOPED_TRACE(testing::Message() << "group " << a.tag << " sample " << a.sample);
  EXPECT_EQ(a.tokens, b.tokens);
  EXPECT_EQ(bits(a.logprobs), bits(b.logprobs));
  EXPECT_EQ(bits(a.entropies), bits(b.entropies));
  EXPECT_EQ(bits(a.kept_threshold), bits(b.kept_threshold));
  EXPECT_EQ(a.kept_count, b.kept_count);
  EXPECT_EQ(a.finish, b.finish);
}

inline void expect_same(const Samples& a, const Samples& b) {
  ASSERT_EQ(a.size(), b.size());
  for (const auto& [key, completion] : a) {
    ASSERT_EQ(b.count(key), 1u) << "group " << key.first << " sample " << key.second
                                << " is missing";
    expect_same(completion, b.at(key));
  }
}

}  // namespace reckon
