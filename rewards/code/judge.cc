#include "rewards/code/judge.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>

#include "base/error.h"
#include "base/text.h"
#include "rewards/code/compare.h"
#include "sandbox/clock.h"
#include "sandbox/live_run.h"

namespace reckon {
namespace {

using nlohmann::json;

constexpr size_t kHead = 2000, kNote = 300;
constexpr size_t kMostAnswer = 32 << 20;
constexpr int kDoesNotCompile = 121;  // sandbox/zygote.py

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

std::string random_token() {
  char bytes[16];
  if (::getrandom(bytes, sizeof bytes, 0) != sizeof bytes)
    throw Error(Code::unavailable, "getrandom", ::strerror(errno),
                "the kernel has no random numbers");
  return hex({bytes, sizeof bytes});
}

struct Channel {
  Descriptor ours, theirs;
};

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

// An argument as plain data: an object becomes a dictionary.
json tag_argument(const json& value) {
  if (value.is_array()) {
    json list = json::array();
    for (const json& item : value) list.push_back(tag_argument(item));
    return list;
  }
  if (!value.is_object()) return value;
  json pairs = json::array();
  for (const auto& [key, item] : value.items()) pairs.push_back({key, tag_argument(item)});
  return {{"t", "dict"}, {"v", pairs}};
}

size_t case_count(const StdioTests& tests) { return tests.cases.size(); }
size_t case_count(const CallTests& tests) { return tests.cases.size(); }
size_t case_count(const AssertTests& tests) { return tests.asserts.size(); }

CaseResult judge_answer(const std::string& text, const json& expected, double tolerance) {
  json answer = json::parse(text, nullptr, false);
  CaseResult crash{.passed = false, .status = CodeStatus::crashed, .note = "no valid answer"};
  if (!answer.is_object()) return crash;
  if (auto value = answer.find("v"); value != answer.end())
    return values_match(*value, expected, tolerance)
               ? passed()
               : wrong(cat(
                     "returned ",
                     value->dump(-1, ' ', true, json::error_handler_t::replace).substr(0, kNote)));
  auto error = answer.find("e");
  if (error != answer.end())
    crash.note =
        cat("raised ", error->dump(-1, ' ', true, json::error_handler_t::replace).substr(0, kNote));
  return crash;
}

}  // namespace

struct Judge::Prepared {
  const CodeTask& task;
  SetupId setup = SetupId::python;
  bool native = false;
  Descriptor file;

  RunRequest request() const {
    RunRequest made;
    made.setup = setup;
    made.program = file.get();
    made.limits = task.limits;
    return made;
  }
};

CaseResult Judge::stdio(const Prepared& program, const StdioTests& tests, const StdioCase& one,
                        std::string* head) {
  RunRequest request = program.request();
  request.input = one.input;
  RunResult run = candidate_.run(request);
  *head = run.output.substr(0, kHead);
  auto failure = failure_of(run, program.native);
  CaseResult result = failure ? *failure
                      : outputs_match(run.output, one.output, tests.match, tests.tolerance)
                          ? passed()
                          : wrong("wrong answer");
  account(run, &result);
  return result;
}

CaseResult Judge::call(const Prepared& program, const CallTests& tests, const CallCase& one,
                       std::string* head) {
  Channel channel = make_channel();
  RunRequest request = program.request();
  request.mode = WarmMode::serve;
  request.channel = channel.theirs.get();
  LiveRun live(candidate_, request);
  channel.theirs.reset();
  json message = {{"op", "call"}, {"on", tests.entry}, {"args", json::array()}};
  for (const json& argument : one.args) message["args"].push_back(tag_argument(argument));
  std::string answer = ask(live, channel.ours, message.dump() + "\n");
  // The answer is all that is asked of the program; it is ended where it waits for the next call.
  // Without one, its own end (or a limit) says why.
  if (answer.empty()) wait_until_done(live, UINT64_MAX);
  RunResult run = live.finish();
  *head = run.output.substr(0, kHead);
  CaseResult result{
      .passed = false, .status = CodeStatus::crashed, .note = "ended without an answer"};
  if (!answer.empty()) {
    result = judge_answer(answer, one.expected, tests.tolerance);
  } else if (auto failure = failure_of(run, program.native)) {
    result = *failure;
  }
  account(run, &result);
  return result;
}

CaseResult Judge::assertion(const Prepared& program, const AssertTests& tests,
                            const std::string& one, std::string* head) {
  Channel channel = make_channel();
  std::string token = random_token();
  json job = {{"token", token},
              {"helpers", tests.helpers},
              {"setup", tests.setup},
              {"test", one},
              {"candidate_names", tests.names}};
  Descriptor test = text_file(job.dump());
  RunRequest request = program.request(), grading;
  request.mode = WarmMode::serve;
  request.channel = channel.theirs.get();
  grading.mode = WarmMode::grade;
  grading.program = test.get();
  grading.channel = channel.ours.get();
  grading.limits.wall_s = request.limits.wall_s + 2;
  grading.limits.cpu_s = request.limits.cpu_s + 2;
  LiveRun candidate(candidate_, request), grader(grader_, grading);
  channel = {};  // each box has its end alone
  wait_for(candidate, grader);
  RunResult said = grader.finish();
  bool passes =
      said.output == token + " pass \n" && said.ended.end == RunEnd::exited && said.ended.code == 0;
  if (!passes) wait_until_done(candidate, 250'000);  // if it is ending, the reason is worth knowing
  bool ended_itself = candidate.done();
  RunResult run = candidate.finish();
  *head = run.output.substr(0, kHead);

  CaseResult result = wrong("the test gave no verdict");
  std::string word = said.output.starts_with(token) ? said.output.substr(token.size() + 1) : "";
  auto failure = ended_itself ? failure_of(run, program.native) : std::nullopt;
  if (passes) {
    result = passed();
  } else if (said.ended.end == RunEnd::not_started || run.ended.end == RunEnd::not_started) {
    result = *failure_of(said.ended.end == RunEnd::not_started ? said : run, false);
  } else if (failure) {
    result = *failure;
  } else if (word.starts_with("wrong ")) {
    result = wrong(cat("wrong: ", last_line(word.substr(6))));
  } else if (word.starts_with("invalid ")) {
    result = wrong(last_line(word));
  } else if (word.starts_with("raised ")) {
    result = {.passed = false,
              .status = CodeStatus::crashed,
              .note = cat("raised ", last_line(word.substr(7)))};
  } else if (word.starts_with("gone")) {
    result = {.passed = false,
              .status = CodeStatus::crashed,
              .note = "ended, or gave no valid answer, before the test was done"};
  } else if (auto grader_failure = failure_of(said, false)) {
    result = *grader_failure;  // of the test, which ran against this candidate: a loop, too large a
                               // value
    result.note = cat("the test: ", result.note);
  }
  account(run, &result);
  return result;
}

CodeVerdict Judge::judge(const CodeTask& task) {
  CodeVerdict verdict;
  size_t count = std::visit([](const auto& tests) { return case_count(tests); }, task.tests);
  try {
    Prepared program{.task = task, .setup = SetupId::python, .native = false, .file = {}};
    std::optional<CaseResult> refused = prepare(&program);
    for (size_t i = 0; i < count && !refused; ++i) {
      std::string head;
      CaseResult result = one_case(program, i, &head);
      // A failure of ours (a process of the sandbox was killed) says nothing: the case is run once
      // more, afresh.
      if (result.status == CodeStatus::infrastructure) result = one_case(program, i, &head);
      verdict.cases.push_back(std::move(result));
      if (i == 0) verdict.stdout_head = head;
      if (verdict.cases.back().status == CodeStatus::rejected)
        refused = verdict.cases.back(), verdict.cases.pop_back();
    }
    if (refused) verdict.cases.assign(std::max<size_t>(count, 1), *refused);
  } catch (const std::exception& error) {
    verdict.cases.push_back(
        {.passed = false, .status = CodeStatus::infrastructure, .note = error.what()});
  }
  for (const CaseResult& one : verdict.cases) {
    verdict.passed += one.passed ? 1 : 0;
    verdict.status = std::max(verdict.status, one.status);
  }
  bool all = count > 0 && verdict.passed == count;
  if (verdict.status != CodeStatus::infrastructure)
    verdict.value = task.fraction && count > 0
                        ? static_cast<double>(verdict.passed) / static_cast<double>(count)
                    : all ? 1
                          : 0;
  return verdict;
}

std::optional<CaseResult> Judge::prepare(Prepared* program) {
  if (program->task.language == ProgramLanguage::python) {
    program->file = text_file(program->task.code);
    return std::nullopt;
  }
  program->native = true;
  program->setup = SetupId::cpp_run;
  RunRequest build;
  build.setup = SetupId::cpp_build;
  build.input = program->task.code;
  build.take_output = true;
  build.limits = {.wall_s = 60,
                  .cpu_s = 20,
                  .memory_mb = 1024,
                  .output_kb = 256,
                  .files_kb = 65536,
                  .processes = 16};
  RunResult run = candidate_.run(build);
  program->file = std::move(run.file);
  auto failure = failure_of(run, true);
  if (!failure && program->file) return std::nullopt;
  CaseResult result = failure ? *failure : CaseResult{};
  if (result.status != CodeStatus::infrastructure) result.status = CodeStatus::rejected;
  size_t error = run.error.find("error: ");
  std::string line = run.error.substr(0, run.error.find('\n'));
  if (error != std::string::npos)
    line = run.error.substr(error, std::min(run.error.find('\n', error) - error, kNote));
  result.note = cat(
      "does not compile: ", failure && failure->note.starts_with("exit") ? "" : result.note + " ",
      line.substr(0, kNote));
  account(run, &result);
  return result;
}

CaseResult Judge::one_case(const Prepared& program, size_t index, std::string* head) {
  if (const auto* tests = std::get_if<StdioTests>(&program.task.tests))
    return stdio(program, *tests, tests->cases[index], head);
  if (const auto* tests = std::get_if<CallTests>(&program.task.tests))
    return call(program, *tests, tests->cases[index], head);
  const auto& tests = std::get<AssertTests>(program.task.tests);
  return assertion(program, tests, tests.asserts[index], head);
}

const char* code_status_name(CodeStatus status) {
  constexpr const char* kNames[] = {"scored", "crashed", "timed_out", "rejected", "infrastructure"};
  return kNames[static_cast<int>(status)];
}

}  // namespace reckon
