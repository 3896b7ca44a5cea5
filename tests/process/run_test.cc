// The learner's driver in real processes: what a run promises beside surviving a kill. Every run is
// that of tests/cases/kill.toml with some settings changed.
#include "tests/process/train_run.h"

namespace reckon {
namespace {

using Settings = std::vector<std::string>;

double at(const nlohmann::json& row, const char* key) {
  EXPECT_TRUE(row.contains(key) && row[key].is_number()) << key << " in " << row.dump();
  return row.value(key, -1.0);
}

// Every step of the phase compared some tokens with the sampler's log-probs and found equal bits.
void expect_identity(const TrainRun& run) {
  auto rows = run.metrics("rl");
  EXPECT_EQ(rows.size(), 9u);
  for (const nlohmann::json& row : rows) {
    EXPECT_EQ(at(row, "logprob_mismatch"), 0) << row.dump();
    EXPECT_GT(at(row, "logprob_checked"), 0) << row.dump();
  }
}

// The run left alone, once for all tests.
TrainRun& alone() {
  static std::unique_ptr<TrainRun> run;
  if (!run) {
    run = std::make_unique<TrainRun>();
    EXPECT_EQ(run->go(), 0) << run->output();
  }
  return *run;
}

// Killed at the point and resumed, a run ends with the weights of `straight`, which was left alone.
void expect_same_end_after(const std::string& point, const TrainRun& straight, TrainRun& killed) {
  SCOPED_TRACE(point);
  ASSERT_EQ(killed.go_until(point), -SIGKILL) << killed.output();
  ASSERT_EQ(killed.go(), 0) << killed.output();
  EXPECT_EQ(killed.weights(), straight.weights());
  EXPECT_EQ(killed.newest().filename(), straight.newest().filename());
  expect_nothing_lost_or_doubled(killed);
}

TEST(Identity, HoldsOnTheFirstMinibatchOfEveryStep) {
  expect_identity(alone());
  for (const nlohmann::json& row : alone().metrics("rl")) {  // two minibatches: the first one only
    EXPECT_LT(at(row, "logprob_checked"), at(row, "tokens/trained"));
  }
}

TEST(Identity, HoldsForWeightsStoredAsBf16AndForFilteredSampling) {
  for (const Settings& settings :
       {Settings{"numerics.storage=bf16"},
        Settings{"numerics.storage=bf16", "numerics.profile=avx512bf16"},
        Settings{"phase.rl.rollout.top_k=20", "phase.rl.rollout.top_p=0.9",
                 "phase.rl.rollout.min_p=0.02", "phase.rl.rollout.temperature=0.7",
                 "phase.rl.objective.kl.coef=0.1"}}) {
    SCOPED_TRACE(settings[0]);
    TrainRun run(settings);
    ASSERT_EQ(run.go(), 0) << run.output();
    expect_identity(run);
    for (const nlohmann::json& row : run.metrics("rl")) {
      EXPECT_EQ(at(row, "steps/skipped"), 0);
      EXPECT_LT(std::abs(at(row, "loss")), 10) << row.dump();
    }
  }
}

TEST(Determinism, ThreadsAndTheSamplersScheduleDoNotShowInTheWeights) {
  for (const Settings& settings :
       {Settings{"layout.threads=1", "rollout.max_rows=1", "layout.activation_checkpointing=on"},
        Settings{"layout.threads=2", "rollout.max_rows=7", "rollout.lookahead=3"},
        Settings{"layout.threads=1", "rollout.lookahead=9", "rollout.kv_bytes=65536"}}) {
    TrainRun run(settings);
    ASSERT_EQ(run.go(), 0) << run.output();
    EXPECT_EQ(run.weights(), alone().weights()) << settings[0] << " " << settings[1];
  }
}

TEST(Asynchronous, StaysWithinItsStalenessAndTrainsOnNothingTwice) {
  Settings settings = {"phase.rl.rollout.max_staleness=1", "run.eval.every=1"};
  for (const char* point : {"", "learner.after_commit:9"}) {
    SCOPED_TRACE(point);
    TrainRun run(settings);
    if (*point != 0) {
      ASSERT_EQ(run.go_until(point), -SIGKILL) << run.output();
    }
    ASSERT_EQ(run.go(), 0) << run.output();
    auto rows = run.metrics("rl");
    EXPECT_EQ(rows.size(), 9u);
    bool stale = false;
    for (const nlohmann::json& row : rows) {
      EXPECT_LE(at(row, "staleness/max"), 1);
      stale |= at(row, "staleness/max") == 1;
      EXPECT_EQ(at(row, "logprob_mismatch"), 0);
    }
    EXPECT_TRUE(stale) << "nothing was sampled ahead";
    expect_nothing_lost_or_doubled(run);
  }
}

// Log-probs of the reference lie in the store as columns, and the reference itself outlives a kill.
TEST(Reference, IsTheSameAfterAKillAndItsLogProbsAreStored) {
  Settings settings = {"phase.rl.objective.kl.coef=0.1"};
  TrainRun straight(settings), run(settings);
  ASSERT_EQ(straight.go(), 0) << straight.output();
  expect_same_end_after("learner.before_commit:8", straight, run);
  auto store = Store::open_read_only(run.root / "store");
  int samples = 0;
  store->each_row(PhaseId{2}, [&](const SampleRow& row) {
    if (!row.consumed) return;
    ++samples;
    auto column = store->column(row.key, "ref_logprob");
    ASSERT_TRUE(column) << row.key.text();
    EXPECT_EQ(column->data.size(), row.completion_tokens * sizeof(float)) << row.key.text();
  });
  EXPECT_EQ(samples, 9 * 4 * 4);
  auto rows = run.metrics("rl");
  EXPECT_NEAR(at(rows.front(), "kl"), 0, 1e-2);
  EXPECT_GT(at(rows.back(), "kl"), at(rows.front(), "kl"));
}

// Two samples of at most three tokens: many groups have no variance.
TEST(ZeroVariance, IsKeptDroppedOrRefilled) {
  Settings common = {"phase.rl.rollout.max_new_tokens=3", "phase.rl.rollout.samples_per_prompt=2",
                     "phase.rl.prompts_per_step=8"};
  for (std::string choice : {"keep", "drop", "refill"}) {
    SCOPED_TRACE(choice);
    Settings settings = common;
    settings.push_back("phase.rl.objective.zero_variance=" + choice);
    TrainRun run(settings);
    ASSERT_EQ(run.go(), 0) << run.output();
    bool equal = false;
    for (const nlohmann::json& row : run.metrics("rl")) {
      double drawn = at(row, "groups/drawn"), trained = at(row, "groups/trained");
      double equals = drawn * at(row, "groups/zero_std");
      equal |= equals > 0;
      if (choice == "keep") {
        EXPECT_EQ(drawn, 8);
        EXPECT_EQ(trained, 8);
      } else {
        EXPECT_NEAR(trained, drawn - equals, 1e-9) << row.dump();
      }
      if (choice == "drop") {
        EXPECT_EQ(drawn, 8);
      }
      if (choice == "refill" && drawn < 64) {
        EXPECT_EQ(trained, 8);
      }
    }
    EXPECT_TRUE(equal) << "no group without variance was drawn";
    expect_nothing_lost_or_doubled(run);
  }
}

// One row, learnt by heart in a few steps.
TEST(Phases, UntilEndsAPhaseEarlyAndAKillThereIsHarmless) {
  TemporaryFolder folder;
  folder.write("row.jsonl", "{\"prompt\": \"say b\", \"completion\": \"b\", \"answer\": \"b\"}\n");
  std::string text = read_file(TrainRun::kRunFile);
  auto replace = [&](const std::string& begin, const std::string& end, const std::string& with) {
    size_t from = text.find(begin), to = text.find(end, from);
    ASSERT_NE(to, std::string::npos) << begin;
    text.replace(from, to - from, with);
  };
  std::string file = (folder.path() / "row.jsonl").string();
  replace("train =", "eval = { gen", "train = \"" + file + "\"\n");
  replace("eval = { gen", "[rollout]", "eval = \"" + file + "\"\n\n");
  replace("use =", "[[phase]]", "use = \"exact\"\n\n");
  replace("steps = 5", "prompts", "steps = 60\nuntil = { accuracy = 0.5, every = 3 }\n");
  folder.write("run.toml", text);
  Settings settings = {"run.eval.samples=4", "run.eval.every=0", "phase.rl.steps=2",
                       "run.checkpoint.every=1000", "run.checkpoint.keep_best=0"};
  std::string run_file = (folder.path() / "run.toml").string();
  TrainRun run(settings, run_file);
  ASSERT_EQ(run.go(), 0) << run.output();
  for (const char* point : {"publish.files:1", "learner.phase:2"}) {
    TrainRun killed(settings, run_file);
    expect_same_end_after(point, run, killed);
  }
  auto rows = run.metrics("sft");
  EXPECT_LT(rows.size(), 60u);
  ASSERT_EQ(rows.size() % 3, 0u);
  EXPECT_GE(at(rows.back(), "eval/eval/accuracy"), 0.5);
  for (size_t i = 2; i + 1 < rows.size(); i += 3) EXPECT_LT(at(rows[i], "eval/eval/accuracy"), 0.5);
  EXPECT_EQ(run.metrics("rl").size(), 2u);
}

TEST(Phases, StoppedExactlyBetweenTwoTheRunGoesOnAsIfItHadNot) {
  for (const Settings& settings :
       {Settings{"phase.rl.optimizer_state=carry"}, Settings{"phase.rl.from=model"}}) {
    SCOPED_TRACE(settings[0]);
    TrainRun straight(settings), stopped(settings);
    ASSERT_EQ(straight.go(), 0) << straight.output();
    EXPECT_NE(straight.weights(), alone().weights());
    stopped.settings.push_back("run.stop_after=5");
    ASSERT_EQ(stopped.go(), 0) << stopped.output();
    EXPECT_EQ(stopped.newest().filename(), "step_5");
    EXPECT_TRUE(stopped.says("stopped by run.stop_after")) << stopped.output();
    EXPECT_EQ(stopped.metrics().size(), 5u);
    stopped.settings.pop_back();
    expect_same_end_after("learner.before_commit:1", straight, stopped);
  }
}

TEST(Phases, ACompleteRunSaysSoAndGoesOnWhenItIsGivenMoreSteps) {
  TrainRun run({"phase.rl.steps=4"});
  ASSERT_EQ(run.go(), 0) << run.output();
  std::string weights = run.weights();
  ASSERT_EQ(run.go(), 0) << run.output();
  EXPECT_TRUE(run.says("complete: all phases are done, 9 steps")) << run.output();
  EXPECT_EQ(run.weights(), weights);
  run.settings.clear();  // 9 steps, as the run left alone
  ASSERT_EQ(run.go(), 0) << run.output();
  EXPECT_EQ(run.weights(), alone().weights());
  expect_nothing_lost_or_doubled(run);
}

// The sampler meets the bad row while the learner waits for a batch.
TEST(Stages, AFailureOfOneEndsTheRunWithItsOwnExitCode) {
  TemporaryFolder folder;
  folder.write("rows.jsonl", "{\"prompt\": \"a\"}\n{\"prompt\": 7}\n");
  std::string text = read_file(TrainRun::kRunFile);
  text.insert(text.find("train ="),
              cat("bad = \"", (folder.path() / "rows.jsonl").string(), "\"\n"));
  folder.write("run.toml", text);
  TrainRun run({"phase.rl.data=bad"}, (folder.path() / "run.toml").string());
  EXPECT_EQ(run.go(), 65) << run.output();
  EXPECT_TRUE(run.says("rows.jsonl:2")) << run.output();
  EXPECT_EQ(run.metrics().size(), 5u) << "the phase before was finished";
}

TEST(RunFolder, OfAnotherRunFileIsRefusedWithTheDifference) {
  TrainRun& run = alone();
  run.settings = {"run.seed=4"};
  EXPECT_EQ(run.go(), 78);
  EXPECT_TRUE(run.says("the run has   run.seed = 3")) << run.output();
  EXPECT_TRUE(run.says("you now give  run.seed = 4")) << run.output();
  run.settings.clear();
}

TEST(Interrupt, ASecondOneEndsTheProcessAtOnce) {
  TrainRun run({"phase.rl.prompts_per_step=16384"});  // a step of many seconds
  Child child(run.command(), run.log);
  auto wait_for = [&](const std::string& text) {
    for (int i = 0; i < 2000 && !run.says(text); ++i)
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
    ASSERT_TRUE(run.says(text)) << run.output();
  };
  wait_for("objective of phase rl");
  child.signal(SIGINT);
  wait_for("once more to stop at once");
  child.signal(SIGINT);
  auto begin = std::chrono::steady_clock::now();
  EXPECT_EQ(child.wait(), 130);
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(1));
  EXPECT_FALSE(run.says("interrupted at step")) << run.output();
  EXPECT_EQ(run.metrics("rl").size(), 0u);
}

TEST(Divergence, SkipsTheStepsCountsThemAndStopsTheRun) {
  TrainRun run({"phase.sft.optimizer.lr=1e30", "phase.sft.steps=20", "run.max_bad_steps=3"});
  EXPECT_EQ(run.go(), 82) << run.output();
  EXPECT_TRUE(run.says("3 steps in a row")) << run.output();
  std::string digest;
  int skipped = 0;
  for (const nlohmann::json& row : run.metrics()) {
    if (at(row, "steps/skipped") > 0) {
      ++skipped;
      EXPECT_EQ(row["weights/digest"], digest) << "a skipped step changed the weights";
    }
    digest = row["weights/digest"];
  }
  EXPECT_EQ(skipped, 3);
}

TEST(Checkpoints, OfTheBestEvaluationsStayAsWeightsAlone) {
  TrainRun run({"run.checkpoint.keep_best=1", "run.eval.every=2"});
  ASSERT_EQ(run.go(), 0) << run.output();
  std::map<uint64_t, double> accuracies;
  for (const nlohmann::json& row : run.metrics()) {
    if (row.contains("eval/eval/accuracy"))
      accuracies[row["step"].get<uint64_t>()] = at(row, "eval/eval/accuracy");
  }
  uint64_t best = 0;  // the earliest of the greatest
  for (const auto& [step, accuracy] : accuracies) {
    if (best == 0 || accuracy > accuracies[best]) best = step;
  }
  auto steps = run.checkpoints();
  EXPECT_TRUE(std::find(steps.begin(), steps.end(), Step{best}) != steps.end()) << best;
  ASSERT_LT(best, 12u) << "the newest two are kept whole anyway";
  Path folder = run.root / "checkpoints" / cat("step_", best);
  EXPECT_NO_THROW(verify_folder(folder));
  EXPECT_FALSE(std::filesystem::exists(folder / "trainer"));
}

}  // namespace
}  // namespace reckon
