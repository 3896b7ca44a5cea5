// The sampling flags that `sample` and `eval` share.
#pragma once

#include <CLI/CLI.hpp>
#include <cstdint>
#include <limits>

#include "cli/arguments.h"
#include "rollout/engine.h"

namespace reckon {

struct SamplingOptions {
  SamplingParams sampling{
      .temperature = 1, .top_k = 0, .top_p = 1, .min_p = 0, .max_new_tokens = 256};
  uint64_t seed = 1;
  int threads = 0;
};

inline void add_sampling_options(CLI::App& verb, SamplingOptions& options) {
  auto add = [&](const char* name, auto& value, const char* help, const CLI::Validator& check) {
    verb.add_option(name, value, help)->type_name("N")->group("Sampling")->check(check);
  };
  add("--temperature", options.sampling.temperature, "0: greedy", number_between(0, 100));
  add("--top-k", options.sampling.top_k, "keep the k likeliest tokens; 0: off",
      whole_number(0, 1000000));
  add("--top-p", options.sampling.top_p, "keep the likeliest tokens of this mass; 1: off",
      number_between(1e-6, 1));
  add("--min-p", options.sampling.min_p,
      "keep tokens at least this likely beside the likeliest; 0: off", number_between(0, 1));
  add("--max-new-tokens", options.sampling.max_new_tokens, "length limit",
      whole_number(1, std::numeric_limits<int>::max()));
  add("--seed", options.seed, "same seed, same text", whole_number(0));
  add("--threads", options.threads, "0: all cores", whole_number(0, 1024));
}

// What a result depends on beside the model, for `--json`.
inline nlohmann::json sampling_json(const SamplingOptions& options) {
  const SamplingParams& s = options.sampling;
  return {{"temperature", s.temperature},
          {"top_k", s.top_k},
          {"top_p", s.top_p},
          {"min_p", s.min_p},
          {"seed", options.seed},
          {"max_new_tokens", s.max_new_tokens}};
}

}  // namespace reckon
