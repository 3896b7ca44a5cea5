#include "model/spec.h"

#include "tests/model/helpers.h"

namespace reckon {
namespace {

ModelSpec qwen3(int layers, int hidden, int ffn, int heads, bool tied) {
  ModelSpec spec{.family = "qwen3",
                 .vocab = 151936,
                 .hidden = hidden,
                 .heads = heads,
                 .kv_heads = 8,
                 .head_dim = 128,
                 .max_position = 40960,
                 .tied_head = tied,
                 .layers = {}};
  spec.layers.assign(static_cast<size_t>(layers), {ffn, {}});
  set_traits(spec);
  return spec;
}

ModelSpec qwen3_moe(int layers, int hidden, int heads, int ffn) {
  ModelSpec spec = qwen3(layers, hidden, 0, heads, false);
  spec.family = "qwen3_moe";
  spec.kv_heads = 4;
  for (LayerSpec& layer : spec.layers) layer.moe = MoeSpec{128, 8, ffn, true};
  return spec;
}

// Published sizes; nothing of a model this large is allocated.
TEST(ModelSpec, CountsTheParametersOfPublishedModels) {
  EXPECT_EQ(qwen3(28, 1024, 3072, 16, true).parameter_count(), 596'049'920);
  EXPECT_EQ(qwen3(28, 2048, 6144, 16, true).parameter_count(), 1'720'574'976);
  EXPECT_EQ(qwen3(36, 2560, 9728, 32, true).parameter_count(), 4'022'468'096);
  EXPECT_EQ(qwen3(36, 4096, 12288, 32, false).parameter_count(), 8'190'735'360);
  EXPECT_EQ(qwen3_moe(48, 2048, 32, 768).parameter_count(), 30'532'122'624);
  EXPECT_EQ(qwen3_moe(94, 4096, 64, 1536).parameter_count(), 235'093'634'560);
}

TEST(ModelSpec, CountsBiasesOfQwen2Shapes) {
  ModelSpec spec = qwen3(24, 896, 4864, 14, true);  // Qwen2.5-0.5B
  spec.kv_heads = 2;
  spec.head_dim = 64;
  spec.qk_norm = false;
  spec.qkv_bias = true;
  EXPECT_EQ(spec.parameter_count(), 494'032'768);
}

TEST(ModelSpec, LayoutHoldsExactlyTheCountedParameters) {
  for (const ModelSpec& spec :
       {qwen3(28, 1024, 3072, 16, true), qwen3_moe(48, 2048, 32, 768), dense_spec(), moe_spec()}) {
    int64_t elements = 0;
    ParameterLayout layout(spec);
    for (const Parameter& parameter : layout.parameters()) elements += parameter.elements();
    EXPECT_EQ(elements, spec.parameter_count());
  }
}

TEST(ModelSpec, ValidateNamesTheFieldThatIsWrong) {
  using Change = void (*)(ModelSpec&);
  const std::pair<const char*, Change> cases[] = {
      {"model.vocab", [](ModelSpec& s) { s.vocab = 0; }},
      {"model.hidden", [](ModelSpec& s) { s.hidden = -24; }},
      {"model.heads", [](ModelSpec& s) { s.heads = 5; }},
      {"model.kv_heads", [](ModelSpec& s) { s.kv_heads = 0; }},
      {"model.head_dim", [](ModelSpec& s) { s.head_dim = 9; }},
      {"model.heads", [](ModelSpec& s) { s.heads = 1 << 25; }},
      {"model.max_position", [](ModelSpec& s) { s.max_position = 0; }},
      {"model.norm_eps", [](ModelSpec& s) { s.norm_eps = 0; }},
      {"model.rope_theta", [](ModelSpec& s) { s.rope_theta = -1; }},
      {"model.layers", [](ModelSpec& s) { s.layers.clear(); }},
      {"model.layers.1.moe.top_k", [](ModelSpec& s) { s.layers[1].moe->top_k = 6; }},
      {"model.layers.0.moe.experts", [](ModelSpec& s) { s.layers[0].moe->experts = 0; }},
      {"model.layers.1.moe.ffn", [](ModelSpec& s) { s.layers[1].moe->ffn = -1; }},
      {"model.layers.0.ffn", [](ModelSpec& s) { s.layers[0].ffn = 36; }},
      {"model.layers.0.ffn", [](ModelSpec& s) { s.layers[0].moe.reset(); }},
  };
  EXPECT_NO_THROW(moe_spec().validate());
  for (const auto& [field, change] : cases) {
    ModelSpec spec = moe_spec();
    change(spec);
    Error error = error_of([&] { spec.validate(); });
    EXPECT_EQ(error.code(), Code::config);
    EXPECT_EQ(error.place(), field);
  }
}

TEST(ModelSpec, IdChangesWithEveryField) {
  using Change = void (*)(ModelSpec&);
  const Change changes[] = {
      [](ModelSpec& s) { s.family = "other"; },
      [](ModelSpec& s) { ++s.vocab; },
      [](ModelSpec& s) { ++s.hidden; },
      [](ModelSpec& s) { ++s.heads; },
      [](ModelSpec& s) { ++s.kv_heads; },
      [](ModelSpec& s) { ++s.head_dim; },
      [](ModelSpec& s) { ++s.max_position; },
      [](ModelSpec& s) { s.norm_eps *= 1.0000001f; },
      [](ModelSpec& s) { s.rope_theta += 1e-9; },
      [](ModelSpec& s) { s.tied_head = !s.tied_head; },
      [](ModelSpec& s) { s.qkv_bias = !s.qkv_bias; },
      [](ModelSpec& s) { s.qk_norm = !s.qk_norm; },
      [](ModelSpec& s) { ++s.layers[1].ffn; },
      [](ModelSpec& s) { ++s.layers[0].moe->experts; },
      [](ModelSpec& s) { ++s.layers[0].moe->top_k; },
      [](ModelSpec& s) { ++s.layers[1].moe->ffn; },
      [](ModelSpec& s) { s.layers.pop_back(); },
      [](ModelSpec& s) { s.layers[1].moe->normalise = false; },
  };
  std::set<Digest> ids = {moe_spec().id()};
  EXPECT_EQ(ids.count(moe_spec().id()), 1u);
  for (Change change : changes) {
    ModelSpec spec = moe_spec();
    spec.rope_theta = 1.0;  // small, so that 1e-9 is not lost
    ids.insert(spec.id());
    change(spec);
    EXPECT_TRUE(ids.insert(spec.id()).second);
  }
}

}  // namespace
}  // namespace reckon
