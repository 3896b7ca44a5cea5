// Tiny checkpoints of every family, as `transformers` wrote them
// (tests/oracles/make_model_golden.py): through a GRPO step, and out again untouched.
#include "model/safetensors.h"
#include "tests/process/train_run.h"

namespace reckon {
namespace {

const Path kGolden = Path(RECKON_SOURCE_DIR) / "tests/golden";

int export_model(const Path& from, const Path& to, const Path& log) {
  return Child({RECKON_BINARY_DIR "/reckon", "export", from.string(), to.string()}, log).wait();
}

class Family : public testing::TestWithParam<const char*> {};

TEST_P(Family, TakesAGrpoStepAndKeepsThePromiseOfIdentity) {
  TrainRun run({"model.path=" + (kGolden / GetParam()).string()},
               RECKON_SOURCE_DIR "/tests/cases/family.toml");
  ASSERT_EQ(run.go(), 0) << run.output();
  auto rows = run.metrics("rl");
  ASSERT_EQ(rows.size(), 1u);
  EXPECT_EQ(rows[0]["logprob_mismatch"], 0) << rows[0].dump();
  EXPECT_GT(rows[0]["logprob_checked"], 500) << rows[0].dump();
  EXPECT_GT(rows[0]["grad_norm"], 0) << rows[0].dump();
  EXPECT_NE(run.weights(), sha256_file((kGolden / GetParam() / "model.safetensors").string()));
  expect_nothing_lost_or_doubled(run);
}

TEST_P(Family, IsExportedAsItWasImported) {
  MemoryFolder folder;
  Path out = folder.path() / "out", log = folder.path() / "log";
  ASSERT_EQ(export_model(kGolden / GetParam(), out, log), 0) << read_file(log);
  SafetensorsFile in(kGolden / GetParam() / "model.safetensors"), back(out / "model.safetensors");
  EXPECT_EQ(in.tensors().size(), back.tensors().size());
  for (const NamedTensor& tensor : in.tensors()) {
    const NamedTensor& same = back.at(tensor.name);
    EXPECT_EQ(tensor.type, same.type) << tensor.name;
    EXPECT_EQ(tensor.shape, same.shape) << tensor.name;
    EXPECT_TRUE(tensor.bytes == same.bytes) << tensor.name;
  }
  EXPECT_EQ(nlohmann::json::parse(read_file(out / "config.json")),
            nlohmann::json::parse(read_file(kGolden / GetParam() / "config.json")));
}

INSTANTIATE_TEST_SUITE_P(All, Family,
                         testing::Values("llama_scaled", "llama_tied", "qwen2_tied", "qwen2_untied",
                                         "qwen3_tied", "qwen3_untied", "qwen3_moe",
                                         "qwen3_moe_mixed"),
                         [](const auto& info) { return info.param; });

}  // namespace
}  // namespace reckon
