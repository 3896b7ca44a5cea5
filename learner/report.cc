#include "learner/report.h"

#include <unistd.h>

#include <cstdio>
#include <nlohmann/json.hpp>
#include <sstream>

#include "base/clock.h"
#include "base/file.h"
#include "base/log.h"
#include "base/text.h"

namespace reckon {
namespace {

std::string percent(double share) {
  char text[16];
  std::snprintf(text, sizeof text, "%.1f %%", 100 * share);
  return text;
}

// The whole run, resumed parts included, is in metrics.jsonl.
std::vector<nlohmann::json> all_steps(const Path& root) {
  std::vector<nlohmann::json> steps;
  std::istringstream lines(read_file(root / "metrics.jsonl"));
  for (std::string line; std::getline(lines, line);) {
    nlohmann::json step = nlohmann::json::parse(line, nullptr, false);
    if (step.is_object()) steps.push_back(std::move(step));
  }
  return steps;
}

}  // namespace

Report::Report(const RunConfig& config, const Path& root, Step step)
    : config_(config),
      root_(root),
      style_(terminal_style(STDERR_FILENO)),
      metrics_(root, step.value > 0 ? std::optional(step.value) : std::nullopt),
      begin_(monotonic_seconds()) {}

void Report::print(const std::string& text) { std::fprintf(stderr, "%s\n", text.c_str()); }

void Report::note(const std::string& text) {
  log_info("run", text);
  print(text);
}

void Report::start(bool resumed, const LearnerState& state) {
  int64_t parameters = state.spec().parameter_count();
  note(cat(resumed ? "resuming " : "starting ", root_.string(), " at step ", state.step, ": ",
           state.spec().family, ", ", parameters, " parameters, ", dtype_name(state.dtype()),
           ", weights ", state.weights()->id().digest.text()));
}

void Report::step(Step step, uint64_t phase_step, const PhaseConfig& phase,
                  const Metrics& metrics) {
  metrics_.write(step.value, metrics);
  log_info("learner", metrics_line(step.value, metrics));
  constexpr uint64_t kLinesPerHeader = 25;
  if (lines_++ % kLinesPerHeader == 0) print(progress_header());
  auto seconds = metrics.find("time/step_s");
  ProgressPoint point{
      .phase = phase.name,
      .step = phase_step,
      .steps = phase.steps,
      .step_seconds = seconds == metrics.end() ? 0 : std::get<double>(seconds->second),
      .seconds_left = -1};
  point.seconds_left =
      point.step_seconds * static_cast<double>(phase.steps - std::min(phase_step, phase.steps));
  print(progress_line(point, metrics));
  std::string accuracy = "eval/" + config_.run.eval.data + "/accuracy";
  if (auto found = metrics.find(accuracy); found != metrics.end()) {
    note(cat("step ", step, ": accuracy on '", config_.run.eval.data, "' is ",
             percent(std::get<double>(found->second))));
  }
}

void Report::finish(const Path& root) {
  std::string accuracy = "eval/" + config_.run.eval.data + "/accuracy";
  std::vector<std::pair<double, double>> curve;
  std::vector<std::pair<std::string, double>> ends;  // last evaluation of each phase
  for (const nlohmann::json& step : all_steps(root)) {
    std::string phase = step.value("phase", "");
    if (step.contains("accuracy") && step["accuracy"].is_number())
      curve.emplace_back(step["step"], step["accuracy"]);
    if (!step.contains(accuracy)) continue;
    if (ends.empty() || ends.back().first != phase) ends.emplace_back(phase, 0);
    ends.back().second = step[accuracy];
  }
  print(plot_curve(curve,
                   {.title = "share of correct completions, by step", .unicode = style_.unicode}));
  for (const auto& [phase, value] : ends) {
    note(
        cat("accuracy on '", config_.run.eval.data, "' after phase ", phase, ": ", percent(value)));
  }
  print(cat("done in ", duration_text(monotonic_seconds() - begin_),
            ". Next, ask it something, look at ",
            "a group it was trained on, take it as a Hugging Face directory:\n",
            "  ./reckon sample ", root.string(), " \"PROMPT\"\n",
            curve.empty() ? "" : cat("  ./reckon show ", root.string(), "\n"), "  ./reckon export ",
            root.string(), " FOLDER"));
}

}  // namespace reckon
