// A run of the real program in a folder of its own, and what must hold of it afterwards. For tests
// only; one thread.
#pragma once

#include <gtest/gtest.h>

#include <map>
#include <nlohmann/json.hpp>
#include <set>
#include <sstream>

#include "base/digest.h"
#include "base/file.h"
#include "base/text.h"
#include "storage/checkpoint.h"
#include "storage/store.h"
#include "tests/process/child.h"

namespace reckon {

struct TrainRun {
  static constexpr char kRunFile[] = RECKON_SOURCE_DIR "/tests/cases/kill.toml";

  // `settings`: overrides "a.b=c" of the run file.
  explicit TrainRun(std::vector<std::string> settings_ = {}, std::string run_file_ = kRunFile)
      : root(folder.path() / "run"),
        log(folder.path() / "log"),
        run_file(std::move(run_file_)),
        settings(std::move(settings_)) {}

  std::vector<std::string> command() const {
    std::vector<std::string> words = {RECKON_BINARY_DIR "/reckon", "train", run_file,
                                      "run.dir=" + root.string(),
                                      "run.journal=" + journal().string()};
    words.insert(words.end(), settings.begin(), settings.end());
    return words;
  }
  Path journal() const { return folder.path() / "journal"; }
  int go(const Child::Environment& environment = {}) {
    return Child(command(), log, environment).wait();
  }
  int go_until(const std::string& kill_point) { return go({{"RECKON_KILL_POINT", kill_point}}); }
  std::string output() const { return std::filesystem::exists(log) ? read_file(log) : ""; }
  bool says(const std::string& text) const { return output().find(text) != std::string::npos; }
  std::vector<Step> checkpoints() const {
    return CheckpointFolder(root / "checkpoints", 2, 1).steps();
  }
  Path newest() const {
    auto steps = checkpoints();
    return root / "checkpoints" / cat("step_", steps.empty() ? 0 : steps.back().value);
  }
  std::string weights() const { return sha256_file((newest() / "model.safetensors").string()); }
  // The lines of metrics.jsonl of a phase, or of all.
  std::vector<nlohmann::json> metrics(const std::string& phase = "") const {
    std::vector<nlohmann::json> rows;
    std::istringstream lines(read_file(root / "metrics.jsonl"));
    for (std::string line; std::getline(lines, line);) {
      nlohmann::json row = nlohmann::json::parse(line);
      if (phase.empty() || row["phase"] == phase) rows.push_back(std::move(row));
    }
    return rows;
  }

  MemoryFolder folder;
  Path root, log;
  std::string run_file;
  std::vector<std::string> settings;
};

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

inline void expect_nothing_lost_or_doubled(const TrainRun& run) {
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

}  // namespace reckon
