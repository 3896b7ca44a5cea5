// A run that is killed with -9, at any moment and any number of times, ends with the same weights
// as the run that was left alone; no acknowledged sample is lost and none is trained on twice.
#include <gtest/gtest.h>

#include <fstream>
#include <map>
#include <set>
#include <sstream>

#include "base/digest.h"
#include "base/file.h"
#include "base/random.h"
#include "base/text.h"
#include "storage/checkpoint.h"
#include "storage/store.h"
#include "tests/process/child.h"

namespace reckon {
namespace {

const char kProgram[] = RECKON_BINARY_DIR "/reckon";
const char kRunFile[] = RECKON_SOURCE_DIR "/tests/cases/kill.toml";

struct TrainRun {
  explicit TrainRun(std::string name) : root(folder.path() / name), log(folder.path() / "log") {}

  std::vector<std::string> command() const {
    return {kProgram, "train", kRunFile, "run.dir=" + root.string(),
            "run.journal=" + journal().string()};
  }
  Path journal() const { return folder.path() / "journal"; }
  int go(const Child::Environment& environment = {}) {
    return Child(command(), log, environment).wait();
  }
  std::string output() const { return std::filesystem::exists(log) ? read_file(log) : ""; }
  Path newest() const {
    auto steps = CheckpointFolder(root / "checkpoints", 2, 1).steps();
    return root / "checkpoints" / cat("step_", steps.empty() ? 0 : steps.back().value);
  }
  std::string weights() const { return sha256_file((newest() / "model.safetensors").string()); }

  TemporaryFolder folder;
  Path root, log;
};

// The run left alone, once for all tests: its last weights and how long it took.
struct Alone {
  Alone() : run("alone") {
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

// The journal is the outside record: "sample KEY DIGEST" for each acknowledgement, "step N KEY..."
// for each step.
struct Journal {
  explicit Journal(const Path& path) {
    std::istringstream lines(read_file(path));
    for (std::string line; std::getline(lines, line);) {
      auto words = split(line, ' ');
      if (words[0] == "sample") samples[words[1]] = words[2];
      if (words[0] == "step") steps[words[1]] = {words.begin() + 2, words.end()};
    }
  }
  std::map<std::string, std::string> samples;  // the last word on each
  std::map<std::string, std::vector<std::string>> steps;
};

void expect_nothing_lost_or_doubled(const TrainRun& run) {
  Journal journal(run.journal());
  auto store = Store::open_read_only(run.root / "store");
  std::set<std::string> dead;
  store->each_dead([&](const SampleKey& key, DeadReason) { dead.insert(key.text()); });
  std::map<std::string, std::string> stored;
  store->each_row(std::nullopt,
                  [&](const SampleRow& row) { stored[row.key.text()] = row.content.text(); });
  EXPECT_FALSE(journal.samples.empty());
  for (const auto& [key, content] : journal.samples) {
    if (dead.contains(key)) continue;
    EXPECT_TRUE(stored.contains(key)) << "acknowledged and lost: " << key;
    if (stored.contains(key)) {
      EXPECT_EQ(stored[key], content) << key;
    }
  }
  std::set<std::string> trained;
  uint64_t last = 0;
  store->each_step([&](const fb::LedgerRowT& row) {
    EXPECT_EQ(row.step, ++last);
    std::vector<std::string> keys;
    for (const fb::SampleKey& key : row.samples) keys.push_back(from_record(key).text());
    for (const std::string& key : keys)
      EXPECT_TRUE(trained.insert(key).second) << "trained on twice: " << key;
    auto outside = journal.steps.find(cat(row.step));
    ASSERT_NE(outside, journal.steps.end()) << "step " << row.step;
    EXPECT_EQ(outside->second, keys) << "step " << row.step;
  });
  EXPECT_FALSE(trained.empty());
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
    TrainRun run("killed");
    ASSERT_EQ(run.go({{"RECKON_KILL_POINT", point}}), -SIGKILL) << run.output();
    ASSERT_EQ(run.go(), 0) << run.output();
    expect_same_end(run);
  }
}

TEST(Kill, AtRandomMomentsAgainAndAgain) {
  ASSERT_EQ(alone().code, 0) << alone().run.output();
  RandomStream random(random_key(20, Domain::test, {}));
  TrainRun run("killed");
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
  TrainRun run("damaged");
  ASSERT_EQ(run.go({{"RECKON_KILL_POINT", "learner.after_commit:11"}}), -SIGKILL) << run.output();
  Path file = run.newest() / "model.safetensors";
  std::string bytes = read_file(file);
  bytes[bytes.size() / 2] ^= 1;
  std::ofstream(file, std::ios::binary) << bytes;
  ASSERT_EQ(run.go(), 0) << run.output();
  expect_same_end(run);
}

TEST(Interrupt, FinishesTheStepWritesACheckpointAndExits130) {
  ASSERT_EQ(alone().code, 0) << alone().run.output();
  TrainRun run("interrupted");
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
