// The store's service: the meeting point of the stages. It owns the trajectory store and serves one
// ROUTER socket (docs/protocol.md). Two threads: the socket's owns every decision
// (storage/dispatcher.h) and never touches the disk; the writer's (store_writer.h) owns the disk.
// Public functions may be called from any thread.
//
//   StoreService service(context, Store::open(run.store(), run.run_id()), {.run_id = run.run_id(),
//   ...});
//   ...
//   service.stop();                              // or its destructor
//   if (auto error = service.failure()) ...
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "base/error.h"
#include "storage/store.h"

namespace zmq {
class context_t;
}

namespace reckon {

struct ServiceOptions {
  std::string endpoint = "inproc://store";       // any address of ZeroMQ: inproc, ipc, tcp
  std::string run_id{}, numerics{}, model_id{};  // clients must name the same
  double lease_seconds = 120;                    // a client silent for so long loses its leases
  uint64_t credit_bytes = uint64_t{64} << 20;    // unacknowledged bytes a client may have in flight
  // Called once, on the service's thread; it must not stop the service.
  std::function<void(const Error&)> on_failure{};
};

class StoreService {
 public:
  // Reads the facts of `store`, binds and serves. Error(unavailable) when the endpoint cannot be
  // bound.
  StoreService(zmq::context_t& context, std::unique_ptr<Store> store, ServiceOptions options);
  ~StoreService();

  void stop();           // writes what is queued, then joins
  bool running() const;  // false after stop(), a failure or a Shutdown message
  std::optional<Error> failure() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace reckon
