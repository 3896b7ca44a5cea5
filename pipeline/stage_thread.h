// The thread of a stage: runs its loop until stop(), and turns what ends it early into a failure
// that somebody sees. Public functions may be called from any thread but the stage's own.
//
//   StageThread thread("reward", client, on_failure);
//   thread.start([&](std::stop_token stop) { while (!stop.stop_requested()) ... });
#pragma once

#include <functional>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>
#include <thread>

#include "base/error.h"
#include "pipeline/client.h"

namespace reckon {

class StageThread {
 public:
  // `client` is stopped with the stage, which unblocks its calls. `on_failure` is called once, on
  // the stage's thread, when an error has ended it; it must not stop the stage. Both outlive this.
  StageThread(std::string name, StoreClient& client, std::function<void(const Error&)> on_failure);
  ~StageThread() { stop(); }

  void start(std::function<void(std::stop_token)> loop);
  void stop();  // and joins
  std::optional<Error> failure() const;

 private:
  void fail(const Error& error);

  const std::string name_;
  StoreClient& client_;
  const std::function<void(const Error&)> on_failure_;
  mutable std::mutex mutex_;
  std::optional<Error> failure_;
  std::jthread thread_;
};

}  // namespace reckon
