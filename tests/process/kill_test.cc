// A run that is killed with -9, at any moment and any number of times, ends with the same weights
// as the run that was left alone; no acknowledged sample is lost and none is trained on twice.
#include <fstream>

#include "base/random.h"
#include "tests/process/train_run.h"

namespace reckon {
namespace {

// The run left alone, once for all tests: its last weights and how long it took.
struct Alone {
  Alone() {
    auto begin = std::chrono::steady_clock::now();
    code = run.go();
    seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
    if (code == 0) weights = run.weights();
  }
  TrainRun run;
  int code = -1;
  double seconds = 0;
  std::string weights;
};

const Alone& alone() {
  static Alone instance;
  return instance;
}

void expect_same_end(TrainRun& run) {
  EXPECT_EQ(run.weights(), alone().weights) << run.output();
  expect_nothing_lost_or_doubled(run);
}

}  // namespace

TEST(Kill, TheRunLeftAloneEndsWell) {
  ASSERT_EQ(alone().code, 0) << alone().run.output();
  expect_nothing_lost_or_doubled(alone().run);
}

TEST(Kill, AtEveryNamedPointTheResumedRunEndsWithTheSameWeights) {
  ASSERT_EQ(alone().code, 0) << alone().run.output();
  std::vector<std::string> points = {"rollout.commit:7", "store.before_write:25",
                                     "learner.before_commit:9", "publish.manifest:3"};
  if (full_length()) {
    points.insert(points.end(),
                  {"rollout.commit:1", "store.before_write:60", "store.after_write:1",
                   "store.after_write:40", "learner.before_commit:1", "learner.after_commit:6",
                   "learner.after_commit:9", "learner.publish:1", "learner.publish:3",
                   "learner.phase:1", "learner.phase:2", "publish.files:2", "publish.manifest:1",
                   "publish.rename:2", "publish.done:2", "publish.done:4"});
  }
  for (const std::string& point : points) {
    SCOPED_TRACE(point);
    TrainRun run;
    ASSERT_EQ(run.go_until(point), -SIGKILL) << run.output();
    ASSERT_EQ(run.go(), 0) << run.output();
    expect_same_end(run);
  }
}

TEST(Kill, AtRandomMomentsAgainAndAgain) {
  ASSERT_EQ(alone().code, 0) << alone().run.output();
  RandomStream random(random_key(20, Domain::test, {}));
  TrainRun run;
  int kills = 0, wanted = full_length() ? 20 : 2;
  for (int attempt = 0; attempt < 10 * wanted && kills < wanted; ++attempt) {
    double fraction = static_cast<double>(random.below(1000)) / 1000;
    Child child(run.command(), run.log);
    kills += child.wait_or_kill(
                 std::chrono::duration<double>(0.1 + fraction * alone().seconds * 0.7)) == -SIGKILL;
  }
  EXPECT_EQ(kills, wanted);
  ASSERT_EQ(run.go(), 0) << run.output();
  expect_same_end(run);
}

TEST(Kill, ADamagedNewestCheckpointIsPassedOver) {
  ASSERT_EQ(alone().code, 0) << alone().run.output();
  TrainRun run;
  ASSERT_EQ(run.go_until("learner.after_commit:11"), -SIGKILL) << run.output();
  Path file = run.newest() / "model.safetensors";
  std::string bytes = read_file(file);
  bytes[bytes.size() / 2] ^= 1;
  std::ofstream(file, std::ios::binary) << bytes;
  ASSERT_EQ(run.go(), 0) << run.output();
  expect_same_end(run);
}

TEST(Interrupt, FinishesTheStepWritesACheckpointAndExits130) {
  ASSERT_EQ(alone().code, 0) << alone().run.output();
  TrainRun run;
  Child child(run.command(), run.log);
  while (!std::filesystem::exists(run.root / "metrics.jsonl") ||
         read_file(run.root / "metrics.jsonl").empty()) {
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  child.signal(SIGINT);
  int code = child.wait();
  EXPECT_EQ(code, 130) << run.output();
  EXPECT_TRUE(CheckpointFolder(run.root / "checkpoints", 2, 1).newest_valid().has_value());
  ASSERT_EQ(run.go(), 0) << run.output();
  expect_same_end(run);
}

}  // namespace reckon
