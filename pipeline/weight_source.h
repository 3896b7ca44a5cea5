// Where a sampler gets the weights that a lease names. Bytes never pass through the store: it only
// says which ones.
//
//   SharedWeightSource source;                       // learner and sampler in one process
//   source.publish(weights);                         // learner
//   auto weights = source.pull(lease.weights, stop); // sampler; the same memory
#pragma once

#include <condition_variable>
#include <deque>
#include <memory>
#include <mutex>
#include <stop_token>

#include "model/weights.h"

namespace reckon {

class WeightSource {
 public:
  virtual ~WeightSource() = default;
  // Waits until weights of this version exist. Nothing: `stop` was requested, or they are too old
  // to be kept. Error(mismatch): their digest is another.
  virtual std::shared_ptr<const Weights> pull(const WeightsId& id, std::stop_token stop) = 0;
};

// Thread-safe. Keeps the newest `keep` alive, so that a sampler asked for former ones still finds
// them. With 0 it keeps none: the newest are there for as long as their publisher holds them, which
// is all that a synchronous run needs.
class SharedWeightSource : public WeightSource {
 public:
  explicit SharedWeightSource(size_t keep = 2) : keep_(keep) {}
  void publish(std::shared_ptr<const Weights> weights);
  std::shared_ptr<const Weights> pull(const WeightsId& id, std::stop_token stop) override;

 private:
  const size_t keep_;
  std::mutex mutex_;
  std::condition_variable_any published_;
  struct Published {
    WeightsId id;
    std::weak_ptr<const Weights> weights;
  };
  std::deque<Published> known_;  // in order of publication; the newest always
  std::deque<std::shared_ptr<const Weights>> kept_;
};

}  // namespace reckon
