// What one run leaves for another: nothing; one after the other in a slot, and side by side in two.
#include <gtest/gtest.h>

#include "sandbox/live_run.h"
#include "tests/process/sandbox_rig.h"

namespace reckon {
namespace {

struct Pair {
  std::string name, first, second;
};

std::vector<Pair> pairs() {
  const std::string cut = "--- second\n";
  std::vector<Pair> found;
  for (const SuiteEntry& entry : read_suite("leaks.txt")) {
    size_t at = entry.code.find(cut);
    if (at == std::string::npos) throw std::runtime_error("no second part: " + entry.name);
    found.push_back({entry.name, entry.code.substr(0, at), entry.code.substr(at + cut.size())});
  }
  return found;
}

RunRequest request_of(const Descriptor& program) {
  RunRequest request;
  request.program = program.get();
  request.limits.wall_s = 20;
  return request;
}

class SandboxLeak : public ::testing::Test {
 protected:
  void SetUp() override {
    if (std::string why = unusable_because(); !why.empty()) GTEST_SKIP() << why;
    sandbox_ = std::make_unique<Sandbox>(SandboxOptions{
        .slots = 2, .allow_missing = lacking(), .pretend_missing = {}, .python = ""});
  }
  std::unique_ptr<Sandbox> sandbox_;
};

TEST_F(SandboxLeak, NothingFromOneRunToTheNext) {
  ASSERT_GE(pairs().size(), 10u);
  for (const Pair& pair : pairs()) {
    Descriptor first = text_file(pair.first), second = text_file(pair.second);
    sandbox_->slot(0).run(request_of(first));
    RunResult run = sandbox_->slot(0).run(request_of(second));
    EXPECT_EQ(run.output, "clean\n") << pair.name << run.error << run.ended.problem;
  }
}

TEST_F(SandboxLeak, NothingBetweenTwoRunsSideBySide) {
  for (const Pair& pair : pairs()) {
    // The first stays until the second has looked.
    Descriptor first = text_file(pair.first +
                                 "\nprint('ready', flush=True)\nimport time\ntime.sleep(15)\n"),
               second = text_file(pair.second);
    LiveRun staying(sandbox_->slot(0), request_of(first));
    LiveRun looking(sandbox_->slot(1), request_of(second));
    wait_for(staying, looking);
    RunResult run = looking.finish();
    EXPECT_EQ(run.output, "clean\n") << pair.name << run.error << run.ended.problem;
  }
}

// A worker's random numbers are its own: a forked interpreter must not repeat its parent's.
TEST_F(SandboxLeak, RandomNumbersDifferFromRunToRun) {
  Descriptor program = text_file("import random\nprint(random.random())");
  std::string one = sandbox_->slot(0).run(request_of(program)).output,
              two = sandbox_->slot(0).run(request_of(program)).output;
  EXPECT_FALSE(one.empty());
  EXPECT_NE(one, two);
}

}  // namespace
}  // namespace reckon
