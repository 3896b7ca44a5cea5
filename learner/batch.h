// From a collect to a batch the learner can train on, and what is reported about it.
#pragma once

#include <optional>
#include <vector>

#include "learner/grpo.h"
#include "pipeline/client.h"
#include "pipeline/streams.h"

namespace reckon {

struct Batch {
  BatchPlan plan;
  std::vector<TrainGroup> groups;  // as in the plan
};

// Opens the collect, waits for its batch and fetches the bodies with their outcomes and, if there,
// `ref_logprob`. Nothing: the client was stopped.
std::optional<Batch> collect(StoreClient& client, const CollectSpec& spec);

// Rewards, lengths, groups and outcomes of a batch, under the names of docs/metrics.md. `present`
// is the version of the learner's weights. Error(rewards_failing) when the share of unscored
// samples exceeds the configured rate.
Metrics batch_metrics(const Batch& batch, const RewardsConfig& rewards, Version present,
                      const std::string& phase);

// A prompt with its special tokens, one completion and its reward, for the eyes of whoever started
// the run.
std::string rendered_example(const Batch& batch, const Tokenizer& tokenizer);

}  // namespace reckon
