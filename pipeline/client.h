// What a stage says to the store's service, as calls (docs/protocol.md). Calls block until they are
// answered and return nothing (or false, or an empty list) once stop() was called; they throw the
// Error that the service answered with, and every call does when the service has refused the client
// or failed. While the service is away they wait. One thread makes the calls; stop() may come from
// any.
//
//   StoreClient client(context, {.name = "rollout", .role = fb::Role_rollout, .run_id = id, ...});
//   for (const LeasedPrompt& lease : client.lease_prompts(8, true)) ...
//   client.commit_samples(lease.fence, std::move(samples));     // returns at once while there is
//   credit client.flush();                                             // all of them are on disk
#pragma once

#include <atomic>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "pipeline/connection.h"
#include "pipeline/protocol.h"

namespace reckon {

struct LeasedPrompt {
  fb::Fence fence;  // given back with the samples
  GroupKey group;
  WeightsId weights;                 // to sample with
  std::vector<SampleIndex> missing;  // members to sample
  bool exclusive = false;            // samples of other weights are of no use any more
};

struct LeasedSample {
  fb::Fence fence;
  fb::SampleT sample;
};

struct Bodies {
  std::vector<fb::SampleT> samples;  // in the order of the keys
  std::vector<fb::ColumnT> columns;  // those there are, in that order
};

class StoreClient {
 public:
  StoreClient(zmq::context_t& context, ClientOptions options);  // returns at once
  ~StoreClient();

  std::optional<Welcome> welcome() { return connection_.welcome(); }

  // Sampler. Without `wait`: what has arrived so far; the request stays with the service until
  // there is work.
  std::vector<LeasedPrompt> lease_prompts(uint32_t max, bool wait);
  bool commit_samples(const fb::Fence& fence, std::vector<fb::SampleT> samples);

  // Rewards.
  std::vector<LeasedSample> lease_scores(uint32_t max, bool wait);
  bool commit_columns(const fb::Fence& fence, std::vector<fb::ColumnT> columns);

  // Learner.
  bool open_collect(const CollectSpec& spec);
  std::optional<BatchPlan> take_batch();  // of the collect opened last; once
  std::optional<Bodies> fetch(const std::vector<SampleKey>& keys,
                              const std::vector<std::string>& columns);
  bool commit_step(fb::LedgerRowT row, const DeadGroups& dead);  // the row's timeline is filled in
  bool commit_dead(const DeadGroups& dead);  // of a batch that no step follows (an evaluation)
  bool publish(const WeightsId& weights);
  std::optional<Timeline> rewind(Step step, const WeightsId& weights);
  std::optional<uint64_t> prune(Step step);

  std::optional<fb::CountersT> counters();
  bool shutdown();  // of the service

  bool flush() { return connection_.flush(); }
  void stop() { connection_.stop(); }
  uint64_t late() const { return late_; }  // results refused because the work was given to another

 private:
  template <class Body>
  std::optional<fb::BodyUnion> call(Body body);
  std::optional<uint64_t> acknowledged(std::optional<fb::BodyUnion> reply);
  void settle(const fb::CommittedT& committed, const std::vector<SampleKey>& keys, bool samples);

  const ClientOptions options_;
  std::optional<uint64_t> prompts_request_, scores_request_;
  std::optional<CollectSpec> collect_;
  uint64_t collect_number_ = 0;
  std::optional<Timeline> timeline_;  // the learner's: of its rewind
  std::atomic<uint64_t> late_{0};
  Connection connection_;  // last: its thread uses the others
};

}  // namespace reckon
