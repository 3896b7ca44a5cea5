// What a run is estimated to need, and what happens when the machine has less.
#include "learner/needs.h"

#include "learner/footprint.h"
#include "tests/learner/state_fixture.h"
#include "tests/temporary_folder.h"

namespace reckon {
namespace {

const NeededPart& part(const std::vector<NeededPart>& parts, const std::string& name) {
  for (const NeededPart& each : parts) {
    if (each.name == name) return each;
  }
  throw std::out_of_range(name);
}

// SmolLM2-135M's shape.
ModelSpec smollm2_spec() {
  ModelSpec spec;
  spec.family = "llama";
  spec.vocab = 49152;
  spec.hidden = 576;
  spec.heads = 9;
  spec.kv_heads = 3;
  spec.head_dim = 64;
  spec.max_position = 8192;
  spec.tied_head = true;
  spec.layers.assign(30, LayerSpec{.ffn = 1536, .moe = std::nullopt});
  return spec;
}

RunConfig gsm8k_like() {
  RunConfig config = tiny_run();
  config.numerics.storage = DType::bf16;
  PhaseConfig& phase = config.phases[0];
  phase.kind = "grpo";
  phase.prompts_per_step = 4;
  phase.pack_tokens = 2048;
  phase.steps = 100;
  phase.rollout.samples_per_prompt = 8;
  phase.rollout.sampling.max_new_tokens = 160;
  phase.objective.zero_variance = "keep";
  config.data[phase.data].prompt.max_tokens = 256;
  config.phases.resize(1);
  return config;
}

Needs needs_of(const RunConfig& config, const ModelSpec& spec, bool checkpointing = false) {
  return estimate_needs(config, spec, {.checkpointing = checkpointing});
}

TEST(Needs, AreKnownPartByPartWithoutTheModel) {
  const RunConfig config = gsm8k_like();
  const ModelSpec spec = smollm2_spec();
  const Needs needs = needs_of(config, spec, true);
  constexpr uint64_t kParameters = 134515008;  // no padding: every tensor is whole pieces of 64
  EXPECT_EQ(needs.parameters, static_cast<int64_t>(kParameters));
  EXPECT_EQ(part(needs.memory, "masters").bytes, 4 * kParameters);
  EXPECT_EQ(part(needs.memory, "moments").bytes, 8 * kParameters);
  EXPECT_EQ(part(needs.memory, "gradients").bytes, 4 * kParameters);
  EXPECT_EQ(part(needs.memory, "weights").bytes, 2 * kParameters);
  // All but the 61 norms has panels.
  EXPECT_EQ(part(needs.memory, "panels").bytes, 2 * (kParameters - 61 * 576));
  EXPECT_EQ(needs.tokens_per_step, 4u * 8 * 160);
  // 4 x (16 pages of prompt + 8 x 11 pages), 30 layers of 2 x 3 x 64 x 16 values.
  EXPECT_EQ(part(needs.memory, "kv").bytes, 4ull * (16 + 8 * 11) * 30 * 2 * 3 * 64 * 16 * 2);
  EXPECT_LT(needs.memory_peak(), 3500000000ull);
}

TEST(Needs, CheckpointingKeepsTheInputsOfLayersInPlaceOfEverything) {
  const ModelSpec spec = smollm2_spec();
  const PassBytes with = pass_bytes(spec, DType::bf16, 2048, true),
                  without = pass_bytes(spec, DType::bf16, 2048, false);
  EXPECT_LT(10 * with.activations, without.activations);
  EXPECT_LT(with.backward + with.activations, without.activations / 2);
}

TEST(Needs, SamplingAndLearningTakeTurnsOnlyWithoutStaleness) {
  RunConfig config = gsm8k_like();
  const ModelSpec spec = smollm2_spec();
  const Needs turns = needs_of(config, spec);
  EXPECT_EQ(turns.memory_peak(),
            turns.memory_at(Held::always) +
                std::max(turns.memory_at(Held::sampling), turns.memory_at(Held::learning)));
  config.phases[0].rollout.max_staleness = 1;
  const Needs together = needs_of(config, spec);
  EXPECT_EQ(together.memory_peak(), together.memory_at(Held::always) +
                                        together.memory_at(Held::sampling) +
                                        together.memory_at(Held::learning));
  EXPECT_EQ(part(together.memory, "weights").bytes, 4 * part(turns.memory, "weights").bytes);
}

TEST(Needs, GrowWithStorageAndCheckpointsKept) {
  RunConfig config = tiny_run();
  const ModelSpec spec = LearnerState::spec_of(config);
  const auto parameters = static_cast<uint64_t>(spec.parameter_count());
  const auto checkpoints = [&](bool resumed) {
    const Needs needs = estimate_needs(config, spec, {.resumed = resumed});
    return part(needs.disk, "checkpoint").bytes +
           (resumed ? 0 : part(needs.disk, "checkpoints").bytes);
  };
  config.phases[0].steps = 100;
  config.run.checkpoint = {.every = 10, .keep_last = 2, .keep_best = 1};
  EXPECT_EQ(checkpoints(false), 3 * 16 * parameters + 4 * parameters);
  EXPECT_EQ(checkpoints(true), 16 * parameters);
  const uint64_t wide = needs_of(config, spec).memory_peak();
  config.numerics.storage = DType::bf16;
  EXPECT_EQ(checkpoints(true), 14 * parameters);
  config.run.checkpoint.every = 1000;  // one at the end
  EXPECT_EQ(checkpoints(false), 2 * 14 * parameters);
  EXPECT_LT(needs_of(config, spec).memory_peak(), wide);
}

TEST(Needs, CheckpointingIsAutomaticWhereTheRunWouldNotFitWithout) {
  RunConfig config = gsm8k_like();
  const ModelSpec spec = smollm2_spec();
  const uint64_t without = needs_of(config, spec, false).memory_peak();
  EXPECT_FALSE(wants_checkpointing(config, spec, {.memory_free = without}));
  EXPECT_TRUE(wants_checkpointing(config, spec, {.memory_free = without - 1}));
  config.layout.activation_checkpointing = "off";
  EXPECT_FALSE(wants_checkpointing(config, spec, {.memory_free = 1}));
  config.layout.activation_checkpointing = "on";
  EXPECT_TRUE(wants_checkpointing(config, spec, {.memory_free = without}));
}

TEST(Needs, AreRefusedWithWhatToChangeWhenTheMachineHasLess) {
  RunConfig config = gsm8k_like();
  config.numerics.storage = DType::f32;
  config.run.checkpoint.keep_last = 9;
  const ModelSpec spec = smollm2_spec();
  const Needs needs = needs_of(config, spec);
  const Machine enough{.memory_total = needs.memory_peak(), .disk_free = needs.disk_total()};
  EXPECT_TRUE(fits(needs, enough));
  EXPECT_TRUE(remedies(config, spec, needs, enough).empty());
  EXPECT_NO_THROW(check_needs(config, spec, needs, enough, "runs/x"));

  Machine little = enough;
  --little.memory_total;
  EXPECT_FALSE(fits(needs, little));
  std::string text =
      error_of(Code::unavailable, [&] { check_needs(config, spec, needs, little, "runs/x"); });
  for (const char* key :
       {"layout.activation_checkpointing=on", "numerics.storage=bf16", "pack_tokens = 1024"})
    EXPECT_NE(text.find(key), std::string::npos) << key << " in " << text;
  EXPECT_EQ(text.find("max_staleness"), std::string::npos) << text;  // is 0 already

  little = enough;
  --little.disk_free;
  text = error_of(Code::unavailable, [&] { check_needs(config, spec, needs, little, "runs/x"); });
  for (const char* word : {"runs/x", "run.checkpoint.keep_last=2"})
    EXPECT_NE(text.find(word), std::string::npos) << word << " in " << text;
}

TEST(Machine, IsLookedAtEvenWhereTheFolderDoesNotExistYet) {
  TemporaryFolder folder;
  const Machine machine = machine_at(folder.path() / "runs" / "first");
  EXPECT_GT(machine.memory_total, 0u);
  EXPECT_LE(machine.memory_free, machine.memory_total);
  EXPECT_GT(machine.disk_free, 0u);
}

}  // namespace
}  // namespace reckon
