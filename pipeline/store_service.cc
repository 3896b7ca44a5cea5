#include "pipeline/store_service.h"

#include <algorithm>
#include <random>

#include "base/clock.h"
#include "base/log.h"
#include "base/text.h"
#include "pipeline/service_impl.h"

namespace reckon {
namespace {

uint64_t random_id() {
  std::random_device device;
  return (uint64_t{device()} << 32 | device()) | 1;
}

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

}  // namespace

StoreService::Impl::Impl(zmq::context_t& context, std::unique_ptr<Store> store,
                         ServiceOptions service_options)
    : options(std::move(service_options)),
      instance(random_id()),
      dispatcher(options.lease_seconds) {
  const auto facts = all_facts(*store);
  facts(dispatcher);
  router.emplace(context, options.endpoint);
  writer = std::make_unique<StoreWriter>(std::move(store), instance, [this] { wake.signal(); });
  timeline = writer->counters().timeline;
  thread = std::thread([this] { run(); });
}

StoreService::StoreService(zmq::context_t& context, std::unique_ptr<Store> store,
                           ServiceOptions options)
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

void StoreService::Impl::reply(Session& session, fb::Body kind, uint64_t request,
                               std::string frame) {
  router->send(session.routing, frame);
  if (once(kind)) session.last_reply[kind] = {request, std::move(frame)};
}

}  // namespace reckon
