// The flags that `sample` and `eval` share: how texts become prompts, how completions are sampled
// and when they end. One thread.
//
//   add_prompt_flags(*app, options.prompt);
//   add_sampling_options(*app, options);
//   ...
//   LocalSampler sampler(options.model, options.threads, options.prompt.chat_template);
//   use_model_defaults(options, sampler.model, sampler.folder);
#pragma once

#include <CLI/CLI.hpp>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "base/error.h"
#include "model/load_model.h"
#include "pipeline/prompt.h"
#include "rollout/engine.h"

namespace reckon {

struct SamplingOptions {
  SamplingParams sampling{
      .temperature = 1, .top_k = 0, .top_p = 1, .min_p = 0, .max_new_tokens = 256};
  std::vector<std::string> stop;
  uint64_t seed = 1;
  int threads = 0;
  bool model_defaults = false;
  const CLI::App* verb = nullptr;  // knows which flags were given
};

struct PromptFlags {
  bool chat = false;
  std::string system, wrapper, chat_template;

  // As a [data] entry would say it.
  PromptOptions options() const;
};

void add_sampling_options(CLI::App& verb, SamplingOptions& options);
void add_prompt_flags(CLI::App& verb, PromptFlags& flags);

// With --model-defaults: what the model's generation_config.json says takes the place of every flag
// that was not given; standard error says what was used. Error(usage) for a setting that the
// sampler does not have.
void use_model_defaults(SamplingOptions& options, const LoadedModel& model, const Path& folder);

// A group of `prompt` without its samples, as these options sample and end it.
GroupRequest request_of(const SamplingOptions& options, const LoadedModel& model,
                        std::vector<int32_t> prompt);

// What a result depends on beside the model, for `--json`.
nlohmann::json sampling_json(const SamplingOptions& options);

// The command line's own errors, whatever they would be in a run file.
template <class Make>
auto from_command_line(const std::string& argument, Make make) {
  try {
    return make();
  } catch (const Error& error) {
    if (error.code() != Code::config) throw;
    throw Error(Code::usage, error.place() == "template" ? "--template" : argument, error.problem(),
                error.remedy());
  }
}

}  // namespace reckon
