#include "pipeline/store_service.h"

#include <algorithm>
#include <atomic>
#include <deque>
#include <map>
#include <mutex>
#include <random>
#include <set>
#include <thread>
#include <zmq.hpp>

#include "base/clock.h"
#include "base/log.h"
#include "base/text.h"
#include "pipeline/protocol.h"
#include "pipeline/router.h"
#include "pipeline/store_writer.h"
#include "pipeline/wake.h"

namespace reckon {
namespace {

constexpr uint32_t kMostLeases = 256;  // of one request

// One client that said Hello. Its routing id changes when it connects again; its name in the
// dispatcher does not.
struct Session {
  std::string routing, name;
  double last_seen = 0;
  std::set<uint64_t>
      with_writer;  // requests on their way through the disk: repeated ones wait for the same reply
  std::map<fb::Body, std::pair<uint64_t, std::string>>
      last_reply;  // sent again when its request is repeated
  uint64_t last_collect = 0;
};

struct Parked {
  std::string client;
  uint64_t request = 0;
  fb::Body kind = fb::Body_NONE;
  uint32_t max = 0;     // leases
  uint64_t number = 0;  // collect
};

// Requests that must not be carried out twice and of which a client has at most one at a time.
bool once(fb::Body kind) {
  switch (kind) {
    case fb::Body_LeasePrompts:
    case fb::Body_LeaseScores:
    case fb::Body_OpenCollect:
    case fb::Body_TakeBatch:
    case fb::Body_CommitStep:
    case fb::Body_Publish:
    case fb::Body_Rewind:
    case fb::Body_Prune:
      return true;
    default:
      return false;
  }
}

uint64_t random_id() {
  std::random_device device;
  return (uint64_t{device()} << 32 | device()) | 1;
}

}  // namespace

struct StoreService::Impl {
  Impl(zmq::context_t& context, std::unique_ptr<Store> store, ServiceOptions service_options)
      : options(std::move(service_options)), dispatcher(options.lease_seconds) {
    all_facts (*store)(dispatcher);
    router.emplace(context, options.endpoint);
    writer = std::make_unique<StoreWriter>(std::move(store), instance, [this] { wake.signal(); });
    timeline = writer->counters().timeline;
    thread = std::thread([this] { run(); });
  }

  void run();
  void serve();
  void end(const Error& error);

  void receive();
  void handle(const std::string& routing, std::string_view frame);
  void join(const std::string& routing, const fb::HelloT& hello, uint64_t request);
  std::optional<std::string> refusal(const fb::HelloT& hello) const;
  void serve_request(const std::string& client, Session& session, fb::MessageT message);
  bool repeated(Session& session, const fb::MessageT& message);
  void commit(const std::string& client, Session& session, fb::MessageT message);
  void open_collect(const std::string& client, Session& session, const fb::OpenCollectT& message);
  void to_writer(const std::string& client, Session& session, uint64_t request, fb::BodyUnion body,
                 std::vector<ScoreLease> leases = {});
  void take_results();
  void serve_parked();
  bool serve(const Parked& parked);
  bool grant_prompts(const Parked& parked, Session& session);
  bool grant_scores(const Parked& parked, Session& session);
  bool give_batch(const Parked& parked, Session& session);
  void tick();
  void drop(const std::string& client);
  fb::CountersT counters() const;

  void reply(Session& session, fb::Body kind, uint64_t request, std::string frame);

  const ServiceOptions options;
  const uint64_t instance = random_id();
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

StoreService::StoreService(zmq::context_t& context, std::unique_ptr<Store> store, ServiceOptions options)
    : impl_(std::make_unique<Impl>(context, std::move(store), std::move(options))) {}

StoreService::~StoreService() { stop(); }

void StoreService::stop() {
  impl_->stopping = true;
  impl_->wake.signal();
  if (impl_->thread.joinable()) impl_->thread.join();
}

bool StoreService::running() const { return !impl_->finished; }

std::optional<Error> StoreService::failure() const {
  std::lock_guard lock(impl_->mutex);
  return impl_->failed;
}

void StoreService::Impl::run() {
  try {
    serve();
  } catch (const Error& error) {
    end(error);
  } catch (const std::exception& error) {
    end(Error(Code::internal, "store service", error.what(),
              "this is a defect of Reckon; please report it"));
  }
  writer
      .reset();  // finishes the queue; what it answers now is asked for again after the next start
  router.reset();
  finished = true;
}

void StoreService::Impl::serve() {
  const auto tick_seconds = std::clamp(options.lease_seconds / 4, 0.01, 1.0);
  double next_tick = monotonic_seconds() + tick_seconds;
  while (!stopping) {
    zmq::pollitem_t items[] = {{router->handle(), 0, ZMQ_POLLIN, 0},
                               {nullptr, wake.fd(), ZMQ_POLLIN, 0}};
    const double wait = std::max(0.0, next_tick - monotonic_seconds());
    zmq::poll(items, 2, std::chrono::milliseconds(static_cast<int64_t>(wait * 1000) + 1));
    if (items[1].revents) wake.clear();
    take_results();
    receive();
    if (auto error = writer->failure()) return end(*error);
    if (monotonic_seconds() >= next_tick) {
      tick();
      next_tick = monotonic_seconds() + tick_seconds;
    }
    serve_parked();
  }
}

// Every client learns why; each of its calls then throws this error.
void StoreService::Impl::end(const Error& error) {
  log_error("store", error.what());
  {
    std::lock_guard lock(mutex);
    failed = error;
  }
  const std::string frame = encode(0, to_message(error));
  for (const auto& [client, session] : sessions) router->send(session.routing, frame);
  if (options.on_failure) options.on_failure(error);
}

void StoreService::Impl::receive() {
  while (!stopping) {
    const auto received = router->receive();
    if (!received) return;
    handle(received->routing, received->frame.to_string_view());
  }
}

void StoreService::Impl::handle(const std::string& routing, std::string_view frame) {
  fb::MessageT message;
  try {
    message = decode(frame);
  } catch (const Error& error) {
    if (++bad_frames == 1)
      log_warning("store", cat("refused a frame: ", error.what(), "; further ones are counted"));
    router->send(routing, encode(0, to_message(error)));
    return;
  }
  if (const auto* hello = message.body.AsHello()) return join(routing, *hello, message.request);
  const auto known = client_of.find(routing);
  if (known == client_of.end()) {
    router->send(routing, encode(message.request, fb::RejoinT{}));
    return;
  }
  const std::string client = known->second;
  Session& session = sessions.at(client);
  session.last_seen = monotonic_seconds();
  if (repeated(session, message)) return;
  const uint64_t request = message.request;
  try {
    serve_request(client, session, std::move(message));
  } catch (const Error& error) {
    if (error.code() == Code::internal) throw;
    router->send(routing, encode(request, to_message(error)));
  }
}

std::optional<std::string> StoreService::Impl::refusal(const fb::HelloT& hello) const {
  const auto differ = [](const char* what, const std::string& theirs, const std::string& ours) {
    return cat(what, " '", theirs, "', the store serves '", ours, "'");
  };
  if (hello.run_id != options.run_id)
    return differ("the client belongs to run", hello.run_id, options.run_id);
  if (hello.role != fb::Role_rollout && hello.role != fb::Role_learner) return std::nullopt;
  if (hello.numerics != options.numerics)
    return differ("the client computes with", hello.numerics, options.numerics);
  if (hello.model_id != options.model_id)
    return differ("the client has model", hello.model_id, options.model_id);
  return std::nullopt;
}

void StoreService::Impl::join(const std::string& routing, const fb::HelloT& hello,
                              uint64_t request) {
  if (auto problem = refusal(hello)) {
    ++refused;
    const Error error(Code::mismatch, cat(hello.name, " at ", options.endpoint), *problem,
                      "start it with the run folder and the build of this run");
    log_warning("store", error.what());
    router->send(routing, encode(request, to_message(error)));
    return;
  }
  Session& session = sessions[hello.client];
  client_of.erase(session.routing);
  session.routing = routing;
  session.name = hello.name;
  session.last_seen = monotonic_seconds();
  client_of[routing] = hello.client;
  // Whatever is unanswered comes again after this reply.
  std::erase_if(parked, [&](const Parked& waiting) { return waiting.client == hello.client; });
  fb::WelcomeT welcome;
  welcome.service = instance;
  welcome.timeline = timeline;
  welcome.lease_seconds = options.lease_seconds;
  welcome.credit_bytes = options.credit_bytes;
  router->send(routing, encode(request, std::move(welcome)));
}

bool StoreService::Impl::repeated(Session& session, const fb::MessageT& message) {
  if (session.with_writer.count(message.request)) return true;
  const auto last = session.last_reply.find(message.body.type);
  if (last == session.last_reply.end() || last->second.first != message.request) return false;
  router->send(session.routing, last->second.second);
  return true;
}

void StoreService::Impl::serve_request(const std::string& client, Session& session,
                                       fb::MessageT message) {
  const fb::Body kind = message.body.type;
  const uint64_t request = message.request;
  switch (kind) {
    case fb::Body_Heartbeat:
      dispatcher.heartbeat(client, session.last_seen);
      return reply(session, kind, request, encode(request, fb::AckT{}));
    case fb::Body_Bye:
      return drop(client);
    case fb::Body_GetCounters:
      return reply(session, kind, request, encode(request, counters()));
    case fb::Body_Shutdown:
      reply(session, kind, request, encode(request, fb::AckT{}));
      stopping = true;
      return;
    case fb::Body_LeasePrompts:
      parked.push_back(
          {client, request, kind, std::min(message.body.AsLeasePrompts()->max, kMostLeases)});
      changed = true;
      return;
    case fb::Body_LeaseScores:
      parked.push_back(
          {client, request, kind, std::min(message.body.AsLeaseScores()->max, kMostLeases)});
      changed = true;
      return;
    case fb::Body_TakeBatch:
      open_collect(client, session, *message.body.AsTakeBatch()->collect);
      parked.push_back({client, request, kind, 0, message.body.AsTakeBatch()->collect->number});
      changed = true;
      return;
    case fb::Body_OpenCollect:
      open_collect(client, session, *message.body.AsOpenCollect());
      return reply(session, kind, request, encode(request, fb::AckT{}));
    case fb::Body_CommitSamples:
    case fb::Body_CommitColumns:
      return commit(client, session, std::move(message));
    case fb::Body_Fetch:
    case fb::Body_CommitStep:
    case fb::Body_Publish:
    case fb::Body_Rewind:
    case fb::Body_Prune:
      return to_writer(client, session, request, std::move(message.body));
    default:
      throw Error(Code::data, "message", cat("'", fb::EnumNameBody(kind), "' is not a request"),
                  "see docs/protocol.md");
  }
}

void StoreService::Impl::open_collect(const std::string& client, Session& session,
                                      const fb::OpenCollectT& message) {
  if (message.number <= session.last_collect) return;  // known already
  dispatcher.open(from_message(message));
  session.last_collect = message.number;
  collect_owner = client;
  changed = true;
}

// Refused: what was leased to another since, or belongs to a batch that was taken without it. A lease from before a
// restart of the service is not known here; its result is welcome, the store keeps whichever comes first.
void StoreService::Impl::commit(const std::string& client, Session& session, fb::MessageT message) {
  bool valid = true;
  size_t count = 0;
  if (const auto* commit = message.body.AsCommitSamples()) {
    count = commit->samples.size();
    for (const auto& sample : commit->samples) {
      const GroupKey group = from_record(*sample->key).group;
      if (commit->fence->service() == instance) valid &= dispatcher.sample_lease_valid(group, commit->fence->epoch());
    }
  } else {
    const auto& columns = *message.body.AsCommitColumns();
    count = columns.columns.size();
    for (const auto& column : columns.columns) {
      const SampleKey key = from_record(*column->key);
      if (columns.fence->service() == instance) valid &= dispatcher.score_lease_valid(key, columns.fence->epoch());
    }
  }
  if (valid) return to_writer(client, session, message.request, std::move(message.body));
  fb::CommittedT refusal;
  refusal.results.assign(count, fb::CommitResult_late);
  refusal.contents.resize(count);
  reply(session, message.body.type, message.request, encode(message.request, std::move(refusal)));
}

void StoreService::Impl::to_writer(const std::string& client, Session& session, uint64_t request,
                                   fb::BodyUnion body, std::vector<ScoreLease> leases) {
  session.with_writer.insert(request);
  writer->submit({client, request, std::move(body), std::move(leases)});
}

void StoreService::Impl::take_results() {
  for (StoreResult& result : writer->results()) {
    if (result.kind == fb::Body_Rewind) timeline = writer->counters().timeline;
    if (result.facts) {
      result.facts(dispatcher);
      changed = true;
    }
    const auto session = sessions.find(result.client);
    if (session == sessions.end()) continue;
    session->second.with_writer.erase(result.request);
    reply(session->second, result.kind, result.request, std::move(result.frame));
  }
}

void StoreService::Impl::serve_parked() {
  if (!std::exchange(changed, false)) return;
  std::deque<Parked> waiting = std::exchange(parked, {});
  for (Parked& request : waiting) {
    if (!serve(request)) parked.push_back(std::move(request));
  }
}

// True: answered, or its client is gone.
bool StoreService::Impl::serve(const Parked& request) {
  const auto session = sessions.find(request.client);
  if (session == sessions.end()) return true;
  if (request.kind == fb::Body_LeasePrompts) return grant_prompts(request, session->second);
  if (request.kind == fb::Body_LeaseScores) return grant_scores(request, session->second);
  return give_batch(request, session->second);
}

bool StoreService::Impl::grant_prompts(const Parked& request, Session& session) {
  fb::PromptsT prompts;
  const double now = monotonic_seconds();
  while (prompts.grants.size() < request.max) {
    auto lease = dispatcher.lease_prompt(request.client, now);
    if (!lease) break;
    auto grant = std::make_unique<fb::PromptGrantT>();
    grant->fence = std::make_unique<fb::Fence>(instance, timeline, lease->epoch);
    grant->group = std::make_unique<fb::GroupKey>(to_record(lease->group));
    grant->weights = std::make_unique<fb::WeightsId>(to_record(lease->weights));
    for (SampleIndex sample : lease->missing) grant->missing.push_back(sample.value);
    grant->exclusive = dispatcher.current() && dispatcher.current()->ordered;
    prompts.grants.push_back(std::move(grant));
  }
  if (prompts.grants.empty()) return false;
  reply(session, request.kind, request.request, encode(request.request, std::move(prompts)));
  return true;
}

bool StoreService::Impl::grant_scores(const Parked& request, Session& session) {
  std::vector<ScoreLease> leases;
  const double now = monotonic_seconds();
  while (leases.size() < request.max) {
    auto lease = dispatcher.lease_score(request.client, now);
    if (!lease) break;
    leases.push_back(*lease);
  }
  if (leases.empty()) return false;
  fb::BodyUnion body;
  body.Set(fb::LeaseScoresT{});
  to_writer(request.client, session, request.request, std::move(body), std::move(leases));
  return true;
}

bool StoreService::Impl::give_batch(const Parked& request, Session& session) {
  if (request.number != session.last_collect || request.client != collect_owner) {
    const Error error(Code::mismatch, cat("collect ", request.number), "it is not the open one",
                      "one learner at a time opens a collect and takes its batch");
    reply(session, request.kind, request.request, encode(request.request, to_message(error)));
    return true;
  }
  auto plan = dispatcher.take_batch();
  if (!plan) return false;
  changed = true;
  reply(session, request.kind, request.request, encode(request.request, to_message(*plan)));
  return true;
}

void StoreService::Impl::tick() {
  const double now = monotonic_seconds();
  if (dispatcher.expire(now)) changed = true;
  std::vector<std::string> silent;
  for (const auto& [client, session] : sessions) {
    if (now - session.last_seen > options.lease_seconds) silent.push_back(client);
  }
  for (const std::string& client : silent) {
    log_warning("store", cat(sessions.at(client).name, " is silent for ",
                             shortest(options.lease_seconds), " s: its leases go to others"));
    drop(client);
  }
}

void StoreService::Impl::drop(const std::string& client) {
  dispatcher.client_gone(client);
  changed = true;
  std::erase_if(parked, [&](const Parked& waiting) { return waiting.client == client; });
  client_of.erase(sessions.at(client).routing);
  sessions.erase(client);
}

fb::CountersT StoreService::Impl::counters() const {
  const WriterCounters& written = writer->counters();
  const DispatcherCounters& decided = dispatcher.counters();
  fb::CountersT counters;
  counters.clients = static_cast<uint32_t>(sessions.size());
  counters.parked = static_cast<uint32_t>(parked.size());
  counters.bad_frames = bad_frames;
  counters.refused = refused;
  counters.leases = decided.leases;
  counters.expired = decided.expired;
  counters.late = decided.late_refused + written.late;
  counters.duplicates = written.duplicates;
  counters.samples = written.samples;
  counters.columns = written.columns;
  counters.writes = written.writes;
  counters.store_full = written.store_full;
  counters.timeline = timeline;
  return counters;
}

void StoreService::Impl::reply(Session& session, fb::Body kind, uint64_t request,
                               std::string frame) {
  router->send(session.routing, frame);
  if (once(kind)) session.last_reply[kind] = {request, std::move(frame)};
}

}  // namespace reckon
