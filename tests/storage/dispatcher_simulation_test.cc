// The dispatcher under random workers, orders, deaths and lapsed leases: any number of seeds, no
// I/O, a virtual clock.
#include "base/random.h"
#include "storage/dispatcher.h"
#include "tests/storage/fixture.h"

namespace reckon {
namespace {

constexpr PhaseId kPhase{1};
constexpr double kLease = 5;

// What the policy and the rewards would give: a pure function of the sample, as in a deterministic
// run.
OutcomeRow outcome_of(const SampleKey& key) {
  RandomKey random = random_key(7, Domain::test,
                                {key.group.draw.value, key.group.version.value, key.sample.value});
  uint32_t bits = random_bits(random, 0);
  if (bits % 16 == 0) return {fb::OutcomeStatus_timed_out, 0, 0, false};
  double raw = bits % 3 == 0 ? 1 : 0;
  return {fb::OutcomeStatus_scored, raw, raw, raw == 1};
}

SampleRow row_of(const SampleKey& key) {
  SampleRow row;
  row.key = key;
  row.weights = weights(key.group.version.value);
  return row;
}

// Workers that lease, deliver out of order, die, fall silent and deliver late; facts that survive
// in `stored`.
class Simulation {
 public:
  Simulation(uint64_t seed, bool faults)
      : random_(random_key(seed, Domain::test, {5})), faults_(faults) {
    workers_ = 1 + random_.below(6);
  }

  std::optional<BatchPlan> run(const CollectSpec& spec) {
    open(spec);
    for (int turn = 0; turn < 100'000; ++turn) {
      if (auto plan = dispatcher_.take_batch()) return plan;
      step();
    }
    return std::nullopt;
  }
  void open(const CollectSpec& spec) {
    spec_ = spec;
    dispatcher_.open(spec);
  }
  void step() {
    now_ += 0.1;
    dispatcher_.expire(now_);
    std::string worker = cat("worker", random_.below(workers_));
    switch (random_.below(faults_ ? 8 : 6)) {
      case 0:
        lease_prompt(worker);
        break;
      case 1:
        lease_score(worker);
        break;
      case 2:
      case 3:
        deliver_sample();
        break;
      case 4:
        deliver_outcome();
        break;
      case 5:
        dispatcher_.heartbeat(worker, now_);
        break;
      case 6:
        fault(worker);
        break;
      case 7:
        now_ += random_.below(10) == 0 ? kLease : 0;
        break;
    }
  }

  // What the store does with a plan: its samples are consumed, its dead groups go away.
  void commit(const BatchPlan& plan) {
    for (const PlannedGroup& group : plan.groups) {
      for (const PlannedSample& sample : group.samples) consumed_.insert(sample.key);
    }
    for (const auto& [key, reason] : plan.dead) {
      std::erase_if(stored_, [&](const auto& entry) { return entry.first.group == key; });
    }
  }

 private:
  struct Work {
    std::string worker;
    uint64_t epoch;
    SampleKey key;
  };

  void lease_prompt(const std::string& worker) {
    auto lease = dispatcher_.lease_prompt(worker, now_);
    if (!lease) return;
    EXPECT_EQ(lease->weights, spec_.weights);
    for (SampleIndex sample : lease->missing)
      sampling_.push_back({worker, lease->epoch, {lease->group, sample}});
  }
  void lease_score(const std::string& worker) {
    if (auto lease = dispatcher_.lease_score(worker, now_))
      scoring_.push_back({worker, lease->epoch, lease->sample});
  }
  std::optional<Work> any(std::vector<Work>& works) {
    if (works.empty()) return std::nullopt;
    std::swap(works[random_.below(works.size())], works.back());
    Work work = works.back();
    works.pop_back();
    return work;
  }
  void deliver_sample() {
    auto work = any(sampling_);
    if (!work || !dispatcher_.sample_lease_valid(work->key.group, work->epoch)) return;
    if (stored_.try_emplace(work->key).second) dispatcher_.sample_stored(row_of(work->key));
    if (random_.below(10) == 0) sampling_.push_back(*work);  // the acknowledgement was lost
  }
  void deliver_outcome() {
    auto work = any(scoring_);
    if (!work || !dispatcher_.score_lease_valid(work->key, work->epoch)) return;
    if (stored_[work->key]) return;
    stored_[work->key] = outcome_of(work->key);
    dispatcher_.outcome_stored(work->key, outcome_of(work->key));
  }
  void fault(const std::string& worker) {
    if (random_.below(20) == 0) return restart();
    dispatcher_.client_gone(worker);
    if (random_.below(2) == 0) return;  // a zombie: it will deliver late
    std::erase_if(sampling_, [&](const Work& work) { return work.worker == worker; });
    std::erase_if(scoring_, [&](const Work& work) { return work.worker == worker; });
  }
  // The store's process starts again: what is durable is loaded, leases are gone.
  void restart() {
    dispatcher_.reset();
    for (const auto& [key, outcome] : stored_) {
      SampleRow row = row_of(key);
      if (consumed_.contains(key)) row.consumed = Step{1};
      dispatcher_.sample_stored(row);
      if (outcome) dispatcher_.outcome_stored(key, *outcome);
    }
    dispatcher_.open(spec_);
  }

  RandomStream random_;
  bool faults_;
  uint64_t workers_;
  double now_ = 0;
  CollectSpec spec_;
  Dispatcher dispatcher_{kLease};
  std::vector<Work> sampling_, scoring_;
  std::map<SampleKey, std::optional<OutcomeRow>> stored_;
  std::set<SampleKey> consumed_;
};

std::string text_of(const BatchPlan& plan) {
  std::string text =
      cat("next ", plan.next, " drawn ", plan.drawn, " equal ", plan.zero_variance, " sum ",
          plan.raw_sum, " of ", plan.raw_count, " correct ", plan.correct, ":");
  for (const auto& [status, count] : plan.outcomes)
    text += cat(" ", fb::EnumNameOutcomeStatus(status), "=", count);
  for (const PlannedGroup& group : plan.groups) {
    for (const PlannedSample& sample : group.samples)
      text += cat(" ", sample.key.text(), "=", sample.outcome.raw);
  }
  return text;
}

CollectSpec spec_of(uint64_t version, Draw first) {
  CollectSpec spec;
  spec.phase = kPhase;
  spec.first = first;
  spec.groups = 4;
  spec.group_size = 3;
  spec.max_draws = 12;
  spec.filter = Filter::zero_variance;
  spec.weights = weights(version);
  return spec;
}

std::vector<std::string> ordered_run(uint64_t seed, bool faults, uint32_t lookahead) {
  Simulation simulation(seed, faults);
  std::vector<std::string> batches;
  std::set<SampleKey> used;
  Draw cursor;
  for (uint64_t version = 0; version < 4; ++version) {
    CollectSpec spec = spec_of(version, cursor);
    spec.lookahead = lookahead;
    auto plan = simulation.run(spec);
    if (!plan) return {"never decided"};
    batches.push_back(text_of(*plan));
    for (const PlannedGroup& group : plan->groups) {
      for (const PlannedSample& sample : group.samples) {
        EXPECT_TRUE(used.insert(sample.key).second)
            << sample.key.text() << " is in two batches, seed " << seed;
      }
    }
    simulation.commit(*plan);
    cursor = plan->next;
  }
  return batches;
}

TEST(DispatcherSimulation, OrderedBatchesArePureWhateverTheWorkers) {
  std::vector<std::string> expected = ordered_run(0, false, 0);
  ASSERT_EQ(expected.size(), 4u);
  EXPECT_NE(expected[0], expected[1]);
  for (uint64_t seed = 1; seed <= 300; ++seed) {
    ASSERT_EQ(ordered_run(seed, seed % 3 != 0, static_cast<uint32_t>(seed % 4)), expected)
        << "seed " << seed;
  }
}

TEST(DispatcherSimulation, UnorderedNeverBreaksItsStalenessBoundNorUsesASampleTwice) {
  uint64_t stale = 0;
  for (uint64_t seed = 1; seed <= 150; ++seed) {
    Simulation simulation(seed, seed % 3 != 0);
    RandomStream pace(random_key(seed, Domain::test, {6}));
    std::set<SampleKey> used;
    std::set<GroupKey> dead;
    Draw first;
    for (uint64_t version = 0; version < 12; version += 1 + pace.below(2)) {
      CollectSpec spec = spec_of(version, first);
      spec.ordered = false;
      spec.max_draws = 0;
      spec.max_staleness = 1;
      auto plan = simulation.run(spec);
      ASSERT_TRUE(plan) << "seed " << seed;
      ASSERT_EQ(plan->groups.size(), spec.groups);
      for (const PlannedGroup& group : plan->groups) {
        ASSERT_LE(group.key.version, spec.weights.version);
        ASSERT_LE(version, group.key.version.value + spec.max_staleness) << "seed " << seed;
        ASSERT_FALSE(dead.contains(group.key)) << "seed " << seed;
        for (const PlannedSample& sample : group.samples) {
          ASSERT_TRUE(used.insert(sample.key).second) << "seed " << seed;
        }
      }
      for (const auto& [key, reason] : plan->dead) dead.insert(key);
      simulation.commit(*plan);
      stale += plan->stale;
      first = plan->next;
      for (uint64_t turns = pace.below(40); turns > 0; --turns)
        simulation.step();  // the learner is at work
    }
  }
  EXPECT_GT(stale, 0u) << "the bound was never tried";
}

}  // namespace
}  // namespace reckon
