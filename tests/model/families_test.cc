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
  for (const ModelSpec& spec : {dense_spec(), moe_spec(), mixed_spec()}) {
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
      {"architecture 'LlamaForCausalLM'",
       [](nlohmann::json& j) { j["architectures"] = {"LlamaForCausalLM"}; }},
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
  for (const ModelSpec& spec : {dense_spec(), moe_spec(), mixed_spec()}) {
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
