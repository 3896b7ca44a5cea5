#include "learner/sft.h"

#include <cmath>
#include <optional>

#include "base/clock.h"
#include "base/error.h"
#include "base/text.h"

namespace reckon {
namespace {

// Prompt and completion of a row as token ids; nothing when they exceed the model's positions.
std::optional<PackedGroup> group_of(const LearnerState& state, const Row& row, uint64_t index,
                                    int32_t sample) {
  auto completion = row.columns.find("completion");
  if (completion == row.columns.end() || !completion->is_string()) {
    throw Error(Code::data, cat("row ", index), "has no text column 'completion'",
                "supervised phases train on it: add the column or choose another data set");
  }
  PackedGroup group;
  group.prompt = state.tokenizer().encode(row.prompt);
  PackedCompletion target;
  target.sample = sample;
  target.tokens = state.tokenizer().encode(completion->get_ref<const std::string&>());
  target.tokens.push_back(state.tokenizer().end_id());
  if (group.prompt.empty())
    throw Error(Code::data, cat("row ", index), "has an empty prompt", "remove the row");
  if (group.prompt.size() + target.tokens.size() > static_cast<size_t>(state.spec().max_position))
    return std::nullopt;
  group.completions.push_back(std::move(target));
  return group;
}

struct Totals {
  double loss = 0, entropy = 0, tokens = 0, rows = 0;
};

// Forward and backward of one pack; every token's gradient is -1 / (tokens of the batch).
void train_on(LearnerState& state, const Pack& pack, double batch_tokens, Totals& totals) {
  Scores scores = state.policy().forward(pack, /*with_gradient=*/true);
  std::vector<std::vector<float>> gradient;
  for (size_t i = 0; i < scores.logprob.size(); ++i) {
    for (float logprob : scores.logprob[i])
      totals.loss -= static_cast<double>(logprob) / batch_tokens;
    for (float entropy : scores.entropy[i])
      totals.entropy += static_cast<double>(entropy) / batch_tokens;
    gradient.emplace_back(scores.logprob[i].size(), static_cast<float>(-1 / batch_tokens));
  }
  state.policy().backward(gradient);
  totals.rows += static_cast<double>(pack.rows());
}

}  // namespace

Metrics sft_step(LearnerState& state, const PhaseConfig& phase, PhaseId phase_id,
                 const Dataset& data, uint64_t seed) {
  double begin = monotonic_seconds();
  std::vector<PackedGroup> groups;
  Totals totals;
  double skipped = 0;
  for (uint32_t i = 0; i < phase.prompts_per_step; ++i) {
    uint64_t index = row_of_draw(seed, phase_id, state.next, data.size());
    ++state.next.value;
    auto group = group_of(state, data.row(index), index, static_cast<int32_t>(groups.size()));
    skipped += group ? 0 : 1;
    if (!group) continue;
    totals.tokens += static_cast<double>(group->completions[0].tokens.size());
    groups.push_back(std::move(*group));
  }
  if (groups.empty()) {
    throw Error(Code::data, phase.name, "every row of a batch is longer than the model's positions",
                "raise model.max_position or shorten the rows");
  }
  for (const Pack& pack : pack_groups(groups, phase.pack_tokens))
    train_on(state, pack, totals.tokens, totals);
  double lr = learning_rate(phase.optimizer, state.phase_step, phase.steps);
  Update update =
      state.apply(phase.optimizer, lr, Version{state.step.value + 1}, std::isfinite(totals.loss));
  double seconds = monotonic_seconds() - begin;
  return {{"loss", totals.loss},
          {"entropy", totals.entropy},
          {"grad_norm", update.grad_norm},
          {"lr", lr},
          {"tokens/trained", totals.tokens},
          {"rows/skipped", skipped},
          {"steps/skipped", update.applied ? 0.0 : 1.0},
          {"tokens_per_s/learn", totals.rows / seconds},
          {"time/learn_s", seconds},
          {"time/step_s", seconds}};
}

}  // namespace reckon
