// tokenizer.json of the `tokenizers` library: BPE with added tokens, normalizers, pre-tokenizers,
// decoders and the template of the post-processor (docs/tokenizers.md lists them). What is not
// known is Error(data) that names it.
//
//   TextTokenizerParts parts = read_tokenizer_json(parse_json(text, place), place);
#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "model/json_node.h"
#include "model/text_tokenizer.h"

namespace reckon {

// Everything but `end`, `pad` and `files`, which other files tell.
TextTokenizerParts read_tokenizer_json(const nlohmann::json& json, const std::string& place);

// The parts that split text, for a "pre_tokenizer" and a "normalizer" of such a file.
struct PretokenizerOfFile {
  std::vector<PretokenizerRule> rules;
  bool bytes = false;  // ends with ByteLevel: the vocabulary is one of bytes
};
PretokenizerOfFile read_pretokenizer(const nlohmann::json& json, const std::string& place);
std::vector<NormalizerStep> read_normalizer(const nlohmann::json& json, const std::string& place);
// The character that a "Metaspace" puts for a space.
std::string read_metaspace_sign(const JsonNode& node);

}  // namespace reckon
