#include "pipeline/stage_thread.h"

#include "base/log.h"

namespace reckon {

StageThread::StageThread(std::string name, StoreClient& client,
                         std::function<void(const Error&)> on_failure)
    : name_(std::move(name)), client_(client), on_failure_(std::move(on_failure)) {}

void StageThread::start(std::function<void(std::stop_token)> loop) {
  thread_ = std::jthread([this, loop = std::move(loop)](std::stop_token stop) {
    try {
      loop(std::move(stop));
    } catch (const Error& error) {
      fail(error);
    } catch (const std::exception& error) {
      fail(Error(Code::internal, name_, error.what(),
                 "this is a defect of Reckon; please report it"));
    }
  });
}

void StageThread::fail(const Error& error) {
  log_error(name_, error.what());
  {
    std::lock_guard lock(mutex_);
    failure_ = error;
  }
  client_.stop();
  if (on_failure_) on_failure_(error);
}

void StageThread::stop() {
  thread_.request_stop();
  client_.stop();
  if (thread_.joinable()) thread_.join();
}

std::optional<Error> StageThread::failure() const {
  std::lock_guard lock(mutex_);
  return failure_;
}

}  // namespace reckon
