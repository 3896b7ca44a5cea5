// reckon show RUN [KEY]: a group (phase/draw/version) or a sample (phase/draw/version/sample) of a
// run as text. Works on a run that is going on.
#include <algorithm>
#include <cstdio>
#include <memory>

#include "base/error.h"
#include "base/text.h"
#include "cli/model_argument.h"
#include "cli/verbs.h"
#include "storage/store.h"

namespace reckon {
namespace {

struct Options {
  std::string run, key;
  uint64_t step = 0;
  bool tokens = false;
};

struct Member {
  SampleKey key;
  fb::SampleT body;
  std::optional<fb::OutcomeT> outcome;
};

GroupKey parse_key(const std::string& text, std::optional<SampleIndex>& sample) {
  std::vector<uint64_t> numbers;
  for (const std::string& part : split(text, '/')) {
    auto number = parse_int(part);
    if (!number || *number < 0) numbers.clear();
    if (!number || *number < 0) break;
    numbers.push_back(static_cast<uint64_t>(*number));
  }
  if (numbers.size() != 3 && numbers.size() != 4) {
    throw Error(Code::usage, text, "is not a key",
                "give phase/draw/version or phase/draw/version/sample");
  }
  if (numbers.size() == 4) sample = SampleIndex{static_cast<uint32_t>(numbers[3])};
  return {PhaseId{static_cast<uint32_t>(numbers[0])}, Draw{numbers[1]}, Version{numbers[2]}};
}

// The samples a step trained on, in its order.
std::vector<SampleKey> samples_of_step(const Store& store, uint64_t step) {
  std::vector<SampleKey> keys;
  uint64_t newest = 0;
  store.each_step([&](const fb::LedgerRowT& row) {
    if (row.samples.empty() || (step != 0 && row.step != step)) return;
    newest = row.step;
    keys.clear();
    for (const fb::SampleKey& key : row.samples) keys.push_back(from_record(key));
  });
  if (keys.empty()) {
    throw Error(Code::no_input, step ? cat("step ", step) : "the ledger", "has no samples",
                "SFT steps have none; `metrics.jsonl` lists the steps");
  }
  return keys;
}

std::optional<Member> read(const Store& store, const SampleKey& key) {
  auto body = store.sample(key);
  if (!body) return std::nullopt;
  return Member{key, std::move(*body), store.outcome(key)};
}

std::vector<int32_t> part_of(const fb::SampleT& body, fb::Source source) {
  std::vector<int32_t> ids;
  for (const auto& sequence : body.sequences) {
    for (const auto& segment : sequence->segments) {
      if (segment->source != source) continue;
      ids.insert(ids.end(), sequence->tokens.begin() + segment->begin,
                 sequence->tokens.begin() + segment->end);
    }
  }
  return ids;
}

void print_outcome(const Member& member) {
  if (!member.outcome) {
    std::printf("  not scored yet\n");
    return;
  }
  const fb::OutcomeT& outcome = *member.outcome;
  std::printf("  %s value %s%s", fb::EnumNameOutcomeStatus(outcome.status),
              shortest(outcome.value).c_str(), outcome.correct ? " (correct)" : "");
  for (const auto& part : outcome.parts)
    std::printf("  %s=%s*%s", part->name.c_str(), shortest(part->value).c_str(),
                shortest(part->weight).c_str());
  if (!outcome.note.empty()) std::printf("  [%s]", outcome.note.c_str());
  std::printf("\n");
}

void print_tokens(const Member& member, const Tokenizer& tokenizer) {
  for (const auto& sequence : member.body.sequences) {
    size_t scored = 0;
    for (const auto& segment : sequence->segments) {
      if (segment->source != fb::Source_model) continue;
      for (uint32_t i = segment->begin; i < segment->end && scored < sequence->logprobs.size();
           ++i, ++scored) {
        std::printf("  %5u  %-12s %10.5f\n", i,
                    tokenizer.token_text(static_cast<int32_t>(sequence->tokens[i])).c_str(),
                    static_cast<double>(sequence->logprobs[scored]));
      }
    }
  }
}

void print(const std::vector<Member>& members, const Tokenizer& tokenizer, bool tokens) {
  const GroupKey* last = nullptr;
  for (const Member& member : members) {
    if (last == nullptr || *last != member.key.group) {
      std::printf("== group %u/%lu/%lu, data row %lu\n%s\n", member.key.group.phase.value,
                  member.key.group.draw.value, member.key.group.version.value, member.body.row,
                  tokenizer.decode(part_of(member.body, fb::Source_prompt)).c_str());
      last = &member.key.group;
    }
    double sum = 0;
    size_t count = 0;
    for (const auto& sequence : member.body.sequences) {
      for (float logprob : sequence->logprobs) sum += static_cast<double>(logprob);
      count += sequence->logprobs.size();
    }
    std::printf("-- sample %u, %zu tokens, %s, mean log-prob %.4f\n%s\n", member.key.sample.value,
                count, fb::EnumNameFinish(member.body.finish),
                count ? sum / static_cast<double>(count) : 0.0,
                tokenizer.decode(part_of(member.body, fb::Source_model)).c_str());
    print_outcome(member);
    if (tokens) print_tokens(member, tokenizer);
  }
}

void show(const Options& options) {
  Path root(options.run);
  auto store = Store::open_read_only(root / "store");
  auto tokenizer = load_tokenizer(model_folder(options.run));
  std::vector<SampleKey> keys;
  bool tokens = options.tokens;
  if (options.key.empty()) {
    keys = samples_of_step(*store, options.step);
    GroupKey first = keys.front().group;
    if (options.step == 0)
      std::erase_if(keys, [&](const SampleKey& key) { return key.group != first; });
  } else {
    std::optional<SampleIndex> sample;
    GroupKey group = parse_key(options.key, sample);
    store->each_row(group.phase, [&](const SampleRow& row) {
      if (row.key.group == group && (!sample || row.key.sample == *sample)) keys.push_back(row.key);
    });
    tokens |= sample.has_value();
  }
  std::vector<Member> members;
  for (const SampleKey& key : keys) {
    if (auto member = read(*store, key)) members.push_back(std::move(*member));
  }
  if (members.empty()) {
    throw Error(Code::no_input, options.key.empty() ? options.run : options.key,
                "there is no such sample",
                "its body may have been pruned (store.keep_steps) or its group dropped");
  }
  print(members, *tokenizer, tokens);
}

}  // namespace

void add_show(Verb verb) {
  auto options = std::make_shared<Options>();
  CLI::App* app = verb.app.add_subcommand("show", "a sample or a group as text")->group("Inspect");
  app->add_option("RUN", options->run, "run folder")->required();
  app->add_option("KEY", options->key,
                  "phase/draw/version[/sample]; default: a group of the newest step");
  app->add_option("--step", options->step, "every sample that this step trained on");
  app->add_flag("--tokens", options->tokens, "log-prob per token (always for one sample)");
  app->callback([options] { show(*options); });
}

}  // namespace reckon
