#include "rewards/code/judging.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>

#include "base/error.h"
#include "base/text.h"
#include "rewards/code/compare.h"
#include "sandbox/clock.h"

namespace reckon {
namespace {

constexpr size_t kMostAnswer = 32 << 20;
constexpr int kDoesNotCompile = 121;  // sandbox/zygote.py

}  // namespace

std::string last_line(const std::string& text) {
  size_t end = text.find_last_not_of(" \n\r\t");
  if (end == std::string::npos) return "";
  size_t begin = text.rfind('\n', end);
  return text
      .substr(begin == std::string::npos ? 0 : begin + 1,
              end - (begin == std::string::npos ? 0 : begin + 1) + 1)
      .substr(0, kNote);
}

// How a run ended when it did not end well; nothing when it did.
std::optional<CaseResult> failure_of(const RunResult& run, bool native) {
  CaseResult result;
  result.status = CodeStatus::crashed;
  const Ended& ended = run.ended;
  if (ended.end == RunEnd::not_started) {
    result.status = CodeStatus::infrastructure;
    result.note = ended.problem;
  } else if (run.output_exceeded) {
    result.note = "output limit";
  } else if (ended.killed_for == KilledFor::memory) {
    result.note = "memory limit";
  } else if (ended.killed_for == KilledFor::cpu || ended.killed_for == KilledFor::wall) {
    result.status = CodeStatus::timed_out;
    result.note = ended.killed_for == KilledFor::cpu ? "time limit (cpu)" : "time limit (wall)";
  } else if (ended.end == RunEnd::signalled) {
    bool cpu = ended.code == SIGXCPU;
    if (cpu) result.status = CodeStatus::timed_out;
    result.note =
        cpu ? "time limit (cpu)" : cat("signal ", ended.code, " (", ::strsignal(ended.code), ")");
  } else if (ended.code == kDoesNotCompile && !native) {
    result.status = CodeStatus::rejected;
    result.note = last_line(run.error);
  } else if (ended.code != 0) {
    std::string line = last_line(run.error);
    result.note = cat("exit code ", ended.code, line.empty() ? "" : ": ", line);
  } else {
    return std::nullopt;
  }
  return result;
}

void account(const RunResult& run, CaseResult* result) {
  result->cpu_us = run.ended.cpu_us;
  result->wall_us = run.ended.wall_us;
  result->memory_bytes = run.ended.memory_bytes;
  result->output_bytes = run.output.size() + run.error.size();
}

CaseResult wrong(std::string note) {
  return {.passed = false, .status = CodeStatus::scored, .note = std::move(note)};
}
CaseResult passed() { return {.passed = true, .status = CodeStatus::scored, .note = "passed"}; }

Channel make_channel() {
  int pair[2];
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) != 0)
    throw Error(Code::unavailable, "sandbox", cat("socketpair: ", ::strerror(errno)),
                "raise the limit of open files (ulimit -n)");
  return {Descriptor(pair[0]), Descriptor(pair[1])};
}

// One request and its answer over the channel, while the run's other files are served. Empty: the
// run ended, or said too much, before a whole line had come.
std::string ask(LiveRun& run, Descriptor& channel, std::string request) {
  ::fcntl(channel.get(), F_SETFL, O_NONBLOCK);
  std::string answer;
  std::string_view rest = request;
  std::vector<pollfd> polls;
  for (bool open = true; open && !run.done();) {
    polls.clear();
    run.add_polls(polls);
    polls.push_back(
        {channel.get(), static_cast<short>(rest.empty() ? POLLIN : POLLIN | POLLOUT), 0});
    if (::poll(polls.data(), polls.size(), -1) < 0) continue;
    if ((polls.back().revents & POLLOUT) != 0) {
      ssize_t sent = ::send(channel.get(), rest.data(), rest.size(), MSG_NOSIGNAL);
      if (sent > 0) rest.remove_prefix(static_cast<size_t>(sent));
    }
    if ((polls.back().revents & (POLLIN | POLLHUP | POLLERR)) != 0) {
      char piece[65536];
      ssize_t length = ::recv(channel.get(), piece, sizeof piece, 0);
      if (length > 0) answer.append(piece, static_cast<size_t>(length));
      if (length == 0 || (length < 0 && errno != EAGAIN && errno != EINTR)) open = false;
      size_t end = answer.find('\n');
      if (end != std::string::npos) return answer.substr(0, end);
      if (answer.size() > kMostAnswer) open = false;
    }
    run.handle(polls.data());
  }
  return "";
}

// Waits for the run's end, at most `most_us`; its own limits bound it, too.
void wait_until_done(LiveRun& run, uint64_t most_us) {
  std::vector<pollfd> polls;
  for (uint64_t begin = monotonic_us(), now = begin; !run.done() && now - begin < most_us;
       now = monotonic_us()) {
    polls.clear();
    run.add_polls(polls);
    int left = static_cast<int>(std::min<uint64_t>((most_us - (now - begin)) / 1000 + 1, 60000));
    if (::poll(polls.data(), polls.size(), left) > 0) run.handle(polls.data());
  }
}

CaseResult judge_answer(const std::string& text, const nlohmann::json& expected, double tolerance) {
  nlohmann::json answer = nlohmann::json::parse(text, nullptr, false);
  CaseResult crash{.passed = false, .status = CodeStatus::crashed, .note = "no valid answer"};
  if (!answer.is_object()) return crash;
  if (auto value = answer.find("v"); value != answer.end())
    return values_match(*value, expected, tolerance)
               ? passed()
               : wrong(cat("returned ",
                           value->dump(-1, ' ', true, nlohmann::json::error_handler_t::replace)
                               .substr(0, kNote)));
  auto error = answer.find("e");
  if (error != answer.end())
    crash.note =
        cat("raised ",
            error->dump(-1, ' ', true, nlohmann::json::error_handler_t::replace).substr(0, kNote));
  return crash;
}

}  // namespace reckon
