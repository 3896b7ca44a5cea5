// The one thread that touches the store's disk. Jobs are carried out in order; commits that wait
// together become one synced write, and a result exists only after it. A full disk is waited for
// (back-pressure); any other failure of the store ends the writer. submit(), results() and
// failure() may be called from any thread.
#pragma once

#include <atomic>
#include <condition_variable>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "base/error.h"
#include "pipeline/protocol_generated.h"
#include "storage/dispatcher.h"
#include "storage/store.h"

namespace reckon {

struct StoreJob {
  std::string client;  // to whom the reply goes
  uint64_t request = 0;
  fb::BodyUnion body;  // the request; LeaseScores: the granted samples are in `leases`
  std::vector<ScoreLease> leases;
};

struct StoreResult {
  std::string client;
  uint64_t request = 0;
  fb::Body kind = fb::Body_NONE;  // of the request
  std::string frame;              // the reply
  std::function<void(Dispatcher&)>
      facts;  // what the dispatcher must learn before the reply leaves; may be empty
};

struct WriterCounters {
  std::atomic<uint64_t> samples{0}, columns{0}, duplicates{0}, late{0}, writes{0}, timeline{0};
  std::atomic<bool> store_full{false};
};

// Every fact on disk, for a dispatcher that knows nothing yet.
std::function<void(Dispatcher&)> all_facts(const Store& store);

class StoreWriter {
 public:
  // `wake` is called after results or a failure have appeared. `service` goes into the fences of
  // scores.
  StoreWriter(std::unique_ptr<Store> store, uint64_t service, std::function<void()> wake);
  ~StoreWriter();  // finishes what is queued, unless the disk is full

  void submit(StoreJob job);
  std::vector<StoreResult> results();
  std::optional<Error> failure() const;
  const WriterCounters& counters() const { return counters_; }

 private:
  void run();
  void carry_out(std::deque<StoreJob> jobs);
  void carry_out(StoreJob& job);
  bool retrying(const std::function<void()>& action);  // false: gave up because of the destructor
  void reply(const StoreJob& job, std::string frame, std::function<void(Dispatcher&)> facts = {});

  void commit(std::vector<StoreJob> jobs);
  void reply_committed(const StoreJob& job, const std::vector<CommitStatus>& statuses);
  void reply_late(const StoreJob& job, size_t count);
  void step(StoreJob& job);
  void unscored(StoreJob& job);
  void fetch(StoreJob& job);

  std::unique_ptr<Store> store_;
  const uint64_t service_;
  const std::function<void()> wake_;
  WriterCounters counters_;

  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<StoreJob> jobs_;
  std::vector<StoreResult> results_;
  std::optional<Error> failure_;
  bool stop_ = false;
  std::thread thread_;
};

}  // namespace reckon
