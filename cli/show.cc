// reckon show RUN [KEY]: a group (phase/draw/version) or a sample (phase/draw/version/sample) of a
// run as text. Works on a run that is going on.
#include <cstdio>
#include <cstring>
#include <memory>

#include "base/error.h"
#include "base/text.h"
#include "cli/arguments.h"
#include "cli/show_text.h"
#include "cli/verbs.h"
#include "pipeline/config.h"
#include "storage/checkpoint.h"

namespace reckon {
namespace {

struct Options {
  std::string run, key;
  uint64_t step = 0;
  bool tokens = false, json = false;
};

// What to show, and what to tell the reader beside it.
struct Selection {
  std::vector<SampleKey> keys;
  std::string hint;
};

GroupKey parse_key(const std::string& text, std::optional<SampleIndex>& sample) {
  std::vector<uint64_t> numbers;
  for (const std::string& part : split(text, '/')) {
    auto number = parse_int(part);
    if (number && *number >= 0) numbers.push_back(static_cast<uint64_t>(*number));
  }
  if (numbers.size() != split(text, '/').size() || numbers.size() < 3 || numbers.size() > 4) {
    throw Error(Code::usage, text, "is not a key",
                "give phase/draw/version or phase/draw/version/sample, as `reckon show` prints "
                "them; or --step N");
  }
  if (numbers.size() == 4) sample = SampleIndex{static_cast<uint32_t>(numbers[3])};
  return {PhaseId{static_cast<uint32_t>(numbers[0])}, Draw{numbers[1]}, Version{numbers[2]}};
}

void keep_first_group(std::vector<SampleKey>& keys) {
  GroupKey first = keys.front().group;
  std::erase_if(keys, [&](const SampleKey& key) { return key.group != first; });
}

std::vector<SampleKey> samples_of(const fb::LedgerRowT& row) {
  std::vector<SampleKey> keys;
  for (const fb::SampleKey& key : row.samples) keys.push_back(from_record(key));
  return keys;
}

// Every sample of a step, in the order it was trained on.
Selection select_step(const Store& store, const std::string& run, uint64_t step) {
  Selection selection;
  bool found = false;
  store.each_step([&](const fb::LedgerRowT& row) {
    if (row.step != step) return;
    found = true;
    selection.keys = samples_of(row);
  });
  auto last = store.last_step();
  if (!found) {
    throw Error(Code::no_input, cat("step ", step), "the run has not done it",
                last ? cat("its steps are 1 to ", last->step) : cat(run, " has no steps yet"));
  }
  if (selection.keys.empty()) {
    throw Error(Code::no_input, cat("step ", step), "it trained on no samples",
                "supervised steps have none, nor has a step whose groups were all filtered");
  }
  return selection;
}

// The first group of the newest step that has samples; before there is one, the group of the
// newest weights: an evaluation, or one that waits to be trained on.
Selection select_newest(const Store& store, const std::string& run) {
  std::optional<fb::LedgerRowT> newest;
  store.each_step([&](const fb::LedgerRowT& row) {
    if (!row.samples.empty()) newest = row;
  });
  Selection selection;
  if (newest) {
    selection.keys = samples_of(*newest);
    size_t all = selection.keys.size();
    keep_first_group(selection.keys);
    if (all > selection.keys.size())
      selection.hint = cat("`reckon show ", run, " --step ", newest->step, "` shows all ", all,
                           " samples of this step");
    return selection;
  }
  store.each_row(std::nullopt, [&](const SampleRow& row) {
    const std::vector<SampleKey>& keys = selection.keys;
    bool newer = keys.empty() || row.key.group.version > keys.front().group.version;
    if (newer)
      selection.keys = {row.key};
    else if (row.key.group == keys.front().group)
      selection.keys.push_back(row.key);
  });
  if (selection.keys.empty()) {
    throw Error(Code::no_input, run, "no sample is stored yet",
                "supervised steps store none; wait for an evaluation or a grpo step");
  }
  selection.hint = "no step has trained on samples yet; these are of an evaluation, or waiting";
  return selection;
}

Selection select_key(const Store& store, const std::string& key) {
  std::optional<SampleIndex> sample;
  GroupKey group = parse_key(key, sample);
  Selection selection;
  store.each_row(group.phase, [&](const SampleRow& row) {
    if (row.key.group == group && (!sample || row.key.sample == *sample))
      selection.keys.push_back(row.key);
  });
  if (!selection.keys.empty()) return selection;
  std::string fate;
  store.each_dead([&](const SampleKey& dead, DeadReason reason) {
    if (dead.group == group) fate = cat(", its group was dropped: ", dead_reason_name(reason));
  });
  throw Error(Code::no_input, key, cat("there is no such sample", fate),
              "`reckon show RUN --step N` prints the keys of a step");
}

ShownSample read(const Store& store, const SampleKey& key) {
  auto row = store.row(key);
  if (!row)
    throw Error(Code::no_input, key.text(), "is not there any more", "the run goes on: try again");
  ShownSample shown{*row, store.sample(key), store.outcome(key), {}};
  if (auto column = store.column(key, "ref_logprob")) {
    shown.ref_logprob.resize(column->data.size() / sizeof(float));
    std::memcpy(shown.ref_logprob.data(), column->data.data(),
                shown.ref_logprob.size() * sizeof(float));
  }
  return shown;
}

// The run file as resolved; nothing when it cannot be read any more (its data files moved, say).
std::optional<RunConfig> config_of(const Path& run) {
  try {
    return load_config((run / "config.resolved.toml").string(), {});
  } catch (const Error&) {
    return std::nullopt;
  }
}

std::vector<std::string> phase_names(const std::optional<RunConfig>& config) {
  std::vector<std::string> names;
  if (!config) return names;
  for (const PhaseConfig& phase : config->phases) names.push_back(phase.name);
  return names;
}

std::shared_ptr<const Tokenizer> tokenizer_of(const Path& run,
                                              const std::optional<RunConfig>& config) {
  auto steps = CheckpointFolder(run / "checkpoints", 2, 2).steps();
  if (!steps.empty()) return load_tokenizer(run / "checkpoints" / cat("step_", steps.back()));
  bool given = config && !config->model.path.empty();
  return given ? load_tokenizer(config->model.path) : byte_tokenizer();
}

void show(const Options& options) {
  Path run(options.run);
  if (!std::filesystem::is_directory(run / "store")) {
    throw Error(Code::no_input, options.run,
                std::filesystem::exists(run) ? "is not the folder of a run: it has no store/"
                                             : "does not exist",
                "give run.dir of a run, such as runs/quickstart");
  }
  if (!options.key.empty() && options.step > 0)
    throw Error(Code::usage, "reckon show", "KEY and --step exclude each other",
                "give one of them");
  auto store = Store::open_read_only(run / "store");
  Selection selection = !options.key.empty() ? select_key(*store, options.key)
                        : options.step > 0   ? select_step(*store, options.run, options.step)
                                             : select_newest(*store, options.run);
  std::vector<ShownSample> samples;
  for (const SampleKey& key : selection.keys) samples.push_back(read(*store, key));
  auto config = config_of(run);
  auto tokenizer = tokenizer_of(run, config);
  std::vector<std::string> phases = phase_names(config);
  if (options.json) {
    for (const ShownSample& sample : samples) {
      std::string line = sample_json(sample, phases, *tokenizer)
                             .dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
      std::printf("%s\n", line.c_str());
    }
    return;
  }
  bool tokens = options.tokens || samples.size() == 1;
  std::fputs(samples_text(samples, phases, *tokenizer, tokens).c_str(), stdout);
  std::fflush(stdout);
  if (!selection.hint.empty()) std::fprintf(stderr, "\n%s\n", selection.hint.c_str());
}

}  // namespace

void add_show(Verb verb) {
  auto options = std::make_shared<Options>();
  CLI::App* app =
      verb.app
          .add_subcommand("show",
                          "Samples of a run as text: prompt, completions, rewards, log-probs. The "
                          "run may be going on.")
          ->group("Inspect");
  app->add_option("RUN", options->run, "folder of a run")->type_name("")->required();
  app->add_option("KEY", options->key,
                  "phase/draw/version[/sample]; else a group of the newest step")
      ->type_name("");
  app->add_option("--step", options->step, "every sample that this step trained on")
      ->type_name("N")
      ->default_str("")
      ->check(whole_number(1));
  app->add_flag("--tokens", options->tokens, "log-prob of every token (always for one sample)");
  app->add_flag("--json", options->json, "one JSON object per sample");
  app->footer(
      "Examples:\n  reckon show runs/quickstart --step 100\n  reckon show runs/quickstart "
      "2/34/13/1");
  app->callback([options] { show(*options); });
}

}  // namespace reckon
