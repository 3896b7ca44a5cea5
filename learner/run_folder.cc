#include "learner/run_folder.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <nlohmann/json.hpp>
#include <set>

#include "base/clock.h"
#include "base/digest.h"
#include "base/error.h"
#include "base/log.h"
#include "base/text.h"

namespace reckon {
namespace {

// Lines of "key = value" that only one of two texts has, each on a line of its own.
std::string difference(const std::string& old_text, const std::string& new_text) {
  auto lines = [](const std::string& text) {
    auto parts = split(text, '\n');
    return std::set<std::string>(parts.begin(), parts.end());
  };
  std::set<std::string> before = lines(old_text), now = lines(new_text);
  std::string text;
  for (const std::string& line : before) {
    if (!now.contains(line)) text += "\n  the run has   " + line;
  }
  for (const std::string& line : now) {
    if (!before.contains(line)) text += "\n  you now give  " + line;
  }
  return text;
}

}  // namespace

// Delegates, so that whatever is thrown below gives the lock back.
RunFolder::RunFolder(const RunConfig& config) : RunFolder(Path(config.run.dir)) {
  read_or_create(config);
  publish_file(root_ / "config.resolved.toml", config_text(config, true));
  open_log();
}

RunFolder::~RunFolder() {
  if (lock_ >= 0) ::close(lock_);
}

RunFolder::RunFolder(const Path& root) : root_(root) {
  std::error_code error;
  std::filesystem::create_directories(checkpoints(), error);
  Path file = root_ / "run.lock";
  if (!error) lock_ = ::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644);
  if (lock_ < 0) {
    throw Error(Code::io, root_.string(),
                cat("is not a folder that can be written: ",
                    error ? error.message() : std::strerror(errno)),
                "set run.dir to another one, or check its permissions");
  }
  if (::flock(lock_, LOCK_EX | LOCK_NB) != 0) {
    ::close(lock_);
    throw Error(Code::unavailable, root_.string(), "another process is running this run",
                "wait for it, stop it, or set run.dir");
  }
}

void RunFolder::read_or_create(const RunConfig& config) {
  Path file = root_ / "run.json";
  std::string fixed = config_fixed_text(config);
  resumed_ = std::filesystem::exists(file) && std::filesystem::exists(store());
  if (!resumed_) {
    run_id_ = digest_of(cat(fixed, wall_seconds(), monotonic_seconds(), ::getpid())).text();
    publish_file(
        file, nlohmann::json{{"format", 1}, {"run_id", run_id_}, {"fixed", fixed}}.dump(1) + "\n");
    return;
  }
  nlohmann::json facts = nlohmann::json::parse(read_file(file), nullptr, false);
  if (!facts.is_object() || facts.value("format", 0) != 1) {
    throw Error(Code::data, file.string(), "is not a run's record of format 1",
                "use another run.dir");
  }
  std::string differences = difference(facts.value("fixed", ""), fixed);
  if (!differences.empty()) {
    throw Error(Code::config, root_.string(), cat("holds a run with other settings:", differences),
                "set run.dir for a new run, or give the settings it was started with");
  }
  run_id_ = facts.value("run_id", "");
}

void RunFolder::open_log() {
  int attempt = 1;
  while (std::filesystem::exists(root_ / "logs" / cat("attempt_", attempt))) ++attempt;
  Path folder = root_ / "logs" / cat("attempt_", attempt);
  std::filesystem::create_directories(folder);
  log_to_file((folder / "run.log").string(), LogLevel::debug, /*quiet_terminal=*/true);
}

}  // namespace reckon
