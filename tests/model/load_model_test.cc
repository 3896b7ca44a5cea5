#include "model/load_model.h"

#include <fstream>

#include "model/gguf_model.h"
#include "tests/model/gguf_builder.h"
#include "tests/model/helpers.h"

namespace reckon {
namespace {

using ::testing::HasSubstr;

const Path kGolden = Path(RECKON_SOURCE_DIR) / "tests/golden";

// The same weights as a Hugging Face folder and as a GGUF file (tests/oracles/make_gguf_golden.py).
class GgufModel : public ::testing::TestWithParam<const char*> {};

TEST_P(GgufModel, IsTheModelOfTheHuggingFaceFolder) {
  const std::string name = GetParam();
  const LoadedModel wanted = load_model(kGolden / name);
  const GgufFile file(kGolden / "gguf" / (name + ".gguf"));
  const ModelSpec spec = gguf_spec(file);
  EXPECT_TRUE(spec == wanted.spec);
  EXPECT_EQ(gguf_masters(file, spec), wanted.masters);
}

INSTANTIATE_TEST_SUITE_P(Golden, GgufModel,
                         ::testing::Values("llama_scaled", "qwen2_tied", "qwen3_moe"),
                         [](const auto& info) { return std::string(info.param); });

std::string floats(size_t count, float value = 0.5f) {
  std::string bytes;
  for (size_t i = 0; i < count; ++i) bytes += raw(value);
  return bytes;
}

// A model of one layer whose pieces can be changed.
struct SmallGguf {
  std::map<std::string, uint32_t> integers = {
      {"llama.embedding_length", 8},     {"llama.block_count", 1},
      {"llama.attention.head_count", 2}, {"llama.attention.head_count_kv", 1},
      {"llama.feed_forward_length", 6},  {"llama.context_length", 16}};
  std::map<std::string, std::string> texts = {{"general.architecture", "llama"}};
  std::map<std::string, float> reals = {{"llama.attention.layer_norm_rms_epsilon", 1e-5f}};
  std::map<std::string, std::vector<uint64_t>> tensors = {
      {"token_embd.weight", {8, 5}},   {"blk.0.attn_norm.weight", {8}},
      {"blk.0.attn_q.weight", {8, 8}}, {"blk.0.attn_k.weight", {8, 4}},
      {"blk.0.attn_v.weight", {8, 4}}, {"blk.0.attn_output.weight", {8, 8}},
      {"blk.0.ffn_norm.weight", {8}},  {"blk.0.ffn_gate.weight", {8, 6}},
      {"blk.0.ffn_up.weight", {8, 6}}, {"blk.0.ffn_down.weight", {6, 8}},
      {"output_norm.weight", {8}}};

  std::string bytes() const {
    GgufBuilder file;
    for (const auto& [key, value] : integers) file.integer(key, value);
    for (const auto& [key, value] : texts) file.text(key, value);
    for (const auto& [key, value] : reals) file.real(key, value);
    for (const auto& [name, sizes] : tensors) {
      size_t count = 1;
      for (uint64_t size : sizes) count *= size;
      file.tensor(name, sizes, 0, floats(count));
    }
    return file.bytes();
  }
};

TEST(GgufSpec, ALlamaFileWithoutAnOutputIsTied) {
  TemporaryFolder folder;
  const Path path = folder.path() / "a.gguf";
  write_file(path, SmallGguf().bytes());
  const GgufFile file(path);
  const ModelSpec spec = gguf_spec(file);
  EXPECT_TRUE(spec.tied_head);
  EXPECT_EQ(spec.head_dim, 4);
  EXPECT_EQ(spec.norm_eps, 1e-5f);
  EXPECT_EQ(gguf_masters(file, spec).size(), static_cast<size_t>(ParameterLayout(spec).elements()));
}

TEST(GgufSpec, WhatIsNotSupportedIsNamed) {
  using Change = void (*)(SmallGguf&);
  const std::pair<const char*, Change> cases[] = {
      {"architecture 'mamba'", [](SmallGguf& g) { g.texts["general.architecture"] = "mamba"; }},
      {"no 'general.architecture'", [](SmallGguf& g) { g.texts.clear(); }},
      {"no 'llama.embedding_length'",
       [](SmallGguf& g) { g.integers.erase("llama.embedding_length"); }},
      {"'llama.attention.head_count' is 0",
       [](SmallGguf& g) { g.integers["llama.attention.head_count"] = 0; }},
      {"model.heads is 2", [](SmallGguf& g) { g.integers["llama.attention.head_count_kv"] = 4; }},
      {"'llama.block_count' is 5000", [](SmallGguf& g) { g.integers["llama.block_count"] = 5000; }},
      {"'llama.rope.scaling.type' is 'yarn'",
       [](SmallGguf& g) { g.texts["llama.rope.scaling.type"] = "yarn"; }},
      {"'llama.rope.scaling.factor' is not 1",
       [](SmallGguf& g) { g.reals["llama.rope.scaling.factor"] = 4; }},
      {"'llama.rope.dimension_count' is 2",
       [](SmallGguf& g) { g.integers["llama.rope.dimension_count"] = 2; }},
      {"'llama.attention.sliding_window' is 4096",
       [](SmallGguf& g) { g.integers["llama.attention.sliding_window"] = 4096; }},
      {"'llama.expert_count' is 8", [](SmallGguf& g) { g.integers["llama.expert_count"] = 8; }},
      {"model.norm_eps",
       [](SmallGguf& g) { g.reals["llama.attention.layer_norm_rms_epsilon"] = 0; }},
      {"no tensor 'token_embd.weight'", [](SmallGguf& g) { g.tensors.erase("token_embd.weight"); }},
      {"'token_embd.weight' is no matrix",
       [](SmallGguf& g) { g.tensors["token_embd.weight"] = {8}; }},
      {"'rope_freqs.weight' does not hold",
       [](SmallGguf& g) { g.tensors["rope_freqs.weight"] = {3}; }},
      {"'rope_freqs.weight' is below 1",
       [](SmallGguf& g) { g.tensors["rope_freqs.weight"] = {2}; }},
      {"'blk.0.attn_k.weight' is missing",
       [](SmallGguf& g) { g.tensors.erase("blk.0.attn_k.weight"); }},
      {"'blk.0.attn_k.weight' has a shape",
       [](SmallGguf& g) {
         g.tensors["blk.0.attn_k.weight"] = {8, 8};
       }},
      {"'blk.0.attn_q.bias' has no place",
       [](SmallGguf& g) { g.tensors["blk.0.attn_q.bias"] = {8}; }},
      {"'blk.1.attn_q.weight' has no place",
       [](SmallGguf& g) {
         g.tensors["blk.1.attn_q.weight"] = {8, 8};
       }},
  };
  TemporaryFolder folder;
  int number = 0;
  for (const auto& [what, change] : cases) {
    SmallGguf changed;
    change(changed);
    const Path path = folder.path() / cat(number++, ".gguf");
    std::ofstream(path, std::ios::binary) << changed.bytes();
    Error error = error_of([&] {
      const GgufFile file(path);
      gguf_masters(file, gguf_spec(file));
    });
    EXPECT_EQ(error.code(), Code::data) << what;
    EXPECT_THAT(error.problem(), HasSubstr(what));
  }
}

TEST(LoadModel, AGgufWithoutAVocabularyIsRefused) {
  TemporaryFolder folder;
  const Path path = folder.path() / "a.gguf";
  write_file(path, SmallGguf().bytes());
  EXPECT_THAT(error_of([&] { load_model(path); }).problem(),
              HasSubstr("no 'tokenizer.ggml.model'"));
}

}  // namespace
}  // namespace reckon
