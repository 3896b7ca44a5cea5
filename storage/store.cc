#include "storage/store.h"

#include "base/text.h"
#include "storage/acknowledged.h"
#include "storage/keys.h"
#include "storage/transaction.h"
#include "storage/verify.h"

namespace reckon {
namespace {

constexpr uint32_t kFormat = 1;

bool exists_already(const Path& folder) { return std::filesystem::exists(folder / "CURRENT"); }

std::unique_ptr<Acknowledged> open_acknowledged(const Path& folder) {
  std::filesystem::create_directories(folder);
  Path file = folder / "acknowledged";
  if (!std::filesystem::exists(file) && exists_already(folder / "db")) {
    throw_corrupt(file.string(), "the count of acknowledged writes is missing");
  }
  return std::make_unique<Acknowledged>(file);
}

}  // namespace

struct Store::Impl {
  void open();    // or opens anew
  void resume();  // after a full disk
  const Database& db() const;
  void load_meta();
  void commit(Transaction& change);
  std::optional<fb::ControlRowT> row(const SampleKey& key) const;
  fb::LedgerRowT step(uint64_t step) const;
  uint64_t kill_other_weights(const WeightsId& id);

  Path folder;
  std::string run_id;
  rocksdb::Env* env = nullptr;
  std::unique_ptr<Acknowledged> acknowledged;
  std::unique_ptr<Database> database;
  fb::MetaT meta;
  VersionDigests versions;
};

void Store::Impl::open() {
  database.reset();
  acknowledged = open_acknowledged(folder);
  database = std::make_unique<Database>(folder / "db", acknowledged->value() == 0, env);
  database->check_blob_files();
  load_meta();
  versions = verify_rows(*database, meta);
}

// Whether the write that failed is in the log is known only after reading it again.
void Store::Impl::resume() {
  if (database != nullptr && !database->full()) return;
  if (!Database::has_space(folder, env)) throw_full(folder.string());
  open();
}

const Database& Store::Impl::db() const {
  if (database == nullptr) throw_full(folder.string());
  return *database;
}

void Store::Impl::load_meta() {
  const Database& db = this->db();
  auto value = db.get(Family::meta, "meta");
  if (!value && acknowledged->value() > 0) throw_corrupt(db.place(), "the meta row is missing");
  if (!value) {
    meta = {};
    meta.format = kFormat;
    meta.run_id = run_id;
    Transaction change(db, meta);
    commit(change);
    return;
  }
  meta = unpack_sealed<fb::Meta>(*value, db.place());
  if (meta.format != kFormat) {
    throw_corrupt(db.place(),
                  cat("the store has format ", meta.format, ", this program knows ", kFormat));
  }
  if (meta.run_id != run_id) {
    throw_corrupt(db.place(),
                  cat("the store belongs to run '", meta.run_id, "', not to '", run_id, "'"));
  }
  if (meta.writes < acknowledged->value()) {
    throw_corrupt(db.place(), cat(acknowledged->value(), " writes were acknowledged and ",
                                  meta.writes, " are there"));
  }
  acknowledged->set(meta.writes);
}

void Store::Impl::commit(Transaction& change) {
  rocksdb::WriteBatchWithIndex& batch = change.finish();
  kill_point("store.before_write");
  database->write(batch);
  kill_point("store.after_write");
  meta = change.meta();
  acknowledged->set(meta.writes);
}

std::optional<fb::ControlRowT> Store::Impl::row(const SampleKey& key) const {
  auto value = db().get(Family::control, encode(key));
  if (!value) return std::nullopt;
  return unpack_sealed<fb::ControlRow>(*value, db().place());
}

fb::LedgerRowT Store::Impl::step(uint64_t step) const {
  auto value = db().get(Family::ledger, ledger_key(Step{step}));
  if (!value) throw_corrupt(db().place(), cat("step ", step, " is missing from the ledger"));
  return unpack_sealed<fb::LedgerRow>(*value, db().place());
}

Store::Store(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Store::~Store() = default;

std::unique_ptr<Store> Store::open(const Path& folder, const std::string& run_id,
                                   rocksdb::Env* env) {
  auto impl = std::make_unique<Impl>();
  impl->folder = folder;
  impl->run_id = run_id;
  impl->env = env;
  impl->open();
  return std::unique_ptr<Store>(new Store(std::move(impl)));
}

std::unique_ptr<Store> Store::open_read_only(const Path& folder) {
  auto impl = std::make_unique<Impl>();
  impl->folder = folder;
  impl->database = std::make_unique<Database>(folder / "db");
  auto value = impl->db().get(Family::meta, "meta");
  if (value) impl->meta = unpack_sealed<fb::Meta>(*value, impl->db().place());
  return std::unique_ptr<Store>(new Store(std::move(impl)));
}

WriteResult Store::write(const StoreBatch& batch) {
  impl_->resume();
  Transaction change(impl_->db(), impl_->meta);
  WriteResult result;
  for (const fb::SampleT& sample : batch.samples) result.samples.push_back(change.add(sample));
  for (const fb::ColumnT& column : batch.columns) result.columns.push_back(change.add(column));
  // A step that is known already came with its dead groups; by now their keys may be in use again.
  bool repeated = batch.step && !change.add(*batch.step);
  if (!repeated) {
    for (const auto& [group, reason] : batch.dead) change.kill(group, reason);
  }
  if (!change.empty()) impl_->commit(change);
  for (size_t i = 0; i < batch.samples.size(); ++i) {
    if (result.samples[i] != CommitStatus::stored) continue;
    auto stored = row(from_record(*batch.samples[i].key));
    if (stored) impl_->versions[stored->weights.version].insert(stored->weights.digest);
  }
  return result;
}

std::optional<SampleRow> Store::row(const SampleKey& key) const {
  auto row = impl_->row(key);
  if (!row) return std::nullopt;
  return sample_row(key, *row);
}

std::optional<fb::SampleT> Store::sample(const SampleKey& key) const {
  auto row = impl_->row(key);
  if (!row || row->body_dropped) return std::nullopt;
  std::string body;
  for (uint32_t i = 0; i < row->body_chunks; ++i) {
    auto chunk = impl_->db().get(Family::bodies, body_key(key, i));
    if (!chunk)
      throw_corrupt(impl_->db().place(), cat("the body of sample ", key.text(), " is missing"));
    body += *chunk;
  }
  auto sample = unpack<fb::Sample>(body);
  if (body.size() != row->body_size || digest_of(body) != sample_row(key, *row).content ||
      !sample) {
    throw_corrupt(impl_->db().place(),
                  cat("the body of sample ", key.text(), " does not match its checksum"));
  }
  sample->seconds = row->seconds;
  return sample;
}

std::optional<fb::ColumnT> Store::column(const SampleKey& key, const std::string& name) const {
  auto value = impl_->db().get(Family::columns, column_key(key, name));
  if (!value) return std::nullopt;
  return unpack_sealed<fb::Column>(*value, impl_->db().place());
}

std::optional<fb::OutcomeT> Store::outcome(const SampleKey& key) const {
  auto column = this->column(key, "outcome");
  if (!column) return std::nullopt;
  auto outcome = unpack<fb::Outcome>(
      {reinterpret_cast<const char*>(column->data.data()), column->data.size()});
  if (!outcome)
    throw_corrupt(impl_->db().place(),
                  cat("the outcome of sample ", key.text(), " has a bad form"));
  return outcome;
}

std::optional<OutcomeRow> Store::outcome_row(const SampleKey& key) const {
  auto outcome = this->outcome(key);
  if (!outcome) return std::nullopt;
  return OutcomeRow{outcome->status, outcome->value, outcome->raw, outcome->correct};
}

void Store::each_row(std::optional<PhaseId> phase,
                     const std::function<void(const SampleRow&)>& visit) const {
  std::string prefix = phase ? encode(*phase) : std::string();
  impl_->db().each(Family::control, prefix, [&](std::string_view key, std::string_view value) {
    visit(sample_row(decode_sample_key(key),
                     unpack_sealed<fb::ControlRow>(value, impl_->db().place())));
  });
}

void Store::each_step(const std::function<void(const fb::LedgerRowT&)>& visit) const {
  impl_->db().each(Family::ledger, "", [&](std::string_view, std::string_view value) {
    visit(unpack_sealed<fb::LedgerRow>(value, impl_->db().place()));
  });
}

std::optional<fb::LedgerRowT> Store::last_step() const {
  if (impl_->meta.steps == 0) return std::nullopt;
  return impl_->step(impl_->meta.steps);
}

void Store::each_dead(const std::function<void(const SampleKey&, DeadReason)>& visit) const {
  impl_->db().each(Family::dead, "", [&](std::string_view key, std::string_view value) {
    auto dead = unpack_sealed<fb::DeadRow>(value, impl_->db().place());
    visit(decode_sample_key(key), static_cast<DeadReason>(dead.reason));
  });
}

std::map<DeadReason, uint64_t> Store::dead_counts() const {
  std::map<DeadReason, uint64_t> counts;
  for (const fb::Count& count : impl_->meta.dead)
    counts[static_cast<DeadReason>(count.of())] = count.samples();
  return counts;
}

Timeline Store::timeline() const { return Timeline{impl_->meta.timeline}; }

Timeline Store::rewind(Step step, const WeightsId& weights) {
  impl_->resume();
  if (step.value > impl_->meta.steps) {
    throw_corrupt(impl_->db().place(), cat("the ledger ends at step ", impl_->meta.steps,
                                           ", the checkpoint is of step ", step));
  }
  if (step.value > 0) {
    fb::LedgerRowT row = impl_->step(step.value);
    if (!row.weights_after || from_record(*row.weights_after) != weights) {
      throw_corrupt(impl_->db().place(),
                    cat("step ", step, " ended with other weights than its checkpoint's"));
    }
  }
  Transaction change(impl_->db(), impl_->meta);
  for (uint64_t undone = impl_->meta.steps; undone > step.value; --undone)
    change.undo(impl_->step(undone));
  change.raise_timeline();
  impl_->commit(change);
  return timeline();
}

uint64_t Store::Impl::kill_other_weights(const WeightsId& id) {
  std::vector<std::pair<SampleKey, fb::ControlRowT>> others;
  db().each(Family::control, "", [&](std::string_view bytes, std::string_view value) {
    SampleKey key = decode_sample_key(bytes);
    if (key.group.version != id.version) return;
    auto row = unpack_sealed<fb::ControlRow>(value, db().place());
    if (row.consumed == 0 && sample_row(key, row).weights != id)
      others.emplace_back(key, std::move(row));
  });
  if (others.empty()) return 0;
  Transaction change(db(), meta);
  for (const auto& [key, row] : others) change.kill(key, row, DeadReason::timeline);
  commit(change);
  return others.size();
}

uint64_t Store::published(const WeightsId& id) {
  impl_->resume();
  std::set<Digest>& digests = impl_->versions[id.version];
  uint64_t killed = 0;
  if (digests.size() > digests.count(id.digest)) killed = impl_->kill_other_weights(id);
  digests = {id.digest};
  return killed;
}

uint64_t Store::prune(Step step) {
  impl_->resume();
  uint64_t pruned = 0;
  uint64_t last = std::min(step.value, impl_->meta.steps);
  for (uint64_t next = impl_->meta.pruned + 1; next <= last; ++next) {
    Transaction change(impl_->db(), impl_->meta);
    pruned += change.prune(impl_->step(next));
    impl_->commit(change);
  }
  return pruned;
}

}  // namespace reckon
