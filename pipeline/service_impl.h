// Inside the store's service: its state and the split of its work. store_service.cc keeps the
// sessions and the loop, store_requests.cc serves the requests. Everything but the atomics and
// `failed` belongs to the service's thread.
#pragma once

#include <atomic>
#include <deque>
#include <map>
#include <mutex>
#include <set>
#include <thread>

#include "pipeline/protocol.h"
#include "pipeline/router.h"
#include "pipeline/store_service.h"
#include "pipeline/store_writer.h"
#include "pipeline/wake.h"

namespace reckon {

// One client that said Hello. Its routing id changes when it connects again; its name in the
// dispatcher does not.
struct Session {
  std::string routing, name;
  double last_seen = 0;
  // Requests on their way through the disk: a repeated one waits for the same reply.
  std::set<uint64_t> with_writer;
  // By kind of request: sent again when the request is repeated.
  std::map<fb::Body, std::pair<uint64_t, std::string>> last_reply;
  uint64_t last_collect = 0;
};

struct Parked {
  std::string client;
  uint64_t request = 0;
  fb::Body kind = fb::Body_NONE;
  uint32_t max = 0;     // leases
  uint64_t number = 0;  // collect
};

struct StoreService::Impl {
  Impl(zmq::context_t& context, std::unique_ptr<Store> store, ServiceOptions service_options);

  void run();
  void serve();
  void end(const Error& error);
  void receive();
  void handle(const std::string& routing, std::string_view frame);
  void join(const std::string& routing, const fb::HelloT& hello, uint64_t request);
  std::optional<std::string> refusal(const fb::HelloT& hello) const;
  bool repeated(Session& session, const fb::MessageT& message);
  void take_results();
  void tick();
  void drop(const std::string& client);
  void reply(Session& session, fb::Body kind, uint64_t request, std::string frame);

  void serve_request(const std::string& client, Session& session, fb::MessageT message);
  void open_collect(const std::string& client, Session& session, const fb::OpenCollectT& message);
  bool lease_valid(const fb::BodyUnion& commit);
  void commit(const std::string& client, Session& session, fb::MessageT message);
  void to_writer(const std::string& client, Session& session, uint64_t request, fb::BodyUnion body,
                 std::vector<ScoreLease> leases = {});
  void park(Parked request);
  void serve_parked();
  bool serve(const Parked& request);  // true: answered, or its client is gone
  bool grant_prompts(const Parked& request, Session& session);
  bool grant_scores(const Parked& request, Session& session);
  bool give_batch(const Parked& request, Session& session);
  fb::CountersT counters() const;

  const ServiceOptions options;
  const uint64_t instance;  // of the service: new after every start
  Wake wake;
  Dispatcher dispatcher;
  std::optional<Router> router;
  std::unique_ptr<StoreWriter> writer;
  std::map<std::string, Session> sessions;       // by client
  std::map<std::string, std::string> client_of;  // by routing id
  std::deque<Parked> parked;
  std::string collect_owner;  // the client that opened the present collect
  uint64_t timeline = 0;
  uint64_t bad_frames = 0, refused = 0;
  bool changed = true;  // parked requests may be served now
  std::atomic<bool> stopping{false}, finished{false};
  mutable std::mutex mutex;
  std::optional<Error> failed;
  std::thread thread;
};

}  // namespace reckon
