// The service's second half: what each request does. Requests that cannot be served now are parked
// and tried again whenever something has changed.
#include <algorithm>

#include "base/clock.h"
#include "base/text.h"
#include "pipeline/service_impl.h"

namespace reckon {
namespace {

uint32_t lease_count(uint32_t wanted) { return std::clamp<uint32_t>(wanted, 1, 256); }

}  // namespace

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
      return park({client, request, kind, lease_count(message.body.AsLeasePrompts()->max)});
    case fb::Body_LeaseScores:
      return park({client, request, kind, lease_count(message.body.AsLeaseScores()->max)});
    case fb::Body_TakeBatch:
      open_collect(client, session, *message.body.AsTakeBatch()->collect);
      return park({client, request, kind, 0, message.body.AsTakeBatch()->collect->number});
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

// False: what was leased to another since, or belongs to a batch that was taken without it. A lease
// from before a restart of the service is not known here; its result is welcome, the store keeps
// whichever comes first. Columns of annotators (anything but the outcome) are not leased.
bool StoreService::Impl::lease_valid(const fb::BodyUnion& commit) {
  bool valid = true;
  if (const auto* samples = commit.AsCommitSamples()) {
    if (samples->fence->service() != instance) return true;
    for (const auto& sample : samples->samples) {
      valid &=
          dispatcher.sample_lease_valid(from_record(*sample->key).group, samples->fence->epoch());
    }
    return valid;
  }
  const auto& columns = *commit.AsCommitColumns();
  if (columns.fence->service() != instance) return true;
  for (const auto& column : columns.columns) {
    if (column->name != "outcome") continue;
    valid &= dispatcher.score_lease_valid(from_record(*column->key), columns.fence->epoch());
  }
  return valid;
}

void StoreService::Impl::commit(const std::string& client, Session& session, fb::MessageT message) {
  if (lease_valid(message.body))
    return to_writer(client, session, message.request, std::move(message.body));
  const auto* samples = message.body.AsCommitSamples();
  const size_t count =
      samples ? samples->samples.size() : message.body.AsCommitColumns()->columns.size();
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

void StoreService::Impl::park(Parked request) {
  parked.push_back(std::move(request));
  changed = true;
}

void StoreService::Impl::serve_parked() {
  if (!std::exchange(changed, false)) return;
  std::deque<Parked> waiting = std::exchange(parked, {});
  for (Parked& request : waiting) {
    if (!serve(request)) parked.push_back(std::move(request));
  }
}

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

}  // namespace reckon
