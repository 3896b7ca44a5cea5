#include "pipeline/client.h"

#include "base/text.h"

namespace reckon {
namespace {

// The parked request of one kind: asked once, answered when there is work.
template <class Body>
std::optional<fb::BodyUnion> parked(Connection& connection, std::optional<uint64_t>& request,
                                    Body body, bool wait) {
  if (!request) request = connection.post(std::move(body));
  try {
    auto reply = connection.take(*request, wait);
    if (reply) request.reset();
    return reply;
  } catch (const Error&) {
    request.reset();
    throw;
  }
}

template <class T>
const T& expect(const T* body) {
  RECKON_CHECK(body, "the store's service answered with the wrong kind of message");
  return *body;
}

template <class Record>
std::vector<SampleKey> keys_of(const std::vector<Record>& records) {
  std::vector<SampleKey> keys;
  for (const Record& record : records) keys.push_back(from_record(*record.key));
  return keys;
}

template <class Message, class Record>
void move_into(std::vector<std::unique_ptr<Message>>& to, std::vector<Record>& from) {
  for (Record& record : from) to.push_back(std::make_unique<Message>(std::move(record)));
}

}  // namespace

StoreClient::StoreClient(zmq::context_t& context, ClientOptions options)
    : options_(options), connection_(context, options) {}

StoreClient::~StoreClient() = default;

template <class Body>
std::optional<fb::BodyUnion> StoreClient::call(Body body) {
  return connection_.take(connection_.post(std::move(body)), true);
}

std::optional<uint64_t> StoreClient::acknowledged(std::optional<fb::BodyUnion> reply) {
  if (!reply) return std::nullopt;
  return expect(reply->AsAck()).value;
}

std::vector<LeasedPrompt> StoreClient::lease_prompts(uint32_t max, bool wait) {
  fb::LeasePromptsT ask;
  ask.max = max;
  const auto reply = parked(connection_, prompts_request_, ask, wait);
  std::vector<LeasedPrompt> leases;
  if (!reply) return leases;
  for (const auto& grant : expect(reply->AsPrompts()).grants) {
    LeasedPrompt& lease = leases.emplace_back();
    lease.fence = *grant->fence;
    lease.group = from_record(*grant->group);
    lease.weights = from_record(*grant->weights);
    lease.exclusive = grant->exclusive;
    for (uint32_t sample : grant->missing) lease.missing.push_back(SampleIndex{sample});
  }
  return leases;
}

bool StoreClient::commit_samples(const fb::Fence& fence, std::vector<fb::SampleT> samples) {
  fb::CommitSamplesT commit;
  commit.fence = std::make_unique<fb::Fence>(fence);
  auto keys = keys_of(samples);
  move_into(commit.samples, samples);
  return connection_.post_credited(std::move(commit),
                                   [this, keys = std::move(keys)](const fb::BodyUnion& reply) {
                                     if (const auto* committed = reply.AsCommitted())
                                       settle(*committed, keys, true);
                                   });
}

std::vector<LeasedSample> StoreClient::lease_scores(uint32_t max, bool wait) {
  fb::LeaseScoresT ask;
  ask.max = max;
  std::vector<LeasedSample> leases;
  do {
    const auto reply = parked(connection_, scores_request_, ask, wait);
    if (!reply) return leases;
    for (const auto& unscored : expect(reply->AsUnscored()).samples) {
      leases.push_back({*unscored->fence, std::move(*unscored->sample)});
    }
  } while (wait && leases.empty());  // empty: the groups died before their bodies were read
  return leases;
}

bool StoreClient::commit_columns(const fb::Fence& fence, std::vector<fb::ColumnT> columns) {
  fb::CommitColumnsT commit;
  commit.fence = std::make_unique<fb::Fence>(fence);
  auto keys = keys_of(columns);
  move_into(commit.columns, columns);
  return connection_.post_credited(std::move(commit),
                                   [this, keys = std::move(keys)](const fb::BodyUnion& reply) {
                                     if (const auto* committed = reply.AsCommitted())
                                       settle(*committed, keys, false);
                                   });
}

// On the connection's thread.
void StoreClient::settle(const fb::CommittedT& committed, const std::vector<SampleKey>& keys,
                         bool samples) {
  for (size_t i = 0; i < keys.size() && i < committed.results.size(); ++i) {
    const fb::CommitResult result = committed.results[i];
    if (result == fb::CommitResult_late) ++late_;
    if (result == fb::CommitResult_nondeterministic) {
      connection_.fail(
          Error(Code::mismatch, cat("sample ", keys[i].text()),
                "the same draw under the same weights gave other content than before",
                "samplers must agree in build, numerics and data; see docs/numerics.md"));
    }
    if (samples && options_.journal && result <= fb::CommitResult_duplicate) {
      options_.journal(keys[i], {committed.contents[i].high(), committed.contents[i].low()});
    }
  }
}

bool StoreClient::open_collect(const CollectSpec& spec) {
  collect_ = spec;
  fb::OpenCollectT message = to_message(spec);
  message.number = ++collect_number_;
  return acknowledged(call(std::move(message))).has_value();
}

std::optional<BatchPlan> StoreClient::take_batch() {
  RECKON_CHECK(collect_, "no collect is open");
  fb::TakeBatchT take;
  take.collect = std::make_unique<fb::OpenCollectT>(to_message(*collect_));
  take.collect->number = collect_number_;
  const auto reply = call(std::move(take));
  if (!reply) return std::nullopt;
  collect_.reset();
  return from_message(expect(reply->AsBatch()));
}

std::optional<Bodies> StoreClient::fetch(const std::vector<SampleKey>& keys,
                                         const std::vector<std::string>& columns) {
  Bodies bodies;
  for (size_t done = 0; done < keys.size();) {
    fb::FetchT ask;
    ask.columns = columns;
    for (size_t i = done; i < keys.size(); ++i) ask.keys.push_back(to_record(keys[i]));
    const auto reply = call(std::move(ask));
    if (!reply) return std::nullopt;
    const fb::BodiesT& part = expect(reply->AsBodies());
    for (const auto& sample : part.samples) bodies.samples.push_back(std::move(*sample));
    for (const auto& column : part.columns) bodies.columns.push_back(std::move(*column));
    RECKON_CHECK(part.done > 0, "a reply without any body");
    done += part.done;
  }
  return bodies;
}

bool StoreClient::commit_step(fb::LedgerRowT row, const DeadGroups& dead) {
  if (!timeline_) {
    const auto welcome = connection_.welcome();
    if (!welcome) return false;
    timeline_ = welcome->timeline;
  }
  row.timeline = timeline_->value;
  fb::CommitStepT commit;
  commit.row = std::make_unique<fb::LedgerRowT>(std::move(row));
  commit.dead = to_message(dead);
  return acknowledged(call(std::move(commit))).has_value();
}

bool StoreClient::commit_dead(const DeadGroups& dead) {
  if (dead.empty()) return true;
  fb::CommitStepT commit;
  commit.dead = to_message(dead);
  return acknowledged(call(std::move(commit))).has_value();
}

bool StoreClient::publish(const WeightsId& weights) {
  fb::PublishT publish;
  publish.weights = std::make_unique<fb::WeightsId>(to_record(weights));
  return acknowledged(call(std::move(publish))).has_value();
}

std::optional<Timeline> StoreClient::rewind(Step step, const WeightsId& weights) {
  fb::RewindT rewind;
  rewind.step = step.value;
  rewind.weights = std::make_unique<fb::WeightsId>(to_record(weights));
  const auto timeline = acknowledged(call(std::move(rewind)));
  if (!timeline) return std::nullopt;
  return timeline_ = Timeline{*timeline};
}

std::optional<uint64_t> StoreClient::prune(Step step) {
  fb::PruneT prune;
  prune.step = step.value;
  return acknowledged(call(prune));
}

std::optional<fb::CountersT> StoreClient::counters() {
  const auto reply = call(fb::GetCountersT{});
  if (!reply) return std::nullopt;
  return expect(reply->AsCounters());
}

bool StoreClient::shutdown() { return acknowledged(call(fb::ShutdownT{})).has_value(); }

}  // namespace reckon
