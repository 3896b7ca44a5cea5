// The trajectory store on disk: RocksDB column families for control rows, bodies, columns, ledger,
// dead rows and meta (docs/store_format.md). It only keeps facts; who may do what is decided in
// storage/dispatcher.h. Used by one thread at a time (the store's writer); what write() returned
// for is synced.
//
//   Store store = Store::open(run_folder / "store", run_id);
//   StoreBatch batch;  batch.samples.push_back(...);
//   WriteResult result = store.write(batch);       // one atomic, synced write
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/file.h"
#include "base/ids.h"
#include "storage/records_generated.h"

namespace rocksdb {
class Env;
}

namespace reckon {

struct GroupKey {
  PhaseId phase;
  Draw draw;
  Version version;
  auto operator<=>(const GroupKey&) const = default;
};

struct SampleKey {
  GroupKey group;
  SampleIndex sample;
  auto operator<=>(const SampleKey&) const = default;
  std::string text() const;  // "phase/draw/version/sample"
};

fb::SampleKey to_record(const SampleKey& key);
SampleKey from_record(const fb::SampleKey& key);
fb::WeightsId to_record(const WeightsId& id);
WeightsId from_record(const fb::WeightsId& id);

// Why a group will never be trained on.
enum class DeadReason : uint8_t { surplus = 1, filtered = 2, stale = 3, timeline = 4, rewards = 5 };
const char* dead_reason_name(DeadReason reason);

// The control row of a sample: at most 1 KB, read without touching its body.
struct SampleRow {
  SampleKey key;
  WeightsId weights;
  uint64_t row = 0;  // of the data set
  uint32_t prompt_tokens = 0, completion_tokens = 0;
  fb::Finish finish = fb::Finish_stop;
  Digest content;                // of everything that identity covers (timing excluded)
  std::optional<Step> consumed;  // by which step
};

struct OutcomeRow {
  fb::OutcomeStatus status = fb::OutcomeStatus_scored;
  double value = 0, raw = 0;
  bool correct = false;
};

struct StoreBatch {
  std::vector<fb::SampleT> samples;
  std::vector<fb::ColumnT> columns;
  std::optional<fb::LedgerRowT> step;  // consumes its samples in the same write
  std::vector<std::pair<GroupKey, DeadReason>>
      dead;  // their rows move to the dead family, bodies are dropped
};

// What became of one sample or column. The first write of a key wins:
//   duplicate         its key holds the same content already (or an outcome, same or not: recorded
//   ones are reused) nondeterministic  its key holds other content; nothing was stored unknown a
//   column whose sample is not stored (dead since, say); nothing was stored
enum class CommitStatus : uint8_t { stored, duplicate, nondeterministic, unknown };

// What is wrong with a record from outside, or nothing. write() refuses such records with
// Error(data).
std::optional<std::string> defect_of(const fb::SampleT& sample);
std::optional<std::string> defect_of(const fb::ColumnT& column);

struct WriteResult {
  std::vector<CommitStatus> samples, columns;  // one per input, in order
};

class Store {
 public:
  // Opens or creates. Error(store_corrupt) when records are missing or damaged or the run id
  // differs; Error(io) on a full disk and the like. `env` is the seam for disk faults in tests; it
  // outlives the store.
  static std::unique_ptr<Store> open(const Path& folder, const std::string& run_id,
                                     rocksdb::Env* env = nullptr);
  // For looking only: as the store is now, while its run may be going on. Error(no_input) when
  // there is none.
  static std::unique_ptr<Store> open_read_only(const Path& folder);
  ~Store();

  // All of it or, on any error, none. A write that is tried again after an error or a lost
  // acknowledgement changes nothing that it did already. After Error(io) from a full disk it may be
  // tried until there is space. The step must follow the last one and carry the present timeline.
  WriteResult write(const StoreBatch& batch);

  std::optional<fb::SampleT> sample(const SampleKey& key) const;  // whole body; checksum verified
  std::optional<fb::ColumnT> column(const SampleKey& key, const std::string& name) const;
  std::optional<fb::OutcomeT> outcome(const SampleKey& key) const;
  std::optional<OutcomeRow> outcome_row(const SampleKey& key) const;
  std::optional<SampleRow> row(const SampleKey& key) const;

  // Control rows in key order, of one phase or of all.
  void each_row(std::optional<PhaseId> phase,
                const std::function<void(const SampleRow&)>& visit) const;
  void each_step(const std::function<void(const fb::LedgerRowT&)>& visit) const;  // ascending
  std::optional<fb::LedgerRowT> last_step() const;
  std::map<DeadReason, uint64_t> dead_counts() const;
  void each_dead(const std::function<void(const SampleKey&, DeadReason)>& visit) const;

  Timeline timeline() const;
  // The newest valid checkpoint is the truth: cuts ledger rows above `step`, opens a new timeline,
  // makes their samples unconsumed again. Error(store_corrupt) when the ledger ends before `step`
  // or its weights differ from `weights`.
  Timeline rewind(Step step, const WeightsId& weights);
  // Weights `id` exist again: rows of this version made by other weights become dead(timeline).
  // Returns how many.
  uint64_t published(const WeightsId& id);

  // Drops bodies and columns of samples consumed at or before `step` (never above the oldest kept
  // checkpoint: the caller's promise). Control rows and ledger stay. Returns how many.
  uint64_t prune(Step step);

 private:
  struct Impl;
  explicit Store(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace reckon
