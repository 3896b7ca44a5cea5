// tokenizer.json files that are not what they should be, or take their reader for a ride.
#pragma once

#include "tests/process/malformed.h"

namespace reckon {

inline std::vector<Malformed> tokenizer_cases() {
  using Json = nlohmann::ordered_json;
  const std::string file = "tokenizer.json";
  auto text = [&](std::string name, std::string bytes, std::string says) {
    return Malformed{
        std::move(name), [=](Spoiled& s) { s.write(file, bytes); }, 65, {file, std::move(says)}};
  };
  auto change = [&](std::string name, std::function<void(Json&)> spoil,
                    std::vector<std::string> says) {
    says.push_back(file);
    return Malformed{std::move(name), [=](Spoiled& s) { s.json(file, spoil); }, 65,
                     std::move(says)};
  };
  auto put = [&](std::string name, std::string pointer, Json value, std::vector<std::string> says) {
    auto spoil = [=](Json& json) { json[Json::json_pointer(pointer)] = value; };
    return change(std::move(name), spoil, std::move(says));
  };
  auto split = [](const std::string& regex) {
    return Json{{"type", "Split"}, {"pattern", {{"Regex", regex}}}, {"behavior", "Isolated"}};
  };
  auto repeated = [](const char* list, const Json& step, size_t count) {
    return Json{{"type", "Sequence"}, {list, std::vector<Json>(count, step)}};
  };
  auto replace = [](const std::string& from, const std::string& to) {
    return Json{{"type", "Replace"}, {"pattern", {{"String", from}}}, {"content", to}};
  };
  return {
      text("tokenizer_empty", "", "is not valid JSON"),
      text("tokenizer_not_utf8", "{\"a\": \"\xc3\"}", "is not valid JSON"),
      text("tokenizer_a_list", "[]", "is not a JSON object"),
      text("tokenizer_of_100000_brackets", brackets(100000), "is nested too deeply"),
      {"tokenizer_cut", [=](Spoiled& s) { s.cut(file, 2000); }, 65, {file, "is not valid JSON"}},
      change("tokenizer_version_2",
             [](Json& json) {
               json["version"] = "2.0";
               json["normalizer"] = {{"type", "NFC"}};
             },
             {"'version' is '2.0', which is not known"}),
      put("model_unigram", "/model/type", "Unigram",
          {"is a 'Unigram' model, which is not supported", "supported: BPE"}),
      change("no_model", [](Json& json) { json.erase("model"); }, {"has no 'model'"}),
      put("vocab_a_list", "/model/vocab", {"a", "b"}, {"'model.vocab' is not an object"}),
      put("id_twice", "/model/vocab/A", 1, {"gives the id 1 to both"}),
      put("id_below_zero", "/model/vocab/A", -1, {"gives 'A' the id -1"}),
      put("id_2_40", "/model/vocab/A", int64_t{1} << 40, {"far beyond the number of tokens"}),
      put("id_a_text", "/model/vocab/A", "33", {"gives 'A' an id that is no whole number"}),
      put("merge_of_no_tokens", "/model/merges", {"A B"}, {"merge 0 needs the token 'AB'"}),
      put("merge_of_one_token", "/model/merges", {"A"},
          {"'model.merges' has no pair of tokens at 0"}),
      put("merge_not_of_bytes", "/model/merges", {"A \u4e2d"}, {"stands for no byte at 0"}),
      put("dropout", "/model/dropout", 0.1, {"'model.dropout' makes tokens random"}),
      put("suffix", "/model/end_of_word_suffix", "</w>",
          {"'model.end_of_word_suffix' is not empty"}),
      put("added_token_empty", "/added_tokens/0/content", "",
          {"'added_tokens[0]' is an empty token"}),
      put("added_token_2_31", "/added_tokens/0/id", int64_t{1} << 31, {"is out of range"}),
      put("end_token_missing", "/added_tokens", Json::array(),
          {"tokenizer_config.json", "'eos_token' is '<|end|>', which is no token of"}),
      put("unknown_normalizer", "/normalizer", {{"type", "Lowercase"}},
          {"is the normalizer 'Lowercase', which is not supported"}),
      put("unknown_pretokenizer", "/pre_tokenizer", {{"type", "WhitespaceSplit"}},
          {"is the pre-tokenizer 'WhitespaceSplit'"}),
      put("unknown_decoder", "/decoder", {{"type", "WordPiece"}}, {"is the decoder 'WordPiece'"}),
      put("no_decoder", "/decoder", nullptr, {"has no 'decoder'"}),
      put("unknown_post_processor", "/post_processor", {{"type", "BertProcessing"}},
          {"is the post-processor 'BertProcessing'"}),
      put("pattern_with_a_fault", "/pre_tokenizer", split("(a"),
          {"has the pattern '(a'", "missing closing parenthesis"}),
      put("pattern_too_large", "/pre_tokenizer", split("((a{1,999}){1,999}){1,999}"),
          {"has the pattern", "too large"}),
      put("pattern_without_end", "/pre_tokenizer", split("((1|\\+)+)+[2x]"),
          {"the pattern '((1|\\+)+)+[2x]' failed", "match limit exceeded"}),
      put("metaspace_for_nothing", "/decoder", {{"type", "Metaspace"}, {"replacement", ""}},
          {"'decoder.replacement' is '', not one character"}),
      put("decoder_doubles_40_times", "/decoder", repeated("decoders", replace("!", "!!"), 40),
          {"is one replacement too many"}),
      put("decoder_makes_long_tokens", "/decoder", repeated("decoders", replace("!", "!!!!"), 12),
          {"makes a token far too long"}),
      put("normalizer_grows_16_fold_10_times", "/normalizer",
          repeated("normalizers", replace("1", std::string(16, '1')), 10),
          {"the normalizer makes more than"}),
      put("normalizer_of_1000_steps", "/normalizer",
          repeated("normalizers", Json{{"type", "NFC"}}, 1000), {"is one step too many"}),
      put("pretokenizer_of_1000_steps", "/pre_tokenizer",
          repeated("pretokenizers", split("a"), 1000), {"is one step too many"}),
  };
}

}  // namespace reckon
