// Sharing a prompt changes no bit of the log-probs and nothing but rounding in the gradients.
#include <gtest/gtest.h>

#include <cmath>
#include <tuple>

#include "tests/learner/policy_fixture.h"

namespace reckon {
namespace {

class PackedPolicy : public testing::TestWithParam<std::tuple<bool, DType>> {
 protected:
  ModelSpec spec() const { return small_spec(std::get<0>(GetParam()), !std::get<0>(GetParam())); }
  DType dtype() const { return std::get<1>(GetParam()); }
};

TEST_P(PackedPolicy, SharedPromptsGiveTheSameBitsAsEachCompletionAlone) {
  const Pack pack = small_pack(spec(), 11);
  std::vector<Scores> packed;
  for (int threads : {1, 2}) {
    SmallModel model(spec(), dtype(), threads);
    packed.push_back(model.policy.forward(pack, threads == 2));
    Scores alone;
    for (const Pack& single : taken_apart(pack)) {
      const Scores scores = model.policy.forward(single, false);
      alone.logprob.push_back(scores.logprob[0]);
      alone.entropy.push_back(scores.entropy[0]);
    }
    EXPECT_EQ(packed.back().logprob, alone.logprob);
    EXPECT_EQ(packed.back().entropy, alone.entropy);
  }
  EXPECT_EQ(packed[0].logprob, packed[1].logprob);
  EXPECT_EQ(packed[0].entropy, packed[1].entropy);
}

TEST_P(PackedPolicy, GradientsAreTheSumOfThoseOfEachCompletion) {
  // In bf16 every gradient that travels between spans is rounded to 8 bits.
  const double tolerance = dtype() == DType::f32 ? 1e-5 : 2e-2;
  const Pack pack = small_pack(spec(), 12);
  SmallModel together(spec(), dtype(), 2), apart(spec(), dtype(), 1);
  const Scores scores = together.policy.forward(pack, true);
  const auto d_logprob = coefficients_for(scores, 5);
  together.policy.backward(d_logprob);
  size_t index = 0;
  for (const Pack& single : taken_apart(pack)) {
    apart.policy.forward(single, true);
    apart.policy.backward({d_logprob[index++]});
  }
  for (const Parameter& parameter : together.layout.parameters()) {
    double difference = 0;
    for (int64_t i = 0; i < parameter.elements(); ++i) {
      const auto at = static_cast<size_t>(parameter.offset + i);
      const double d = double{together.policy.gradients()[at]} - apart.policy.gradients()[at];
      difference += d * d;
    }
    EXPECT_GT(apart.norm_of(parameter), 0) << parameter.name;
    EXPECT_LE(std::sqrt(difference), tolerance * apart.norm_of(parameter)) << parameter.name;
  }
}

TEST_P(PackedPolicy, GradientsHaveTheSameBitsForEveryNumberOfThreads) {
  const Pack pack = small_pack(spec(), 13);
  std::vector<std::vector<float>> gradients;
  for (int threads : {1, 2, 3, 2}) {
    SmallModel model(spec(), dtype(), threads);
    model.policy.backward(coefficients_for(model.policy.forward(pack, true), 6));
    gradients.push_back(model.policy.gradients());
    EXPECT_EQ(gradients.back(), gradients.front()) << threads;
  }
}

INSTANTIATE_TEST_SUITE_P(Models, PackedPolicy,
                         testing::Combine(testing::Bool(),
                                          testing::Values(DType::f32, DType::bf16)));

TEST(Policy, Bf16GradientsPointWhereThoseOfTheSameValuesInF32Do) {
  const ModelSpec spec = small_spec(false, false);
  std::vector<float> masters = lively_masters(spec, 21);
  for (float& x : masters) x = to_float(from_float<bf16>(x));
  const Pack pack = small_pack(spec, 14);
  SmallModel wide(spec, DType::f32, 2, masters), narrow(spec, DType::bf16, 2, masters);
  const auto d_logprob = coefficients_for(wide.policy.forward(pack, true), 7);
  wide.policy.backward(d_logprob);
  narrow.policy.forward(pack, true);
  narrow.policy.backward(d_logprob);
  for (const Parameter& parameter : wide.layout.parameters()) {
    double dot = 0;
    for (int64_t i = 0; i < parameter.elements(); ++i) {
      const auto at = static_cast<size_t>(parameter.offset + i);
      dot += double{wide.policy.gradients()[at]} * narrow.policy.gradients()[at];
    }
    EXPECT_GT(dot, 0.99 * wide.norm_of(parameter) * narrow.norm_of(parameter)) << parameter.name;
  }
}

}  // namespace
}  // namespace reckon
