// The components of tokenizer.json that look at text alone: normalizers and pre-tokenizers.
#include "model/json_node.h"
#include "model/tokenizer_json.h"

namespace reckon {
namespace {

constexpr char kGpt2Pattern[] =
    R"('(?:[sdmt]|ll|ve|re)| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+)";

constexpr size_t kMostSteps = 32;

[[noreturn]] void unknown(const JsonNode& node, std::string_view kind, const std::string& type,
                          std::string_view known) {
  node.fail(cat("is the ", kind, " '", type, "', which is not supported"),
            cat("supported: ", known));
}

Pattern read_pattern(const JsonNode& node) {
  if (auto regex = node.find("Regex")) return Pattern(regex->text(), node.place());
  return Pattern(node.at("String").text(), node.place(), true);
}

Behaviour read_behaviour(const JsonNode& node) {
  const std::string& name = node.text();
  if (name == "Removed") return Behaviour::removed;
  if (name == "Isolated") return Behaviour::isolated;
  if (name == "MergedWithPrevious") return Behaviour::merged_with_previous;
  if (name == "MergedWithNext") return Behaviour::merged_with_next;
  if (name == "Contiguous") return Behaviour::contiguous;
  unknown(node, "behaviour", name,
          "Removed, Isolated, MergedWithPrevious, MergedWithNext, Contiguous");
}

// Files before and after 0.15 of the library spell it differently.
MetaspaceRule read_metaspace(const JsonNode& node) {
  using Prepend = MetaspaceRule::Prepend;
  const bool legacy = node.flag("add_prefix_space", true);
  const std::string scheme = node.text("prepend_scheme", legacy ? "always" : "never");
  if (scheme != "always" && scheme != "first" && scheme != "never") {
    unknown(node, "prepend scheme", scheme, "always, first, never");
  }
  return {read_metaspace_sign(node),
          scheme == "always"  ? Prepend::always
          : scheme == "first" ? Prepend::first
                              : Prepend::never,
          node.flag("split", true)};
}

void add_pretokenizer(const JsonNode& node, PretokenizerOfFile& out) {
  const std::string type = node.at("type").text();
  if (out.rules.size() >= kMostSteps) node.fail("is one step too many", JsonNode::kDamaged);
  if (out.bytes) node.fail("comes after ByteLevel", "ByteLevel must be the last pre-tokenizer");
  if (type == "Sequence") {
    for (const JsonNode& item : node.at("pretokenizers").items()) add_pretokenizer(item, out);
  } else if (type == "ByteLevel") {
    if (node.flag("add_prefix_space", true)) out.rules.push_back(PrefixRule{});
    if (node.flag("use_regex", true)) {
      out.rules.push_back(SplitRule{Pattern(kGpt2Pattern, node.place()), Behaviour::isolated});
    }
    out.bytes = true;
  } else if (type == "Split") {
    out.rules.push_back(SplitRule{read_pattern(node.at("pattern")),
                                  read_behaviour(node.at("behavior")), node.flag("invert", false)});
  } else if (type == "Digits") {
    out.rules.push_back(CharacterRule{&is_numeric, node.flag("individual_digits", false)
                                                       ? Behaviour::isolated
                                                       : Behaviour::contiguous});
  } else if (type == "Punctuation") {
    auto behaviour = node.find("behavior");
    out.rules.push_back(CharacterRule{
        &is_punctuation, behaviour ? read_behaviour(*behaviour) : Behaviour::isolated});
  } else if (type == "Metaspace") {
    out.rules.push_back(read_metaspace(node));
  } else {
    unknown(node, "pre-tokenizer", type,
            "Sequence, ByteLevel, Split, Digits, Punctuation, Metaspace");
  }
}

void add_normalizer(const JsonNode& node, std::vector<NormalizerStep>& out) {
  const std::string type = node.at("type").text();
  if (out.size() >= kMostSteps) node.fail("is one step too many", JsonNode::kDamaged);
  if (type == "Sequence") {
    for (const JsonNode& item : node.at("normalizers").items()) add_normalizer(item, out);
  } else if (type == "NFC") {
    out.push_back(NormalForm::nfc);
  } else if (type == "NFD") {
    out.push_back(NormalForm::nfd);
  } else if (type == "NFKC") {
    out.push_back(NormalForm::nfkc);
  } else if (type == "NFKD") {
    out.push_back(NormalForm::nfkd);
  } else if (type == "Prepend") {
    out.push_back(PrependStep{node.at("prepend").text()});
  } else if (type == "Replace") {
    out.push_back(ReplaceStep{read_pattern(node.at("pattern")), node.at("content").text()});
  } else {
    unknown(node, "normalizer", type, "Sequence, NFC, NFD, NFKC, NFKD, Prepend, Replace");
  }
}

}  // namespace

std::string read_metaspace_sign(const JsonNode& node) {
  const JsonNode sign = node.at("replacement");
  const std::string& text = sign.text();
  if (text.empty() || text == " " || character_at(text, 0).size != text.size())
    sign.fail(cat("is '", text, "', not one character for a space"), JsonNode::kDamaged);
  return text;
}

PretokenizerOfFile read_pretokenizer(const nlohmann::json& json, const std::string& place) {
  PretokenizerOfFile out;
  if (!json.is_null()) add_pretokenizer(JsonNode(json, place, "pre_tokenizer"), out);
  return out;
}

std::vector<NormalizerStep> read_normalizer(const nlohmann::json& json, const std::string& place) {
  std::vector<NormalizerStep> out;
  if (!json.is_null()) add_normalizer(JsonNode(json, place, "normalizer"), out);
  return out;
}

}  // namespace reckon
