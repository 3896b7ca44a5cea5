// The stages beside the learner as threads of this process: the store's service, one sampler, one
// rewards' loop, meeting over inproc://. Their data are opened here, so errors in it appear before
// anything is trained.
#pragma once

#include <memory>
#include <mutex>
#include <optional>
#include <zmq.hpp>

#include "learner/batch.h"
#include "learner/learner_state.h"
#include "learner/run_folder.h"
#include "pipeline/client.h"
#include "pipeline/reward_stage.h"
#include "pipeline/rollout_stage.h"
#include "pipeline/store_service.h"

namespace reckon {

class LocalStages {
 public:
  // `config` must outlive it. Sampler and rewards start only if a phase or an evaluation samples.
  LocalStages(const RunConfig& config, const RunFolder& folder, const LearnerState& state,
              const KernelTable& kernels, const NumericsId& numerics);
  ~LocalStages();

  StoreClient& client() { return *client_; }
  void rewind();  // the store to the learner's step; first of all
  void publish(const std::shared_ptr<const Weights>& weights);  // to sampler and store
  const Dataset& training_data(uint32_t phase) const {
    return *streams_.at(training_stream(phase)).data;
  }
  uint64_t evaluation_rows() const { return evaluation_ ? evaluation_->size() : 0; }
  uint64_t sampled_tokens() const { return rollout_ ? rollout_->counters().tokens : 0; }
  double sampling_seconds() const { return rollout_ ? rollout_->counters().busy_seconds : 0; }
  double reward_seconds() const { return reward_ ? reward_->counters().busy_seconds : 0; }
  fb::Fence annotator_fence();  // for columns that no lease asked for
  void journal_step(const fb::LedgerRowT& row);
  // Why a call on client() came back empty: the first failure of a stage.
  std::optional<Error> failure() const;
  void stop();

 private:
  StreamTable make_streams(const RunConfig& config);
  ClientOptions client_options(const char* name, fb::Role role) const;
  void start_samplers(const RunConfig& config, const KernelTable& kernels);
  void fail(const Error& error);  // of a stage: unblocks the learner

  const RunConfig& config_;
  const LearnerState& state_;
  std::string run_id_, numerics_, model_id_;
  std::shared_ptr<const Dataset> evaluation_;
  StreamTable streams_;
  class Journal;
  std::shared_ptr<Journal> journal_;
  mutable std::mutex mutex_;  // stages report from their threads: it outlives them
  std::optional<Error> failure_;
  zmq::context_t context_;
  std::unique_ptr<StoreClient> client_;
  std::unique_ptr<StoreService> service_;
  std::shared_ptr<SharedWeightSource> source_;
  std::unique_ptr<RolloutStage> rollout_;
  std::unique_ptr<RewardStage> reward_;
  Timeline timeline_;
};

}  // namespace reckon
