#include "model/families.h"

#include "tests/model/helpers.h"

namespace reckon {
namespace {

using ::testing::HasSubstr;

ModelSpec mixed_spec() {
  ModelSpec spec = moe_spec();
  spec.tied_head = true;
  spec.rope_theta = 12345.678;
  spec.norm_eps = 1e-5f;
  spec.layers.push_back({36, {}});
  spec.layers.push_back(spec.layers[0]);
  for (LayerSpec& layer : spec.layers) {
    if (layer.moe) layer.moe->normalise = false;
  }
  return spec;
}

ModelSpec of_family(const char* family, bool tied, std::optional<RopeScaling> scaling = {}) {
  ModelSpec spec = dense_spec();
  spec.family = family;
  spec.tied_head = tied;
  spec.rope_scaling = scaling;
  set_traits(spec);
  return spec;
}

std::vector<ModelSpec> every_kind() {
  return {dense_spec(),
          moe_spec(),
          mixed_spec(),
          of_family("llama", true),
          of_family("llama", false, RopeScaling{32, 1, 4, 8192}),
          of_family("qwen2", true),
          of_family("qwen2", false)};
}

// As published for Qwen3-30B-A3B.
nlohmann::json published() {
  return nlohmann::json::parse(R"({
    "architectures": ["Qwen3MoeForCausalLM"], "attention_bias": false, "attention_dropout": 0.0,
    "bos_token_id": 151643, "decoder_sparse_step": 1, "eos_token_id": 151645, "head_dim": 128, "hidden_act": "silu",
    "hidden_size": 2048, "initializer_range": 0.02, "intermediate_size": 6144, "max_position_embeddings": 40960,
    "max_window_layers": 48, "mlp_only_layers": [], "model_type": "qwen3_moe", "moe_intermediate_size": 768,
    "norm_topk_prob": true, "num_attention_heads": 32, "num_experts": 128, "num_experts_per_tok": 8,
    "num_hidden_layers": 48, "num_key_value_heads": 4, "output_router_logits": false, "rms_norm_eps": 1e-06,
    "rope_scaling": null, "rope_theta": 1000000.0, "router_aux_loss_coef": 0.001, "sliding_window": null,
    "tie_word_embeddings": false, "torch_dtype": "bfloat16", "transformers_version": "4.51.0", "use_cache": true,
    "use_sliding_window": false, "vocab_size": 151936})");
}

TEST(Families, ConfigRoundTripGivesTheSameSpec) {
  for (const ModelSpec& spec : every_kind()) {
    nlohmann::json config = nlohmann::json::parse(config_of(spec).dump());
    EXPECT_TRUE(parse_config({config, "config.json"}) == spec) << config.dump(1);
    EXPECT_EQ(parse_config({config, "config.json"}).id(), spec.id());
  }
}

TEST(Families, WritesWhatReadersOfTheFileExpect) {
  nlohmann::json config = config_of(mixed_spec());
  EXPECT_EQ(config["architectures"], nlohmann::json::array({"Qwen3MoeForCausalLM"}));
  EXPECT_EQ(config["model_type"], "qwen3_moe");
  EXPECT_EQ(config["mlp_only_layers"], nlohmann::json::array({2}));
  EXPECT_EQ(config["rms_norm_eps"].dump(), "1e-05");
  EXPECT_EQ(config["num_hidden_layers"], 4);
}

TEST(Families, ReadsAPublishedConfig) {
  ModelSpec spec = parse_config({published(), "config.json"});
  EXPECT_EQ(spec.parameter_count(), 30'532'122'624);
  EXPECT_EQ(spec.layers.size(), 48u);
  EXPECT_EQ(spec.layers[47].moe, (MoeSpec{128, 8, 768, true}));
  EXPECT_TRUE(spec.qk_norm);
  EXPECT_EQ(spec.rope_theta, 1e6);
}

// Published sizes: layers, hidden, ffn, heads, kv heads, vocabulary, tied; and the number of
// parameters.
struct Published {
  const char* name;
  const char* architecture;
  int layers, hidden, ffn, heads, kv_heads, vocab;
  bool tied;
  int64_t parameters;
};

constexpr char kLlama[] = "LlamaForCausalLM", kQwen2[] = "Qwen2ForCausalLM",
               kQwen3[] = "Qwen3ForCausalLM";
constexpr Published kPublished[] = {
    {"SmolLM2-135M", kLlama, 30, 576, 1536, 9, 3, 49152, true, 134'515'008},
    {"Llama-3.1-8B", kLlama, 32, 4096, 14336, 32, 8, 128256, false, 8'030'261'248},
    {"Yi-6B", kLlama, 32, 4096, 11008, 32, 4, 64000, false, 6'061'035'520},
    {"Yi-34B", kLlama, 60, 7168, 20480, 56, 8, 64000, false, 34'388'917'248},
    {"Qwen2.5-0.5B", kQwen2, 24, 896, 4864, 14, 2, 151936, true, 494'032'768},
    {"Qwen2.5-1.5B", kQwen2, 28, 1536, 8960, 12, 2, 151936, true, 1'543'714'304},
    {"R1-Distill-Qwen-1.5B", kQwen2, 28, 1536, 8960, 12, 2, 151936, false, 1'777'088'000},
    {"Qwen2.5-3B", kQwen2, 36, 2048, 11008, 16, 2, 151936, true, 3'085'938'688},
    {"Qwen2.5-7B", kQwen2, 28, 3584, 18944, 28, 4, 152064, false, 7'615'616'512},
    {"Qwen2.5-14B", kQwen2, 48, 5120, 13824, 40, 8, 152064, false, 14'770'033'664},
    {"Qwen2.5-32B", kQwen2, 64, 5120, 27648, 40, 8, 152064, false, 32'763'876'352},
    {"Qwen2.5-72B", kQwen2, 80, 8192, 29568, 64, 8, 152064, false, 72'706'203'648},
    {"Qwen3-0.6B", kQwen3, 28, 1024, 3072, 16, 8, 151936, true, 596'049'920},
    {"Qwen3-1.7B", kQwen3, 28, 2048, 6144, 16, 8, 151936, true, 1'720'574'976},
    {"Qwen3-4B", kQwen3, 36, 2560, 9728, 32, 8, 151936, true, 4'022'468'096},
    {"Qwen3-8B", kQwen3, 36, 4096, 12288, 32, 8, 151936, false, 8'190'735'360},
};

TEST(Families, PublishedSizesGiveThePublishedNumberOfParameters) {
  for (const Published& p : kPublished) {
    const nlohmann::json config = {{"architectures", {p.architecture}},
                                   {"hidden_size", p.hidden},
                                   {"intermediate_size", p.ffn},
                                   {"max_position_embeddings", 4096},
                                   {"num_attention_heads", p.heads},
                                   {"num_hidden_layers", p.layers},
                                   {"num_key_value_heads", p.kv_heads},
                                   {"tie_word_embeddings", p.tied},
                                   {"vocab_size", p.vocab}};
    ModelSpec spec = parse_config({config, p.name});
    EXPECT_EQ(spec.parameter_count(), p.parameters) << p.name;
    int64_t stored = 0;  // the tensors of a file hold the same number
    const ParameterLayout layout(spec);
    for (const Parameter& parameter : layout.parameters()) {
      for (const FileTensor& tensor : file_tensors(family_named(spec.family), spec, parameter))
        stored += tensor.elements;
    }
    EXPECT_EQ(stored, p.parameters) << p.name;
  }
  nlohmann::json large = published();
  large.update({{"num_hidden_layers", 94},
                {"hidden_size", 4096},
                {"num_attention_heads", 64},
                {"moe_intermediate_size", 1536}});
  EXPECT_EQ(parse_config({large, "Qwen3-235B-A22B"}).parameter_count(), 235'093'634'560);
}

// As published for Llama-3.1-8B-Instruct.
TEST(Families, ReadsThePublishedLlamaConfig) {
  ModelSpec spec = parse_config({nlohmann::json::parse(R"({
    "architectures": ["LlamaForCausalLM"], "attention_bias": false, "attention_dropout": 0.0,
    "bos_token_id": 128000, "eos_token_id": [128001, 128008, 128009], "hidden_act": "silu",
    "hidden_size": 4096, "initializer_range": 0.02, "intermediate_size": 14336,
    "max_position_embeddings": 131072, "mlp_bias": false, "model_type": "llama",
    "num_attention_heads": 32, "num_hidden_layers": 32, "num_key_value_heads": 8,
    "pretraining_tp": 1, "rms_norm_eps": 1e-05, "rope_scaling": {"factor": 8.0,
    "low_freq_factor": 1.0, "high_freq_factor": 4.0, "original_max_position_embeddings": 8192,
    "rope_type": "llama3"}, "rope_theta": 500000.0, "tie_word_embeddings": false,
    "torch_dtype": "bfloat16", "use_cache": true, "vocab_size": 128256})"),
                                 "config.json"});
  EXPECT_EQ(spec.rope_scaling, (RopeScaling{8, 1, 4, 8192}));
  EXPECT_EQ(spec.head_dim, 128);
  EXPECT_FALSE(spec.qkv_bias || spec.qk_norm || spec.tied_head);
  // Pairs of each kind: short waves stay, long ones are 8 times slower, those between are blended.
  const std::vector<double> scaled = spec.rope_frequencies();
  spec.rope_scaling.reset();
  const std::vector<double> plain = spec.rope_frequencies();
  EXPECT_EQ(scaled[0], 1.0);
  EXPECT_EQ(scaled[63], plain[63] / 8);
  EXPECT_GT(scaled[32], plain[32] / 8);
  EXPECT_LT(scaled[32], plain[32]);
}

// As published for Qwen2.5-0.5B: it names a window, but does not use it.
TEST(Families, ReadsThePublishedQwen2Config) {
  nlohmann::json config = nlohmann::json::parse(R"({
    "architectures": ["Qwen2ForCausalLM"], "attention_dropout": 0.0, "bos_token_id": 151643,
    "eos_token_id": 151643, "hidden_act": "silu", "hidden_size": 896, "initializer_range": 0.02,
    "intermediate_size": 4864, "max_position_embeddings": 32768, "max_window_layers": 24,
    "model_type": "qwen2", "num_attention_heads": 14, "num_hidden_layers": 24,
    "num_key_value_heads": 2, "rms_norm_eps": 1e-06, "rope_theta": 1000000.0,
    "sliding_window": 32768, "tie_word_embeddings": true, "torch_dtype": "bfloat16",
    "use_cache": true, "use_mrope": false, "use_sliding_window": false, "vocab_size": 151936})");
  ModelSpec spec = parse_config({config, "config.json"});
  EXPECT_EQ(spec.parameter_count(), 494'032'768);
  EXPECT_TRUE(spec.qkv_bias && spec.tied_head);
  EXPECT_EQ(spec.rope_theta, 1e6);
  config["use_sliding_window"] = true;
  Error error = error_of([&] { parse_config({config, "config.json"}); });
  EXPECT_THAT(error.problem(), HasSubstr("'use_sliding_window' is true"));
}

TEST(Families, SparseStepAndDenseListDecideWhichLayersAreSparse) {
  nlohmann::json config = published();
  config["num_hidden_layers"] = 6;
  config["decoder_sparse_step"] = 2;
  config["mlp_only_layers"] = {3};
  ModelSpec spec = parse_config({config, "config.json"});
  std::vector<bool> sparse;
  for (const LayerSpec& layer : spec.layers) sparse.push_back(layer.moe.has_value());
  EXPECT_EQ(sparse, (std::vector<bool>{false, true, false, false, false, true}));
  EXPECT_EQ(spec.layers[0].ffn, 6144);
}

TEST(Families, BothPlacesOfRopeThetaAreRead) {
  nlohmann::json config = published();
  config.erase("rope_theta");
  config["rope_parameters"] = {{"rope_type", "default"}, {"rope_theta", 5e5}};
  EXPECT_EQ(parse_config({config, "config.json"}).rope_theta, 5e5);
}

TEST(Families, ModelTypeServesWhenNoArchitectureIsGiven) {
  nlohmann::json config = published();
  config.erase("architectures");
  EXPECT_EQ(parse_config({config, "config.json"}).family, "qwen3_moe");
}

TEST(Families, WhatIsNotSupportedIsNamed) {
  using Change = void (*)(nlohmann::json&);
  const std::pair<const char*, Change> cases[] = {
      {"architecture 'Glm4ForCausalLM'",
       [](nlohmann::json& j) { j["architectures"] = {"Glm4ForCausalLM"}; }},
      {"'rope_scaling.rope_type' is 'dynamic'",
       [](nlohmann::json& j) {
         j["rope_scaling"] = {{"rope_type", "dynamic"}, {"factor", 4}};
       }},
      {"has no 'low_freq_factor'",
       [](nlohmann::json& j) {
         j["rope_scaling"] = {{"rope_type", "llama3"}, {"factor", 4}};
       }},
      {"model.rope_scaling.high is 1",
       [](nlohmann::json& j) {
         j["rope_scaling"] = {{"rope_type", "llama3"},
                              {"factor", 4},
                              {"low_freq_factor", 1},
                              {"high_freq_factor", 1},
                              {"original_max_position_embeddings", 8192}};
       }},
      {"'hidden_size' 2048 in 30 heads",
       [](nlohmann::json& j) {
         j["architectures"] = {"Qwen2ForCausalLM"}, j["num_attention_heads"] = 30;
         j.erase("head_dim");
       }},
      {"model_type 'glm4'",
       [](nlohmann::json& j) { j.erase("architectures"), j["model_type"] = "glm4"; }},
      {"'rope_scaling.type' is 'yarn'",
       [](nlohmann::json& j) {
         j["rope_scaling"] = {{"type", "yarn"}, {"factor", 4}};
       }},
      {"'rope_parameters.rope_type' is 'linear'",
       [](nlohmann::json& j) { j["rope_parameters"]["rope_type"] = "linear"; }},
      {"'use_sliding_window'", [](nlohmann::json& j) { j["use_sliding_window"] = true; }},
      {"'layer_types' holds \"sliding_attention\"",
       [](nlohmann::json& j) { j["layer_types"] = {"sliding_attention"}; }},
      {"'hidden_act' is 'gelu'", [](nlohmann::json& j) { j["hidden_act"] = "gelu"; }},
      {"'attention_bias'", [](nlohmann::json& j) { j["attention_bias"] = true; }},
      {"'quantization_config'",
       [](nlohmann::json& j) {
         j["quantization_config"] = {{"quant_method", "fp8"}};
       }},
      {"has no 'hidden_size'", [](nlohmann::json& j) { j.erase("hidden_size"); }},
      {"'hidden_size' is not a whole number", [](nlohmann::json& j) { j["hidden_size"] = "2048"; }},
      {"'hidden_size' is -1", [](nlohmann::json& j) { j["hidden_size"] = -1; }},
      {"'vocab_size' is 99999999999", [](nlohmann::json& j) { j["vocab_size"] = 99999999999; }},
      {"'num_hidden_layers' is 2000000000",
       [](nlohmann::json& j) { j["num_hidden_layers"] = 2000000000; }},
      {"model.heads is 30", [](nlohmann::json& j) { j["num_attention_heads"] = 30; }},
      {"model.layers.0.moe.top_k", [](nlohmann::json& j) { j["num_experts_per_tok"] = 129; }},
      {"'norm_topk_prob' is neither", [](nlohmann::json& j) { j["norm_topk_prob"] = 1; }},
      {"'decoder_sparse_step' is 0", [](nlohmann::json& j) { j["decoder_sparse_step"] = 0; }},
      {"at least one mixture", [](nlohmann::json& j) { j["decoder_sparse_step"] = 49; }},
      {"not a JSON object", [](nlohmann::json& j) { j = 3; }},
  };
  for (const auto& [what, change] : cases) {
    nlohmann::json config = published();
    change(config);
    Error error = error_of([&] { parse_config({config, "somewhere/config.json"}); });
    EXPECT_EQ(error.code(), Code::data) << what;
    EXPECT_EQ(error.place(), "somewhere/config.json");
    EXPECT_THAT(error.problem(), HasSubstr(what));
  }
}

TEST(Families, ASpecThatTheFamilyCannotExpressIsRefused) {
  ModelSpec spec = moe_spec();
  spec.family = "qwen3";
  EXPECT_THAT(error_of([&] { config_of(spec); }).problem(), HasSubstr("no mixture of experts"));
  spec = dense_spec();
  spec.qk_norm = false;
  EXPECT_THAT(error_of([&] { config_of(spec); }).problem(), HasSubstr("always a q/k norm"));
  spec = dense_spec();
  spec.layers[1].ffn = 40;
  EXPECT_THAT(error_of([&] { config_of(spec); }).problem(), HasSubstr("layers of one size"));
  spec.family = "qwen3_mo";
  Error error = error_of([&] { set_traits(spec); });
  EXPECT_EQ(error.code(), Code::config);
  EXPECT_THAT(error.remedy(), HasSubstr("did you mean 'qwen3_moe'?"));
}

TEST(Families, FileTensorsCoverEveryParameterOnce) {
  for (const ModelSpec& spec : every_kind()) {
    std::set<std::string> names;
    ParameterLayout layout(spec);
    for (const Parameter& parameter : layout.parameters()) {
      int64_t next = parameter.offset;
      for (const FileTensor& tensor : file_tensors(family_named(spec.family), spec, parameter)) {
        EXPECT_EQ(tensor.offset, next) << tensor.name;
        EXPECT_TRUE(names.insert(tensor.name).second) << tensor.name;
        next += tensor.elements;
      }
      EXPECT_EQ(next, parameter.offset + parameter.elements());
    }
    EXPECT_EQ(names.count("model.layers.1.mlp.experts.4.up_proj.weight"),
              spec.family == "qwen3_moe");
  }
}

}  // namespace
}  // namespace reckon
