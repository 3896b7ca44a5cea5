// Hosts that lack something: refused, unless what is missing was named. And a host that kills its
// own processes.
#include <gmock/gmock.h>
#include <grp.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>

#include <mutex>

#include "base/error.h"
#include "tests/process/child.h"
#include "tests/process/sandbox_rig.h"

namespace reckon {
namespace {

std::string output_of(Sandbox& sandbox, const std::string& code) {
  Descriptor program = text_file(code);
  RunRequest request;
  request.program = program.get();
  request.limits.wall_s = 30;
  RunResult run = sandbox.slot(0).run(request);
  return run.ended.end == RunEnd::not_started ? std::string("(") + run.ended.problem + ")"
                                              : run.output + run.error;
}

std::string start_with(const std::vector<std::string>& missing,
                       const std::vector<std::string>& allowed) {
  try {
    Sandbox sandbox(
        {.slots = 1, .allow_missing = allowed, .pretend_missing = missing, .python = ""});
    return output_of(sandbox, "print(6 * 7)");
  } catch (const Error& error) {
    return error.what();
  }
}

class SandboxHost : public ::testing::Test {
 protected:
  void SetUp() override {
    if (std::string why = unusable_because(); !why.empty()) GTEST_SKIP() << why;
  }
};

TEST_F(SandboxHost, WhatIsMissingIsRefusedUnlessItIsNamed) {
  for (const char* feature : kMayBeMissing) {
    std::vector<std::string> others = lacking();
    others.erase(std::remove(others.begin(), others.end(), std::string(feature)), others.end());
    EXPECT_THAT(start_with({feature}, others), ::testing::HasSubstr(feature));
    others.emplace_back(feature);
    EXPECT_EQ(start_with({feature}, others), "42\n") << feature;
  }
  EXPECT_EQ(
      start_with({"cgroup", "landlock", "separate_uid"}, {"cgroup", "landlock", "separate_uid"}),
      "42\n");
}

TEST_F(SandboxHost, WithoutNamespacesNothingRuns) {
  for (const char* feature : {"namespaces", "seccomp", "kernel"})
    EXPECT_THAT(start_with({feature}, lacking()),
                ::testing::HasSubstr("this host lacks: " + std::string(feature)));
  EXPECT_THAT(start_with({"namespaces"}, {"namespaces"}),
              ::testing::HasSubstr("nothing that may be missing"));
}

TEST_F(SandboxHost, WithoutACgroupTheOtherLimitsHold) {
  Sandbox sandbox({.slots = Judge::kSlots,
                   .allow_missing = {"cgroup", "landlock", "separate_uid"},
                   .pretend_missing = {"cgroup"},
                   .python = ""});
  Judge judge(sandbox, 0);
  auto status = [&](const char* code, Limits limits) {
    CodeTask task;
    task.code = code;
    task.limits = limits;
    task.tests = StdioTests{.match = OutputMatch::lines, .tolerance = 0, .cases = {{"", "x"}}};
    return std::string(code_status_name(judge.judge(task).status));
  };
  EXPECT_EQ(status("x = b'x' * (1 << 30)", {.wall_s = 20, .memory_mb = 128}), "crashed");
  EXPECT_EQ(status("while True: pass", {.wall_s = 20, .cpu_s = 0.5}), "timed_out");
  EXPECT_EQ(status("import time\ntime.sleep(60)", {.wall_s = 0.5}), "timed_out");
  EXPECT_EQ(status("import os, time\nfor i in range(1000):\n    if os.fork() == 0: time.sleep(60)",
                   {.wall_s = 5, .processes = 32}),
            "crashed");
}

// A user without privileges: user namespaces alone, one uid, no cgroup.
TEST_F(SandboxHost, AUserWithoutPrivilegesHasTheRest) {
  if (::geteuid() != 0) GTEST_SKIP() << "the whole suite runs as such a user";
  TemporaryFolder folder;
  std::filesystem::permissions(folder.path(), std::filesystem::perms::all);
  pid_t pid = ::fork();
  if (pid == 0) {
    std::string text;
    if (::setgroups(0, nullptr) != 0 || ::setresgid(65534, 65534, 65534) != 0 ||
        ::setresuid(65534, 65534, 65534) != 0)
      ::_exit(1);
    try {
      Sandbox sandbox({.slots = 1,
                       .allow_missing = {"cgroup", "separate_uid", "landlock"},
                       .pretend_missing = {},
                       .python = "/usr/bin/python3"});
      text = output_of(
          sandbox, "import os\nprint(os.getuid(), os.path.exists('/etc'), os.uname().nodename)");
    } catch (const std::exception& error) {
      text = error.what();
    }
    std::ofstream(folder.path() / "said") << text;
    ::_exit(0);
  }
  int status = 0;
  ::waitpid(pid, &status, 0);
  std::ifstream file(folder.path() / "said");
  std::string said((std::istreambuf_iterator<char>(file)), {});
  if (said.find("the sandbox's program is not there") != std::string::npos)
    GTEST_SKIP() << "the build folder is closed to other users";
  EXPECT_EQ(said, "1000 False box\n");
}

// -9 to whatever stands behind a run, at any moment: the run is lost as a failure of ours, never as
// a verdict, and the next one works.
TEST_F(SandboxHost, AKilledKeeperOrInterpreterLosesNoVerdict) {
  Sandbox sandbox({.slots = 1, .allow_missing = lacking(), .pretend_missing = {}, .python = ""});
  int rounds = full_length() ? 50 : 6, lost = 0;
  for (int round = 0; round < rounds; ++round) {
    Descriptor program = text_file("import time\ntime.sleep(0.05)\nprint('done')");
    RunRequest request;
    request.program = program.get();
    std::thread killer([&] {
      std::this_thread::sleep_for(std::chrono::milliseconds(10 * (round % 6)));
      // The keeper is the launcher's child, the interpreter the keeper's.
      std::string path = "/proc/" + std::to_string(sandbox.launcher()) + "/task/" +
                         std::to_string(sandbox.launcher()) + "/children";
      pid_t keeper = 0, child = 0;
      std::ifstream(path) >> keeper;
      std::ifstream("/proc/" + std::to_string(keeper) + "/task/" + std::to_string(keeper) +
                    "/children") >>
          child;
      if (round % 2 == 0 && keeper > 0) ::kill(keeper, SIGKILL);
      if (round % 2 == 1 && child > 0) ::kill(child, SIGKILL);
    });
    RunResult run = sandbox.slot(0).run(request);
    killer.join();
    bool good = run.ended.end == RunEnd::exited && run.ended.code == 0 && run.output == "done\n";
    bool ours = run.ended.end == RunEnd::not_started;
    EXPECT_TRUE(good || ours || run.ended.end == RunEnd::signalled) << round;
    EXPECT_FALSE(run.ended.end == RunEnd::exited && run.output != "done\n") << round;
    lost += good ? 0 : 1;
    EXPECT_EQ(output_of(sandbox, "print(6 * 7)"), "42\n") << round;
  }
  EXPECT_GT(lost, 0) << "no kill met a run";
}

TEST_F(SandboxHost, TheSameProgramHasTheSameVerdictEveryTime) {
  int times = full_length() ? 100 : 5;
  std::vector<SuiteEntry> suite = read_suite("honest.txt");
  for (const SuiteEntry& hack : read_suite("hacks.txt"))
    if (suite.size() < 40 && !hack.has("language")) suite.push_back(hack);
  std::vector<std::string> verdicts(suite.size());
  std::mutex mutex;
  judge_all(suite.size() * static_cast<size_t>(times), 2, [&](Judge& judge, size_t i) {
    const SuiteEntry& entry = suite[i % suite.size()];
    if (entry.has("language")) return;
    CodeTask task = task_from_json({{"language", "python"},
                                    {"code", entry.code},
                                    {"limits", {{"wall_s", 30}, {"cpu_s", 3}}},
                                    {"tests", nlohmann::json::parse(entry.key("tests"))}});
    CodeVerdict verdict = judge.judge(task);
    std::string text =
        std::string(code_status_name(verdict.status)) + " " + std::to_string(verdict.passed);
    std::lock_guard lock(mutex);
    std::string& first = verdicts[i % suite.size()];
    if (first.empty()) first = text;
    EXPECT_EQ(first, text) << entry.name;
  });
}

}  // namespace
}  // namespace reckon
