// Shared by the dispatcher's tests: one dispatcher, facts fed by hand.
#pragma once

#include "storage/dispatcher.h"
#include "tests/storage/fixture.h"

namespace reckon {

inline constexpr PhaseId kPhase{3};

inline CollectSpec spec(uint32_t groups, uint32_t group_size, uint64_t version = 0,
                        uint64_t first = 0) {
  CollectSpec spec;
  spec.phase = kPhase;
  spec.first = Draw{first};
  spec.groups = groups;
  spec.group_size = group_size;
  spec.filter = Filter::zero_variance;
  spec.weights = weights(version);
  return spec;
}

inline SampleRow row(const SampleKey& key, uint64_t branch = 0) {
  SampleRow row;
  row.key = key;
  row.weights = weights(key.group.version.value, branch);
  row.prompt_tokens = 2;
  row.completion_tokens = 5;
  return row;
}

inline OutcomeRow scored(double raw) { return {fb::OutcomeStatus_scored, raw, raw, raw > 0.5}; }

class DispatcherTest : public testing::Test {
 protected:
  SampleKey member(uint64_t draw, uint32_t sample, uint64_t version = 0) {
    return key(kPhase.value, draw, version, sample);
  }
  void store(uint64_t draw, uint32_t sample, uint64_t version = 0) {
    dispatcher_.sample_stored(row(member(draw, sample, version)));
  }
  // A whole group with these raw outcomes.
  void decide(uint64_t draw, std::vector<double> raw, uint64_t version = 0) {
    for (uint32_t i = 0; i < raw.size(); ++i) {
      store(draw, i, version);
      dispatcher_.outcome_stored(member(draw, i, version), scored(raw[i]));
    }
  }
  std::optional<uint64_t> lease(const std::string& client = "a", double now = 0) {
    auto lease = dispatcher_.lease_prompt(client, now);
    if (!lease) return std::nullopt;
    return lease->group.draw.value;
  }
  static std::vector<uint64_t> draws(const BatchPlan& plan) {
    std::vector<uint64_t> out;
    for (const PlannedGroup& group : plan.groups) out.push_back(group.key.draw.value);
    return out;
  }
  static std::map<uint64_t, DeadReason> dead(const BatchPlan& plan) {
    std::map<uint64_t, DeadReason> out;
    for (const auto& [key, reason] : plan.dead) out[key.draw.value] = reason;
    return out;
  }

  Dispatcher dispatcher_{10};
};

}  // namespace reckon
