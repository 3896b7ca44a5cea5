// reckon eval MODEL DATA: pass@1, or avg@k and pass@k, of a model on a data set, scored by one
// reward.
#include <unistd.h>

#include <cstdio>
#include <fstream>
#include <map>
#include <memory>

#include "base/clock.h"
#include "base/error.h"
#include "base/text.h"
#include "cli/arguments.h"
#include "cli/eval_report.h"
#include "cli/model_argument.h"
#include "cli/sampling_options.h"
#include "cli/verbs.h"
#include "pipeline/dataset.h"
#include "pipeline/progress.h"
#include "rewards/builtin.h"
#include "rewards/reward.h"

namespace reckon {
namespace {

constexpr uint64_t kGeneratorProblems = 256;
constexpr std::string_view kBuiltin = "builtin:";

struct EvalOptions : SamplingOptions {
  std::string model, data, reward = "number", output, prompt_column = "prompt";
  PromptFlags prompt;
  std::vector<std::string> columns;
  std::vector<uint32_t> pass_at;
  uint64_t problems = 0;
  uint32_t samples = 1;
  bool json = false;
};

// [data] columns of the command line: "NAME=FROM".
std::map<std::string, std::string> renames(const std::vector<std::string>& texts) {
  std::map<std::string, std::string> columns;
  for (const std::string& text : texts) {
    const size_t equals = text.find('=');
    if (equals == std::string::npos || equals == 0 || equals + 1 == text.size())
      throw Error(Code::usage, cat("--column ", text), "names no column", "write NAME=FROM");
    columns[text.substr(0, equals)] = text.substr(equals + 1);
  }
  return columns;
}

RewardSpec judging_reward(const std::string& text) {
  RewardSpec spec = parse_reward(text);
  if (!shapes_by_default(spec.use)) return spec;
  throw Error(Code::usage, cat("--reward ", text), "shapes behaviour and judges no answer",
              "choose one that judges: exact, number, math, format");
}

class Evaluation {
 public:
  explicit Evaluation(EvalOptions& options)
      : options_(options),
        data_(from_command_line(
            options.data,
            [&] { return open_dataset(options.data, shape_of(options), options.seed); })),
        judge_(judging_reward(options.reward)),
        rewards_(from_command_line(cat("--reward ", options.reward),
                                   [&] { return RewardSet({judge_}); })),
        sampler_(options.model, options.threads, options.prompt.chat_template),
        tally_(problem_count(), options.samples, options.pass_at),
        style_(terminal_style(STDERR_FILENO)),
        begin_(monotonic_seconds()) {
    use_model_defaults(options, sampler_.model, sampler_.folder);
    if (options.output.empty()) return;
    output_.open(options.output);
    if (!output_) throw Error(Code::io, options.output, "cannot be written", "check the folder");
  }

  EvalTally run() {
    std::fprintf(stderr, "weights of %s, %zu problems\n", sampler_.folder.c_str(),
                 tally_.problems());
    read_prompts();
    size_t next = 0;
    while (next < prompts_.size() || !sampler_.engine->idle()) {
      while (next < prompts_.size() && sampler_.engine->wants_work()) add(next++);
      for (const Completion& done : sampler_.engine->step()) score(done);
    }
    if (style_.terminal) std::fputs("\r\033[K", stderr);
    check();
    return tally_;
  }

  nlohmann::json json() const {
    nlohmann::json all = tally_.json();
    all["model"] = sampler_.folder.string();
    all["weights"] = sampler_.engine->weights()->id().digest.text();
    all["data"] = options_.data;
    all["reward"] = options_.reward;
    all["sampling"] = sampling_json(options_);
    return all;
  }

 private:
  static PromptOptions shape_of(const EvalOptions& options) {
    PromptOptions shape = options.prompt.options();
    shape.column = options.prompt_column;
    shape.columns = renames(options.columns);
    return shape;
  }

  size_t problem_count() const {
    uint64_t all = options_.data.starts_with(kBuiltin) ? kGeneratorProblems : data_->size();
    return std::min(options_.problems > 0 ? options_.problems : all, data_->size());
  }

  // All of them before the first is sampled: a bad row is found at once.
  void read_prompts() {
    for (size_t row = 0; row < tally_.problems(); ++row)
      prompts_.push_back(sampler_.prompts.encode(data_->row(row)));
    for (size_t row = 0; row < prompts_.size(); ++row) {
      if (prompts_[row].size() < static_cast<size_t>(sampler_.model.spec.max_position)) continue;
      add(row);  // throws
    }
  }

  void add(size_t row) {
    GroupRequest request = request_of(options_, sampler_.model, prompts_[row]);
    request.tag = request.noise.draw = row;
    for (uint32_t i = 0; i < options_.samples; ++i) request.samples.push_back(i);
    sampler_.add(request, cat(options_.data, ", row ", row), Code::data);
  }

  void score(const Completion& done) {
    Row row = data_->row(done.tag);
    std::string text = sampler_.model.tokenizer->decode(done.tokens);
    bool truncated = done.finish == FinishReason::length;
    const RewardInput input{
        .prompt = row.prompt,
        .completion = text,
        .columns = &row.columns,
        .completion_tokens = static_cast<uint32_t>(done.tokens.size()),
        .max_new_tokens = static_cast<uint32_t>(options_.sampling.max_new_tokens),
        .truncated = truncated,
        .evaluation = true};
    const Outcome outcome = rewards_.score(input);
    tally_.add(done.tag, outcome, done.tokens.size(), truncated);
    progress();
    if (!output_.is_open()) return;
    nlohmann::json line = {{"row", done.tag},        {"sample", done.sample},
                           {"prompt", row.prompt},   {"completion", text},
                           {"value", outcome.value}, {"correct", outcome.correct},
                           {"note", outcome.note},   {"status", status_name(outcome.status)},
                           {"gold", gold_of(input)}, {"tokens", done.tokens.size()},
                           {"truncated", truncated}};
    output_ << line.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace) << "\n";
  }

  // What the reward compares with; null when the row has nothing.
  nlohmann::json gold_of(const RewardInput& input) const {
    auto column = judge_.options.find("gold");
    const bool named = column != judge_.options.end() && column->second.is_string();
    auto gold = find_gold(input, named ? column->second.get<std::string>() : "");
    return gold ? nlohmann::json(gold->text) : nlohmann::json();
  }

  void progress() {
    double now = monotonic_seconds();
    done_ += 1;
    if (!style_.terminal || now - drawn_ < 0.2) return;
    drawn_ = now;
    ProgressPoint point{.phase = "eval",
                        .step = done_,
                        .steps = static_cast<uint64_t>(tally_.count()),
                        .step_seconds = 0,
                        .seconds_left = (now - begin_) / static_cast<double>(done_) *
                                        (tally_.count() - static_cast<double>(done_))};
    std::fprintf(stderr, "\r%s", progress_bar(point, style_).c_str());
  }

  void check() {
    if (output_.is_open() && !output_.flush())
      throw Error(Code::io, options_.output, "could not be written", "check the disk's space");
    if (tally_.scored() > 0) return;
    throw Error(
        Code::rewards_failing, options_.data,
        cat("none of the ", tally_.count(), " completions got a score: ", tally_.first_note()),
        cat("choose a reward that fits these rows; --reward is '", options_.reward, "'"));
  }

  const EvalOptions& options_;
  std::shared_ptr<const Dataset> data_;
  RewardSpec judge_;
  RewardSet rewards_;
  LocalSampler sampler_;
  EvalTally tally_;
  TerminalStyle style_;
  double begin_, drawn_ = 0;
  uint64_t done_ = 0;
  std::ofstream output_;
  std::vector<std::vector<int32_t>> prompts_;
};

void evaluate(EvalOptions& options) {
  for (uint32_t k : options.pass_at) {
    if (k > options.samples)
      throw Error(Code::usage, cat("--pass-at ", k),
                  cat("there are ", options.samples, " samples a problem"),
                  cat("sample more of them: -k ", k));
  }
  Evaluation evaluation(options);
  EvalTally tally = evaluation.run();
  std::string text = options.json ? evaluation.json().dump(1) + "\n" : tally.text();
  std::fputs(text.c_str(), stdout);
}

}  // namespace

void add_eval(Verb verb) {
  auto options = std::make_shared<EvalOptions>();
  CLI::App* app =
      verb.app
          .add_subcommand("eval",
                          "Accuracy on a data set: pass@1, or avg@k and pass@k with k samples.")
          ->group("Use");
  auto add = [app](const char* name, auto& value, const char* type, const std::string& help) {
    return app->add_option(name, value, help)->type_name(type);
  };
  add("MODEL", options->model, "", kModelHelp)->required();
  add("DATA", options->data, "",
      "file of JSON lines, or a generator: builtin:NAME?key=value&... (docs/data.md)")
      ->required();
  add("--reward", options->reward, "NAME",
      "the reward that judges; NAME?option=value&... sets options");
  add("--problems", options->problems, "N",
      cat("rows 0 to N - 1; 0: all of a file, ", kGeneratorProblems, " of a generator"))
      ->check(whole_number(0));
  add("-k,--samples", options->samples, "K", "samples per problem")
      ->check(whole_number(1, 1 << 20));
  add("--pass-at", options->pass_at, "K",
      "also estimate pass@K from the K or more samples; may be repeated")
      ->allow_extra_args(false)
      ->default_str("")
      ->check(whole_number(1, 1 << 20));
  add("--prompt-column", options->prompt_column, "NAME", "column that holds the prompt");
  add("--column", options->columns, "NAME=FROM",
      "a further name for a column, dotted names reach into objects; may be repeated")
      ->allow_extra_args(false)
      ->default_str("");
  add("--out", options->output, "FILE", "write every sample to this file of JSON lines");
  app->add_flag("--json", options->json, "one JSON object");
  add_prompt_flags(*app, options->prompt);
  add_sampling_options(*app, *options);
  app->footer(
      "Examples:\n"
      "  reckon eval runs/quickstart \"builtin:chained_sum?split=heldout&terms=5&digits=1\" -k 4\n"
      "  reckon eval my-model problems.jsonl --reward \"number?gold=solution\" --temperature 0\n"
      "  reckon eval my-model gsm8k/test.jsonl --chat --model-defaults -k 4 --out samples.jsonl");
  app->callback([options] { evaluate(*options); });
}

}  // namespace reckon
