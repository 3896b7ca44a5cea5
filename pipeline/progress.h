// What a person sees of a run: one line per step with fixed columns, a bar on terminals, and a
// curve at the end. Pure functions that return text; the caller writes it to standard error.
//
//   TerminalStyle style = terminal_style(STDERR_FILENO);
//   std::cerr << progress_header() << '\n' << progress_line({"rl", 12, 100, 0.5, 40}, metrics) <<
//   '\n';
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "pipeline/metrics.h"

namespace reckon {

// What the place we write to can show: bars only on a terminal (TERM=dumb is none), Unicode where
// the locale is UTF-8. Nothing here is coloured.
struct TerminalStyle {
  bool terminal = false, unicode = false;
  int width = 80;
};
TerminalStyle terminal_style(int descriptor);

struct ProgressPoint {
  std::string phase;
  uint64_t step = 0, steps = 0;  // inside the phase
  double step_seconds = 0;
  double seconds_left = -1;  // below 0: not known
};

// The line is 114 columns wide; a metric that the step does not have shows as "-".
std::string progress_header();
std::string progress_line(const ProgressPoint& point, const Metrics& metrics);

// "[#####-----]  50% 6m40s": redrawn in place on a terminal (the caller writes "\r" before it).
std::string progress_bar(const ProgressPoint& point, const TerminalStyle& style);

// "45s", "12m05s", "3h20m", "2d04h".
std::string duration_text(double seconds);

struct PlotOptions {
  std::string title;
  int width = 60, height = 12;  // of the curve, in characters
  bool unicode = true;          // braille dots, two by four a character; otherwise '*'
};
// (x, y) points, joined in order; non-finite ones are left out. Empty text when nothing is left.
std::string plot_curve(const std::vector<std::pair<double, double>>& points,
                       const PlotOptions& options);

}  // namespace reckon
