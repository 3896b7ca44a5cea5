// One atomic change of the store: facts are added to a batch, which is read through (a step may
// consume a sample that the same batch brings), together with the counts of the meta row. Nothing
// is changed until Store writes it.
//
//   Transaction change(db, meta);
//   change.add(sample);  change.add(step);
//   if (!change.empty()) ...
#pragma once

#include "storage/database.h"
#include "storage/records.h"

namespace reckon {

class Transaction {
 public:
  Transaction(const Database& db, const fb::MetaT& meta) : db_(db), meta_(meta) {}

  CommitStatus add(const fb::SampleT& sample);
  CommitStatus add(const fb::ColumnT& column);
  // False: this very step is in the ledger already.
  bool add(const fb::LedgerRowT& step);
  // Moves the rows of the group to the dead family. Returns how many.
  uint64_t kill(const GroupKey& group, DeadReason reason);
  void kill(const SampleKey& key, const fb::ControlRowT& row, DeadReason reason);

  // Undoes a step: its samples are unconsumed again. Only the newest one can be undone.
  void undo(const fb::LedgerRowT& step);
  // Drops bodies and columns of the samples of a step.
  uint64_t prune(const fb::LedgerRowT& step);
  void raise_timeline();

  bool empty() const { return empty_; }
  // Adds the meta row, which counts this write.
  rocksdb::WriteBatchWithIndex& finish();
  const fb::MetaT& meta() const { return meta_; }

 private:
  std::optional<fb::ControlRowT> row(const SampleKey& key);
  void put(Family family, const std::string& key, std::string_view value);
  void erase(Family family, const std::string& key);
  void put_row(const SampleKey& key, const fb::ControlRowT& row);
  void erase_contents(const SampleKey& key, const fb::ControlRowT& row);

  const Database& db_;
  fb::MetaT meta_;
  bool empty_ = true;
  rocksdb::WriteBatchWithIndex batch_{rocksdb::BytewiseComparator(), 0, true};
};

}  // namespace reckon
