#include "base/log.h"

#include <spdlog/pattern_formatter.h>
#include <spdlog/sinks/basic_file_sink.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include <memory>

namespace reckon {
namespace {

std::unique_ptr<spdlog::formatter> line_format() {
  return std::make_unique<spdlog::pattern_formatter>("%Y-%m-%dT%H:%M:%S.%eZ %l %v",
                                                     spdlog::pattern_time_type::utc);
}

spdlog::logger& logger() {
  static std::shared_ptr<spdlog::logger> instance = [] {
    auto sink = std::make_shared<spdlog::sinks::stderr_sink_mt>();
    auto made = std::make_shared<spdlog::logger>("reckon", sink);
    made->set_formatter(line_format());
    made->set_level(spdlog::level::debug);
    sink->set_level(spdlog::level::info);
    made->flush_on(spdlog::level::debug);
    return made;
  }();
  return *instance;
}

void write(spdlog::level::level_enum level, std::string_view role, const std::string& message) {
  logger().log(level, "{}: {}", role, message);
}

}  // namespace

void log_debug(std::string_view role, const std::string& message) {
  write(spdlog::level::debug, role, message);
}
void log_info(std::string_view role, const std::string& message) {
  write(spdlog::level::info, role, message);
}
void log_warning(std::string_view role, const std::string& message) {
  write(spdlog::level::warn, role, message);
}
void log_error(std::string_view role, const std::string& message) {
  write(spdlog::level::err, role, message);
}

void log_to_file(const std::string& path, LogLevel level, bool quiet_terminal) {
  static constexpr spdlog::level::level_enum kLevels[] = {spdlog::level::debug, spdlog::level::info,
                                                          spdlog::level::warn, spdlog::level::err};
  auto sink = std::make_shared<spdlog::sinks::basic_file_sink_mt>(path);
  sink->set_level(kLevels[static_cast<int>(level)]);
  sink->set_formatter(line_format());
  if (quiet_terminal) logger().sinks().front()->set_level(spdlog::level::warn);
  logger().sinks().push_back(std::move(sink));
}

}  // namespace reckon
