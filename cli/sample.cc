// reckon sample MODEL "text": completions of a prompt, or a conversation, on standard output.
#include <unistd.h>

#include <cstdio>
#include <iostream>
#include <iterator>
#include <memory>

#include "base/text.h"
#include "cli/arguments.h"
#include "cli/model_argument.h"
#include "cli/sampling_options.h"
#include "cli/verbs.h"

namespace reckon {
namespace {

struct Options : SamplingOptions {
  std::string model, text;
  PromptFlags prompt;
  uint32_t count = 1;
  bool text_given = false, json = false, no_stream = false;
};

const char* finish_name(FinishReason reason) {
  return reason == FinishReason::stop ? "stop" : "length";
}

// The text of one completion, up to its stop string: kept, and written as it comes if `live`. To a
// terminal control characters go in readable form.
class Shown {
 public:
  Shown(const Tokenizer& tokenizer, std::shared_ptr<const StopStrings> stops, bool live)
      : decoder_(tokenizer), cut_(std::move(stops)), live_(live) {}

  void push(int32_t token) { take(cut_.push(decoder_.push(token))); }
  void finish() {
    take(cut_.push(decoder_.finish()));
    take(cut_.finish());
  }
  const std::string& text() const { return text_; }

  static void write(const std::string& text) {
    const std::string shown = ::isatty(STDOUT_FILENO) == 1 ? printable(text) : text;
    std::fwrite(shown.data(), 1, shown.size(), stdout);
  }

 private:
  void take(const std::string& text) {
    text_ += text;
    if (!live_ || text.empty()) return;
    write(text);
    std::fflush(stdout);
  }

  StreamDecoder decoder_;
  StopText cut_;
  bool live_;
  std::string text_;
};

class Session {
 public:
  explicit Session(Options& options)
      : options_(options),
        shaper_(from_command_line("--template", [&] { return RowShaper(shape_of(options)); })),
        sampler_(options.model, options.threads, options.prompt.chat_template) {
    std::fprintf(stderr, "weights of %s\n", sampler_.folder.c_str());
    use_model_defaults(options, sampler_.model, sampler_.folder);
  }

  // `-n` completions of one text.
  void complete(const std::string& text) { answer(row_of(text, "TEXT"), 0); }

  // Every line of standard input is what the user says next; the answers join the history.
  void converse() {
    const bool terminal = ::isatty(STDIN_FILENO) == 1;
    if (terminal) std::fputs("a line is a message; Ctrl-D ends the conversation\n", stderr);
    Row talk;
    std::string line;
    for (uint64_t turn = 0; next_line(line, terminal); ++turn) {
      Row row = row_of(line, cat("message ", turn + 1));
      talk.prompt = row.prompt;
      if (turn == 0)
        talk.messages = std::move(row.messages);
      else
        talk.messages.push_back(std::move(row.messages.back()));
      talk.messages.push_back({"assistant", answer(talk, turn)});
    }
  }

 private:
  static PromptOptions shape_of(const Options& options) {
    PromptOptions shape = options.prompt.options();
    shape.format = "plain";
    return shape;
  }

  static bool next_line(std::string& line, bool terminal) {
    do {
      if (terminal) std::fputs("> ", stderr);
      if (!std::getline(std::cin, line)) {
        if (terminal) std::fputc('\n', stderr);
        return false;
      }
      if (line.ends_with('\r')) line.pop_back();
    } while (line.empty());
    return true;
  }

  Row row_of(const std::string& text, const std::string& place) const {
    if (text.empty())
      throw Error(Code::usage, place, "the prompt is empty", "give a text of at least one token");
    try {
      return shaper_.shape({{"prompt", text}}, place);
    } catch (const Error& error) {
      throw Error(Code::usage, error.place(), error.problem(), error.remedy());
    }
  }

  // Samples and prints; returns the text of the first completion.
  std::string answer(const Row& row, uint64_t turn) {
    GroupRequest request = request_of(options_, sampler_.model, sampler_.prompts.encode(row));
    for (uint32_t i = 0; i < options_.count; ++i) request.samples.push_back(i);
    request.noise.draw = turn;
    const bool live = options_.count == 1 && !options_.json && !options_.no_stream;
    const auto stops = request.stop_strings;
    std::vector<Shown> shown(options_.count, Shown(*sampler_.model.tokenizer, stops, live));
    request.on_token = [&](uint32_t sample, int32_t token) { shown[sample].push(token); };
    sampler_.add(request, turn == 0 ? "TEXT" : "the conversation", Code::usage);
    std::vector<Completion> completions(options_.count);
    while (!sampler_.engine->idle()) {
      for (Completion& done : sampler_.engine->step()) {
        shown[done.sample].finish();
        completions[done.sample] = std::move(done);
      }
    }
    for (const Completion& done : completions) {
      const std::string& text = shown[done.sample].text();
      options_.json ? print_json(row, request.prompt, done, text) : print_text(done, text, live);
    }
    return shown[0].text();
  }

  static void print_text(const Completion& done, const std::string& text, bool written) {
    if (!written) Shown::write(text);
    std::fputc('\n', stdout);
    std::fflush(stdout);
    if (done.finish == FinishReason::length)
      std::fprintf(stderr, "completion %u was cut at the length limit, after %zu tokens\n",
                   done.sample, done.tokens.size());
  }

  void print_json(const Row& row, const std::vector<int32_t>& prompt, const Completion& done,
                  const std::string& text) const {
    std::vector<std::string> texts;
    for (int32_t token : done.tokens) texts.push_back(sampler_.model.tokenizer->token_text(token));
    nlohmann::json line = {{"prompt", row.prompt},
                           {"prompt_tokens", prompt},
                           {"sampling", sampling_json(options_)},
                           {"sample", done.sample},
                           {"text", text},
                           {"finish", finish_name(done.finish)},
                           {"tokens", done.tokens},
                           {"token_texts", texts},
                           {"logprobs", done.logprobs}};
    std::printf("%s\n",
                line.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace).c_str());
    std::fflush(stdout);
  }

  Options& options_;
  RowShaper shaper_;
  LocalSampler sampler_;
};

// All of standard input, without the line end that closes its last line.
std::string standard_input() {
  if (::isatty(STDIN_FILENO) == 1)
    std::fputs("the prompt is read from standard input; Ctrl-D ends it\n", stderr);
  std::string text((std::istreambuf_iterator<char>(std::cin)), {});
  if (text.ends_with('\n')) text.pop_back();
  if (text.ends_with('\r')) text.pop_back();
  return text;
}

void sample(Options& options) {
  const bool chat = options.prompt.chat || !options.prompt.system.empty();
  if (options.text_given) return Session(options).complete(options.text);
  if (!chat) {
    const std::string text = standard_input();
    return Session(options).complete(text);
  }
  if (options.count > 1)
    throw Error(Code::usage, "-n", "a conversation has one answer to a message",
                "give TEXT, or leave -n out");
  Session(options).converse();
}

}  // namespace

void add_sample(Verb verb) {
  auto options = std::make_shared<Options>();
  CLI::App* app =
      verb.app.add_subcommand("sample", "Complete a prompt: one completion a line.")->group("Use");
  app->add_option("MODEL", options->model, kModelHelp)->type_name("")->required();
  CLI::Option* text =
      app->add_option("TEXT", options->text,
                      "the prompt; left out: standard input, with --chat a message a line")
          ->type_name("");
  app->add_option("-n,--count", options->count, "completions")
      ->type_name("N")
      ->check(whole_number(1, 1 << 20));
  app->add_flag("--no-stream", options->no_stream, "write a completion when it is whole");
  app->add_flag("--json", options->json,
                "one JSON object per completion, with tokens and their log-probs");
  add_prompt_flags(*app, options->prompt);
  add_sampling_options(*app, *options);
  app->footer(
      "Examples:\n"
      "  reckon sample runs/quickstart \"3+5+7+2+4=\" -n 4\n"
      "  reckon sample SmolLM2-135M-Instruct.Q4_1.gguf --chat --system \"Be brief.\"");
  app->callback([options, text] {
    options->text_given = text->count() > 0;
    sample(*options);
  });
}

}  // namespace reckon
