// Checkpoints that are not what they should be: safetensors files, their index, config.json.
#pragma once

#include <cstring>

#include "tests/process/malformed.h"

namespace reckon {

constexpr char kWeights[] = "model.safetensors";
constexpr char kIndexFile[] = "model.safetensors.index.json";

// Header and data of the model's safetensors file.
struct Parts {
  nlohmann::ordered_json header;
  std::string data;

  explicit Parts(const Spoiled& spoiled) {
    const std::string all = spoiled.bytes(kWeights);
    uint64_t length = 0;
    std::memcpy(&length, all.data(), sizeof length);
    header = nlohmann::ordered_json::parse(all.substr(sizeof length, length));
    data = all.substr(sizeof length + length);
  }
};

inline std::string safetensors_of(const std::string& header, const std::string& data) {
  const uint64_t length = header.size();
  return std::string(reinterpret_cast<const char*>(&length), sizeof length) + header + data;
}

// A case whose header is written as this text.
inline Malformed header_text(std::string name, std::string header, std::vector<std::string> says) {
  says.push_back(kWeights);
  return {std::move(name),
          [header](Spoiled& s) { s.write(kWeights, safetensors_of(header, Parts(s).data)); }, 65,
          std::move(says)};
}

// A case whose header is changed.
inline Malformed header_change(std::string name,
                               std::function<void(nlohmann::ordered_json&)> change,
                               std::vector<std::string> says) {
  return {std::move(name),
          [change](Spoiled& s) {
            Parts parts(s);
            change(parts.header);
            s.write(kWeights, safetensors_of(parts.header.dump(), parts.data));
          },
          65, std::move(says)};
}

// A case that claims this length of the header.
inline Malformed header_length(std::string name, uint64_t length, std::vector<std::string> says) {
  says.push_back(kWeights);
  return {std::move(name),
          [length](Spoiled& s) {
            std::string all = s.bytes(kWeights);
            std::memcpy(all.data(), &length, sizeof length);
            s.write(kWeights, all);
          },
          65, std::move(says)};
}

inline std::vector<Malformed> safetensors_cases() {
  using Json = nlohmann::ordered_json;
  const std::string norm = "model.norm.weight", embed = "model.embed_tokens.weight";
  const std::string file = kWeights;
  auto field = [&](std::string name, std::string tensor, std::string key, Json value,
                   std::string says) {
    auto change = [=](Json& header) { header[tensor][key] = value; };
    return header_change(std::move(name), change, {file, cat("tensor '", tensor, "'"), says});
  };
  auto cut = [&](std::string name, int64_t size, std::string says) {
    return Malformed{std::move(name),
                     [size](Spoiled& s) { s.cut(kWeights, size); },
                     65,
                     {file, std::move(says)}};
  };
  return {
      cut("empty_file", 0, "is shorter than its header's length field"),
      cut("cut_in_the_length", 7, "is shorter than its header's length field"),
      cut("cut_in_the_header", 100, "ends inside its header"),
      cut("cut_in_the_data", -1, "ends at byte 71008 of 71007"),
      header_length("header_of_zero_bytes", 0, {"is not valid JSON"}),
      header_length("header_behind_the_file", 90'000'000, {"ends inside its header"}),
      header_length("header_length_2_63", uint64_t{1} << 63, {"a header of 9223372036854775808"}),
      header_length("header_length_minus_1", ~uint64_t{0}, {"a header of 18446744073709551615"}),
      header_text("header_not_json", "weights", {"is not valid JSON"}),
      header_text("header_not_utf8", "{\"a\xff\": 1}", {"is not valid JSON", "UTF-8"}),
      header_text("header_of_100000_brackets", brackets(100000), {"is nested too deeply"}),
      header_text("header_a_list", "[1, 2]", {"has a header that is not an object"}),
      header_text("header_twice_the_same_name",
                  R"({"x":{"dtype":"F32","shape":[],"data_offsets":[0,4]},"x":3})",
                  {"has 'x' twice"}),
      header_change("tensor_not_an_object", [norm](Json& h) { h[norm] = 7; },
                    {file, norm, "is not described by an object"}),
      header_change("no_dtype", [norm](Json& h) { h[norm].erase("dtype"); },
                    {file, norm, "has no 'dtype'"}),
      field("unknown_dtype", norm, "dtype", "F12", "has the unknown dtype 'F12'"),
      header_change("weights_of_integers", [norm](Json& h) { h[norm]["dtype"] = "I32"; },
                    {norm, "is stored as I32", "F32, BF16 and F16"}),
      field("dtype_of_another_size", norm, "dtype", "BF16", "has 96 bytes, but its type"),
      field("size_below_zero", norm, "shape", {-24}, "has the size -24 in its shape"),
      field("size_2_63", norm, "shape", {uint64_t{1} << 63}, "the size 9223372036854775808"),
      field("shape_overflows", norm, "shape", {int64_t{1} << 62, int64_t{1} << 62},
            "has a shape whose size overflows"),
      field("shape_too_large", norm, "shape", {25},
            "has 96 bytes, but its type and shape need 100"),
      field("shape_not_a_list", norm, "shape", "24", "has a shape that is not a list"),
      field("offsets_reversed", norm, "data_offsets", {71008, 70912}, "ends before it begins"),
      field("offsets_behind_the_file", norm, "data_offsets", {70912, 1 << 30}, "ends at byte"),
      field("offset_below_zero", norm, "data_offsets", {-96, 0}, "not two whole numbers"),
      header_change("offsets_overlap",
                    [norm](Json& h) {
                      h[norm]["data_offsets"] = {0, 96};
                    },
                    {file, embed, "overlaps another tensor"}),
      header_change("a_hole_in_the_data",
                    [](Json& h) { h.erase("model.layers.1.mlp.down_proj.weight"); },
                    {file, "lies behind bytes that belong to no tensor"}),
      {"bytes_behind_the_last_tensor",
       [](Spoiled& s) { s.write(kWeights, s.bytes(kWeights) + "more"); },
       65,
       {file, "has bytes behind its last tensor"}},
      header_change("tensor_missing",
                    [norm](Json& h) {
                      h["model.other.weight"] = h[norm];
                      h.erase(norm);
                    },
                    {cat("tensor '", norm, "' is missing")}),
      header_change(
          "tensor_too_many",
          [](Json& h) {
            h["model.extra"] = {{"dtype", "F32"}, {"shape", {0}}, {"data_offsets", {71008, 71008}}};
          },
          {"tensor 'model.extra' has no place in a model of family qwen2"}),
      header_change("name_that_a_terminal_obeys", [](Json& h) { h["\x1b[31mred"] = 7; },
                    {file, "tensor '\\x1b[31mred' is not described by an object"}),
      header_change(
          "matrix_lies_on_its_side",
          [](Json& h) {
            h["model.layers.0.mlp.down_proj.weight"]["shape"] = {36, 24};
          },
          {"down_proj.weight' has the shape [36, 24], but config.json asks for [24, 36]"}),
      header_change("metadata_not_text", [](Json& h) { h["__metadata__"]["format"] = 1; },
                    {file, "holds 'format', which is not text"}),
  };
}

// The one file becomes the shard "a.safetensors" with an index.
inline Malformed index_case(std::string name, int code,
                            std::function<void(Spoiled&, nlohmann::ordered_json&)> change,
                            std::vector<std::string> says) {
  return {std::move(name),
          [change](Spoiled& s) {
            const Parts parts(s);
            nlohmann::ordered_json index;
            for (const auto& [tensor, entry] : parts.header.items())
              if (tensor != "__metadata__") index["weight_map"][tensor] = "a.safetensors";
            std::filesystem::rename(s.folder() / kWeights, s.folder() / "a.safetensors");
            change(s, index);
            if (!std::filesystem::exists(s.folder() / kIndexFile))
              s.write(kIndexFile, index.dump());
          },
          code, std::move(says)};
}

inline std::vector<Malformed> index_cases() {
  using Json = nlohmann::ordered_json;
  const std::string file = kIndexFile, norm = "model.norm.weight";
  auto shard = [&](std::string name, Json where, int code, std::vector<std::string> says) {
    return index_case(
        std::move(name), code, [=](Spoiled&, Json& index) { index["weight_map"][norm] = where; },
        std::move(says));
  };
  return {
      shard("shard_absent", "b.safetensors", 66, {"b.safetensors", "does not exist"}),
      shard("shard_above_the_folder", "../a.safetensors", 65,
            {file, "lies in '../a.safetensors', outside the folder"}),
      shard("shard_at_the_root", "/etc/passwd", 65, {file, norm, "outside the folder"}),
      shard("shard_is_a_folder", "..", 65, {file, norm, "lies in '..', outside the folder"}),
      shard("shard_a_number", 3, 65, {file, norm, "has no file name"}),
      index_case("index_not_json", 65, [](Spoiled& s, Json&) { s.write(kIndexFile, "{"); },
                 {file, "is not valid JSON"}),
      index_case("index_without_weight_map", 65,
                 [](Spoiled&, Json& index) {
                   index = {{"metadata", {}}};
                 },
                 {file, "has no weight_map"}),
      index_case("shard_lacks_a_tensor", 65,
                 [](Spoiled&, Json& index) { index["weight_map"]["lm_head"] = "a.safetensors"; },
                 {"a.safetensors", "lacks the tensor 'lm_head'"}),
      index_case("tensor_not_in_the_index", 65,
                 [norm](Spoiled&, Json& index) { index["weight_map"].erase(norm); },
                 {file, norm, "is in a shard, but not listed"}),
      index_case("tensor_in_two_shards", 65,
                 [norm](Spoiled& s, Json& index) {
                   s.write("b.safetensors", s.bytes("a.safetensors"));
                   index["weight_map"][norm] = "b.safetensors";
                 },
                 {"b.safetensors", "is in another shard too"}),
  };
}

inline std::vector<Malformed> config_cases() {
  using Json = nlohmann::ordered_json;
  const std::string file = "config.json";
  auto change = [&](std::string name, std::string key, Json value, std::string says) {
    auto spoil = [=](Spoiled& s) { s.json(file, [&](Json& json) { json[key] = value; }); };
    return Malformed{std::move(name), spoil, 65, {file, std::move(says)}};
  };
  auto text = [&](std::string name, std::string bytes, std::string says) {
    auto spoil = [=](Spoiled& s) { s.write(file, bytes); };
    return Malformed{std::move(name), spoil, 65, {file, std::move(says)}};
  };
  const Json scaling = {{"rope_type", "yarn"}, {"factor", 4.0}};
  return {
      text("config_empty", "", "is not valid JSON"),
      text("config_a_list", "[]", "is not a JSON object"),
      text("config_of_100000_brackets", brackets(100000), "is nested too deeply"),
      change("unknown_architecture", "architectures", {"GPT2LMHeadModel"},
             "architecture 'GPT2LMHeadModel', which is not supported"),
      change("rope_scaling_yarn", "rope_scaling", scaling, "'rope_scaling.rope_type' is 'yarn'"),
      change("sliding_window_in_use", "use_sliding_window", true, "'use_sliding_window' is true"),
      change("layer_with_a_window", "layer_types", {"full_attention", "sliding_attention"},
             "'layer_types' holds \"sliding_attention\""),
      change("unknown_activation", "hidden_act", "gelu", "'hidden_act' is 'gelu'"),
      change("quantised", "quantization_config", {{"bits", 4}}, "'quantization_config' is set"),
      change("odd_head_size", "head_dim", 9, "must be even"),
      change("heads_that_do_not_divide", "num_key_value_heads", 3, "must be a multiple"),
      change("hidden_size_below_zero", "hidden_size", -24, "'hidden_size' is -24"),
      change("hidden_size_a_text", "hidden_size", "24", "'hidden_size' is not a whole number"),
      change("hidden_size_2_40", "hidden_size", int64_t{1} << 40, "'hidden_size' is 1099511627776"),
      change("no_layers", "num_hidden_layers", 0, "must hold at least one layer"),
      change("two_billion_layers", "num_hidden_layers", 2'000'000'000,
             "'num_hidden_layers' is 2000000000"),
      change("fewer_rows_than_tokens", "vocab_size", 200, "'vocab_size' is 200, but the tokenizer"),
      change("more_weights_than_the_file", "intermediate_size", 60'000'000,
             "asks for [60000000, 24]"),
      {"no_hidden_size",
       [=](Spoiled& s) { s.json(file, [](Json& json) { json.erase("hidden_size"); }); },
       65,
       {file, "has no 'hidden_size'"}},
  };
}

}  // namespace reckon
