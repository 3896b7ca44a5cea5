// Every decision of the store's service, and no I/O: who gets which work, when a batch is complete,
// what is late. A pure state machine over events and a caller's clock; one thread. The service
// (pipeline/) feeds it after facts are durable.
//
// The learner opens one collect at a time: "sample draws of this phase under these weights until B
// groups pass".
//   Ordered (synchronous): the batch is the first B passing groups in ascending draw order, a pure
//   function of the seed
//     and the step; it is complete once every draw before the B-th passing one is decided. Later
//     draws are dead(surplus).
//   Unordered (asynchronous): draws are issued ahead under whatever weights the worker holds; the
//   batch is the first B
//     ready groups, ascending, whose version is at least current - max_staleness; older ones are
//     dead(stale).
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "storage/store.h"

namespace reckon {

enum class Filter : uint8_t { none, zero_variance };  // on raw outcomes

struct CollectSpec {
  PhaseId phase;
  Draw first;               // the cursor: draws below it are not looked at (ordered)
  uint32_t groups = 0;      // B
  uint32_t group_size = 0;  // G
  uint64_t max_draws =
      0;  // after this many draws from `first` the batch is whatever passed; 0: no limit
  uint32_t lookahead = 0;  // draws issued beyond what is needed if all pass
  Filter filter = Filter::none;
  bool ordered = true;
  uint32_t max_staleness = 0;  // unordered only
  WeightsId weights;           // current weights; samples of other digests do not count
  // What an unscored sample means for its group: false: left out of it; true: counts with
  // `unscored_value`.
  bool count_unscored = false;
  double unscored_value = 0;
};

struct PromptLease {
  uint64_t epoch = 0;  // refused when older than the group's present lease
  GroupKey group;
  WeightsId weights;
  std::vector<SampleIndex> missing;  // members still to be sampled
};

struct ScoreLease {
  uint64_t epoch = 0;
  SampleKey sample;
};

struct PlannedSample {
  SampleKey key;
  WeightsId weights;
  uint32_t prompt_tokens = 0, completion_tokens = 0;
  fb::Finish finish = fb::Finish_stop;
  OutcomeRow outcome;
};

struct PlannedGroup {
  GroupKey key;
  // All members, ascending. Those without a score stay out of the group's statistics; when
  // `count_unscored`, their value and raw are `unscored_value`, whatever their status.
  std::vector<PlannedSample> samples;
};

struct BatchPlan {
  std::vector<PlannedGroup> groups;  // ascending by draw
  Draw next;                         // cursor after this batch
  uint64_t drawn = 0;                // draws looked at
  uint64_t zero_variance = 0;        // groups filtered (or seen) with equal raw outcomes
  uint64_t surplus = 0, stale = 0;   // groups dropped
  std::map<fb::OutcomeStatus, uint64_t> outcomes;  // of every scored sample looked at
  double raw_sum = 0;  // over scored samples looked at, filtered groups included
  uint64_t raw_count = 0, correct = 0;
  std::vector<std::pair<GroupKey, DeadReason>> dead;  // to be written with the batch
};

struct DispatcherCounters {
  uint64_t leases = 0, expired = 0, late_refused = 0, duplicates = 0;
};

class Dispatcher {
 public:
  explicit Dispatcher(double lease_seconds) : lease_seconds_(lease_seconds) {}

  // Facts from disk at start, and after every durable write.
  void sample_stored(const SampleRow& row);
  void outcome_stored(const SampleKey& key, const OutcomeRow& outcome);
  void forget_version(
      const WeightsId& id);  // drop groups of this version whose digest differs (dead(timeline))
  void reset();              // after a rewind: forget everything; the caller loads rows again

  void open(const CollectSpec& spec);  // replaces the former collect; parked work is decided anew
  const std::optional<CollectSpec>& current() const { return collect_; }

  // Work for a client, or nothing now (the service parks the request). Leases last lease_seconds
  // unless renewed.
  std::optional<PromptLease> lease_prompt(const std::string& client, double now);
  std::optional<ScoreLease> lease_score(const std::string& client, double now);
  void heartbeat(const std::string& client, double now);  // renews the client's leases
  void client_gone(const std::string& client);            // its leases return at once
  bool expire(double now);  // true: some lease returned; parked requests may be served
  // Whether a result may still be taken: false when the lease was given to another since,
  // or its batch was taken without it. A refusal is counted.
  bool sample_lease_valid(const GroupKey& group, uint64_t epoch);
  bool score_lease_valid(const SampleKey& sample, uint64_t epoch);

  // The batch, once it is decidable. Taking it closes the collect. An ordered collect opened again
  // under the same weights and cursor yields the same batch; an unordered one goes on being sampled
  // ahead while it is closed.
  std::optional<BatchPlan> take_batch();

  const DispatcherCounters& counters() const { return counters_; }

 private:
  enum class Verdict { open, passed, filtered, empty };  // empty: no member counts

  struct Member {
    SampleRow row;
    std::optional<OutcomeRow> outcome;
    std::string score_owner;
    uint64_t score_epoch = 0;
    double score_deadline = 0;
  };
  struct Group {
    WeightsId weights;
    std::map<SampleIndex, Member> members;  // those stored
    std::string owner;                      // of its lease; empty: none
    uint64_t epoch = 0;                     // of its latest lease
    double deadline = 0;
    size_t awaited = 0;              // members its lease still owes
    bool consumed = false;           // by a step, or in a batch that was taken (unordered)
    bool dead = false;               // what still arrives for it is ignored
    std::optional<Verdict> verdict;  // under the present collect; cleared by every fact
  };
  using Groups = std::map<GroupKey, Group>;

  Groups::iterator first_of(PhaseId phase, Draw draw);
  Groups::iterator forget(Groups::iterator it);
  void bury(const GroupKey& key, Group& group, DeadReason reason);
  void release(const GroupKey& key, Group& group);
  void release(const SampleKey& key, Member& member);
  void open_ordered();
  void open_unordered();
  // Whether the group may end up in a batch of the present collect.
  bool usable(const GroupKey& key, const Group& group) const;
  std::vector<SampleIndex> missing(const Group& group) const;
  double raw_of(const OutcomeRow& outcome) const;
  std::vector<double> counted(const Group& group) const;  // raw outcomes that enter the statistics
  Verdict judge(const Group& group) const;
  Verdict verdict(Group& group);
  PromptLease issue(const GroupKey& key, const std::string& client, double now);
  std::optional<PromptLease> lease_ordered(const std::string& client, double now);
  std::optional<PromptLease> lease_unordered(const std::string& client, double now);
  std::optional<PromptLease> lease_again(const std::string& client, double now);
  uint64_t in_play();
  bool draws_left(Draw next) const;
  std::optional<BatchPlan> take_ordered();
  std::optional<BatchPlan> take_unordered();
  void account(const Group& group, BatchPlan& plan) const;
  PlannedGroup planned(const GroupKey& key, const Group& group) const;
  void close_ordered(BatchPlan& plan);
  Draw oldest_live();

  double lease_seconds_;
  Groups groups_;
  std::set<SampleKey> unscored_;  // stored, no outcome, group neither dead nor consumed
  std::set<GroupKey> leased_groups_;
  std::set<SampleKey> leased_samples_;
  std::optional<CollectSpec> collect_;  // open
  std::optional<CollectSpec> issuing_;  // what leases are for; outlives an unordered collect
  std::map<PhaseId, Draw> cursor_;      // unordered: draws below were issued
  std::vector<std::pair<GroupKey, DeadReason>> buried_;  // goes into the next plan of their phase
  uint64_t last_epoch_ = 0;
  DispatcherCounters counters_;
};

}  // namespace reckon
