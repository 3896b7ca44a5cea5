// The numbers of a run, step by step: one JSON object per line in metrics.jsonl and scalars in a
// TensorBoard event file. One thread writes; anybody may read the files while it does.
// docs/metrics.md lists the names.
//
//   MetricsWriter writer(run_dir, resumed_at);        // lines above that step are cut
//   writer.write(12, {{"reward/mean", 0.71}, {"phase", "rl"}});
#pragma once

#include <cstdint>
#include <fstream>
#include <map>
#include <optional>
#include <string>
#include <variant>

#include "base/file.h"
#include "pipeline/tensorboard.h"

namespace reckon {

using MetricValue = std::variant<double, std::string>;
using Metrics = std::map<std::string, MetricValue>;

// {"step":12,"phase":"rl","reward/mean":0.71}: keys in order, whole numbers without a point,
// non-finite numbers as null.
std::string metrics_line(uint64_t step, const Metrics& metrics);

// The lines of `text` that a run resumed at `step` keeps: whole, readable, and of a step not above
// it.
std::string kept_metrics(const std::string& text, uint64_t step);

class MetricsWriter {
 public:
  // `resumed_at`: the last step that is done; nothing for a new run. Error(io) when the files
  // cannot be written.
  MetricsWriter(const Path& run_dir, std::optional<uint64_t> resumed_at);
  void write(uint64_t step, const Metrics& metrics);  // both files, flushed

 private:
  Path path_;
  std::ofstream lines_;
  EventWriter events_;
};

}  // namespace reckon
