#include "pipeline/store_writer.h"

#include <algorithm>
#include <chrono>
#include <set>
#include <utility>

#include "base/log.h"
#include "base/text.h"
#include "pipeline/protocol.h"

namespace reckon {
namespace {

constexpr size_t kBatchSamples = 4096;  // most records of one write
using Facts = std::function<void(Dispatcher&)>;

static_assert(static_cast<int>(CommitStatus::stored) == fb::CommitResult_stored &&
              static_cast<int>(CommitStatus::duplicate) == fb::CommitResult_duplicate &&
              static_cast<int>(CommitStatus::nondeterministic) ==
                  fb::CommitResult_nondeterministic &&
              static_cast<int>(CommitStatus::unknown) == fb::CommitResult_unknown);

bool is_commit(const StoreJob& job) {
  return job.body.type == fb::Body_CommitSamples || job.body.type == fb::Body_CommitColumns;
}

// RocksDB's text for ENOSPC. Space can come back; after any other failed write or sync nothing may
// be retried.
bool disk_full(const Error& error) {
  return error.code() == Code::io && error.problem().find("the disk is full") != std::string::npos;
}

const fb::Fence& fence_of(const StoreJob& job) {
  const auto* samples = job.body.AsCommitSamples();
  return samples ? *samples->fence : *job.body.AsCommitColumns()->fence;
}

// What a commit writes: sample keys with an empty name, columns with theirs.
std::vector<std::pair<SampleKey, std::string>> targets(const StoreJob& job) {
  std::vector<std::pair<SampleKey, std::string>> keys;
  if (const auto* samples = job.body.AsCommitSamples()) {
    for (const auto& sample : samples->samples) keys.emplace_back(from_record(*sample->key), "");
  } else {
    for (const auto& column : job.body.AsCommitColumns()->columns) {
      keys.emplace_back(from_record(*column->key), column->name);
    }
  }
  return keys;
}

uint64_t body_bytes(const fb::SampleT& sample) {
  uint64_t values = 0;
  for (const auto& sequence : sample.sequences) {
    values += sequence->tokens.size() + sequence->logprobs.size() +
              sequence->kept_threshold.size() + sequence->kept_count.size();
  }
  return 256 + 4 * values;
}

Facts row_facts(std::vector<SampleRow> rows) {
  return [rows = std::move(rows)](Dispatcher& dispatcher) {
    for (const SampleRow& row : rows) dispatcher.sample_stored(row);
  };
}

}  // namespace

std::function<void(Dispatcher&)> all_facts(const Store& store) {
  std::vector<SampleRow> rows;
  std::vector<std::pair<SampleKey, OutcomeRow>> outcomes;
  store.each_row(std::nullopt, [&](const SampleRow& row) { rows.push_back(row); });
  for (const SampleRow& row : rows) {
    if (auto outcome = store.outcome_row(row.key)) outcomes.emplace_back(row.key, *outcome);
  }
  return
      [rows = row_facts(std::move(rows)), outcomes = std::move(outcomes)](Dispatcher& dispatcher) {
        rows(dispatcher);
        for (const auto& [key, outcome] : outcomes) dispatcher.outcome_stored(key, outcome);
      };
}

StoreWriter::StoreWriter(std::unique_ptr<Store> store, uint64_t service, std::function<void()> wake)
    : store_(std::move(store)), service_(service), wake_(std::move(wake)) {
  counters_.timeline = store_->timeline().value;
  thread_ = std::thread([this] { run(); });
}

StoreWriter::~StoreWriter() {
  {
    std::lock_guard lock(mutex_);
    stop_ = true;
  }
  changed_.notify_all();
  thread_.join();
}

void StoreWriter::submit(StoreJob job) {
  {
    std::lock_guard lock(mutex_);
    jobs_.push_back(std::move(job));
  }
  changed_.notify_all();
}

std::vector<StoreResult> StoreWriter::results() {
  std::lock_guard lock(mutex_);
  return std::exchange(results_, {});
}

std::optional<Error> StoreWriter::failure() const {
  std::lock_guard lock(mutex_);
  return failure_;
}

void StoreWriter::run() {
  try {
    for (;;) {
      std::unique_lock lock(mutex_);
      changed_.wait(lock, [&] { return stop_ || !jobs_.empty(); });
      if (jobs_.empty()) return;
      std::deque<StoreJob> jobs = std::exchange(jobs_, {});
      lock.unlock();
      carry_out(std::move(jobs));
    }
  } catch (const Error& error) {
    std::lock_guard lock(mutex_);
    failure_ = error;
  } catch (const std::exception& error) {
    std::lock_guard lock(mutex_);
    failure_ = Error(Code::internal, "store", error.what(),
                     "this is a defect of Reckon; please report it");
  }
  wake_();
}

// Commits in a row are one write, unless two of them name the same record: the store then has to
// see the first.
void StoreWriter::carry_out(std::deque<StoreJob> jobs) {
  while (!jobs.empty()) {
    if (!is_commit(jobs.front())) {
      carry_out(jobs.front());
      jobs.pop_front();
      continue;
    }
    std::vector<StoreJob> together;
    std::set<std::pair<SampleKey, std::string>> keys;
    while (!jobs.empty() && is_commit(jobs.front()) && keys.size() < kBatchSamples) {
      auto wanted = targets(jobs.front());
      if (!together.empty() && std::any_of(wanted.begin(), wanted.end(),
                                           [&](const auto& key) { return keys.count(key) != 0; })) {
        break;
      }
      keys.insert(wanted.begin(), wanted.end());
      together.push_back(std::move(jobs.front()));
      jobs.pop_front();
    }
    commit(std::move(together));
  }
}

void StoreWriter::carry_out(StoreJob& job) {
  fb::AckT ack;
  if (job.body.type == fb::Body_LeaseScores) return unscored(job);
  if (job.body.type == fb::Body_Fetch) return fetch(job);
  if (job.body.type == fb::Body_CommitStep) return step(job);
  if (auto* publish = job.body.AsPublish()) {
    const WeightsId id = from_record(*publish->weights);
    if (!retrying([&] { ack.value = store_->published(id); })) return;
    return reply(job, encode(job.request, ack),
                 [id](Dispatcher& dispatcher) { dispatcher.forget_version(id); });
  }
  if (auto* prune = job.body.AsPrune()) {
    if (!retrying([&] { ack.value = store_->prune(Step{prune->step}); })) return;
    return reply(job, encode(job.request, ack));
  }
  auto* rewind = job.body.AsRewind();
  RECKON_CHECK(rewind, "not a job of the store");
  if (!retrying([&] {
        ack.value = store_->rewind(Step{rewind->step}, from_record(*rewind->weights)).value;
      }))
    return;
  counters_.timeline = ack.value;
  reply(job, encode(job.request, ack), [facts = all_facts(*store_)](Dispatcher& dispatcher) {
    dispatcher.reset();
    facts(dispatcher);
  });
}

bool StoreWriter::retrying(const std::function<void()>& action) {
  for (auto wait = std::chrono::milliseconds(50);;
       wait = std::min(2 * wait, std::chrono::milliseconds(2000))) {
    try {
      action();
      if (counters_.store_full.exchange(false))
        log_info("store", "store_full is over, writing again");
      return true;
    } catch (const Error& error) {
      if (!disk_full(error)) throw;
      if (!counters_.store_full.exchange(true)) {
        log_warning("store", cat("store_full: ", error.what(), "; the run waits"));
      }
    }
    std::unique_lock lock(mutex_);
    if (changed_.wait_for(lock, wait, [&] { return stop_; })) return false;
  }
}

void StoreWriter::reply(const StoreJob& job, std::string frame, Facts facts) {
  {
    std::lock_guard lock(mutex_);
    results_.push_back(
        {job.client, job.request, job.body.type, std::move(frame), std::move(facts)});
  }
  wake_();
}

void StoreWriter::commit(std::vector<StoreJob> jobs) {
  StoreBatch batch;
  std::vector<const StoreJob*> samples, columns;
  for (const StoreJob& job : jobs) {
    if (fence_of(job).timeline() != store_->timeline().value) {
      reply_late(job, targets(job).size());
    } else if (const auto* message = job.body.AsCommitSamples()) {
      for (const auto& sample : message->samples) batch.samples.push_back(*sample);
      samples.push_back(&job);
    } else {
      for (const auto& column : job.body.AsCommitColumns()->columns)
        batch.columns.push_back(*column);
      columns.push_back(&job);
    }
  }
  if (samples.empty() && columns.empty()) return;
  WriteResult result;
  if (!retrying([&] { result = store_->write(batch); })) return;
  ++counters_.writes;
  counters_.samples += batch.samples.size();
  counters_.columns += batch.columns.size();
  const auto answer = [&](const std::vector<const StoreJob*>& answered,
                          const std::vector<CommitStatus>& statuses) {
    auto at = statuses.begin();
    for (const StoreJob* job : answered) {
      const auto end = at + static_cast<std::ptrdiff_t>(targets(*job).size());
      reply_committed(*job, {at, end});
      at = end;
    }
  };
  answer(samples, result.samples);
  answer(columns, result.columns);
}

void StoreWriter::reply_committed(const StoreJob& job, const std::vector<CommitStatus>& statuses) {
  fb::CommittedT committed;
  std::vector<SampleRow> rows;
  std::vector<std::pair<SampleKey, OutcomeRow>> outcomes;
  const auto keys = targets(job);
  for (size_t i = 0; i < keys.size(); ++i) {
    const auto& [key, column] = keys[i];
    if (statuses[i] == CommitStatus::duplicate) ++counters_.duplicates;
    committed.results.push_back(static_cast<fb::CommitResult>(statuses[i]));
    const auto row = store_->row(key);
    const Digest content = row ? row->content : Digest{};
    committed.contents.emplace_back(content.high, content.low);
    if (!row || statuses[i] != CommitStatus::stored) continue;
    if (column.empty()) rows.push_back(*row);
    if (column != "outcome") continue;
    if (auto outcome = store_->outcome_row(key)) outcomes.emplace_back(key, *outcome);
  }
  reply(
      job, encode(job.request, std::move(committed)),
      [rows = row_facts(std::move(rows)), outcomes = std::move(outcomes)](Dispatcher& dispatcher) {
        rows(dispatcher);
        for (const auto& [key, outcome] : outcomes) dispatcher.outcome_stored(key, outcome);
      });
}

// Work of a timeline that a rewind has ended.
void StoreWriter::reply_late(const StoreJob& job, size_t count) {
  fb::CommittedT committed;
  committed.results.assign(count, fb::CommitResult_late);
  committed.contents.resize(count);
  counters_.late += count;
  reply(job, encode(job.request, std::move(committed)));
}

void StoreWriter::step(StoreJob& job) {
  fb::CommitStepT& message = *job.body.AsCommitStep();
  StoreBatch batch;
  batch.dead = from_message(message.dead);
  if (message.row) {
    const fb::LedgerRowT& row = *message.row;
    if (row.timeline != store_->timeline().value) {
      const Error error(Code::mismatch, cat("step ", row.step),
                        cat("it belongs to timeline ", row.timeline, ", the store is at ",
                            store_->timeline().value),
                        "another learner has taken over this run: stop one of them");
      return reply(job, encode(job.request, to_message(error)));
    }
    batch.step = row;
  }
  if (!retrying([&] { store_->write(batch); })) return;
  ++counters_.writes;
  reply(job, encode(job.request, fb::AckT{}));
}

void StoreWriter::unscored(StoreJob& job) {
  fb::UnscoredT unscored;
  for (const ScoreLease& lease : job.leases) {
    auto sample = store_->sample(lease.sample);
    if (!sample) continue;  // its group died meanwhile
    auto granted = std::make_unique<fb::UnscoredSampleT>();
    granted->fence = std::make_unique<fb::Fence>(service_, store_->timeline().value, lease.epoch);
    granted->sample = std::make_unique<fb::SampleT>(std::move(*sample));
    unscored.samples.push_back(std::move(granted));
  }
  reply(job, encode(job.request, std::move(unscored)));
}

void StoreWriter::fetch(StoreJob& job) {
  const fb::FetchT& message = *job.body.AsFetch();
  fb::BodiesT bodies;
  uint64_t bytes = 0;
  for (const fb::SampleKey& record : message.keys) {
    const SampleKey key = from_record(record);
    auto sample = store_->sample(key);
    if (!sample) {
      Error error(Code::data, cat("sample ", key.text()), "the store has no such sample",
                  "it was dropped or never stored");
      return reply(job, encode(job.request, to_message(error)));
    }
    bytes += body_bytes(*sample);
    bodies.samples.push_back(std::make_unique<fb::SampleT>(std::move(*sample)));
    for (const std::string& name : message.columns) {
      auto column = store_->column(key, name);
      if (!column) continue;
      bytes += column->data.size();
      bodies.columns.push_back(std::make_unique<fb::ColumnT>(std::move(*column)));
    }
    ++bodies.done;
    if (bytes > kBodiesBytes) break;
  }
  reply(job, encode(job.request, std::move(bodies)));
}

}  // namespace reckon
