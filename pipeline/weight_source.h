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
  // Waits until weights of this version exist. Nothing: `stop` was requested. Error(mismatch): they
  // are no longer kept, or their digest is another.
  virtual std::shared_ptr<const Weights> pull(const WeightsId& id, std::stop_token stop) = 0;
};

// Thread-safe. Keeps the newest two, so that a sampler asked for the former ones still finds them.
class SharedWeightSource : public WeightSource {
 public:
  void publish(std::shared_ptr<const Weights> weights);
  std::shared_ptr<const Weights> pull(const WeightsId& id, std::stop_token stop) override;

 private:
  std::mutex mutex_;
  std::condition_variable_any published_;
  std::deque<std::shared_ptr<const Weights>> kept_;  // in order of publication
};

}  // namespace reckon
