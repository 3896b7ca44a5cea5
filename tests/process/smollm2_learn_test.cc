// A real checkpoint learns from rewards alone: SmolLM2-135M-Instruct on additions
// (configs/smollm2_addition.toml). Minutes long, so only where every check runs at its full length;
// tests/oracles/fetch_smollm2.py fetches the model.
#include "tests/process/train_run.h"

namespace reckon {
namespace {

double accuracy_at(const TrainRun& run, int step) {
  for (const nlohmann::json& row : run.metrics()) {
    if (row["step"] == step && row.contains("eval/eval/accuracy")) return row["eval/eval/accuracy"];
  }
  ADD_FAILURE() << "no evaluation at step " << step;
  return -1;
}

TEST(Smollm2, HeldOutAccuracyRisesByFifteenPointsAndARunTwiceGivesTheSameBits) {
  const char* home = std::getenv("HOME");
  const Path model = Path(home == nullptr ? "/" : home) /
                     ".cache/reckon/smollm2-135m/SmolLM2-135M-Instruct.Q4_1.gguf";
  if (!std::filesystem::exists(model)) GTEST_SKIP() << model << " is not there";
  if (!full_length()) GTEST_SKIP() << "minutes long: a part of `./reckon test full`";
  const std::vector<std::string> settings = {"model.path=" + model.string(), "run.steps=8",
                                             "run.checkpoint.every=8"};
  const std::string run_file = RECKON_SOURCE_DIR "/configs/smollm2_addition.toml";
  TrainRun first(settings, run_file), second(settings, run_file);
  ASSERT_EQ(first.go(), 0) << first.output();
  EXPECT_GE(accuracy_at(first, 8), accuracy_at(first, 0) + 0.15);
  for (const nlohmann::json& row : first.metrics()) {
    if (row.contains("logprob_checked")) {
      EXPECT_EQ(row["logprob_mismatch"], 0) << row.dump();
    }
  }
  ASSERT_EQ(second.go(), 0) << second.output();
  EXPECT_EQ(first.weights(), second.weights());
}

}  // namespace
}  // namespace reckon
