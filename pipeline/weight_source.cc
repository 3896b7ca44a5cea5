#include "pipeline/weight_source.h"

#include <algorithm>
#include <utility>

#include "base/error.h"
#include "base/text.h"

namespace reckon {
// A version published again replaces the former one: after a rewind it may have other bytes.
void SharedWeightSource::publish(std::shared_ptr<const Weights> weights) {
  RECKON_CHECK(weights, "no weights to publish");
  {
    std::lock_guard lock(mutex_);
    std::erase_if(kept_,
                  [&](const auto& old) { return old->id().version >= weights->id().version; });
    kept_.push_back(std::move(weights));
    if (kept_.size() > keep_) kept_.pop_front();
  }
  published_.notify_all();
}

std::shared_ptr<const Weights> SharedWeightSource::pull(const WeightsId& id, std::stop_token stop) {
  std::unique_lock lock(mutex_);
  const auto there = [&] { return !kept_.empty() && kept_.back()->id().version >= id.version; };
  if (!published_.wait(lock, stop, there)) return nullptr;
  const auto found = std::find_if(kept_.begin(), kept_.end(),
                                  [&](const auto& weights) { return weights->id() == id; });
  if (found != kept_.end()) return *found;
  if (kept_.size() == keep_ && id.version < kept_.front()->id().version) return nullptr;
  throw Error(Code::mismatch, cat("weights of version ", id.version, ", digest ", id.digest.text()),
              cat("they were never published here; the newest are version ",
                  kept_.back()->id().version, ", digest ", kept_.back()->id().digest.text()),
              "look for a second learner");
}

}  // namespace reckon
