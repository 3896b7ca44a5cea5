#include "pipeline/reward_stage.h"

#include <cmath>
#include <exception>
#include <mutex>
#include <utility>

#include "base/clock.h"
#include "base/text.h"
#include "base/thread_pool.h"
#include "model/tokenizer.h"
#include "pipeline/client.h"
#include "pipeline/stage_thread.h"

namespace reckon {
namespace {

Outcome without_score(Status status, std::string note) {
  Outcome outcome;
  outcome.status = status;
  outcome.note = std::move(note);
  return outcome;
}

std::vector<int32_t> sampled_tokens(const fb::SequenceT& sequence) {
  std::vector<int32_t> tokens;
  for (const auto& segment : sequence.segments) {
    if (segment->source != fb::Source_model) continue;
    tokens.insert(tokens.end(), sequence.tokens.begin() + segment->begin,
                  sequence.tokens.begin() + segment->end);
  }
  return tokens;
}

}  // namespace

Outcome score_sample(const RewardSet& rewards, const Stream& stream, const Tokenizer& tokenizer,
                     const fb::SampleT& sample) {
  if (sample.finish == fb::Finish_aborted)
    return without_score(Status::abstained, "the prompt was not sampled");
  const Row row = stream.data->row(sample.row);
  const std::vector<int32_t> tokens = sampled_tokens(*sample.sequences.at(0));
  const std::string completion = tokenizer.decode(tokens);
  try {
    Outcome outcome = rewards.score({.prompt = row.prompt,
                                     .completion = completion,
                                     .columns = &row.columns,
                                     .completion_tokens = static_cast<uint32_t>(tokens.size()),
                                     .max_new_tokens = sample.sampling->max_new_tokens,
                                     .truncated = sample.finish == fb::Finish_length,
                                     .evaluation = is_evaluation(PhaseId{sample.key->phase()})});
    if (std::isfinite(outcome.value) && std::isfinite(outcome.raw)) return outcome;
    return without_score(Status::crashed, "a reward gave a value that is not finite");
  } catch (const std::exception& error) {
    return without_score(Status::crashed, error.what());
  }
}

fb::ColumnT outcome_column(const fb::SampleKey& key, const Outcome& outcome,
                           const std::string& producer) {
  fb::OutcomeT record;
  record.status = static_cast<fb::OutcomeStatus>(outcome.status);
  record.value = outcome.value;
  record.raw = outcome.raw;
  record.correct = outcome.correct;
  record.note = outcome.note;
  for (const OutcomePart& part : outcome.parts) {
    auto entry = std::make_unique<fb::PartT>();
    entry->name = part.name;
    entry->value = part.value;
    entry->weight = part.weight;
    record.parts.push_back(std::move(entry));
  }
  flatbuffers::FlatBufferBuilder builder(256);
  builder.Finish(fb::Outcome::Pack(builder, &record));
  fb::ColumnT column;
  column.key = std::make_unique<fb::SampleKey>(key);
  column.name = "outcome";
  column.producer = producer;
  column.scope = fb::Scope_sample;
  column.type = fb::ValueType_outcome;
  column.data.assign(builder.GetBufferPointer(), builder.GetBufferPointer() + builder.GetSize());
  return column;
}

struct RewardStage::Impl {
  Impl(zmq::context_t& context, ClientOptions client_options, RewardStageOptions stage_options,
       StreamTable stream_table, std::shared_ptr<const Tokenizer> text,
       std::shared_ptr<const RewardSet> set)
      : options(std::move(stage_options)),
        streams(std::move(stream_table)),
        tokenizer(std::move(text)),
        rewards(std::move(set)),
        client(context, std::move(client_options)),
        thread("reward", client, options.on_failure) {
    thread.start([this](std::stop_token stop) { run(std::move(stop)); });
  }

  void run(std::stop_token stop);
  void score(const std::vector<LeasedSample>& leased, const std::stop_token& stop,
             ThreadPool* pool);
  Outcome outcome_of(const fb::SampleT& sample);

  const RewardStageOptions options;
  const StreamTable streams;
  const std::shared_ptr<const Tokenizer> tokenizer;
  const std::shared_ptr<const RewardSet> rewards;
  StoreClient client;

  mutable std::mutex mutex;
  RewardCounters counters;
  StageThread thread;  // last: its loop uses the others
};

RewardStage::RewardStage(zmq::context_t& context, ClientOptions client, RewardStageOptions options,
                         StreamTable streams, std::shared_ptr<const Tokenizer> tokenizer,
                         std::shared_ptr<const RewardSet> rewards)
    : impl_(std::make_unique<Impl>(context, std::move(client), std::move(options),
                                   std::move(streams), std::move(tokenizer), std::move(rewards))) {}

RewardStage::~RewardStage() { stop(); }

void RewardStage::stop() { impl_->thread.stop(); }

RewardCounters RewardStage::counters() const {
  std::lock_guard lock(impl_->mutex);
  RewardCounters counters = impl_->counters;
  counters.late = impl_->client.late();
  return counters;
}

std::optional<Error> RewardStage::failure() const { return impl_->thread.failure(); }

void RewardStage::Impl::run(std::stop_token stop) {
  ThreadPool pool(options.threads);
  while (!stop.stop_requested())
    score(client.lease_scores(options.lease_samples, true), stop, &pool);
}

// Rewards that wait for a process of their own (the box of a program) take little of a thread: as
// many samples as there are threads are scored side by side, and committed in the order of the
// lease.
void RewardStage::Impl::score(const std::vector<LeasedSample>& leased, const std::stop_token& stop,
                              ThreadPool* pool) {
  std::vector<Outcome> outcomes(leased.size());
  std::vector<std::exception_ptr> errors(leased.size());
  pool->run(static_cast<int>(leased.size()), [&](int part) {
    const auto i = static_cast<size_t>(part);
    if (stop.stop_requested()) return;
    try {
      outcomes[i] = outcome_of(leased[i].sample);
    } catch (...) {
      errors[i] = std::current_exception();
    }
  });
  if (stop.stop_requested()) return;  // whoever leases them next scores them
  for (size_t i = 0; i < leased.size(); ++i) {
    if (errors[i]) std::rethrow_exception(errors[i]);
    std::vector<fb::ColumnT> columns;
    columns.push_back(outcome_column(*leased[i].sample.key, outcomes[i], rewards->producer()));
    client.commit_columns(leased[i].fence, std::move(columns));
  }
}

Outcome RewardStage::Impl::outcome_of(const fb::SampleT& sample) {
  const auto stream = streams.find(PhaseId{sample.key->phase()});
  if (stream == streams.end()) {
    throw Error(Code::mismatch, cat("phase ", sample.key->phase()),
                "these rewards have no data for it", "start every process with the same run file");
  }
  const double began = monotonic_seconds();
  Outcome outcome = score_sample(*rewards, stream->second, *tokenizer, sample);
  std::lock_guard lock(mutex);
  ++counters.samples;
  counters.crashed += outcome.status == Status::crashed;
  counters.busy_seconds += monotonic_seconds() - began;
  return outcome;
}

}  // namespace reckon
