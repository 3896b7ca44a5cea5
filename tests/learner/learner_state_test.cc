#include <limits>

#include "storage/checkpoint.h"
#include "tests/learner/state_fixture.h"
#include "tests/temporary_folder.h"

namespace reckon {
namespace {

constexpr float kNan = std::numeric_limits<float>::quiet_NaN();

NumericsId numerics() { return numerics_id(cpu_kernels(detect_isa())); }

FoundCheckpoint saved(const TinyState& tiny, const Path& folder) {
  std::filesystem::create_directories(folder);
  tiny.state.save(folder);
  return {folder, tiny.state.facts("run", numerics())};
}

TEST(LearnerState, ACheckpointHoldsTheTemplateOfTheRunFile) {
  MemoryFolder folder;
  folder.write("own.jinja", "{{ messages[0].content }}\n\n");
  RunConfig config = tiny_run();
  config.model.chat_template = folder.path() / "own.jinja";
  saved(TinyState(config), folder.path() / "step");
  EXPECT_EQ(read_file(folder.path() / "step" / "chat_template.jinja"),
            "{{ messages[0].content }}\n\n");
}

class LearnerStateOf : public testing::TestWithParam<DType> {};

TEST_P(LearnerStateOf, SaveAndLoadGoOnWithTheSameBits) {
  MemoryFolder folder;
  TinyState alone(tiny_run(GetParam()));
  alone.update(1);
  alone.update(2);
  alone.state.phase = 1;
  alone.state.phase_step = 2;
  alone.state.next = Draw{64};
  FoundCheckpoint found = saved(alone, folder.path());

  RunConfig other_start = tiny_run(GetParam());
  other_start.run.seed = 8;  // whatever it began with is overwritten
  TinyState resumed(other_start);
  ASSERT_NE(resumed.digest(), alone.digest());
  resumed.state.load(found, numerics());
  EXPECT_EQ(resumed.state.weights()->id(), alone.state.weights()->id());
  EXPECT_EQ(resumed.state.facts("run", numerics()), found.facts);
  for (unsigned seed : {3, 4}) {
    EXPECT_TRUE(resumed.update(seed).applied);
    alone.update(seed);
    EXPECT_EQ(resumed.digest(), alone.digest()) << "update " << seed;
  }
  // Masters, moments and the count of updates, bit for bit.
  MemoryFolder one, two;
  alone.state.save(one.path());
  resumed.state.save(two.path());
  for (const char* name : {"masters", "adam_m", "adam_v"}) {
    std::string file = cat("trainer/", name, ".safetensors");
    EXPECT_EQ(read_file(one.path() / file), read_file(two.path() / file)) << name;
  }
}

INSTANTIATE_TEST_SUITE_P(Storage, LearnerStateOf, testing::Values(DType::f32, DType::bf16),
                         [](const auto& info) { return std::string(dtype_name(info.param)); });

TEST(LearnerState, RefusesACheckpointOfAnotherModelOrNumericsOrWeights) {
  MemoryFolder folder;
  TinyState tiny;
  tiny.update(1);
  FoundCheckpoint found = saved(tiny, folder.path());

  RunConfig wider = tiny_run();
  wider.model.fresh.expert_hidden = 32;
  TinyState other(wider);
  std::string text = error_of(Code::mismatch, [&] { other.state.load(found, numerics()); });
  EXPECT_NE(text.find("the model"), std::string::npos) << text;

  NumericsId changed = numerics();
  changed.digest.low ^= 1;
  text = error_of(Code::mismatch, [&] { tiny.state.load(found, changed); });
  EXPECT_NE(text.find("numerics"), std::string::npos) << text;

  found.facts.weights.digest.low ^= 1;
  text = error_of(Code::mismatch, [&] { tiny.state.load(found, numerics()); });
  EXPECT_NE(text.find("digest"), std::string::npos) << text;
}

TEST(LearnerState, AGradientOrLossThatIsNotFiniteChangesNoBitOfWeightsAndMoments) {
  TinyState hit, spared;
  hit.update(1);
  spared.update(1);
  std::string before = hit.digest();
  hit.state.policy().gradients()[17] = kNan;
  Update bad = hit.state.apply(hit.optimizer, 1e-2, Version{2}, true);
  EXPECT_FALSE(bad.applied);
  EXPECT_TRUE(std::isnan(bad.grad_norm));
  EXPECT_EQ(hit.digest(), before);
  EXPECT_EQ(hit.state.weights()->id().version, Version{2});

  hit.state.policy().gradients()[3] = 1;
  EXPECT_FALSE(hit.state.apply(hit.optimizer, 1e-2, Version{3}, false).applied);
  EXPECT_EQ(hit.digest(), before);
  for (float g : hit.state.policy().gradients()) ASSERT_EQ(g, 0);

  hit.update(2);
  spared.update(2);
  EXPECT_EQ(hit.digest(), spared.digest());  // moments and their count did not move either
}

TEST(LearnerState, APhaseCarriesTheMomentsOrStartsFresh) {
  std::map<std::string, std::string> digests;
  for (const char* how : {"fresh", "carry"}) {
    TinyState tiny;
    tiny.update(1);
    PhaseConfig phase = tiny.config.phases[0];
    phase.optimizer_state = how;
    tiny.state.next = Draw{9};
    std::string before = tiny.digest();
    tiny.state.start_phase(phase);
    EXPECT_EQ(tiny.state.next, Draw{0});
    EXPECT_EQ(tiny.digest(), before);
    tiny.update(2);
    digests[how] = tiny.digest();
  }
  TinyState straight;
  straight.update(1);
  straight.update(2);
  EXPECT_EQ(digests["carry"], straight.digest());
  EXPECT_NE(digests["fresh"], straight.digest());
}

TEST(LearnerState, APhaseFromTheModelStartsWithTheFirstWeights) {
  TinyState tiny, untouched;
  tiny.update(1);
  PhaseConfig phase = tiny.config.phases[0];
  phase.from = "model";
  tiny.state.start_phase(phase);
  EXPECT_EQ(tiny.digest(), untouched.digest());
}

TEST(LearnerState, TheSpecIsKnownWithoutWeights) {
  TinyState tiny;
  EXPECT_EQ(LearnerState::spec_of(tiny.config), tiny.state.spec());
  MemoryFolder folder;
  tiny.state.save(folder.path());
  RunConfig from_path;
  from_path.model.path = folder.path().string();
  EXPECT_EQ(LearnerState::spec_of(from_path), tiny.state.spec());
}

}  // namespace
}  // namespace reckon
