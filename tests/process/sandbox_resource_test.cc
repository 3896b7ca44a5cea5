// Programs that take more than they may: right status, ended in time, nothing left behind.
#include <gtest/gtest.h>

#include "tests/process/child.h"
#include "tests/process/sandbox_rig.h"

namespace reckon {
namespace {

double load_average() {
  double load = 0;
  std::ifstream("/proc/loadavg") >> load;
  return load;
}

// Processes in the slots of `launcher`, by cgroup; the empty answer of hosts without one is no
// failure.
std::string processes_in(pid_t launcher) {
  std::string found;
  for (const char* root : {"/sys/fs/cgroup/pids", "/sys/fs/cgroup"}) {
    std::error_code error;
    for (auto it = std::filesystem::recursive_directory_iterator(
             root, std::filesystem::directory_options::skip_permission_denied, error);
         it != std::filesystem::recursive_directory_iterator(); it.increment(error)) {
      if (error) break;
      std::string path = it->path().string();
      if (!path.ends_with("/cgroup.procs") ||
          path.find("reckon-sandbox-" + std::to_string(launcher) + "/slot-") == std::string::npos)
        continue;
      std::string line;
      std::ifstream file(path);
      while (std::getline(file, line)) found += line + " ";
    }
    if (std::string(root) == "/sys/fs/cgroup/pids" && std::filesystem::exists(root)) break;
  }
  return found;
}

TEST(SandboxResource, EveryProgramEndsAsItShouldAndLeavesNothing) {
  if (std::string why = unusable_because(); !why.empty()) GTEST_SKIP() << why;
  std::vector<SuiteEntry> suite = read_suite("resource.txt");
  ASSERT_GE(suite.size(), 30u);
  // Other work on this machine delays even the watcher; alone, 100 ms are the bar.
  double slack = load_average() > 2.0 * std::thread::hardware_concurrency() ? 2.0
                 : load_average() > 1                                       ? 0.5
                                                                            : 0.1;
  Sandbox sandbox(
      {.slots = Judge::kSlots, .allow_missing = lacking(), .pretend_missing = {}, .python = ""});
  Judge judge(sandbox, 0);
  for (const SuiteEntry& entry : suite) {
    CodeTask task = stdio_task(entry, entry.has("output") ? entry.key("output") : "never");
    CodeVerdict verdict = judge.judge(task);
    const CaseResult& one = verdict.cases.at(0);
    EXPECT_TRUE(entry.expects(code_status_name(verdict.status)))
        << entry.name << ": " << code_status_name(verdict.status) << ", " << one.note;
    EXPECT_EQ(verdict.value, entry.has("output") ? 1 : 0) << entry.name;
    EXPECT_LE(static_cast<double>(one.wall_us) / 1e6, task.limits.wall_s + slack) << entry.name;
    EXPECT_LE(one.memory_bytes,
              static_cast<uint64_t>(std::max<int64_t>(task.limits.memory_mb, 1024)) << 20)
        << entry.name;
    EXPECT_EQ(processes_in(sandbox.launcher()), "") << entry.name;
  }
}

}  // namespace
}  // namespace reckon
