// reckon eval MODEL DATA: pass@1 and avg@k of a model on a data set, scored by one reward.
#include <cmath>
#include <cstdio>
#include <fstream>
#include <memory>

#include "base/error.h"
#include "base/text.h"
#include "cli/model_argument.h"
#include "cli/sampling_options.h"
#include "cli/verbs.h"
#include "pipeline/dataset.h"
#include "rewards/reward.h"

namespace reckon {
namespace {

struct Options : SamplingOptions {
  std::string model, data, reward = "number", output, prompt_column = "prompt";
  uint64_t problems = 200;
  uint32_t samples = 1;
};

struct Tally {
  uint64_t scored = 0, correct = 0, unscored = 0, truncated = 0, tokens = 0;
  double value = 0;
  std::vector<double> pass_rate;  // per problem
};

void count(Tally& tally, const Outcome& outcome, const Completion& done, uint32_t samples) {
  tally.tokens += done.tokens.size();
  tally.truncated += done.finish == FinishReason::length;
  if (outcome.status != Status::scored) {
    ++tally.unscored;
    return;
  }
  ++tally.scored;
  tally.correct += outcome.correct;
  tally.value += outcome.value;
  tally.pass_rate[done.tag] += outcome.correct ? 1.0 / samples : 0;
}

void print(const Options& options, const Tally& tally) {
  double n = static_cast<double>(tally.pass_rate.size()), mean = 0, variance = 0;
  for (double rate : tally.pass_rate) mean += rate / n;
  for (double rate : tally.pass_rate)
    variance += (rate - mean) * (rate - mean) / std::max(1.0, n - 1);
  double total = static_cast<double>(tally.scored + tally.unscored);
  std::printf("%s %.4f   95%% interval +-%.4f (over problems)\n",
              options.samples == 1 ? "pass@1" : cat("avg@", options.samples).c_str(), mean,
              1.96 * std::sqrt(variance / n));
  std::printf(
      "mean value %.4f   problems %zu   samples %.0f   unscored %lu   truncated %.1f%%   mean "
      "length %.1f\n",
      tally.scored ? tally.value / static_cast<double>(tally.scored) : 0.0, tally.pass_rate.size(),
      total, tally.unscored, 100.0 * static_cast<double>(tally.truncated) / total,
      static_cast<double>(tally.tokens) / total);
}

void evaluate(const Options& options) {
  auto data = open_dataset(options.data, options.prompt_column, options.seed);
  RewardSet rewards(
      {RewardSpec{.use = options.reward, .weight = 1, .shaping = false, .options = {}}});
  LocalSampler sampler(options.model, options.threads);
  std::ofstream output;
  if (!options.output.empty()) {
    output.open(options.output);
    if (!output) throw Error(Code::io, options.output, "cannot be written", "check the folder");
  }
  Tally tally;
  uint64_t problems = std::min(options.problems, data->size()), next = 0;
  tally.pass_rate.resize(problems);
  auto add = [&](uint64_t row) {
    GroupRequest request{.tag = row,
                         .prompt = sampler.model.tokenizer->encode(data->row(row).prompt),
                         .samples = {},
                         .sampling = options.sampling,
                         .noise = {.seed = options.seed, .phase = 0, .draw = row},
                         .stop_tokens = {sampler.model.tokenizer->end_id()}};
    for (uint32_t i = 0; i < options.samples; ++i) request.samples.push_back(i);
    sampler.engine->add(std::move(request));
  };
  while (next < problems || !sampler.engine->idle()) {
    while (next < problems && sampler.engine->wants_work()) add(next++);
    for (const Completion& done : sampler.engine->step()) {
      Row row = data->row(done.tag);
      std::string text = sampler.model.tokenizer->decode(done.tokens);
      Outcome outcome =
          rewards.score({.prompt = row.prompt,
                         .completion = text,
                         .columns = &row.columns,
                         .completion_tokens = static_cast<uint32_t>(done.tokens.size()),
                         .max_new_tokens = static_cast<uint32_t>(options.sampling.max_new_tokens),
                         .truncated = done.finish == FinishReason::length});
      count(tally, outcome, done, options.samples);
      if (!output.is_open()) continue;
      nlohmann::json line = {{"row", done.tag},
                             {"sample", done.sample},
                             {"prompt", row.prompt},
                             {"completion", text},
                             {"value", outcome.value},
                             {"correct", outcome.correct},
                             {"status", status_name(outcome.status)},
                             {"note", outcome.note}};
      output << line.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace) << "\n";
    }
  }
  print(options, tally);
}

}  // namespace

void add_eval(Verb verb) {
  auto options = std::make_shared<Options>();
  CLI::App* app = verb.app.add_subcommand("eval", "pass@1 and avg@k on a data set")->group("Use");
  app->add_option("MODEL", options->model, "Hugging Face directory or run folder")->required();
  app->add_option("DATA", options->data, "a .jsonl file or builtin:NAME?key=value")->required();
  app->add_option("--reward", options->reward, "the reward that scores (a reward's name)");
  app->add_option("--problems", options->problems, "rows 0 .. n-1")->check(CLI::PositiveNumber);
  app->add_option("-k,--samples", options->samples, "samples per problem")
      ->check(CLI::PositiveNumber);
  app->add_option("--prompt-column", options->prompt_column, "column that holds the prompt");
  app->add_option("--out", options->output, "write every sample to this JSONL file");
  add_sampling_options(*app, *options);
  app->callback([options] { evaluate(*options); });
}

}  // namespace reckon
