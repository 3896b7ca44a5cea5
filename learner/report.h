// What a run tells people and machines: progress lines on standard error, metrics on disk, the
// curve at the end. One thread.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "learner/learner_state.h"
#include "pipeline/config.h"
#include "pipeline/metrics.h"
#include "pipeline/progress.h"

namespace reckon {

class Report {
 public:
  // Metrics above `step` are cut: the run goes on from there.
  Report(const RunConfig& config, const Path& root, Step step);

  void start(bool resumed, const LearnerState& state);
  void note(const std::string& text);  // to the terminal and the log
  void step(Step step, uint64_t phase_step, const PhaseConfig& phase, const Metrics& metrics);
  // The accuracies so far, the curve and what to do next.
  void finish(const Path& root);

 private:
  void print(const std::string& text);

  const RunConfig& config_;
  Path root_;
  TerminalStyle style_;
  MetricsWriter metrics_;
  double begin_;
  uint64_t lines_ = 0;
};

}  // namespace reckon
