// Checkpoints: `checkpoints/step_N/` holds a Hugging Face directory, `trainer/` (fp32 masters and
// optimizer state as safetensors) and manifest.json, published atomically (docs/checkpoint.md). One
// thread and one process per folder.
//
//   CheckpointFolder checkpoints(run / "checkpoints", 3, 2);
//   checkpoints.save(facts, [&](const Path& folder) { ... write_file(folder / "trainer" /
//   "masters.safetensors", bytes); }); if (auto found = checkpoints.newest_valid()) ...
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/file.h"
#include "base/ids.h"

namespace reckon {

// The facts of a manifest: all that a resumed run must know beside the weights.
struct CheckpointFacts {
  Step step;                // steps done
  uint32_t phase = 0;       // index of the phase that continues
  uint64_t phase_step = 0;  // steps done inside it
  Draw next;                // its cursor
  WeightsId weights;        // of the published storage-type weights
  std::string run_id, numerics, model_id;
  std::optional<double> accuracy;  // of these weights, where they were evaluated
  bool operator==(const CheckpointFacts&) const = default;
  std::string to_json() const;  // with a checksum of the rest
  // Error(data) names a missing field, or says that the checksum does not match.
  static CheckpointFacts from_json(const std::string& json);
};

struct FoundCheckpoint {
  Path folder;
  CheckpointFacts facts;
};

class CheckpointFolder {
 public:
  // The newest `keep` >= 2 checkpoints stay, the newest `keep_trainer` of those that can resume
  // with their trainer/; beside them the `keep_best` of greatest accuracy (the earliest of equals),
  // without trainer/.
  CheckpointFolder(Path folder, int keep, int keep_trainer, int keep_best = 0);

  // Publishes step_N; `fill` writes the Hugging Face files and trainer/ into the temporary folder.
  // Then applies retention and updates LATEST. An existing valid step_N that can resume, with equal
  // facts, is kept as it is.
  void save(const CheckpointFacts& facts, const std::function<void(const Path&)>& fill);

  // The newest checkpoint whose every file matches its manifest and that can resume; names on the
  // log what it passed over. Nothing: there is none at all. Error(no_checkpoint): there are some,
  // and none of them will do.
  std::optional<FoundCheckpoint> newest_valid() const;

  std::vector<Step> steps() const;  // ascending, by folder name
  // The oldest one that a run may have to resume from; nothing: there is none.
  std::optional<Step> oldest_resumable() const;
  // Whether a checkpoint of this accuracy would be one of the best kept.
  bool among_best(double accuracy) const;
  // Removes what a rewind left behind: temporaries, damaged folders and checkpoints above `step`.
  void cut(Step step);

 private:
  Path path_of(Step step) const;
  std::optional<CheckpointFacts> examine(
      Step step) const;               // nothing: damaged, which is said on the log
  bool known_valid(Step step) const;  // examined at most once
  void remove(Step step) const;
  void drop_trainer(Step step) const;
  std::vector<std::pair<double, Step>> by_accuracy() const;  // valid ones, the best first
  void retain() const;

  Path folder_;
  int keep_, keep_trainer_, keep_best_;
  // Published or verified by this object, and not found damaged since.
  mutable std::map<Step, CheckpointFacts> valid_;
};

}  // namespace reckon
