#include "learner/sft.h"

#include <algorithm>
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
  PackedGroup group;
  group.prompt = state.prompts()->encode(row);
  PackedCompletion target;
  target.sample = sample;
  target.tokens = state.prompts()->encode_answer(row, cat("row ", index));
  if (group.prompt.empty())
    throw Error(Code::data, cat("row ", index), "has an empty prompt", "remove the row");
  if (group.prompt.size() + target.tokens.size() > static_cast<size_t>(state.spec().max_position))
    return std::nullopt;
  group.completions.push_back(std::move(target));
  return group;
}

struct Totals {
  double loss = 0, entropy = 0;  // means over the updates
  double tokens = 0, rows = 0, grad_norm = 0, lr = 0;
  double updates = 0, skipped = 0;
};

double tokens_of(const std::vector<PackedGroup>& groups) {
  double tokens = 0;
  for (const PackedGroup& group : groups)
    tokens += static_cast<double>(group.completions[0].tokens.size());
  return tokens;
}

// One optimizer update; every token's gradient is -1 / (tokens of the update).
void update(LearnerState& state, const PhaseConfig& phase, const std::vector<PackedGroup>& groups,
            double updates, Totals& totals) {
  double tokens = tokens_of(groups), loss = 0, entropy = 0;
  for (const Pack& pack : pack_groups(groups, phase.pack_tokens)) {
    Scores scores = state.policy().forward(pack, /*with_gradient=*/true);
    std::vector<std::vector<float>> gradient;
    for (size_t i = 0; i < scores.logprob.size(); ++i) {
      for (float logprob : scores.logprob[i]) loss -= static_cast<double>(logprob) / tokens;
      for (float value : scores.entropy[i]) entropy += static_cast<double>(value) / tokens;
      gradient.emplace_back(scores.logprob[i].size(), static_cast<float>(-1 / tokens));
    }
    state.policy().backward(gradient);
    totals.rows += static_cast<double>(pack.rows());
  }
  totals.lr = learning_rate(phase.optimizer, state.phase_step, phase.steps);
  Update done =
      state.apply(phase.optimizer, totals.lr, Version{state.step.value + 1}, std::isfinite(loss));
  totals.loss += loss / updates;
  totals.entropy += entropy / updates;
  totals.tokens += tokens;
  totals.grad_norm = std::max(done.grad_norm, totals.grad_norm);
  if (!std::isfinite(done.grad_norm)) totals.grad_norm = done.grad_norm;
  done.applied ? ++totals.updates : ++totals.skipped;
}

}  // namespace

Metrics sft_step(LearnerState& state, const PhaseConfig& phase, PhaseId phase_id,
                 const Dataset& data, uint64_t seed) {
  double begin = monotonic_seconds();
  std::vector<PackedGroup> groups;
  double skipped = 0;
  for (uint32_t i = 0; i < phase.prompts_per_step; ++i) {
    uint64_t index = row_of_draw(seed, phase_id, state.next, data.size());
    ++state.next.value;
    auto group = group_of(state, data.row(index), index, static_cast<int32_t>(groups.size()));
    skipped += group ? 0 : 1;
    if (!group) continue;
    groups.push_back(std::move(*group));
  }
  if (groups.empty()) {
    throw Error(Code::data, phase.name, "every row of a batch is longer than the model's positions",
                "raise model.max_position or shorten the rows");
  }
  Totals totals;
  size_t parts = std::min<size_t>(phase.minibatches, groups.size());
  auto part_begin = [&](size_t part) {
    return groups.begin() + static_cast<std::ptrdiff_t>(groups.size() * part / parts);
  };
  for (size_t part = 0; part < parts; ++part) {
    update(state, phase, {part_begin(part), part_begin(part + 1)}, static_cast<double>(parts),
           totals);
  }
  double seconds = monotonic_seconds() - begin;
  return {{"loss", totals.loss},
          {"entropy", totals.entropy},
          {"grad_norm", totals.grad_norm},
          {"lr", totals.lr},
          {"tokens/trained", totals.tokens},
          {"rows/skipped", skipped},
          {"steps/skipped", totals.updates == 0 ? 1.0 : 0.0},
          {"updates/skipped", totals.skipped},
          {"tokens_per_s/learn", totals.rows / seconds},
          {"time/learn_s", seconds},
          {"time/step_s", seconds}};
}

}  // namespace reckon
