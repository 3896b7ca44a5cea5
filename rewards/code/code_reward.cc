// Reward `code`: the last fenced block of the answer, run against the row's tests in the sandbox. A
// program that fails, by whatever way, has the score 0 (or its share); only a failure of ours gives
// no score.
#include <condition_variable>
#include <mutex>

#include "base/error.h"
#include "base/text.h"
#include "base/thread_pool.h"
#include "rewards/builtin.h"
#include "rewards/code/columns.h"
#include "rewards/code/extract.h"
#include "rewards/code/judge.h"
#include "sandbox/probe.h"

namespace reckon {
namespace {

// Judges that wait for work; as many programs run at once as there are judges.
class JudgePool {
 public:
  JudgePool(const SandboxOptions& options, int judges) : sandbox_(options) {
    for (int i = 0; i < judges; ++i)
      free_.push_back(std::make_unique<Judge>(sandbox_, i * Judge::kSlots));
  }

  CodeVerdict judge(const CodeTask& task) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return !free_.empty(); });
    std::unique_ptr<Judge> one = std::move(free_.back());
    free_.pop_back();
    lock.unlock();
    CodeVerdict verdict = one->judge(task);
    lock.lock();
    free_.push_back(std::move(one));
    changed_.notify_one();
    return verdict;
  }

 private:
  Sandbox sandbox_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<std::unique_ptr<Judge>> free_;
};

std::vector<std::string> listed(const std::string& text) {
  return text.empty() ? std::vector<std::string>{} : split(text, ',');
}

class CodeReward : public Reward {
 public:
  explicit CodeReward(const RewardSpec& spec) {
    Options options(spec, {"language", "scoring", "cpu_s", "wall_s", "memory_mb", "jobs",
                           "allow_missing", "python", "program"});
    std::string language = options.text("language", "python"),
                scoring = options.text("scoring", "all_or_nothing"),
                program = options.text("program", "block");
    one_of("language", language, {"python", "cpp"});
    one_of("scoring", scoring, {"all_or_nothing", "fraction"});
    one_of("program", program, {"block", "continuation"});
    continuation_ = program == "continuation";
    language_ = language == "cpp" ? ProgramLanguage::cpp : ProgramLanguage::python;
    fraction_ = scoring == "fraction";
    limits_.cpu_s = static_cast<double>(options.integer("cpu_s", 4, 1, 3600));
    limits_.wall_s = static_cast<double>(
        options.integer("wall_s", static_cast<int64_t>(3 * limits_.cpu_s), 1, 36000));
    limits_.memory_mb = options.integer("memory_mb", limits_.memory_mb, 16, 1 << 20);
    int jobs = static_cast<int>(options.integer("jobs", std::min(usable_cores(), 64), 1, 64));
    sandbox_ = {.slots = jobs * Judge::kSlots,
                .allow_missing = listed(options.text("allow_missing", "")),
                .pretend_missing = {},
                .python = options.text("python", "")};
    // Now, where a run file is read, not at the first score. The launcher itself waits for that.
    require(probe_host({}), sandbox_.allow_missing);
  }

  Outcome score(const RewardInput& input) const override {
    std::string problem = "the row has no columns";
    auto tests = input.columns == nullptr ? std::nullopt
                                          : find_tests(*input.columns, input.prompt, &problem);
    if (!tests) return unscored(Status::abstained, problem);
    CodeTask task;
    task.language = tests->language.value_or(language_);
    task.tests = std::move(tests->tests);
    task.limits = limits_;
    task.fraction = fraction_;
    task.stop_at_failure = !fraction_;  // one failure decides
    if (task.language == ProgramLanguage::cpp && std::holds_alternative<CallTests>(task.tests))
      return unscored(Status::abstained,
                      cat("tests of the shape ", tests->shape, " are for Python"));
    ExtractedCode code = extract_code(input.completion, task.language);
    if (!code.found && continuation_) code = continue_prompt(input.prompt, input.completion);
    if (!code.found) return scored(0, code.note);
    task.code = std::move(code.code);
    size_t total = case_count(task.tests);
    CodeVerdict verdict;
    try {
      std::call_once(started_, [this] {
        pool_ = std::make_unique<JudgePool>(sandbox_, sandbox_.slots / Judge::kSlots);
      });
      verdict = pool_->judge(task);
    } catch (const Error& error) {
      return unscored(Status::crashed, cat(error.what()));
    }
    std::string why;
    for (const CaseResult& one : verdict.cases)
      if (why.empty() && !one.passed) why = cat("; ", one.note);
    std::string note = cat(code.note, "; ", tests->shape, ": ", verdict.passed, " of ", total,
                           " passed; ", code_status_name(verdict.status), why);
    if (verdict.status == CodeStatus::infrastructure) return unscored(Status::crashed, note);
    return scored(verdict.value, note);
  }

 private:
  static void one_of(const char* name, const std::string& value,
                     const std::vector<std::string>& known) {
    if (std::find(known.begin(), known.end(), value) == known.end())
      throw Error(Code::config, name, cat("'", value, "' is no ", name, " of reward 'code'"),
                  cat("one of: ", join(known, ", ")));
  }

  ProgramLanguage language_;
  bool fraction_, continuation_;
  Limits limits_;
  SandboxOptions sandbox_;
  mutable std::once_flag started_;
  mutable std::unique_ptr<JudgePool> pool_;
};

}  // namespace

std::unique_ptr<Reward> make_code(const RewardSpec& spec) {
  return std::make_unique<CodeReward>(spec);
}

}  // namespace reckon
