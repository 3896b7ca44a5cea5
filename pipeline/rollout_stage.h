// The sampler as a stage: leases draws from the store, samples them with the engine, commits every
// sample as it finishes. A thread of its own, with its own pool for the kernels and its own client;
// several stages may serve one store. Public functions may be called from any thread but the
// stage's.
//
//   RolloutStage rollout(context, {.role = fb::Role_rollout, ...}, options, streams, tokenizer,
//   source, kernels);
//   ...
//   rollout.stop();                        // or its destructor; what was not acknowledged is
//   sampled again some day
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "base/error.h"
#include "pipeline/connection.h"
#include "pipeline/streams.h"
#include "pipeline/weight_source.h"

namespace reckon {

class PromptEncoder;

struct RolloutOptions {
  ModelSpec spec{};
  DType dtype = DType::f32;
  EngineOptions engine{};
  uint64_t seed = 0;          // of the run: keys the noise
  std::string numerics{};     // recorded with every sample
  int threads = 1;            // of the kernels
  uint32_t lease_groups = 8;  // most groups leased by one request
  // Called once, on the stage's thread, when an error has ended it; it must not stop the stage.
  std::function<void(const Error&)> on_failure{};
};

struct RolloutCounters {
  uint64_t groups = 0, samples = 0, tokens = 0;
  uint64_t unfit =
      0;  // samples of prompts that are empty or too long: committed as aborted, without completion
  uint64_t dropped = 0;     // groups given up because newer weights made them useless
  uint64_t late = 0;        // results that the store refused
  double busy_seconds = 0;  // inside the engine
};

class RolloutStage {
 public:
  RolloutStage(zmq::context_t& context, ClientOptions client, RolloutOptions options,
               StreamTable streams, std::shared_ptr<const PromptEncoder> prompts,
               std::shared_ptr<WeightSource> source, const KernelTable& kernels);
  ~RolloutStage();

  void stop();
  RolloutCounters counters() const;
  std::optional<Error> failure() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace reckon
