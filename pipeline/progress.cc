#include "pipeline/progress.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <optional>

#include "base/text.h"

namespace reckon {
namespace {

enum class Show { plain, percent, scientific, whole };

struct Column {
  const char* title;
  const char* metric;
  int width;
  Show show;
};

// Between the step and the times.
constexpr Column kColumns[] = {
    {"reward", "reward/mean", 7, Show::plain},
    {"acc", "accuracy", 6, Show::percent},
    {"len", "length/mean", 6, Show::plain},
    {"loss", "loss", 8, Show::plain},
    {"gnorm", "grad_norm", 8, Show::scientific},
    {"entropy", "entropy", 7, Show::plain},
    {"mism", "logprob_mismatch", 7, Show::scientific},
    {"stale", "staleness/max", 5, Show::whole},
    {"samp/s", "tokens_per_s/rollout", 7, Show::whole},
    {"learn/s", "tokens_per_s/learn", 7, Show::whole},
};

std::string padded(const std::string& text, int width) {
  return std::string(static_cast<size_t>(std::max(0, width - static_cast<int>(text.size()))), ' ') +
         text;
}

std::string formatted(const char* format, double value) {
  char buffer[64];
  std::snprintf(buffer, sizeof buffer, format, value);
  return buffer;
}

std::string number_text(double value, Show show) {
  if (!std::isfinite(value)) return "nan";
  if (show == Show::percent) return formatted("%.1f%%", 100 * value);
  if (show == Show::whole) return formatted("%.0f", value);
  if (value == 0) return "0";
  if (show == Show::scientific || std::fabs(value) >= 1e5) return formatted("%.1e", value);
  return formatted(std::fabs(value) >= 100 ? "%.1f" : "%.3f", value);
}

std::optional<double> metric(const Metrics& metrics, const std::string& name) {
  auto found = metrics.find(name);
  if (found == metrics.end()) return std::nullopt;
  const double* number = std::get_if<double>(&found->second);
  return number == nullptr ? std::nullopt : std::optional<double>(*number);
}

bool set(const char* variable) {
  const char* value = std::getenv(variable);
  return value != nullptr && *value != '\0';
}

bool utf8_locale() {
  for (const char* variable : {"LC_ALL", "LC_CTYPE", "LANG"}) {
    if (!set(variable)) continue;
    std::string value = std::getenv(variable);
    std::transform(value.begin(), value.end(), value.begin(),
                   [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    return value.find("utf-8") != std::string::npos || value.find("utf8") != std::string::npos;
  }
  return false;
}

// A field of dots, `across` by `down` to a character.
class Canvas {
 public:
  Canvas(int width, int height, bool unicode)
      : width_(width),
        height_(height),
        across_(unicode ? 2 : 1),
        down_(unicode ? 4 : 1),
        dots_(static_cast<size_t>(columns() * rows())) {}

  int columns() const { return width_ * across_; }
  int rows() const { return height_ * down_; }

  // Straight line between two dots; row 0 is the top.
  void line(int x0, int y0, int x1, int y1) {
    int steps = std::max({std::abs(x1 - x0), std::abs(y1 - y0), 1});
    for (int i = 0; i <= steps; ++i) {
      double part = static_cast<double>(i) / steps;
      set(static_cast<int>(std::lround(x0 + part * (x1 - x0))),
          static_cast<int>(std::lround(y0 + part * (y1 - y0))));
    }
  }

  std::string row_text(int row) const {
    std::string text;
    for (int column = 0; column < width_; ++column)
      text += across_ == 1 ? (at(column, row) ? "*" : " ") : braille(column, row);
    return text;
  }

 private:
  void set(int x, int y) { dots_[static_cast<size_t>(y * columns() + x)] = 1; }
  bool at(int x, int y) const { return dots_[static_cast<size_t>(y * columns() + x)] != 0; }

  // U+2800 plus one bit per dot, numbered down the left column, then the right one, the bottom row
  // last.
  std::string braille(int column, int row) const {
    static constexpr int kBits[4][2] = {{0, 3}, {1, 4}, {2, 5}, {6, 7}};
    int bits = 0;
    for (int y = 0; y < 4; ++y) {
      for (int x = 0; x < 2; ++x) bits |= at(column * 2 + x, row * 4 + y) << kBits[y][x];
    }
    return {'\xE2', static_cast<char>(0xA0 | bits >> 6), static_cast<char>(0x80 | (bits & 0x3F))};
  }

  int width_, height_, across_, down_;
  std::vector<char> dots_;
};

struct Range {
  double low, high;
  // Position of `value` among `count` dots.
  int place(double value, int count) const {
    return high == low ? count / 2
                       : static_cast<int>(std::lround((value - low) / (high - low) * (count - 1)));
  }
};

std::string axis_number(double value) { return formatted("%.4g", value); }

}  // namespace

TerminalStyle terminal_style(int descriptor) {
  TerminalStyle style;
  const char* term = std::getenv("TERM");
  bool dumb = term != nullptr && std::string(term) == "dumb";
  style.terminal = ::isatty(descriptor) == 1 && !dumb;
  style.unicode = utf8_locale();
  winsize size{};
  if (style.terminal && ::ioctl(descriptor, TIOCGWINSZ, &size) == 0 && size.ws_col > 0)
    style.width = size.ws_col;
  return style;
}

std::string progress_header() {
  std::string text = cat(padded("phase", 8), padded("step", 12));
  for (const Column& column : kColumns) text += " " + padded(column.title, column.width);
  return text + padded("time", 8) + padded("left", 8);
}

std::string progress_line(const ProgressPoint& point, const Metrics& metrics) {
  std::string text =
      cat(padded(point.phase.substr(0, 8), 8), padded(cat(point.step, "/", point.steps), 12));
  for (const Column& column : kColumns) {
    auto value = metric(metrics, column.metric);
    text += " " + padded(value ? number_text(*value, column.show) : "-", column.width);
  }
  text += padded(formatted("%.2fs", point.step_seconds), 8);
  return text + padded(point.seconds_left < 0 ? "-" : duration_text(point.seconds_left), 8);
}

std::string progress_bar(const ProgressPoint& point, const TerminalStyle& style) {
  int width = std::clamp(style.width - 40, 10, 40);
  double part =
      point.steps == 0
          ? 0
          : std::min(1.0, static_cast<double>(point.step) / static_cast<double>(point.steps));
  int done = static_cast<int>(part * width);
  std::string text = cat(point.phase, " [");
  for (int i = 0; i < width; ++i)
    text +=
        i < done ? (style.unicode ? "\xE2\x96\x88" : "#") : (style.unicode ? "\xE2\x96\x91" : "-");
  text += cat("]", padded(formatted("%.0f%%", 100 * part), 5));
  return point.seconds_left < 0 ? text : cat(text, " ", duration_text(point.seconds_left));
}

std::string duration_text(double seconds) {
  auto whole = static_cast<int64_t>(std::llround(std::max(0.0, seconds)));
  auto two = [](int64_t value) { return cat(value < 10 ? "0" : "", value); };
  if (whole < 60) return cat(whole, "s");
  if (whole < 3600) return cat(whole / 60, "m", two(whole % 60), "s");
  if (whole < 86400) return cat(whole / 3600, "h", two(whole % 3600 / 60), "m");
  return cat(whole / 86400, "d", two(whole % 86400 / 3600), "h");
}

std::string plot_curve(const std::vector<std::pair<double, double>>& all,
                       const PlotOptions& options) {
  std::vector<std::pair<double, double>> points;
  for (const auto& point : all) {
    if (std::isfinite(point.first) && std::isfinite(point.second)) points.push_back(point);
  }
  if (points.empty()) return "";
  Range x{points[0].first, points[0].first}, y{points[0].second, points[0].second};
  for (const auto& [px, py] : points) {
    x = {std::min(x.low, px), std::max(x.high, px)};
    y = {std::min(y.low, py), std::max(y.high, py)};
  }
  Canvas canvas(std::max(2, options.width), std::max(2, options.height), options.unicode);
  auto column = [&](double value) { return x.place(value, canvas.columns()); };
  auto row = [&](double value) { return canvas.rows() - 1 - y.place(value, canvas.rows()); };
  for (size_t i = 0; i < points.size(); ++i) {
    const auto& [x0, y0] = points[i == 0 ? 0 : i - 1];
    canvas.line(column(x0), row(y0), column(points[i].first), row(points[i].second));
  }
  int height = std::max(2, options.height), width = std::max(2, options.width);
  std::string top = axis_number(y.high), bottom = axis_number(y.low);
  int margin = static_cast<int>(std::max(top.size(), bottom.size()));
  std::string text = options.title.empty() ? ""
                                           : cat(std::string(static_cast<size_t>(margin) + 2, ' '),
                                                 options.title, "\n");
  for (int i = 0; i < height; ++i) {
    text += cat(padded(i == 0            ? top
                       : i == height - 1 ? bottom
                                         : "",
                       margin),
                options.unicode ? " \xE2\x94\x82" : " |", canvas.row_text(i), "\n");
  }
  std::string first = axis_number(x.low), last = axis_number(x.high);
  return cat(text, std::string(static_cast<size_t>(margin) + 2, ' '), first,
             padded(last, width - static_cast<int>(first.size())), "\n");
}

}  // namespace reckon
