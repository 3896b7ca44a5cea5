// Rewards are told whether a sample is one of an evaluation.
#include "model/tokenizer.h"
#include "pipeline/reward_stage.h"
#include "tests/pipeline/service_rig.h"

namespace reckon {
namespace {

class OneRow : public Dataset {
 public:
  uint64_t size() const override { return 1; }
  Row row(uint64_t) const override { return {"2 + 2", {{"answer", 4}}}; }
};

double value_of(PhaseId phase, const std::string& completion) {
  fb::SampleT sample = sample_of(key(phase.value, 0, 0, 0));
  const std::vector<int32_t> tokens = byte_tokenizer()->encode(completion);
  fb::SequenceT& sequence = *sample.sequences.at(0);
  sequence.tokens.assign(tokens.begin(), tokens.end());
  sequence.segments.clear();
  auto segment = std::make_unique<fb::SegmentT>();
  segment->end = static_cast<uint32_t>(tokens.size());
  segment->source = fb::Source_model;
  sequence.segments.push_back(std::move(segment));
  const Stream stream{.data = std::make_shared<OneRow>()};
  RewardSpec spec;
  spec.use = "math";
  const RewardSet rewards({spec});
  return score_sample(rewards, stream, *byte_tokenizer(), sample).value;
}

TEST(RewardStage, AnEvaluationIsJudgedLenientlyAndTrainingStrictly) {
  const std::string marked = "so \\boxed{4}", unmarked = "So in the end we are left with 4";
  for (uint32_t phase : {0u, 1u}) {
    EXPECT_EQ(value_of(training_stream(phase), marked), 1);
    EXPECT_EQ(value_of(evaluation_stream(phase), marked), 1);
    EXPECT_EQ(value_of(training_stream(phase), unmarked), 0);
    EXPECT_EQ(value_of(evaluation_stream(phase), unmarked), 1);
  }
}

}  // namespace
}  // namespace reckon
