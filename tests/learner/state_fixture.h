// A tiny run without files: its configuration, its state, and groups sampled by hand.
#pragma once

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "base/error.h"
#include "base/text.h"
#include "kernels/kernels.h"
#include "learner/grpo.h"
#include "learner/learner_state.h"
#include "tests/learner/policy_fixture.h"

namespace reckon {

inline RunConfig tiny_run(DType storage = DType::f32) {
  RunConfig config;
  config.run.seed = 7;
  config.model.fresh.family = "qwen3_moe";
  config.model.fresh.hidden = 32;
  config.model.fresh.heads = 2;
  config.model.fresh.kv_heads = 1;
  config.model.fresh.experts = 4;
  config.model.fresh.experts_per_token = 2;
  config.model.fresh.expert_hidden = 16;
  config.model.fresh.max_position = 64;
  config.numerics.storage = storage;
  PhaseConfig phase;
  phase.name = "rl";
  phase.steps = 10;
  phase.rollout.sampling.max_new_tokens = 16;
  config.phases.push_back(phase);
  return config;
}

struct TinyState {
  explicit TinyState(RunConfig run = tiny_run(), int threads = 1)
      : config(std::move(run)), pool(threads), state(config, cpu_kernels(detect_isa()), pool) {}

  // One update by a gradient that only `seed` decides.
  Update update(unsigned seed) {
    std::mt19937 generator(seed);
    for (float& g : state.policy().gradients())
      g = static_cast<float>(generator() % 2001) / 1000.0f - 1.0f;
    Update done = state.apply(optimizer, 1e-2, Version{state.step.value + 1}, true);
    ++state.step.value;
    return done;
  }
  std::string digest() const { return state.weights()->id().digest.text(); }

  RunConfig config;
  ThreadPool pool;
  LearnerState state;
  OptimizerConfig optimizer;
};

// A sample of `prompt` and `completion` whose log-probs are those of the state's weights.
inline TrainSample made_sample(LearnerState& state, uint32_t index,
                               const std::vector<int32_t>& prompt,
                               const std::vector<int32_t>& completion, double reward) {
  TrainSample sample;
  sample.body.key = std::make_unique<fb::SampleKey>(0, index, 0, 0);
  sample.body.finish = fb::Finish_stop;
  sample.body.sampling = std::make_unique<fb::SamplingT>();
  auto sequence = std::make_unique<fb::SequenceT>();
  sequence->tokens.assign(prompt.begin(), prompt.end());
  sequence->tokens.insert(sequence->tokens.end(), completion.begin(), completion.end());
  auto segment = [&](size_t begin, size_t end, fb::Source source) {
    auto part = std::make_unique<fb::SegmentT>();
    part->begin = static_cast<uint32_t>(begin);
    part->end = static_cast<uint32_t>(end);
    part->source = source;
    part->weights = std::make_unique<fb::WeightsId>(to_record(state.weights()->id()));
    sequence->segments.push_back(std::move(part));
  };
  segment(0, prompt.size(), fb::Source_prompt);
  segment(prompt.size(), sequence->tokens.size(), fb::Source_model);
  if (!completion.empty()) {
    Pack pack{{{prompt, {{0, completion, {}, 1.0f}}}}};
    sequence->logprobs = state.policy().forward(pack, false).logprob[0];
  }
  sample.body.sequences.push_back(std::move(sequence));
  sample.outcome.status = fb::OutcomeStatus_scored;
  sample.outcome.value = sample.outcome.raw = reward;
  return sample;
}

// Two groups of three and two samples, unequal lengths, both signs of advantage.
inline std::vector<TrainGroup> made_groups(LearnerState& state) {
  std::vector<TrainGroup> groups(2);
  groups[0].push_back(made_sample(state, 0, {5, 9, 3}, {7, 8, 1, 44}, 1));
  groups[0].push_back(made_sample(state, 1, {5, 9, 3}, {20}, 0));
  groups[0].push_back(made_sample(state, 2, {5, 9, 3}, {100, 101, 31}, 0.25));
  groups[1].push_back(made_sample(state, 0, {60, 61}, {62, 63}, 0));
  groups[1].push_back(made_sample(state, 1, {60, 61}, {64, 65, 66, 67, 68}, 2));
  return groups;
}

inline double number(const Metrics& metrics, const std::string& name) {
  auto found = metrics.find(name);
  EXPECT_NE(found, metrics.end()) << name;
  return found == metrics.end() ? -1 : std::get<double>(found->second);
}

template <class Action>
std::string error_of(Code code, Action action) {
  try {
    action();
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), code) << error.what();
    return error.what();
  }
  ADD_FAILURE() << "no error";
  return "";
}

}  // namespace reckon
