// reckon sample MODEL "text": completions of a prompt, on standard output.
#include <cstdio>
#include <memory>

#include "cli/model_argument.h"
#include "cli/sampling_options.h"
#include "cli/verbs.h"

namespace reckon {
namespace {

struct Options : SamplingOptions {
  std::string model, prompt;
  uint32_t count = 1;
};

void sample(const Options& options) {
  LocalSampler sampler(options.model, options.threads);
  GroupRequest request;
  request.prompt = sampler.model.tokenizer->encode(options.prompt);
  for (uint32_t i = 0; i < options.count; ++i) request.samples.push_back(i);
  request.sampling = options.sampling;
  request.noise.seed = options.seed;
  request.stop_tokens = {sampler.model.tokenizer->end_id()};
  sampler.engine->add(std::move(request));
  std::vector<std::string> texts(options.count);
  while (!sampler.engine->idle()) {
    for (const Completion& done : sampler.engine->step()) {
      texts[done.sample] = sampler.model.tokenizer->decode(done.tokens);
      if (done.finish == FinishReason::length)
        std::fprintf(stderr, "completion %u ended at the length limit\n", done.sample);
    }
  }
  for (const std::string& text : texts) std::printf("%s\n", text.c_str());
}

}  // namespace

void add_sample(Verb verb) {
  auto options = std::make_shared<Options>();
  CLI::App* app = verb.app.add_subcommand("sample", "complete a prompt")->group("Use");
  app->add_option("MODEL", options->model, "Hugging Face directory or run folder")->required();
  app->add_option("TEXT", options->prompt, "the prompt")->required();
  app->add_option("-n,--count", options->count, "completions")->check(CLI::PositiveNumber);
  add_sampling_options(*app, *options);
  app->callback([options] { sample(*options); });
}

}  // namespace reckon
