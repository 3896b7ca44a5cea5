#include "cli/sampling_options.h"

#include <cstdio>
#include <limits>

#include "base/text.h"
#include "cli/arguments.h"
#include "cli/model_defaults.h"

namespace reckon {

PromptOptions PromptFlags::options() const {
  PromptOptions options;
  options.wrapper = wrapper;
  options.system = system;
  options.chat = chat;
  return options;
}

void add_sampling_options(CLI::App& verb, SamplingOptions& options) {
  options.verb = &verb;
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
  verb.add_option("--stop", options.stop, "text that ends a completion; may be repeated")
      ->type_name("TEXT")
      ->group("Sampling")
      ->allow_extra_args(false)
      ->default_str("")
      ->check(CLI::Validator(
          [](const std::string& text) {
            return text.empty() ? "a stop string is empty" : std::string();
          },
          ""));
  verb.add_flag("--model-defaults", options.model_defaults,
                "take from generation_config.json what no flag says")
      ->group("Sampling");
  add("--seed", options.seed, "same seed, same text", whole_number(0));
  add("--threads", options.threads, "0: all cores", whole_number(0, 1024));
}

void add_prompt_flags(CLI::App& verb, PromptFlags& flags) {
  verb.add_flag("--chat", flags.chat,
                "a text is a user's message: wrap it in the model's chat template")
      ->group("Prompt");
  auto add = [&](const char* name, auto& value, const char* type, const char* help) {
    verb.add_option(name, value, help)->type_name(type)->group("Prompt");
  };
  add("--system", flags.system, "TEXT", "system message before the user's; implies --chat");
  add("--template", flags.wrapper, "TEXT",
      "the prompt's text, with {prompt} and other {column}s; {{ and }} are braces");
  add("--chat-template", flags.chat_template, "FILE", "Jinja template in place of the model's own");
}

void use_model_defaults(SamplingOptions& options, const LoadedModel& model, const Path& folder) {
  if (!options.model_defaults) return;
  const bool there = model.source != nullptr && !model.source->generation_config.empty();
  ModelDefaults defaults;
  if (there)
    defaults = read_model_defaults(model.source->generation_config,
                                   (folder / "generation_config.json").string());
  std::vector<std::string> used;
  auto take = [&](const char* flag, const char* name, const auto& from, auto& to) {
    if (!from || options.verb->count(flag) > 0) return;
    to = *from;
    used.push_back(cat(name, " ", *from));
  };
  take("--temperature", "temperature", defaults.temperature, options.sampling.temperature);
  take("--top-k", "top_k", defaults.top_k, options.sampling.top_k);
  take("--top-p", "top_p", defaults.top_p, options.sampling.top_p);
  take("--min-p", "min_p", defaults.min_p, options.sampling.min_p);
  std::fprintf(stderr, "model defaults: %s\n",
               !there         ? "there is no generation_config.json"
               : used.empty() ? "none that no flag says"
                              : join(used, ", ").c_str());
}

GroupRequest request_of(const SamplingOptions& options, const LoadedModel& model,
                        std::vector<int32_t> prompt) {
  GroupRequest request;
  request.prompt = std::move(prompt);
  request.sampling = options.sampling;
  request.noise.seed = options.seed;
  request.stop_tokens = model.tokenizer->end_ids();
  request.stop_strings = StopStrings::make(model.tokenizer, options.stop);
  return request;
}

nlohmann::json sampling_json(const SamplingOptions& options) {
  const SamplingParams& s = options.sampling;
  return {{"temperature", s.temperature},
          {"top_k", s.top_k},
          {"top_p", s.top_p},
          {"min_p", s.min_p},
          {"seed", options.seed},
          {"max_new_tokens", s.max_new_tokens},
          {"stop", options.stop}};
}

}  // namespace reckon
