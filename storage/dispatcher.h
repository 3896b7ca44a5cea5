// Every decision of the store's service, and no I/O: who gets which work, when a batch is complete, what is late. A pure
// state machine over events and a caller's clock; one thread. The service (pipeline/) feeds it after facts are durable.
//
// The learner opens one collect at a time: "sample draws of this phase under these weights until B groups pass".
//   Ordered (synchronous): the batch is the first B passing groups in ascending draw order, a pure function of the seed
//     and the step; it is complete once every draw before the B-th passing one is decided. Later draws are dead(surplus).
//   Unordered (asynchronous): draws are issued ahead under whatever weights the worker holds; the batch is the first B
//     ready groups, ascending, whose version is at least current - max_staleness; older ones are dead(stale).
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "storage/store.h"

namespace reckon {

enum class Filter : uint8_t { none, zero_variance };  // on raw outcomes

struct CollectSpec {
  PhaseId phase;
  Draw first;                  // the cursor: draws below it are not looked at (ordered)
  uint32_t groups = 0;         // B
  uint32_t group_size = 0;     // G
  uint64_t max_draws = 0;      // after this many draws from `first` the batch is whatever passed; 0: no limit
  uint32_t lookahead = 0;      // draws issued beyond what is needed if all pass
  Filter filter = Filter::none;
  bool ordered = true;
  uint32_t max_staleness = 0;  // unordered only
  WeightsId weights;           // current weights; samples of other digests do not count
  // What an unscored sample means for its group: false: left out of it; true: counts with `unscored_value`.
  bool count_unscored = false;
  double unscored_value = 0;
};

struct PromptLease {
  uint64_t epoch = 0;          // refused when older than the group's present lease
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
  std::vector<PlannedSample> samples;  // ascending
};

struct BatchPlan {
  std::vector<PlannedGroup> groups;    // ascending by draw
  Draw next;                           // cursor after this batch
  uint64_t drawn = 0;                  // draws looked at
  uint64_t zero_variance = 0;          // groups filtered (or seen) with equal raw outcomes
  uint64_t surplus = 0, stale = 0;     // groups dropped
  std::map<fb::OutcomeStatus, uint64_t> outcomes;        // of every scored sample looked at
  double raw_sum = 0;                  // over scored samples looked at, filtered groups included
  uint64_t raw_count = 0, correct = 0;
  std::vector<std::pair<GroupKey, DeadReason>> dead;     // to be written with the batch
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
  void forget_version(const WeightsId& id);  // drop groups of this version whose digest differs (dead(timeline))
  void reset();                              // after a rewind: forget everything; the caller loads rows again

  void open(const CollectSpec& spec);        // replaces the former collect; parked work is decided anew
  const std::optional<CollectSpec>& current() const { return collect_; }

  // Work for a client, or nothing now (the service parks the request). Leases last lease_seconds unless renewed.
  std::optional<PromptLease> lease_prompt(const std::string& client, double now);
  std::optional<ScoreLease> lease_score(const std::string& client, double now);
  void heartbeat(const std::string& client, double now);   // renews the client's leases
  void client_gone(const std::string& client);             // its leases return at once
  bool expire(double now);                                 // true: some lease returned; parked requests may be served
  // Whether a result may still be taken: false when the lease was given to another since.
  bool sample_lease_valid(const GroupKey& group, uint64_t epoch);
  bool score_lease_valid(const SampleKey& sample, uint64_t epoch);

  // The batch, once it is decidable. Taking it closes the collect.
  std::optional<BatchPlan> take_batch();

  const DispatcherCounters& counters() const { return counters_; }

 private:
  struct Member {
    std::optional<SampleRow> row;
    std::optional<OutcomeRow> outcome;
    std::string score_owner;
    uint64_t score_epoch = 0;
    double score_deadline = 0;
  };
  struct Group {
    WeightsId weights;
    std::map<SampleIndex, Member> members;
    std::string owner;
    uint64_t epoch = 0;
    double deadline = 0;
    bool consumed = false;
  };
  enum class Verdict { open, passed, filtered, empty };
  Verdict judge(const Group& group) const;
  std::optional<PromptLease> issue(const GroupKey& key, const std::string& client, double now);
  std::optional<BatchPlan> take_ordered();
  std::optional<BatchPlan> take_unordered();
  void account(const Group& group, BatchPlan& plan) const;

  double lease_seconds_;
  std::map<GroupKey, Group> groups_;
  std::set<SampleKey> unscored_;
  std::optional<CollectSpec> collect_;
  Draw next_unordered_;
  uint64_t last_epoch_ = 0;
  DispatcherCounters counters_;
};

}  // namespace reckon
