// Log-probs and gradients against transformers and torch's autograd
// (tests/oracles/make_model_golden.py).
#include <gtest/gtest.h>

#include <cmath>

#include "model/families.h"
#include "model/hugging_face.h"
#include "model/safetensors.h"
#include "tests/learner/golden.h"
#include "tests/learner/policy_fixture.h"

namespace reckon {
namespace {

class PolicyGolden : public testing::TestWithParam<const char*> {};

TEST_P(PolicyGolden, LogProbsAndGradientsAgreeWithTransformers) {
  const std::string name = GetParam();
  const Path folder = Path(RECKON_SOURCE_DIR) / "tests" / "golden" / name;
  const nlohmann::json values = golden(name + "/golden.json");
  LoadedModel loaded = load_hugging_face(folder);
  SmallModel model(loaded.spec, DType::f32, 2, loaded.masters);

  Pack pack{{{values["prompt"], {{0, values["completion"], {}, 1.0f}}}}};
  const Scores scores = model.policy.forward(pack, true);
  const std::vector<double> expected = values["logprobs"];
  ASSERT_EQ(scores.logprob[0].size(), expected.size());
  for (size_t t = 0; t < expected.size(); ++t)
    EXPECT_NEAR(scores.logprob[0][t], expected[t], 2e-5) << t;

  model.policy.backward({values["coefficients"].get<std::vector<float>>()});
  const SafetensorsFile file(folder / "grads.safetensors");
  const Family& family = family_named(loaded.spec.family);
  size_t compared = 0, without_rows = 0;
  for (const Parameter& parameter : model.layout.parameters()) {
    for (const FileTensor& tensor : file_tensors(family, loaded.spec, parameter)) {
      std::vector<float> wanted(static_cast<size_t>(tensor.elements));
      read_floats(file.at(tensor.name), wanted.data());
      double difference = 0, norm = 0;
      for (size_t i = 0; i < wanted.size(); ++i) {
        const double d =
            double{model.policy.gradients()[static_cast<size_t>(tensor.offset) + i]} - wanted[i];
        difference += d * d;
        norm += double{wanted[i]} * wanted[i];
      }
      without_rows += norm == 0;  // experts that no token chose: exactly zero on both sides
      EXPECT_LE(std::sqrt(difference), 1e-4 * std::sqrt(norm)) << tensor.name;
      ++compared;
    }
  }
  EXPECT_EQ(compared, file.tensors().size());
  EXPECT_LE(without_rows, loaded.spec.layers[0].moe ? compared / 4 : 0);
}

INSTANTIATE_TEST_SUITE_P(Models, PolicyGolden,
                         testing::Values("llama_tied", "llama_scaled", "qwen2_tied", "qwen2_untied",
                                         "qwen3_tied", "qwen3_untied", "qwen3_moe",
                                         "qwen3_moe_mixed"));

}  // namespace
}  // namespace reckon
