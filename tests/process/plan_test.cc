// `reckon plan`: its figures beside what runs really take, and its answer when a run does not fit.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>

#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>

#include "tests/process/child.h"

namespace reckon {
namespace {

using nlohmann::json;
using ::testing::HasSubstr;

struct Outcome {
  int code = -1;
  std::string out, err;
  double peak = 0;  // bytes resident
};

class Plan : public ::testing::Test {
 protected:
  Outcome reckon(const std::vector<std::string>& words) {
    const auto out = folder_.path() / "out", err = folder_.path() / "err";
    std::vector<std::string> command = {"/bin/sh",
                                        "-c",
                                        "out=$1 err=$2; shift 2; exec \"$@\" >\"$out\" 2>\"$err\"",
                                        "sh",
                                        out,
                                        err,
                                        std::string(RECKON_BINARY_DIR) + "/reckon"};
    command.insert(command.end(), words.begin(), words.end());
    Outcome outcome;
    outcome.code = Child(command, folder_.path() / "log").wait();
    for (auto [file, text] : {std::pair{out, &outcome.out}, std::pair{err, &outcome.err}}) {
      std::ostringstream all;
      all << std::ifstream(file, std::ios::binary).rdbuf();
      *text = all.str();
    }
    struct rusage usage;
    ::getrusage(RUSAGE_CHILDREN, &usage);  // the largest child so far
    outcome.peak = 1024.0 * static_cast<double>(usage.ru_maxrss);
    return outcome;
  }

  json plan(std::vector<std::string> words, int code = 0) {
    words.insert(words.begin(), "plan");
    words.push_back("--json");
    const Outcome outcome = reckon(words);
    EXPECT_EQ(outcome.code, code) << outcome.err;
    return json::parse(outcome.out);
  }

  // The estimate is at most 10 % below what the run takes, and at most 15 % above.
  void expect_close(std::vector<std::string> run) {
    const double estimate = plan(run)["memory"]["bytes"];
    run.insert(run.begin(), "train");
    const Outcome trained = reckon(run);
    ASSERT_EQ(trained.code, 0) << trained.err;
    RecordProperty("estimate_mb", static_cast<int>(estimate / 1e6));
    RecordProperty("peak_mb", static_cast<int>(trained.peak / 1e6));
    EXPECT_GE(estimate, 0.90 * trained.peak) << "peak " << trained.peak;
    EXPECT_LE(estimate, 1.15 * trained.peak) << "peak " << trained.peak;
  }

  std::string run_dir() const { return "run.dir=" + (folder_.path() / "run").string(); }
  static std::string file(const std::string& name) {
    return std::string(RECKON_SOURCE_DIR) + "/" + name;
  }

  TemporaryFolder folder_;
};

// Every group is trained on, so that packs are as full as the estimate takes them to be.
TEST_F(Plan, IsWhatTheQuickstartTakes) {
  expect_close({file("configs/quickstart.toml"), run_dir(), "phase.sft.steps=4", "phase.rl.steps=2",
                "phase.rl.objective.zero_variance=keep"});
}

TEST_F(Plan, IsWhatARealCheckpointTakes) {
  const char* home = std::getenv("HOME");
  const std::string model = std::string(home == nullptr ? "" : home) +
                            "/.cache/reckon/smollm2-135m/SmolLM2-135M-Instruct.Q4_1.gguf";
  if (!full_length() || !std::filesystem::exists(model))
    GTEST_SKIP() << "a full-length test, with SmolLM2 in the cache";
  std::ofstream rows(folder_.path() / "rows.jsonl");
  for (int i = 0; i < 64; ++i)
    rows << json{{"question", "How many apples are " + std::to_string(i) + " apples and 3 more?"},
                 {"answer", "#### " + std::to_string(i + 3)}}
         << "\n";
  rows.close();
  expect_close({file("configs/gsm8k.toml"), run_dir(), "model.path=" + model,
                "data.train=" + (folder_.path() / "rows.jsonl").string(), "run.stop_after=2"});
}

TEST_F(Plan, SaysWhatToChangeWhenARunDoesNotFit) {
  const std::vector<std::string> run = {file("configs/quickstart.toml"), run_dir(),
                                        "model.new.layers=1000",         "model.new.hidden=16384",
                                        "model.new.expert_hidden=65536", "numerics.storage=f32"};
  const json found = plan(run, 69);
  EXPECT_FALSE(found["fits"].get<bool>());
  EXPECT_GT(found["memory"]["bytes"], found["memory"]["machine_bytes"]);
  EXPECT_THAT(found["remedies"].dump(), HasSubstr("numerics.storage=bf16"));

  std::vector<std::string> train = run;
  train.insert(train.begin(), "train");
  const Outcome refused = reckon(train);  // by the same figures, before it takes any memory
  EXPECT_EQ(refused.code, 69) << refused.err;
  EXPECT_THAT(refused.err, HasSubstr("numerics.storage=bf16"));
  EXPECT_LT(refused.peak, 2e9);
}

TEST_F(Plan, PrintsEveryPartAsText) {
  const Outcome outcome = reckon({"plan", file("configs/quickstart.toml"), run_dir()});
  EXPECT_EQ(outcome.code, 0) << outcome.err;
  for (const char* word : {"masters", "moments", "gradients", "weights", "panels", "kv",
                           "activations", "program", "checkpoint", "store", "it fits"})
    EXPECT_THAT(outcome.out, HasSubstr(word));
}

}  // namespace
}  // namespace reckon
