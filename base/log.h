// Logging: one line per event on standard error and, once a run has a folder, in its log file.
// Thread-safe. Only log.cc knows spdlog, whose fmt clashes with LibTorch's.
//
//   log_info("learner", "step=12 loss=0.31");
//   UTC time, level, role, message; standard output stays free for data.
#pragma once

#include <string>
#include <string_view>

namespace reckon {

enum class LogLevel { debug, info, warning, error };

void log_debug(std::string_view role, const std::string& message);
void log_info(std::string_view role, const std::string& message);
void log_warning(std::string_view role, const std::string& message);
void log_error(std::string_view role, const std::string& message);

// Everything from `level` up goes to `path` (appended, flushed per line); the terminal keeps
// warnings and errors only when `quiet_terminal`, so that the progress display is not torn.
void log_to_file(const std::string& path, LogLevel level, bool quiet_terminal);

}  // namespace reckon
