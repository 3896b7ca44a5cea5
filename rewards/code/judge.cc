#include "rewards/code/judge.h"

#include <string.h>
#include <sys/random.h>

#include <algorithm>
#include <cerrno>

#include "base/error.h"
#include "base/text.h"
#include "rewards/code/compare.h"
#include "rewards/code/judging.h"

namespace reckon {
namespace {

using nlohmann::json;

std::string random_token() {
  char bytes[16];
  if (::getrandom(bytes, sizeof bytes, 0) != sizeof bytes)
    throw Error(Code::unavailable, "getrandom", ::strerror(errno),
                "the kernel has no random numbers");
  return hex({bytes, sizeof bytes});
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

}  // namespace

size_t case_count(const Tests& tests) {
  return std::visit(
      [](const auto& kind) {
        if constexpr (requires { kind.cases; })
          return kind.cases.size();
        else
          return kind.asserts.size();
      },
      tests);
}

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
  size_t count = case_count(task.tests);
  try {
    Prepared program{
        .task = task, .setup = SetupId::python, .native = false, .file = {}, .expected = {}};
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
      else if (task.stop_at_failure && !verdict.cases.back().passed)
        break;
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

CaseResult Judge::one_case(const Prepared& program, size_t index, std::string* head) {
  if (const auto* tests = std::get_if<StdioTests>(&program.task.tests))
    return stdio(program, *tests, tests->cases[index], head);
  if (const auto* tests = std::get_if<CallTests>(&program.task.tests))
    return call(program, *tests, tests->cases[index], head);
  const auto& tests = std::get<AssertTests>(program.task.tests);
  if (program.native) return cpp_assertion(program, index, head);
  return assertion(program, tests, tests.asserts[index], head);
}

const char* code_status_name(CodeStatus status) {
  constexpr const char* kNames[] = {"scored", "crashed", "timed_out", "rejected", "infrastructure"};
  return kNames[static_cast<int>(status)];
}

}  // namespace reckon
