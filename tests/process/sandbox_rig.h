// What the tests of the sandbox share: judges side by side, and the state of the host beside them.
// For tests only.
#pragma once

#include <atomic>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "rewards/code/judge.h"
#include "rewards/code/task_json.h"
#include "sandbox/probe.h"
#include "tests/sandbox/suite.h"

namespace reckon {

// Isolation this host lacks and may lack: tests run without it, as a user would after reading the
// doctor's report.
inline std::vector<std::string> lacking() {
  std::vector<std::string> names;
  HostReport host = probe_host({});
  for (const HostFeature& feature : host.features)
    if (!feature.present && feature.may_be_missing) names.push_back(feature.name);
  return names;
}

// Why the sandbox cannot run here at all; empty: it can.
inline std::string unusable_because() {
  HostReport host = probe_host({});
  for (const HostFeature& feature : host.features)
    if (!feature.present && !feature.may_be_missing) return feature.name + ": " + feature.detail;
  return "";
}

// Calls `each(judge, index)` for every index below `count`, `jobs` at once.
inline void judge_all(size_t count, int jobs, const std::function<void(Judge&, size_t)>& each) {
  Sandbox sandbox({.slots = jobs * Judge::kSlots,
                   .allow_missing = lacking(),
                   .pretend_missing = {},
                   .python = ""});
  std::atomic<size_t> next{0};
  std::vector<std::thread> workers;
  for (int job = 0; job < jobs; ++job)
    workers.emplace_back([&, job] {
      Judge judge(sandbox, job * Judge::kSlots);
      for (size_t i = next++; i < count; i = next++) each(judge, i);
    });
  for (std::thread& worker : workers) worker.join();
}

// A suite's program as a task with one case on standard input and output.
inline CodeTask stdio_task(const SuiteEntry& entry, const std::string& output) {
  nlohmann::json row = {
      {"language", entry.key("language", "python")},
      {"code", entry.code},
      {"limits", nlohmann::json::parse(entry.key("limits", "{}"))},
      {"tests",
       {{"type", "stdio"}, {"cases", {{{"input", entry.key("input")}, {"output", output}}}}}}};
  return task_from_json(row);
}

}  // namespace reckon
