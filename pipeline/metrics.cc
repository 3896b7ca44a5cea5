#include "pipeline/metrics.h"

#include <cmath>
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "base/text.h"

namespace reckon {
namespace {

constexpr char kFile[] = "metrics.jsonl";

std::string json_text(const std::string& text) {
  return nlohmann::json(text).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

std::string json_number(double value) {
  if (!std::isfinite(value)) return "null";
  if (std::floor(value) == value && std::fabs(value) < 0x1p53)
    return cat(static_cast<int64_t>(value));
  return shortest(value);
}

// The folder with what an earlier process wrote cut back to where this one goes on.
Path prepared(const Path& folder, std::optional<uint64_t> resumed_at) {
  std::filesystem::create_directories(folder);
  Path path = folder / kFile;
  if (std::filesystem::exists(path)) {
    std::string text = read_file(path), kept = resumed_at ? kept_metrics(text, *resumed_at) : "";
    if (kept != text) publish_file(path, kept);
  }
  return path;
}

}  // namespace

std::string metrics_line(uint64_t step, const Metrics& metrics) {
  std::string line = cat("{\"step\":", step);
  for (const auto& [name, value] : metrics) {
    line += cat(",", json_text(name), ":");
    const double* number = std::get_if<double>(&value);
    line += number != nullptr ? json_number(*number) : json_text(std::get<std::string>(value));
  }
  return line + "}";
}

std::string kept_metrics(const std::string& text, uint64_t step) {
  std::string kept;
  for (size_t begin = 0; begin < text.size();) {
    size_t end = text.find('\n', begin);
    if (end == std::string::npos) break;  // a line that a killed process did not finish
    std::string line = text.substr(begin, end + 1 - begin);
    auto object = nlohmann::json::parse(line, nullptr, false);
    bool readable =
        object.is_object() && object.contains("step") && object["step"].is_number_unsigned();
    if (readable && object["step"].get<uint64_t>() <= step) kept += line;
    begin = end + 1;
  }
  return kept;
}

MetricsWriter::MetricsWriter(const Path& run_dir, std::optional<uint64_t> resumed_at)
    : path_(prepared(run_dir, resumed_at)),
      lines_(path_, std::ios::app | std::ios::binary),
      events_(run_dir, resumed_at) {
  if (!lines_)
    throw Error(Code::io, path_.string(), "cannot be opened for writing",
                "check the folder and its permissions");
}

void MetricsWriter::write(uint64_t step, const Metrics& metrics) {
  lines_ << metrics_line(step, metrics) << '\n' << std::flush;
  if (!lines_) throw Error(Code::io, path_.string(), "writing failed", "check the disk's space");
  std::map<std::string, float> scalars;
  for (const auto& [name, value] : metrics) {
    if (const double* number = std::get_if<double>(&value))
      scalars[name] = static_cast<float>(*number);
  }
  events_.write(step, scalars);
}

}  // namespace reckon
