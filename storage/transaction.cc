#include "storage/transaction.h"

#include <algorithm>

#include "base/text.h"
#include "storage/keys.h"

namespace reckon {
namespace {

constexpr size_t kChunk = size_t{16} << 20;

void bump(std::vector<fb::Count>& counts, uint32_t of, int64_t by) {
  for (fb::Count& count : counts) {
    if (count.of() != of) continue;
    count = fb::Count(of, count.samples() + static_cast<uint64_t>(by));
    return;
  }
  counts.emplace_back(of, static_cast<uint64_t>(by));
}

[[noreturn]] void refuse(const std::string& place, const std::string& problem) {
  throw Error(Code::internal, place, problem, "this is a defect of Reckon; please report it");
}

void check_record(const std::optional<std::string>& defect, const char* what) {
  if (defect)
    throw Error(Code::data, what, *defect,
                "the record was refused; look for the process that sent it");
}

}  // namespace

void Transaction::put(Family family, const std::string& key, std::string_view value) {
  batch_.Put(db_.handle(family), key, rocksdb::Slice(value.data(), value.size()));
  empty_ = false;
}

void Transaction::erase(Family family, const std::string& key) {
  batch_.Delete(db_.handle(family), key);
  empty_ = false;
}

std::optional<fb::ControlRowT> Transaction::row(const SampleKey& key) {
  auto value = db_.get(Family::control, encode(key), batch_);
  if (!value) return std::nullopt;
  return unpack_sealed<fb::ControlRow>(*value, db_.place());
}

void Transaction::put_row(const SampleKey& key, const fb::ControlRowT& row) {
  put(Family::control, encode(key), seal(pack(row)));
}

CommitStatus Transaction::add(const fb::SampleT& sample) {
  check_record(defect_of(sample), "sample");
  SampleKey key = from_record(*sample.key);
  std::string body = pack_body(sample);
  auto chunks = static_cast<uint32_t>((body.size() + kChunk - 1) / kChunk);
  fb::ControlRowT fresh = control_row(sample, body, chunks);
  if (auto old = row(key)) {
    bool same = sample_row(key, *old).content == sample_row(key, fresh).content;
    return same ? CommitStatus::duplicate : CommitStatus::nondeterministic;
  }
  for (uint32_t i = 0; i < chunks; ++i) {
    put(Family::bodies, body_key(key, i), std::string_view(body).substr(i * kChunk, kChunk));
  }
  put_row(key, fresh);
  bump(meta_.samples, key.group.phase.value, 1);
  return CommitStatus::stored;
}

CommitStatus Transaction::add(const fb::ColumnT& column) {
  check_record(defect_of(column), "column");
  SampleKey key = from_record(*column.key);
  auto owner = row(key);
  if (!owner || owner->body_dropped) return CommitStatus::unknown;
  std::string where = column_key(key, column.name), value = seal(pack(column));
  auto old = db_.get(Family::columns, where, batch_);
  if (!old) {
    put(Family::columns, where, value);
    return CommitStatus::stored;
  }
  bool reuse = column.type == fb::ValueType_outcome || *old == value;
  return reuse ? CommitStatus::duplicate : CommitStatus::nondeterministic;
}

bool Transaction::add(const fb::LedgerRowT& step) {
  std::string value = seal(pack(step)), place = cat("step ", step.step);
  if (step.step == 0 || step.step > meta_.steps + 1)
    refuse(place, cat("follows step ", meta_.steps, " in the ledger"));
  if (step.step <= meta_.steps) {
    if (db_.get(Family::ledger, ledger_key(Step{step.step}), batch_) == value) return false;
    refuse(place, "is in the ledger already, with other content");
  }
  if (step.timeline != meta_.timeline) {
    refuse(place, cat("belongs to timeline ", step.timeline, ", the store is in ", meta_.timeline));
  }
  for (const fb::SampleKey& record : step.samples) {
    SampleKey key = from_record(record);
    auto consumed = row(key);
    if (!consumed) refuse(place, cat("trains on sample ", key.text(), ", which is not stored"));
    if (consumed->consumed != 0) {
      refuse(place, cat("trains on sample ", key.text(), ", which step ", consumed->consumed,
                        " consumed"));
    }
    consumed->consumed = step.step;
    put_row(key, *consumed);
  }
  put(Family::ledger, ledger_key(Step{step.step}), value);
  meta_.steps = step.step;
  meta_.consumed += step.samples.size();
  return true;
}

uint64_t Transaction::kill(const GroupKey& group, DeadReason reason) {
  std::vector<std::pair<SampleKey, fb::ControlRowT>> rows;
  db_.each(
      Family::control, encode(group),
      [&](std::string_view key, std::string_view value) {
        rows.emplace_back(decode_sample_key(key),
                          unpack_sealed<fb::ControlRow>(value, db_.place()));
      },
      &batch_);
  for (const auto& [key, row] : rows) kill(key, row, reason);
  return rows.size();
}

void Transaction::kill(const SampleKey& key, const fb::ControlRowT& row, DeadReason reason) {
  if (row.consumed != 0)
    refuse(cat("sample ", key.text()),
           cat("step ", row.consumed, " consumed it; it cannot be dropped"));
  erase_contents(key, row);
  erase(Family::control, encode(key));
  fb::DeadRowT dead;
  dead.row = std::make_unique<fb::ControlRowT>(row);
  dead.reason = static_cast<uint8_t>(reason);
  dead.timeline = meta_.timeline;
  uint64_t ordinal = 0;  // of all rows that ever died, so that no two share a key
  for (const fb::Count& count : meta_.dead) ordinal += count.samples();
  put(Family::dead, dead_key(key, ordinal), seal(pack(dead)));
  bump(meta_.samples, key.group.phase.value, -1);
  bump(meta_.dead, static_cast<uint32_t>(reason), 1);
}

void Transaction::erase_contents(const SampleKey& key, const fb::ControlRowT& row) {
  if (row.body_dropped) return;
  for (uint32_t i = 0; i < row.body_chunks; ++i) erase(Family::bodies, body_key(key, i));
  std::vector<std::string> columns;
  db_.each(
      Family::columns, encode(key),
      [&](std::string_view column, std::string_view) { columns.emplace_back(column); }, &batch_);
  for (const std::string& column : columns) erase(Family::columns, column);
}

void Transaction::undo(const fb::LedgerRowT& step) {
  RECKON_CHECK(step.step == meta_.steps, "only the newest step can be undone");
  for (const fb::SampleKey& record : step.samples) {
    SampleKey key = from_record(record);
    auto consumed = row(key);
    if (!consumed)
      throw_corrupt(db_.place(), cat("sample ", key.text(), " of step ", step.step, " is missing"));
    consumed->consumed = 0;
    put_row(key, *consumed);
    if (consumed->body_dropped) kill(key, *consumed, DeadReason::timeline);
  }
  erase(Family::ledger, ledger_key(Step{step.step}));
  meta_.consumed -= step.samples.size();
  meta_.steps = step.step - 1;
  meta_.pruned = std::min(meta_.pruned, meta_.steps);
}

uint64_t Transaction::prune(const fb::LedgerRowT& step) {
  for (const fb::SampleKey& record : step.samples) {
    SampleKey key = from_record(record);
    auto pruned = row(key);
    if (!pruned)
      throw_corrupt(db_.place(), cat("sample ", key.text(), " of step ", step.step, " is missing"));
    erase_contents(key, *pruned);
    pruned->body_dropped = true;
    put_row(key, *pruned);
  }
  meta_.pruned = step.step;
  empty_ = false;
  return step.samples.size();
}

void Transaction::raise_timeline() {
  ++meta_.timeline;
  empty_ = false;
}

rocksdb::WriteBatchWithIndex& Transaction::finish() {
  ++meta_.writes;
  put(Family::meta, "meta", seal(pack(meta_)));
  return batch_;
}

}  // namespace reckon
