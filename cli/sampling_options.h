// The sampling flags that `sample` and `eval` share.
#pragma once

#include <CLI/CLI.hpp>
#include <cstdint>

#include "rollout/engine.h"

namespace reckon {

struct SamplingOptions {
  SamplingParams sampling{
      .temperature = 1, .top_k = 0, .top_p = 1, .min_p = 0, .max_new_tokens = 256};
  uint64_t seed = 1;
  int threads = 0;
};

inline void add_sampling_options(CLI::App& verb, SamplingOptions& options) {
  verb.add_option("--temperature", options.sampling.temperature, "0: greedy")
      ->check(CLI::NonNegativeNumber);
  verb.add_option("--top-k", options.sampling.top_k, "keep the k likeliest tokens; 0: off")
      ->check(CLI::NonNegativeNumber);
  verb.add_option("--top-p", options.sampling.top_p,
                  "keep the likeliest tokens of this mass; 1: off")
      ->check(CLI::Range(1e-6, 1.0));
  verb.add_option("--min-p", options.sampling.min_p,
                  "keep tokens at least this likely beside the likeliest; 0: off")
      ->check(CLI::Range(0.0, 1.0));
  verb.add_option("--max-new-tokens", options.sampling.max_new_tokens, "length limit")
      ->check(CLI::PositiveNumber);
  verb.add_option("--seed", options.seed, "same seed, same text");
  verb.add_option("--threads", options.threads, "0: all cores")->check(CLI::NonNegativeNumber);
}

}  // namespace reckon
