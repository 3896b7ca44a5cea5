#include "learner/batch.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <map>

#include "base/error.h"
#include "base/text.h"
#include "storage/records.h"

namespace reckon {
namespace {

struct Fetched {
  std::map<SampleKey, fb::SampleT> samples;
  std::map<SampleKey, fb::OutcomeT> outcomes;
  std::map<SampleKey, std::vector<float>> ref_logprobs;
};

fb::OutcomeT outcome_of(const fb::ColumnT& column) {
  auto outcome =
      unpack<fb::Outcome>({reinterpret_cast<const char*>(column.data.data()), column.data.size()});
  if (!outcome)
    throw Error(Code::store_corrupt, from_record(*column.key).text(), "its outcome cannot be read",
                "score it again in a new run");
  return std::move(*outcome);
}

std::vector<float> floats_of(const std::vector<uint8_t>& data) {
  std::vector<float> values(data.size() / sizeof(float));
  std::memcpy(values.data(), data.data(), values.size() * sizeof(float));
  return values;
}

Fetched sorted(Bodies bodies) {
  Fetched fetched;
  for (fb::SampleT& sample : bodies.samples) {
    SampleKey key = from_record(*sample.key);
    fetched.samples.emplace(key, std::move(sample));
  }
  for (const fb::ColumnT& column : bodies.columns) {
    SampleKey key = from_record(*column.key);
    if (column.name == "outcome") fetched.outcomes.emplace(key, outcome_of(column));
    if (column.name == "ref_logprob") fetched.ref_logprobs.emplace(key, floats_of(column.data));
  }
  return fetched;
}

template <class Map>
typename Map::mapped_type take(Map& map, const SampleKey& key, const char* what) {
  auto found = map.find(key);
  if (found == map.end()) {
    throw Error(Code::store_corrupt, key.text(),
                cat("the store planned this sample and has no ", what, " for it"),
                "run `reckon show` on it; a backup of the store may be needed");
  }
  return std::move(found->second);
}

struct Spread {
  double count = 0, sum = 0, squares = 0, largest = 0;
  void add(double x) {
    ++count;
    sum += x;
    squares += x * x;
    largest = std::max(largest, x);
  }
  double mean() const { return count > 0 ? sum / count : 0; }
  double deviation() const {
    return count > 1 ? std::sqrt(std::max(0.0, (squares - sum * sum / count) / (count - 1))) : 0;
  }
};

}  // namespace

std::optional<Batch> collect(StoreClient& client, const CollectSpec& spec) {
  if (!client.open_collect(spec)) return std::nullopt;
  auto plan = client.take_batch();
  if (!plan) return std::nullopt;
  std::vector<SampleKey> keys;
  for (const PlannedGroup& group : plan->groups) {
    for (const PlannedSample& sample : group.samples) keys.push_back(sample.key);
  }
  auto bodies = client.fetch(keys, {"outcome", "ref_logprob"});
  if (!bodies) return std::nullopt;
  Fetched fetched = sorted(std::move(*bodies));
  Batch batch;
  for (const PlannedGroup& planned : plan->groups) {
    TrainGroup group;
    for (const PlannedSample& sample : planned.samples) {
      auto reference = fetched.ref_logprobs.find(sample.key);
      group.push_back({.body = take(fetched.samples, sample.key, "body"),
                       .outcome = take(fetched.outcomes, sample.key, "outcome"),
                       .ref_logprob = reference == fetched.ref_logprobs.end() ? std::vector<float>()
                                                                              : reference->second});
    }
    batch.groups.push_back(std::move(group));
  }
  batch.plan = std::move(*plan);
  return batch;
}

Metrics batch_metrics(const Batch& batch, const RewardsConfig& rewards, Version present,
                      const std::string& phase) {
  const BatchPlan& plan = batch.plan;
  Spread reward, length;
  std::map<std::string, Spread> parts;
  double clipped = 0, staleness = 0;
  for (size_t g = 0; g < batch.groups.size(); ++g) {
    staleness =
        std::max(staleness, static_cast<double>(present.value - plan.groups[g].key.version.value));
    for (size_t i = 0; i < batch.groups[g].size(); ++i) {
      const TrainSample& sample = batch.groups[g][i];
      length.add(plan.groups[g].samples[i].completion_tokens);
      clipped += sample.body.finish == fb::Finish_length;
      if (sample.outcome.status != fb::OutcomeStatus_scored) continue;
      reward.add(sample.outcome.raw);
      for (const auto& part : sample.outcome.parts) parts[part->name].add(part->value);
    }
  }
  double raw_count = static_cast<double>(plan.raw_count), looked_at = 0, scored = 0;
  Metrics metrics = {
      {"phase", phase},
      {"reward/mean", raw_count > 0 ? plan.raw_sum / raw_count : 0.0},
      {"reward/std", reward.deviation()},
      {"accuracy", raw_count > 0 ? static_cast<double>(plan.correct) / raw_count : 0.0},
      {"length/mean", length.mean()},
      {"length/max", length.largest},
      {"length/clipped", length.count > 0 ? clipped / length.count : 0.0},
      {"groups/trained", static_cast<double>(batch.groups.size())},
      {"groups/drawn", static_cast<double>(plan.drawn)},
      {"groups/zero_std", static_cast<double>(plan.zero_variance) /
                              static_cast<double>(std::max<uint64_t>(1, plan.drawn))},
      {"groups/surplus", static_cast<double>(plan.surplus)},
      {"groups/stale", static_cast<double>(plan.stale)},
      {"staleness/max", staleness}};
  for (const auto& [name, part] : parts) metrics["reward/" + name + "/mean"] = part.mean();
  for (auto status : fb::EnumValuesOutcomeStatus()) {
    auto count = plan.outcomes.find(status);
    double number = count == plan.outcomes.end() ? 0 : static_cast<double>(count->second);
    metrics[cat("outcomes/", fb::EnumNameOutcomeStatus(status))] = number;
    looked_at += number;
    if (status == fb::OutcomeStatus_scored) scored = number;
  }
  if (looked_at > 0 && 1 - scored / looked_at > rewards.max_unscored_rate) {
    throw Error(
        Code::rewards_failing, phase,
        cat(looked_at - scored, " of ", looked_at,
            " completions got no score, more than run.rewards.max_unscored_rate = ",
            rewards.max_unscored_rate),
        "`reckon show RUN` prints the notes of outcomes; repair the reward or raise the rate");
  }
  return metrics;
}

std::string rendered_example(const Batch& batch, const Tokenizer& tokenizer) {
  if (batch.groups.empty()) return "no group passed the filter in the first step";
  const TrainSample& sample = batch.groups.front().front();
  std::string prompt, completion;
  for (const auto& segment : sample.body.sequences.at(0)->segments) {
    std::string& text = segment->source == fb::Source_prompt ? prompt : completion;
    for (uint32_t i = segment->begin; i < segment->end; ++i) {
      text += tokenizer.token_text(static_cast<int32_t>(sample.body.sequences[0]->tokens[i]));
    }
  }
  return cat("first prompt:     ", prompt, "\nfirst completion: ", completion,
             "\nits reward:       ", shortest(sample.outcome.value), " (",
             fb::EnumNameOutcomeStatus(sample.outcome.status), ")");
}

}  // namespace reckon
