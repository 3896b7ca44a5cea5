// One GRPO update of the policy from a batch of scored groups. Where the batch comes from is the
// trainer's business.
#pragma once

#include <vector>

#include "learner/learner_state.h"
#include "learner/objective.h"
#include "pipeline/metrics.h"
#include "storage/store.h"

namespace reckon {

struct TrainSample {
  fb::SampleT body;
  fb::OutcomeT outcome;
  std::vector<float> ref_logprob;  // per completion token; empty when the objective has no KL
};

using TrainGroup = std::vector<TrainSample>;  // same prompt, ascending sample index

// The group as the policy takes it: prompt once, completions of the samples that `wanted` accepts
// (all by default). PackedCompletion::sample is `first_sample` plus the index in the group.
PackedGroup packed_group(const TrainGroup& group, int32_t first_sample,
                         const std::vector<bool>& wanted);

// Log-probs of every sample's completion under `policy`, in the order of groups then samples.
std::vector<std::vector<float>> score(Policy& policy, const std::vector<TrainGroup>& groups,
                                      int64_t pack_tokens);

// Advantages, then `phase.minibatches` optimizer updates over consecutive groups of the batch, in
// draw order. The first one compares its log-probs with the sampler's (logprob_mismatch). Returns
// the learner's metrics of the step; an empty batch is no update and publishes the same weights
// under the new version.
Metrics grpo_update(LearnerState& state, const PhaseConfig& phase, const RewardsConfig& rewards,
                    const Objective& objective, const std::vector<TrainGroup>& groups);

}  // namespace reckon
