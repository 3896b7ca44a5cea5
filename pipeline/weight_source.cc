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
    const Version version = weights->id().version;
    std::erase_if(known_, [&](const Published& old) { return old.id.version >= version; });
    std::erase_if(kept_, [&](const auto& old) { return old->id().version >= version; });
    known_.push_back({weights->id(), weights});
    kept_.push_back(std::move(weights));
    if (known_.size() > std::max<size_t>(keep_, 1)) known_.pop_front();
    if (kept_.size() > keep_) kept_.pop_front();
  }
  published_.notify_all();
}

std::shared_ptr<const Weights> SharedWeightSource::pull(const WeightsId& id, std::stop_token stop) {
  std::unique_lock lock(mutex_);
  const auto there = [&] { return !known_.empty() && known_.back().id.version >= id.version; };
  if (!published_.wait(lock, stop, there)) return nullptr;
  const auto found = std::find_if(known_.begin(), known_.end(),
                                  [&](const Published& published) { return published.id == id; });
  if (found != known_.end()) return found->weights.lock();
  if (known_.size() >= keep_ && id.version < known_.front().id.version) return nullptr;
  const WeightsId& newest = known_.back().id;
  throw Error(Code::mismatch, cat("weights of version ", id.version, ", digest ", id.digest.text()),
              cat("they were never published here; the newest are version ", newest.version,
                  ", digest ", newest.digest.text()),
              "look for a second learner");
}

}  // namespace reckon
