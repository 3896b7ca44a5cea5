// The parts of Judge for C++: compiling in a box, and asserts split at `==`.
#include "base/text.h"
#include "rewards/code/cpp_asserts.h"
#include "rewards/code/judging.h"

namespace reckon {
namespace {

// Compiles in the slot's box. A result: it did not work, and why.
std::optional<CaseResult> build(Slot& slot, const std::string& source, Descriptor* file) {
  RunRequest request;
  request.setup = SetupId::cpp_build;
  request.input = source;
  request.take_output = true;
  request.limits = {.wall_s = 60,
                    .cpu_s = 20,
                    .memory_mb = 1024,
                    .output_kb = 256,
                    .files_kb = 65536,
                    .processes = 16};
  RunResult run = slot.run(request);
  *file = std::move(run.file);
  auto failure = failure_of(run, true);
  if (!failure && *file) return std::nullopt;
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

}  // namespace

std::optional<CaseResult> Judge::prepare(Prepared* program) {
  if (program->task.language == ProgramLanguage::python) {
    program->file = text_file(program->task.code);
    return std::nullopt;
  }
  program->native = true;
  program->setup = SetupId::cpp_run;
  const auto* asserts = std::get_if<AssertTests>(&program->task.tests);
  if (asserts == nullptr) return build(candidate_, program->task.code, &program->file);
  auto refused = build(candidate_, candidate_source(program->task.code, *asserts), &program->file);
  return refused ? refused : compute_expected(*asserts, &program->expected);
}

// The expected values, by a program that has nothing of the candidate's, in the grader's slot.
std::optional<CaseResult> Judge::compute_expected(const AssertTests& tests,
                                                  std::vector<nlohmann::json>* values) {
  RunRequest request;
  Descriptor file;
  std::optional<CaseResult> failure = build(grader_, expected_source(tests), &file);
  RunResult run;
  if (!failure) {
    request.setup = SetupId::cpp_run;
    request.program = file.get();
    run = grader_.run(request);
    failure = failure_of(run, true);
  }
  std::vector<std::string> lines = split(run.output, '\n');
  for (size_t i = 0; i < tests.asserts.size() && i < lines.size() && !failure; ++i) {
    nlohmann::json line = nlohmann::json::parse(lines[i], nullptr, false);
    if (line.is_object() && line.contains("v")) values->push_back(line["v"]);
  }
  if (!failure && values->size() == tests.asserts.size()) return std::nullopt;
  CaseResult result = failure ? *failure : CaseResult{};
  if (result.status != CodeStatus::infrastructure) result.status = CodeStatus::rejected;
  result.note = cat("the test's expected values: ", result.note);
  return result;
}

CaseResult Judge::cpp_assertion(const Prepared& program, size_t index, std::string* head) {
  Channel channel = make_channel();
  RunRequest request = program.request();
  request.channel = channel.theirs.get();
  LiveRun live(candidate_, request);
  channel.theirs.reset();
  std::string answer = ask(live, channel.ours, cat(index, "\n"));
  if (answer.empty()) wait_until_done(live, UINT64_MAX);
  RunResult run = live.finish();
  *head = run.output.substr(0, kHead);
  CaseResult result{
      .passed = false, .status = CodeStatus::crashed, .note = "ended without an answer"};
  if (!answer.empty()) {
    result = judge_answer(answer, program.expected.at(index), 0);
  } else if (auto failure = failure_of(run, true)) {
    result = *failure;
  }
  account(run, &result);
  return result;
}

}  // namespace reckon
