// GGUF files that are not what they should be.
#pragma once

#include "tests/model/gguf_builder.h"
#include "tests/process/malformed.h"

namespace reckon {

constexpr char kGgufName[] = "model.gguf";
enum : uint32_t { kGgufF32 = 0, kGgufQ8 = 8 };
constexpr uint32_t kGgufString = 8, kGgufArray = 9, kGgufU32 = 4;

inline std::string floats(size_t count) {
  std::string bytes;
  for (size_t i = 0; i < count; ++i) bytes += raw(0.01f * static_cast<float>(i % 7));
  return bytes;
}

// A Llama of one layer that is well: 8 wide, two heads, six tokens.
inline GgufBuilder small_gguf() {
  GgufBuilder file;
  file.text("general.architecture", "llama")
      .integer("llama.embedding_length", 8)
      .integer("llama.attention.head_count", 2)
      .integer("llama.attention.head_count_kv", 1)
      .integer("llama.context_length", 32)
      .integer("llama.block_count", 1)
      .integer("llama.feed_forward_length", 8)
      .real("llama.attention.layer_norm_rms_epsilon", 1e-5f)
      .text("tokenizer.ggml.model", "gpt2")
      .text("tokenizer.ggml.pre", "llama-bpe")
      .texts("tokenizer.ggml.tokens", {"<|end|>", "1", "+", "2", "=", "1+"})
      .list("tokenizer.ggml.token_type", 5, 6,
            raw(int32_t{3}) + raw(int32_t{1}) + raw(int32_t{1}) + raw(int32_t{1}) +
                raw(int32_t{1}) + raw(int32_t{1}))
      .texts("tokenizer.ggml.merges", {"1 +"})
      .integer("tokenizer.ggml.eos_token_id", 0);
  auto add = [&](const std::string& name, uint64_t cols, uint64_t rows = 0) {
    std::vector<uint64_t> sizes = {cols};
    if (rows > 0) sizes.push_back(rows);
    file.tensor(name, sizes, kGgufF32, floats(cols * std::max<uint64_t>(rows, 1)));
  };
  add("token_embd.weight", 8, 6);
  add("blk.0.attn_norm.weight", 8);
  add("blk.0.attn_q.weight", 8, 8);
  add("blk.0.attn_k.weight", 8, 4);
  add("blk.0.attn_v.weight", 8, 4);
  add("blk.0.attn_output.weight", 8, 8);
  add("blk.0.ffn_norm.weight", 8);
  add("blk.0.ffn_gate.weight", 8, 8);
  add("blk.0.ffn_up.weight", 8, 8);
  add("blk.0.ffn_down.weight", 8, 8);
  add("output_norm.weight", 8);
  return file;
}

inline Malformed gguf_case(std::string name, std::function<void(GgufBuilder&)> change,
                           std::vector<std::string> says) {
  says.push_back(kGgufName);
  return {std::move(name),
          [change](Spoiled& s) {
            GgufBuilder file = small_gguf();
            change(file);
            s.write(kGgufName, file.bytes());
          },
          65, std::move(says)};
}

inline Malformed gguf_bytes(std::string name, std::function<void(std::string&)> change,
                            std::string says) {
  return {std::move(name),
          [change](Spoiled& s) {
            std::string bytes = small_gguf().bytes();
            change(bytes);
            s.write(kGgufName, bytes);
          },
          65,
          {kGgufName, std::move(says)}};
}

// One value in place of that of `key`; nothing: without the key.
inline Malformed gguf_value(std::string name, std::string key, std::string type_and_value,
                            std::vector<std::string> says) {
  auto change = [=](GgufBuilder& file) {
    for (size_t i = 0; i < file.entries.size(); ++i) {
      if (!file.entries[i].starts_with(gguf_text(key))) continue;
      file.entries.erase(file.entries.begin() + static_cast<std::ptrdiff_t>(i));
      break;
    }
    if (!type_and_value.empty()) file.entries.push_back(gguf_text(key) + type_and_value);
  };
  return gguf_case(std::move(name), change, std::move(says));
}

inline std::vector<Malformed> gguf_header_cases() {
  auto more = [](std::string name, std::string entry, std::vector<std::string> says) {
    return gguf_case(
        std::move(name), [entry](GgufBuilder& f) { f.entries.push_back(entry); }, std::move(says));
  };
  auto list_of = [](uint32_t type, uint64_t count) {
    return gguf_text("x.list") + raw(kGgufArray) + raw(type) + raw(count);
  };
  auto cut = [](std::string name, size_t size, std::string says) {
    return gguf_bytes(
        std::move(name), [size](std::string& b) { b.resize(size); }, std::move(says));
  };
  return {
      cut("gguf_empty", 0, "does not begin with GGUF"),
      cut("gguf_cut_in_the_version", 6, "ends inside its version"),
      cut("gguf_cut_in_the_counts", 12, "ends inside its counts"),
      cut("gguf_cut_in_the_keys", 60, "claims"),
      gguf_bytes(
          "gguf_cut_in_the_data", [](std::string& b) { b.pop_back(); }, "bytes at"),
      gguf_bytes(
          "gguf_wrong_magic", [](std::string& b) { b[0] = 'g'; }, "does not begin with"),
      gguf_case("gguf_version_1", [](GgufBuilder& f) { f.version = 1; },
                {"has version 1; 2 and 3 are supported"}),
      gguf_case("gguf_big_endian", [](GgufBuilder& f) { f.version = 3u << 24; }, {"big-endian"}),
      gguf_case("gguf_2_60_tensors", [](GgufBuilder& f) { f.more_tensors = int64_t{1} << 60; },
                {"tensors"}),
      gguf_case("gguf_2_60_keys", [](GgufBuilder& f) { f.more_entries = int64_t{1} << 60; },
                {"claims 1152921504606846990 keys"}),
      gguf_case("gguf_one_key_more", [](GgufBuilder& f) { f.more_entries = 1; }, {"bytes long"}),
      more("gguf_key_of_2_63_bytes", raw(uint64_t{1} << 63) + "x",
           {"a key is 9223372036854775808"}),
      more("gguf_key_without_name", gguf_text("") + raw(kGgufU32) + raw(1u), {"without a name"}),
      more("gguf_text_of_2_63_bytes",
           gguf_text("x.text") + raw(kGgufString) + raw(uint64_t{1} << 63),
           {"ends inside 'x.text'"}),
      more("gguf_unknown_value_type", gguf_text("x.new") + raw(13u) + raw(1u),
           {"'x.new' has the unknown type 13"}),
      more("gguf_list_of_lists", list_of(kGgufArray, 1) + raw(kGgufU32) + raw(uint64_t{0}),
           {"'x.list' is a list of the type 9"}),
      more("gguf_list_of_2_61", list_of(kGgufU32, uint64_t{1} << 61),
           {"'x.list' claims 2305843009213693952 entries"}),
      more("gguf_truth_of_2", gguf_text("x.flag") + raw(7u) + "\x02", {"'x.flag' is 2"}),
      more("gguf_key_twice", gguf_text("llama.block_count") + raw(kGgufU32) + raw(1u),
           {"holds the key 'llama.block_count' twice"}),
      more("gguf_alignment_3", gguf_text("general.alignment") + raw(kGgufU32) + raw(3u),
           {"'general.alignment' is not a power of two"}),
      more("gguf_alignment_0", gguf_text("general.alignment") + raw(kGgufU32) + raw(0u),
           {"'general.alignment' is not a power of two"}),
  };
}

inline std::vector<Malformed> gguf_tensor_cases() {
  auto info = [](std::string name, std::vector<uint64_t> sizes, uint32_t type, uint64_t offset,
                 std::string says) {
    return gguf_case(std::move(name),
                     [=](GgufBuilder& file) { file.info("x.weight", sizes, type, offset); },
                     {"tensor 'x.weight'", std::move(says)});
  };
  return {
      info("gguf_unknown_tensor_type", {32}, 99, 0, "has the type 99, which is not supported"),
      info("gguf_no_whole_blocks", {40}, kGgufQ8, 0, "has rows of 40, not whole blocks of Q8_0"),
      info("gguf_no_dimensions", {}, kGgufF32, 0, "has 0 dimensions"),
      info("gguf_five_dimensions", {1, 1, 1, 1, 1}, kGgufF32, 0, "has 5 dimensions"),
      info("gguf_size_0", {0}, kGgufF32, 0, "has the size 0 in its shape"),
      info("gguf_shape_overflows", {uint64_t{1} << 63, 4}, kGgufF32, 0, "whose size overflows"),
      info("gguf_offset_not_aligned", {1}, kGgufF32, 4, "lies at 4, which is not aligned"),
      info("gguf_offset_2_63", {8}, kGgufF32, uint64_t{1} << 63, "needs 32 bytes at"),
      info("gguf_tensors_overlap", {8}, kGgufF32, 0, "overlaps another tensor"),
      gguf_case("gguf_tensor_twice",
                [](GgufBuilder& f) { f.tensor("output_norm.weight", {8}, kGgufF32, floats(8)); },
                {"holds the tensor 'output_norm.weight' twice"}),
      gguf_case("gguf_tensor_too_many",
                [](GgufBuilder& f) { f.tensor("blk.0.extra", {8}, kGgufF32, floats(8)); },
                {"tensor 'blk.0.extra' has no place in a model of family llama"}),
      gguf_case("gguf_tensor_missing", [](GgufBuilder& f) { f.infos.pop_back(); },
                {"tensor 'output_norm.weight' is missing"}),
      gguf_case("gguf_name_of_a_tensor_too_long",
                [](GgufBuilder& f) { f.info(std::string(65, 'x'), {8}, kGgufF32, 0); },
                {"the name of a tensor is 65 bytes long"}),
  };
}

inline std::vector<Malformed> gguf_model_cases() {
  auto integer = [](uint32_t value) { return raw(kGgufU32) + raw(value); };
  auto text = [](const std::string& value) { return raw(kGgufString) + gguf_text(value); };
  auto texts = [](const std::vector<std::string>& all) {
    std::string bytes = raw(kGgufArray) + raw(kGgufString) + raw(uint64_t{all.size()});
    for (const std::string& each : all) bytes += gguf_text(each);
    return bytes;
  };
  const std::string tokens = "tokenizer.ggml.tokens";
  return {
      gguf_value("gguf_no_architecture", "general.architecture", "",
                 {"has no 'general.architecture'"}),
      gguf_value("gguf_unknown_architecture", "general.architecture", text("mamba"),
                 {"architecture 'mamba' is not supported; supported: llama"}),
      gguf_value("gguf_no_block_count", "llama.block_count", "", {"has no 'llama.block_count'"}),
      gguf_value("gguf_block_count_a_text", "llama.block_count", text("1"),
                 {"'llama.block_count' is not a whole number"}),
      gguf_value("gguf_two_billion_layers", "llama.block_count", integer(2'000'000'000),
                 {"'llama.block_count' is 2000000000"}),
      gguf_value("gguf_no_heads", "llama.attention.head_count", integer(0),
                 {"'llama.attention.head_count' is 0"}),
      gguf_value("gguf_shape_of_another_model", "llama.feed_forward_length", integer(16),
                 {"has a shape that does not fit the hyper-parameters"}),
      gguf_value("gguf_rope_scaling", "llama.rope.scaling.type", text("yarn"),
                 {"'llama.rope.scaling.type' is 'yarn'"}),
      gguf_value("gguf_sliding_window", "llama.attention.sliding_window", integer(512),
                 {"'llama.attention.sliding_window' is 512; only 0 is supported"}),
      gguf_value("gguf_no_tokens", tokens, texts({}), {"has no 'tokenizer.ggml.tokens'"}),
      gguf_value("gguf_token_twice", tokens, texts({"<|end|>", "1", "1", "2", "=", "1+"}),
                 {"has the token '1' twice"}),
      gguf_value("gguf_token_not_utf8", tokens, texts({"<|end|>", "1", "+", "2", "\xff", "1+"}),
                 {"token 4 is not UTF-8"}),
      gguf_value("gguf_fewer_tokens_than_types", tokens, texts({"<|end|>", "1"}),
                 {"'tokenizer.ggml.token_type' has 6 entries for 2 tokens"}),
      gguf_value("gguf_merge_of_no_tokens", "tokenizer.ggml.merges", texts({"1 +", "2 ="}),
                 {"merge 1 needs the token '2='"}),
      gguf_value("gguf_end_token_outside", "tokenizer.ggml.eos_token_id", integer(6),
                 {"'tokenizer.ggml.eos_token_id' is 6 of 6 tokens"}),
      gguf_value("gguf_unknown_pretokenizer", "tokenizer.ggml.pre", text("tekken"),
                 {"names the pre-tokenizer 'tekken'"}),
      gguf_value("gguf_unknown_tokenizer", "tokenizer.ggml.model", text("bert"),
                 {"has the tokenizer 'bert'"}),
  };
}

}  // namespace reckon
