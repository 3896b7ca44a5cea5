// The rewards as a stage: leases samples without a score, scores them, commits the column
// "outcome". A thread of its own, and more for scoring if asked to; several stages may serve one
// store. Public functions may be called from any thread but the stage's.
//
//   RewardStage rewards(context, {.role = fb::Role_reward, ...}, {}, streams, tokenizer,
//   reward_set);
#pragma once

#include <functional>
#include <memory>
#include <optional>

#include "base/error.h"
#include "pipeline/connection.h"
#include "pipeline/streams.h"
#include "rewards/reward.h"

namespace reckon {

class Tokenizer;

struct RewardStageOptions {
  uint32_t lease_samples = 32;  // most samples leased by one request
  int threads = 1;              // samples scored at once
  // Called once, on the stage's thread, when an error has ended it; it must not stop the stage.
  std::function<void(const Error&)> on_failure{};
};

struct RewardCounters {
  uint64_t samples = 0;
  uint64_t crashed = 0;     // a reward threw: the outcome says so
  uint64_t late = 0;        // outcomes that the store refused
  double busy_seconds = 0;  // inside the rewards
};

class RewardStage {
 public:
  RewardStage(zmq::context_t& context, ClientOptions client, RewardStageOptions options,
              StreamTable streams, std::shared_ptr<const Tokenizer> tokenizer,
              std::shared_ptr<const RewardSet> rewards);
  ~RewardStage();

  void stop();
  RewardCounters counters() const;
  std::optional<Error> failure() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

// What the rewards say about one sample. A sample without a completion (its prompt did not fit) is
// abstained from; a reward that throws, or a value that is not finite, is `crashed`.
Outcome score_sample(const RewardSet& rewards, const Stream& stream, const Tokenizer& tokenizer,
                     const fb::SampleT& sample);

// The column "outcome" of a sample.
fb::ColumnT outcome_column(const fb::SampleKey& key, const Outcome& outcome,
                           const std::string& producer);

}  // namespace reckon
