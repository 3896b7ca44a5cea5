// The sampler: continuous batching over paged KV. One prefill per group, shared by its samples; a
// group is admitted when the KV budget covers its worst case, so nothing is ever evicted. Every
// token is a pure function of (weights, prompt, sampling, key): not of what else is in flight. One
// thread; the kernels use the pool.
//
//   Engine engine(spec, options, cpu_kernels(detect_isa()), pool);
//   engine.set_weights(weights);
//   engine.add(request);
//   while (!engine.idle()) for (Completion& done : engine.step()) ...
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include "kernels/kernels.h"
#include "model/weights.h"
#include "rollout/stop_strings.h"

namespace reckon {

struct SamplingParams {
  double temperature = 1;  // 0: greedy; the log-prob recorded is then that of temperature 1
  int top_k = 0;           // 0: off
  double top_p = 1, min_p = 0;
  int max_new_tokens = 0;  // > 0
  bool operator==(const SamplingParams&) const = default;
  bool filters() const { return top_k > 0 || top_p < 1 || min_p > 0; }
  // What z = logit * inverse_temperature is made with; whoever scores a completion uses this very
  // value.
  float inverse_temperature() const {
    return temperature == 0 ? 1.0f : static_cast<float>(1 / temperature);
  }
};

enum class FinishReason : uint8_t { stop, length };

// What the noise is keyed by, beside sample index and ordinal (contract rule 7).
struct NoiseKey {
  uint64_t seed = 0;
  uint64_t phase = 0, draw = 0;
};

struct GroupRequest {
  uint64_t tag = 0;             // the caller's name for the group, given back with each completion
  std::vector<int32_t> prompt;  // at least one token
  std::vector<uint32_t> samples;  // which members to sample
  SamplingParams sampling;
  NoiseKey noise;
  std::vector<int32_t> stop_tokens;  // end a completion and belong to it
  // Texts that do so too, from the first token on that completes one; null: none.
  std::shared_ptr<const StopStrings> stop_strings = nullptr;
  // Called inside step() with every token as it is sampled, in the order of the completion.
  std::function<void(uint32_t sample, int32_t token)> on_token = {};
};

struct Completion {
  uint64_t tag = 0;
  uint32_t sample = 0;
  std::vector<int32_t> tokens;  // stop token included
  std::vector<float> logprobs;  // one per token, of the distribution sampled from
  std::vector<float> entropies;
  std::vector<float> kept_threshold;  // empty when no filter was on
  std::vector<uint32_t> kept_count;
  FinishReason finish = FinishReason::stop;
};

struct EngineOptions {
  size_t kv_bytes = size_t{256} << 20;  // budget for KV pages
  int max_rows = 256;  // rows of one forward: decoding samples first, then prompt tokens
};

struct EngineCounters {
  uint64_t forwards = 0, prefill_tokens = 0, sampled_tokens = 0;
  size_t kv_bytes = 0, kv_bytes_peak = 0;  // held by admitted groups: now, and at most so far
};

class Engine {
 public:
  Engine(const ModelSpec& spec, DType dtype, const EngineOptions& options,
         const KernelTable& kernels, ThreadPool& pool);
  ~Engine();

  void set_weights(std::shared_ptr<const Weights> weights);  // only while idle
  const std::shared_ptr<const Weights>& weights() const;

  // Queues a group; Error(config) when it can never fit the KV budget or the model's positions.
  void add(GroupRequest request);
  bool idle() const;        // nothing queued or running
  bool wants_work() const;  // the next group would start at once: nothing waits for KV

  // One forward over up to max_rows rows; returns what finished in it.
  std::vector<Completion> step();
  // While idle: lets go of the weights and gives the KV pages' memory back, until set_weights().
  void sleep();
  // Gives up everything queued and running.
  void clear();

  const EngineCounters& counters() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace reckon
