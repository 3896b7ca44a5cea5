// reckon sample MODEL "text": completions of a prompt, on standard output.
#include <unistd.h>

#include <cstdio>
#include <memory>

#include "base/text.h"
#include "cli/model_argument.h"
#include "cli/sampling_options.h"
#include "cli/verbs.h"

namespace reckon {
namespace {

struct Options : SamplingOptions {
  std::string model, prompt;
  uint32_t count = 1;
  bool json = false, chat = false;
};

const char* finish_name(FinishReason reason) {
  return reason == FinishReason::stop ? "stop" : "length";
}

// With --chat the text is what a user says, wrapped as the model's template does.
std::vector<int32_t> prompt_of(const Options& options, const PromptEncoder& prompts) {
  Row row{.prompt = options.prompt, .columns = {}};
  if (options.chat) row.messages.push_back({"user", options.prompt});
  return prompts.encode(row);
}

GroupRequest request_of(const Options& options, const PromptEncoder& prompts) {
  GroupRequest request;
  request.prompt = prompt_of(options, prompts);
  for (uint32_t i = 0; i < options.count; ++i) request.samples.push_back(i);
  request.sampling = options.sampling;
  request.noise.seed = options.seed;
  request.stop_tokens = {prompts.tokenizer().end_id()};
  return request;
}

// The bytes as they are, unless they go to a terminal.
void print_text(const Completion& done, const std::string& text) {
  std::string shown = ::isatty(STDOUT_FILENO) == 1 ? printable(text) : text;
  std::fwrite(shown.data(), 1, shown.size(), stdout);
  std::fputc('\n', stdout);
  if (done.finish == FinishReason::length)
    std::fprintf(stderr, "completion %u was cut at the length limit, after %zu tokens\n",
                 done.sample, done.tokens.size());
}

void print_json(const Options& options, const Completion& done, const std::string& text,
                const PromptEncoder& prompts) {
  const Tokenizer& tokenizer = prompts.tokenizer();
  std::vector<std::string> texts;
  for (int32_t token : done.tokens) texts.push_back(tokenizer.token_text(token));
  nlohmann::json line = {{"prompt", options.prompt},
                         {"prompt_tokens", prompt_of(options, prompts)},
                         {"sampling", sampling_json(options)},
                         {"sample", done.sample},
                         {"text", text},
                         {"finish", finish_name(done.finish)},
                         {"tokens", done.tokens},
                         {"token_texts", texts},
                         {"logprobs", done.logprobs}};
  std::printf("%s\n", line.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace).c_str());
}

void sample(const Options& options) {
  LocalSampler sampler(options.model, options.threads);
  const Tokenizer& tokenizer = *sampler.model.tokenizer;
  std::fprintf(stderr, "weights of %s\n", sampler.folder.c_str());
  sampler.add(request_of(options, sampler.prompts), "TEXT", Code::usage);
  std::vector<Completion> completions(options.count);
  while (!sampler.engine->idle()) {
    for (Completion& done : sampler.engine->step()) completions[done.sample] = std::move(done);
  }
  for (const Completion& done : completions) {
    std::string text = tokenizer.decode(done.tokens);
    options.json ? print_json(options, done, text, sampler.prompts) : print_text(done, text);
  }
}

}  // namespace

void add_sample(Verb verb) {
  auto options = std::make_shared<Options>();
  CLI::App* app =
      verb.app.add_subcommand("sample", "Complete a prompt: one completion a line.")->group("Use");
  app->add_option("MODEL", options->model, kModelHelp)->type_name("")->required();
  app->add_option("TEXT", options->prompt, "the prompt")->type_name("")->required();
  app->add_option("-n,--count", options->count, "completions")
      ->type_name("N")
      ->check(whole_number(1, 1 << 20));
  app->add_flag("--chat", options->chat,
                "TEXT is a user's message: wrap it in the model's chat template");
  app->add_flag("--json", options->json,
                "one JSON object per completion, with tokens and their log-probs");
  add_sampling_options(*app, *options);
  app->footer("Example:\n  reckon sample runs/quickstart \"3+5+7+2+4=\" -n 4");
  app->callback([options] { sample(*options); });
}

}  // namespace reckon
