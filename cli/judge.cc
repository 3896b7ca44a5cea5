// reckon judge: programs and tests in, verdicts out, one JSON object per line, in the same order.
#include "rewards/code/judge.h"

#include <condition_variable>
#include <cstdio>
#include <deque>
#include <iostream>
#include <memory>
#include <mutex>
#include <nlohmann/json.hpp>
#include <optional>
#include <thread>

#include "base/error.h"
#include "base/text.h"
#include "cli/arguments.h"
#include "cli/verbs.h"
#include "rewards/code/task_json.h"

namespace reckon {
namespace {

using nlohmann::json;

struct JudgeOptions {
  int jobs = 1;
  std::vector<std::string> allow_missing;
  std::string python;
};

// A line that is no task gets an answer, too: the lines behind it are judged all the same.
json answer(Judge& judge, const std::string& line) {
  json id = nullptr;
  try {
    json row = json::parse(line);
    if (row.is_object() && row.contains("id")) id = row["id"];
    CodeTask task = task_from_json(row);
    size_t total = std::visit(
        [](const auto& tests) {
          if constexpr (requires { tests.cases; })
            return tests.cases.size();
          else
            return tests.asserts.size();
        },
        task.tests);
    return verdict_to_json(judge.judge(task), id, total);
  } catch (const std::exception& error) {
    return {
        {"id", id},
        {"status", "rejected"},
        {"passed", 0},
        {"total", 0},
        {"value", 0.0},
        {"detail",
         {{{"passed", false}, {"status", "rejected"}, {"note", cat("no task: ", error.what())}}}},
        {"stdout_head", ""}};
  }
}

// Lines in flight, between the reader, the workers and the writer. At most `bound` of them, so that
// with one job each answer is out before the next line is read.
class Lines {
 public:
  explicit Lines(size_t bound) : bound_(bound) {}

  void push(std::string line) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return entries_.size() < bound_; });
    entries_.push_back(std::make_shared<Entry>(Entry{std::move(line), {}, false}));
    changed_.notify_all();
  }
  void close() {
    std::lock_guard lock(mutex_);
    closed_ = true;
    changed_.notify_all();
  }
  // Workers: until no line is left.
  void work(Judge& judge) {
    while (auto entry = take()) {
      std::string text =
          answer(judge, entry->line).dump(-1, ' ', false, json::error_handler_t::replace);
      std::lock_guard lock(mutex_);
      entry->answer = std::move(text);
      while (!entries_.empty() &&
             entries_.front()->answer) {  // in order, by whoever completes the first
        std::printf("%s\n", entries_.front()->answer->c_str());
        std::fflush(stdout);
        entries_.pop_front();
      }
      changed_.notify_all();
    }
  }

 private:
  struct Entry {
    std::string line;
    std::optional<std::string> answer;
    bool taken;
  };
  std::shared_ptr<Entry> take() {
    std::unique_lock lock(mutex_);
    for (;;) {
      for (auto& entry : entries_)
        if (!entry->taken) {
          entry->taken = true;
          return entry;
        }
      if (closed_) return nullptr;
      changed_.wait(lock);
    }
  }

  size_t bound_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<std::shared_ptr<Entry>> entries_;
  bool closed_ = false;
};

void judge_lines(const JudgeOptions& options) {
  Sandbox sandbox({.slots = options.jobs * Judge::kSlots,
                   .allow_missing = options.allow_missing,
                   .pretend_missing = {},
                   .python = options.python});
  Lines lines(options.jobs == 1 ? 1 : static_cast<size_t>(options.jobs) * 8);
  std::vector<std::thread> workers;
  for (int job = 0; job < options.jobs; ++job)
    workers.emplace_back([&, job] {
      Judge judge(sandbox, job * Judge::kSlots);
      lines.work(judge);
    });
  for (std::string line; std::getline(std::cin, line);)
    if (line.find_first_not_of(" \t\r") != std::string::npos) lines.push(std::move(line));
  lines.close();
  for (std::thread& worker : workers) worker.join();
}

}  // namespace

void add_judge(Verb verb) {
  auto options = std::make_shared<JudgeOptions>();
  CLI::App* app =
      verb.app
          .add_subcommand("judge",
                          "Run programs against tests in the sandbox: JSON lines in, verdicts out.")
          ->group("Use");
  app->add_option("--jobs", options->jobs, "programs at once")
      ->type_name("N")
      ->check(whole_number(1, 64));
  app->add_option("--allow-missing", options->allow_missing,
                  "isolation to do without: cgroup, landlock, separate_uid")
      ->type_name("NAME")
      ->delimiter(',');
  app->add_option("--python", options->python, "interpreter; default: python3 of PATH")
      ->type_name("PATH");
  app->callback([options] { judge_lines(*options); });
}

}  // namespace reckon
