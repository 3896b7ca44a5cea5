// What judging a case is made of: reading how a run ended, and talking with a program over its
// channel. Private to rewards/code/. One thread per run.
#pragma once

#include <optional>
#include <string>

#include "rewards/code/judge.h"
#include "sandbox/live_run.h"

namespace reckon {

constexpr size_t kHead = 2000, kNote = 300;

std::string last_line(const std::string& text);

// How a run ended when it did not end well; nothing when it did. `native`: no interpreter that
// reports syntax errors.
std::optional<CaseResult> failure_of(const RunResult& run, bool native);
void account(const RunResult& run, CaseResult* result);
CaseResult wrong(std::string note);
CaseResult passed();

struct Channel {
  Descriptor ours, theirs;
};
Channel make_channel();

// One request and its answer over the channel, while the run's other files are served. Empty: the
// run ended, or said too much, before a whole line had come.
std::string ask(LiveRun& run, Descriptor& channel, std::string request);

// Waits for the run's end, at most `most_us`; its own limits bound it, too.
void wait_until_done(LiveRun& run, uint64_t most_us);

// Judges an answer line {"v": value} or {"e": [type, message]}.
CaseResult judge_answer(const std::string& text, const nlohmann::json& expected, double tolerance);

// The program of a task, compiled where it must be.
struct Judge::Prepared {
  const CodeTask& task;
  SetupId setup = SetupId::python;
  bool native = false;
  Descriptor file;
  std::vector<nlohmann::json> expected;  // of C++ asserts, one per assert

  RunRequest request() const {
    RunRequest made;
    made.setup = setup;
    made.program = file.get();
    made.limits = task.limits;
    return made;
  }
};

}  // namespace reckon
