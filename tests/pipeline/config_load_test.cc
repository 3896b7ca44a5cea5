#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/error.h"
#include "pipeline/config.h"
#include "pipeline/dataset.h"
#include "tests/temporary_folder.h"

namespace reckon {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

constexpr char kRun[] = R"(config_version = 1
[run]
seed = 7
checkpoint = { every = 5 }
eval = { data = "held", every = 10 }
store = { lease_seconds = "2min", credit_bytes = "1.5MiB" }
[model]
new = { family = "qwen3_moe", layers = 4, hidden = 64, experts = 8, experts_per_token = 2, expert_hidden = 32 }
[data]
train = { generator = "chained_sum", terms = 3, split = "train" }
held = { generator = "chained_sum", terms = 3, split = "heldout", rows = 50 }
[numerics]
storage = "bf16"
[rollout]
max_new_tokens = 32
top_k = 40
[optimizer]
lr = 3e-4
[[reward]]
use = "number"
[[reward]]
use = "length"
weight = 0.5
buffer = 8
[[phase]]
kind = "sft"
steps = 20
until = { accuracy = 0.4, every = 5 }
[[phase]]
name = "rl"
kind = "grpo"
steps = 30
prompts_per_step = 16
minibatches = 2
rollout = { temperature = 0.8 }
objective = { advantage = "rloo", kl = { estimator = "k2", coef = 0.01 } }
optimizer = { betas = [0.8, 0.9], lr = 1e-4 }
)";

class ConfigTest : public ::testing::Test {
 protected:
  RunConfig load(const std::string& text, const std::vector<std::string>& overrides = {}) {
    folder_.write("run.toml", text);
    return load_config("run.toml", overrides);
  }
  std::string error_of(const std::string& text, const std::vector<std::string>& overrides = {}) {
    try {
      load(text, overrides);
    } catch (const Error& error) {
      return error.what();
    }
    return "no error";
  }
  WorkingFolder folder_;
};

TEST_F(ConfigTest, ReadsEverySection) {
  RunConfig config = load(kRun);
  EXPECT_EQ(config.run.seed, 7u);
  EXPECT_EQ(config.run.checkpoint.every, 5u);
  EXPECT_EQ(config.run.eval.data, "held");
  EXPECT_EQ(config.run.store.lease_seconds, 120);
  EXPECT_EQ(config.run.store.credit_bytes, 1572864u);
  EXPECT_EQ(config.model.fresh.experts_per_token, 2);
  EXPECT_EQ(config.numerics.storage, DType::bf16);
  EXPECT_EQ(config.data.at("held").where(), "builtin:chained_sum?rows=50&split=heldout&terms=3");
  ASSERT_EQ(config.rewards.size(), 2u);
  EXPECT_EQ(config.rewards[1].weight, 0.5);
  EXPECT_EQ(config.rewards[1].options.at("buffer"), 8);
  ASSERT_EQ(config.phases.size(), 2u);
  const PhaseConfig& rl = config.phases[1];
  EXPECT_EQ(rl.minibatches, 2u);
  EXPECT_EQ(rl.objective.advantage, "rloo");
  EXPECT_EQ(rl.objective.kl, "k2");
  EXPECT_EQ(rl.objective.kl_coef, 0.01);
  EXPECT_EQ(rl.optimizer.beta1, 0.8);
  EXPECT_EQ(rl.optimizer.beta2, 0.9);
  EXPECT_EQ(config.phases[0].until.accuracy, 0.4);
}

TEST_F(ConfigTest, LaysAPhaseOverTheRunsTablesKeyByKey) {
  RunConfig config = load(kRun);
  EXPECT_EQ(config.phases[0].optimizer.lr, 3e-4);
  EXPECT_EQ(config.phases[1].optimizer.lr, 1e-4);
  EXPECT_EQ(config.phases[1].rollout.sampling.temperature, 0.8);
  EXPECT_EQ(config.phases[1].rollout.sampling.top_k, 40);
  EXPECT_EQ(config.phases[0].rollout.sampling.temperature, 1);
}

TEST_F(ConfigTest, FillsInNamesFolderAndSteps) {
  RunConfig config = load(kRun);
  EXPECT_EQ(config.run.dir, "runs/run");
  EXPECT_EQ(config.phases[0].name, "sft");
  EXPECT_TRUE(config.rewards[1].shaping);
  EXPECT_FALSE(config.rewards[0].shaping);
  config = load(
      "run.steps = 9\nrollout.max_new_tokens = 8\ndata.train.generator = "
      "\"countdown\"\n[[reward]]\nuse = \"exact\"\n"
      "[[phase]]\n[[phase]]\nname = \"two\"\nsteps = 3\n");
  EXPECT_EQ(config.phases[0].steps, 9u);
  EXPECT_EQ(config.phases[0].name, "grpo");
  EXPECT_EQ(config.phases[1].steps, 3u);
}

TEST_F(ConfigTest, OverridesReachEveryKindOfKey) {
  RunConfig config =
      load(kRun, {"run.seed=2", "run.dir=some where", "numerics.storage=f32",
                  "phase.rl.optimizer.lr=1e-6", "phase.0.steps=3", "phase.rl.objective.kl.coef=0",
                  "phase.rl.optimizer.betas=[0.5, 0.6]", "rollout.top_k=5", "reward.0.weight=2",
                  "reward.length.buffer=4", "data.held.rows=9", "run.store.lease_seconds=1s",
                  "rollout.kv_bytes=2GiB", "objective.overlong_mask=true"});
  EXPECT_EQ(config.run.seed, 2u);
  EXPECT_EQ(config.run.dir, "some where");
  EXPECT_EQ(config.numerics.storage, DType::f32);
  EXPECT_EQ(config.phases[1].optimizer.lr, 1e-6);
  EXPECT_EQ(config.phases[0].steps, 3u);
  EXPECT_EQ(config.phases[1].objective.kl_coef, 0);
  EXPECT_EQ(config.phases[1].optimizer.beta2, 0.6);
  EXPECT_EQ(config.phases[1].rollout.sampling.top_k, 5);
  EXPECT_EQ(config.rewards[0].weight, 2);
  EXPECT_EQ(config.rewards[1].options.at("buffer"), 4);
  EXPECT_EQ(config.data.at("held").parameters.at("rows"), "9");
  EXPECT_EQ(config.run.store.lease_seconds, 1);
  EXPECT_EQ(config.phases[0].rollout.kv_bytes, uint64_t{2} << 30);
  EXPECT_TRUE(config.phases[1].objective.overlong_mask);
}

TEST_F(ConfigTest, AnOverrideOfADataEntryReplacesIt) {
  folder_.write("rows.jsonl", "{\"prompt\": \"a\"}\n");
  RunConfig config = load(kRun, {"data.train=rows.jsonl"});
  EXPECT_EQ(config.data.at("train").where(), "rows.jsonl");
}

TEST_F(ConfigTest, TellsWhereEveryValueCameFrom) {
  RunConfig config = load(kRun, {"phase.rl.steps=4", "reward.0.weight=3"});
  EXPECT_EQ(config.origin.at("run.seed"), "run.toml:3:8");
  EXPECT_EQ(config.origin.at("run.checkpoint.keep_last"), "default");
  EXPECT_EQ(config.origin.at("phase.rl.steps"), "command line");
  EXPECT_EQ(config.origin.at("phase.sft.optimizer.lr"), "run.toml:18:6");
  EXPECT_EQ(config.origin.at("phase.rl.optimizer.lr"), "run.toml:37:40");
  EXPECT_EQ(config.origin.at("reward.0.weight"), "command line");
  EXPECT_EQ(config.origin.at("reward.1.buffer"), "run.toml:24:10");
  EXPECT_EQ(config.origin.at("data.held.rows"), "run.toml:11:74");
}

TEST_F(ConfigTest, TheResolvedTextReadsBackToItself) {
  for (bool with_origin : {false, true}) {
    RunConfig config = load(kRun);
    std::string text = config_text(config, with_origin);
    RunConfig again = load(text);
    EXPECT_EQ(config_text(again, false), config_text(config, false));
    EXPECT_EQ(config_fixed_text(again), config_fixed_text(config));
    EXPECT_EQ(again.run.dir, config.run.dir);
    EXPECT_EQ(again.phases[1].optimizer.lr, config.phases[1].optimizer.lr);
    EXPECT_EQ(text.find("# default") != std::string::npos, with_origin);
  }
}

TEST_F(ConfigTest, TheResolvedTextKeepsAwkwardTextAndNumbers) {
  folder_.write("a \"b\"\\.jsonl", "{\"q\": \"a\"}\n");
  RunConfig config = load(
      "data.x = { file = 'a \"b\"\\.jsonl', prompt = \"q\" }\nmodel.path = \"m\\n\\u0001\\u00e9\"\n"
      "[[phase]]\nkind = \"sft\"\ndata = \"x\"\nsteps = 1\noptimizer = { lr = 1, eps = 1e-15 }\n");
  RunConfig again = load(config_text(config, false));
  EXPECT_EQ(again.data.at("x").file, "a \"b\"\\.jsonl");
  EXPECT_EQ(again.model.path, config.model.path);
  EXPECT_EQ(again.phases[0].optimizer.eps, 1e-15);
}

TEST_F(ConfigTest, StopStringsAreAListOrOneText) {
  auto stop_of = [&](const std::string& value) {
    return load("[data.train]\nfile = \"a.jsonl\"\n[rollout]\nstop = " + value +
                "\n[[phase]]\nkind = \"sft\"\nsteps = 1\n")
        .phases[0]
        .rollout.stop;
  };
  folder_.write("a.jsonl", "{}\n");
  using Texts = std::vector<std::string>;
  EXPECT_EQ(stop_of("[\"\\nQ:\", \"a, \\\"b\\\"]\"]"), (Texts{"\nQ:", "a, \"b\"]"}));
  EXPECT_EQ(stop_of("\"###\""), (Texts{"###"}));
  EXPECT_EQ(stop_of("[]"), Texts());
  for (const char* bad : {"[1]", "[\"\"]", "5", "true", "2020-01-01"})
    EXPECT_THROW(stop_of(bad), Error) << bad;
  RunConfig config = load(kRun, {"rollout.stop=[\"</a>\", \"b\"]", "phase.sft.rollout.stop=x"});
  EXPECT_EQ(config.phases[1].rollout.stop, (Texts{"</a>", "b"}));
  EXPECT_EQ(config.phases[0].rollout.stop, (Texts{"x"}));
  EXPECT_EQ(load(config_text(config, true)).phases[1].rollout.stop, (Texts{"</a>", "b"}));
  EXPECT_NE(config_fixed_text(config), config_fixed_text(load(kRun)));
  EXPECT_EQ(config_fixed_text(load(kRun)).find("rollout.stop"), std::string::npos);
}

TEST_F(ConfigTest, FreeKeysDoNotChangeWhatAResumedRunMustKeep) {
  std::string fixed = config_fixed_text(load(kRun));
  EXPECT_EQ(config_fixed_text(
                load(kRun, {"run.dir=x", "phase.rl.steps=99", "run.checkpoint.every=1",
                            "run.eval.every=1", "layout.threads=1", "run.journal=j",
                            "rollout.max_rows=8", "run.stop_after=2", "data.held.rows=10"})),
            fixed);
  for (const char* change :
       {"run.seed=8", "phase.rl.optimizer.lr=1e-5", "reward.0.weight=2", "reward.length.buffer=9",
        "data.train.terms=4", "numerics.storage=f32", "model.new.layers=2", "phase.rl.name=x",
        "rollout.samples_per_prompt=4", "run.rewards.count_unscored=true"}) {
    EXPECT_NE(config_fixed_text(load(kRun, {change})), fixed) << change;
  }
}

TEST_F(ConfigTest, TheFixedTextIsSortedAndNamesPhases) {
  std::string fixed = config_fixed_text(load(kRun));
  EXPECT_THAT(fixed, HasSubstr("phase.rl.optimizer.lr = 1e-4\n"));
  EXPECT_THAT(fixed, HasSubstr("phases = sft rl\n"));
  EXPECT_THAT(fixed, Not(HasSubstr("checkpoint")));
  EXPECT_LT(fixed.find("data.train"), fixed.find("model.new"));
}

TEST_F(ConfigTest, AnSftPhaseNeedsNoReward) {
  EXPECT_EQ(
      error_of("data.train.generator = \"countdown\"\n[[phase]]\nkind = \"sft\"\nsteps = 1\n"),
      "no error");
}

TEST_F(ConfigTest, TheRunsObjectiveMayStandBesideAnSftPhase) {
  EXPECT_EQ(error_of("data.train.generator = \"countdown\"\nobjective.loss = "
                     "\"reinforce\"\n[[phase]]\nkind = \"sft\"\nsteps = 1\n"),
            "no error");
}

TEST_F(ConfigTest, AMissingRunFileIsNoInput) {
  try {
    load_config("none.toml", {});
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), Code::no_input);
    EXPECT_THAT(error.what(), HasSubstr("none.toml"));
  }
}

TEST(ConfigFiles, TheQuickstartLoadsAndItsDataOpens) {
  RunConfig config = load_config(RECKON_SOURCE_DIR "/configs/quickstart.toml", {});
  ASSERT_EQ(config.phases.size(), 2u);
  EXPECT_EQ(config.phases[1].kind, "grpo");
  for (const auto& [name, source] : config.data) {
    EXPECT_FALSE(
        open_dataset(source.where(), source.prompt, config.run.seed)->row(0).prompt.empty())
        << name;
  }
}

TEST(ConfigFiles, TheDocumentedKeysAreThoseOfTheProgram) {
  std::string document = read_file(RECKON_SOURCE_DIR "/docs/run_file.md");
  EXPECT_TRUE(document.ends_with(config_reference()))
      << "docs/run_file.md must end with this text:\n"
      << config_reference();
}

}  // namespace
}  // namespace reckon
