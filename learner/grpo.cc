#include "learner/grpo.h"

#include <algorithm>
#include <cmath>

#include "base/clock.h"
#include "base/error.h"
#include "base/text.h"

namespace reckon {
namespace {

const fb::SequenceT& only_sequence(const fb::SampleT& body) {
  RECKON_CHECK(body.sequences.size() == 1 && body.sequences[0]->segments.size() == 2,
               "a sample of this version has one sequence of prompt and completion");
  return *body.sequences[0];
}

std::vector<int32_t> tokens_of(const fb::SampleT& body, fb::Source source) {
  const fb::SequenceT& sequence = only_sequence(body);
  const fb::SegmentT& segment = *sequence.segments[source == fb::Source_prompt ? 0 : 1];
  return {sequence.tokens.begin() + segment.begin, sequence.tokens.begin() + segment.end};
}

WeightsId weights_of(const fb::SampleT& body) {
  return from_record(*only_sequence(body).segments[1]->weights);
}

// What the objective needs of every sample of the batch, advantages filled in.
std::vector<ObjectiveSample> objective_samples(const std::vector<TrainGroup>& groups,
                                               const ObjectiveConfig& config,
                                               const RewardsConfig& rewards) {
  std::vector<ObjectiveSample> samples;
  for (const TrainGroup& group : groups) {
    for (const TrainSample& member : group) {
      bool scored = member.outcome.status == fb::OutcomeStatus_scored;
      bool truncated = member.body.finish != fb::Finish_stop;
      ObjectiveSample sample;
      sample.reward = scored ? member.outcome.value : rewards.unscored_value;
      sample.counted = scored || rewards.count_unscored;
      sample.old_logprob = only_sequence(member.body).logprobs;
      sample.masked =
          !sample.counted || sample.old_logprob.empty() || (config.overlong_mask && truncated);
      sample.ref_logprob = member.ref_logprob;
      samples.push_back(std::move(sample));
    }
  }
  auto next = samples.begin();
  for (const TrainGroup& group : groups) {
    std::vector<ObjectiveSample*> members;
    for (size_t i = 0; i < group.size(); ++i) members.push_back(&*next++);
    group_advantages(config.advantage, members);
  }
  return samples;
}

struct Minibatch {
  std::vector<PackedGroup> groups;
  std::vector<const ObjectiveSample*> samples;
};

struct Totals {
  ObjectiveStats stats;
  double loss = 0;  // mean over the updates
  double entropy = 0, rows = 0, grad_norm = 0, lr = 0;
  double updates = 0, skipped = 0;
};

// One optimizer update. PackedCompletion::sample indexes `samples` of the whole batch.
void update(LearnerState& state, const PhaseConfig& phase, const Objective& objective,
            const std::vector<ObjectiveSample>& samples, const Minibatch& minibatch, size_t updates,
            Totals& totals) {
  BatchTotals denominators =
      objective.totals(minibatch.samples, phase.rollout.sampling.max_new_tokens);
  double loss = 0;
  for (const Pack& pack : pack_groups(minibatch.groups, phase.pack_tokens)) {
    Scores scores = state.policy().forward(pack, /*with_gradient=*/true);
    std::vector<std::vector<float>> gradient;
    for (const PackedGroup& group : pack.groups) {
      for (const PackedCompletion& completion : group.completions) {
        const ObjectiveSample& sample = samples[static_cast<size_t>(completion.sample)];
        const std::vector<float>& logprob = scores.logprob[gradient.size()];
        const std::vector<float>& entropy = scores.entropy[gradient.size()];
        for (size_t t = 0; t < entropy.size(); ++t) {
          if (std::isfinite(logprob[t])) totals.entropy += static_cast<double>(entropy[t]);
        }
        TokenGradients tokens = objective.sample(sample, logprob, denominators, totals.stats);
        loss += tokens.loss;
        gradient.push_back(std::move(tokens.dlogprob));
      }
    }
    state.policy().backward(gradient);
    totals.rows += static_cast<double>(pack.rows());
  }
  totals.loss += loss / static_cast<double>(updates);
  totals.lr = learning_rate(phase.optimizer, state.phase_step, phase.steps);
  bool empty = minibatch.groups.empty();  // nothing to learn from: not a step that went wrong
  Update done = state.apply(phase.optimizer, totals.lr, Version{state.step.value + 1},
                            !empty && std::isfinite(loss));
  totals.grad_norm = std::max(totals.grad_norm, done.grad_norm);
  if (!std::isfinite(done.grad_norm)) totals.grad_norm = done.grad_norm;
  totals.updates += done.applied ? 1 : 0;
  totals.skipped += done.applied || empty ? 0 : 1;
}

}  // namespace

PackedGroup packed_group(const TrainGroup& group, int32_t first_sample,
                         const std::vector<bool>& wanted) {
  PackedGroup packed;
  packed.prompt = tokens_of(group.front().body, fb::Source_prompt);
  for (size_t i = 0; i < group.size(); ++i) {
    if (!wanted.empty() && !wanted[i]) continue;
    const fb::SampleT& body = group[i].body;
    SamplingParams sampling;
    sampling.temperature = body.sampling->temperature;
    PackedCompletion completion;
    completion.sample = first_sample + static_cast<int32_t>(i);
    completion.tokens = tokens_of(body, fb::Source_model);
    completion.thresholds = only_sequence(body).kept_threshold;
    completion.inverse_temperature = sampling.inverse_temperature();
    if (!completion.tokens.empty()) packed.completions.push_back(std::move(completion));
  }
  return packed;
}

std::vector<std::vector<float>> score(Policy& policy, const std::vector<TrainGroup>& groups,
                                      int64_t pack_tokens) {
  std::vector<PackedGroup> packed;
  int32_t count = 0;
  for (const TrainGroup& group : groups) {
    packed.push_back(packed_group(group, count, {}));
    count += static_cast<int32_t>(group.size());
  }
  std::vector<std::vector<float>> logprob(static_cast<size_t>(count));
  for (const Pack& pack : pack_groups(packed, pack_tokens)) {
    Scores scores = policy.forward(pack, /*with_gradient=*/false);
    size_t next = 0;
    for (const PackedGroup& group : pack.groups) {
      for (const PackedCompletion& completion : group.completions) {
        logprob[static_cast<size_t>(completion.sample)] = std::move(scores.logprob[next++]);
      }
    }
  }
  return logprob;
}

Metrics grpo_update(LearnerState& state, const PhaseConfig& phase, const RewardsConfig& rewards,
                    const Objective& objective, const std::vector<TrainGroup>& groups) {
  double begin = monotonic_seconds();
  std::vector<ObjectiveSample> samples = objective_samples(groups, phase.objective, rewards);
  Totals totals;
  size_t first = 0;
  size_t parts = std::clamp<size_t>(phase.minibatches, 1, std::max<size_t>(1, groups.size()));
  for (size_t part = 0; part < parts; ++part) {
    Minibatch minibatch;
    WeightsId present = state.weights()->id();
    for (size_t g = groups.size() * part / parts; g < groups.size() * (part + 1) / parts; ++g) {
      std::vector<bool> wanted;
      for (size_t i = 0; i < groups[g].size(); ++i) {
        ObjectiveSample& sample = samples[first + i];
        sample.same_weights = weights_of(groups[g][i].body).digest == present.digest;
        wanted.push_back(!sample.masked);
        minibatch.samples.push_back(&sample);
      }
      PackedGroup packed = packed_group(groups[g], static_cast<int32_t>(first), wanted);
      if (!packed.completions.empty()) minibatch.groups.push_back(std::move(packed));
      first += groups[g].size();
    }
    update(state, phase, objective, samples, minibatch, parts, totals);
  }
  double seconds = monotonic_seconds() - begin;
  double tokens = std::max(1.0, totals.stats.tokens);
  Metrics metrics = {{"loss", totals.loss},
                     {"grad_norm", totals.grad_norm},
                     {"lr", totals.lr},
                     {"entropy", totals.entropy / tokens},
                     {"clip_frac", totals.stats.clipped / tokens},
                     {"ratio/max", totals.stats.ratio_max},
                     {"logprob_mismatch", totals.stats.mismatch},
                     {"logprob_checked", totals.stats.checked},
                     {"tokens/trained", totals.stats.tokens},
                     {"tokens/outside", totals.stats.outside},
                     {"steps/skipped", totals.skipped > 0 && totals.updates == 0 ? 1.0 : 0.0},
                     {"updates/skipped", totals.skipped},
                     {"tokens_per_s/learn", totals.rows / seconds},
                     {"time/learn_s", seconds}};
  if (phase.objective.kl_coef > 0) metrics["kl"] = totals.stats.kl;
  return metrics;
}

}  // namespace reckon
