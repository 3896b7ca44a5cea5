#include "model/tokenizer_json.h"

#include <algorithm>

#include "model/json_node.h"

namespace reckon {
namespace {

constexpr char kMetaspace[] = "\u2581";  // SentencePiece's sign for a space
constexpr size_t kMostReplacements = 16;

// How a decoder turns the name of a token into bytes.
struct Decoding {
  bool bytes = false;                                         // ByteLevel
  bool byte_tokens = false;                                   // ByteFallback: <0x0A>
  std::vector<std::pair<std::string, std::string>> replaced;  // Replace, Metaspace
  int stripped_spaces = 0;                                    // Strip, Metaspace
};

void add_decoder(const JsonNode& node, Decoding& out) {
  const std::string type = node.at("type").text();
  if (type == "Sequence") {
    for (const JsonNode& item : node.at("decoders").items()) add_decoder(item, out);
  } else if (type == "ByteLevel") {
    out.bytes = true;
  } else if (type == "ByteFallback") {
    out.byte_tokens = true;
  } else if (type == "Replace") {
    const std::string& pattern = node.at("pattern").at("String").text();
    if (pattern.empty()) node.fail("replaces an empty text", JsonNode::kDamaged);
    if (out.replaced.size() >= kMostReplacements)
      node.fail("is one replacement too many", JsonNode::kDamaged);
    out.replaced.emplace_back(pattern, node.at("content").text());
  } else if (type == "Metaspace") {
    const bool legacy = node.flag("add_prefix_space", true);
    out.replaced.emplace_back(read_metaspace_sign(node), " ");
    if (node.text("prepend_scheme", legacy ? "always" : "never") != "never") {
      out.stripped_spaces = 1;
    }
  } else if (type == "Strip") {
    if (node.at("content").text() != " " || node.at("stop").integer() != 0 ||
        node.at("start").integer() < 0 || node.at("start").integer() > 16) {
      node.fail("strips something other than spaces at the start", "no published model needs it");
    }
    out.stripped_spaces = static_cast<int>(node.at("start").integer());
  } else if (type != "Fuse") {
    node.fail(cat("is the decoder '", type, "', which is not supported"),
              "supported: Sequence, ByteLevel, ByteFallback, Replace, Metaspace, Strip, Fuse");
  }
}

std::string replaced(const std::string& text, const std::string& from, const std::string& to,
                     size_t longest, const JsonNode& decoder) {
  std::string out;
  for (size_t at = 0, next; at < text.size(); at = next + from.size()) {
    next = text.find(from, at);
    out.append(text, at, next - at);
    if (next == std::string::npos) break;
    out += to;
    if (out.size() > longest) decoder.fail("makes a token far too long", JsonNode::kDamaged);
  }
  return out;
}

std::string decoded(const std::string& name, const Decoding& how, const JsonNode& decoder) {
  if (how.byte_tokens) {
    if (auto byte = byte_of_token_name(name)) return std::string(1, static_cast<char>(*byte));
  }
  std::string text = name;
  const size_t longest = 64 + 4 * name.size();
  for (const auto& [from, to] : how.replaced) text = replaced(text, from, to, longest, decoder);
  if (how.bytes) {
    if (auto bytes = bytes_of_characters(text)) return *bytes;
  }
  return text;
}

std::vector<AddedToken> read_added_tokens(const JsonNode& root) {
  std::vector<AddedToken> tokens;
  auto list = root.find("added_tokens");
  if (!list) return tokens;
  for (const JsonNode& node : list->items()) {
    AddedToken token{.content = node.at("content").text(),
                     .special = node.flag("special", false),
                     .single_word = node.flag("single_word", false),
                     .lstrip = node.flag("lstrip", false),
                     .rstrip = node.flag("rstrip", false),
                     .normalized = node.flag("normalized", true)};
    const int64_t id = node.at("id").integer();
    if (token.content.empty()) node.fail("is an empty token", JsonNode::kDamaged);
    if (id < 0 || id > INT32_MAX) node.at("id").fail("is out of range", JsonNode::kDamaged);
    token.id = static_cast<int32_t>(id);
    tokens.push_back(std::move(token));
  }
  return tokens;
}

// Names of all ids; holes between them stay empty.
std::vector<std::string> read_names(const JsonNode& vocab, const std::vector<AddedToken>& added) {
  if (!vocab.value().is_object()) vocab.fail("is not an object", JsonNode::kDamaged);
  // A damaged id must not make the table huge.
  const auto limit = static_cast<int64_t>(2 * (vocab.value().size() + added.size()) + 1024);
  std::vector<std::string> names;
  auto place = [&](int64_t id, const std::string& name) {
    if (id < 0 || id >= limit) {
      vocab.fail(
          cat("gives '", name, "' the id ", id, id < 0 ? "" : ", far beyond the number of tokens"),
          JsonNode::kDamaged);
    }
    const auto index = static_cast<size_t>(id);
    if (index >= names.size()) names.resize(index + 1);
    if (!names[index].empty() && names[index] != name) {
      vocab.fail(cat("gives the id ", id, " to both '", names[index], "' and '", name, "'"),
                 JsonNode::kDamaged);
    }
    names[index] = name;
  };
  for (const auto& [name, id] : vocab.value().items()) {
    if (name.empty()) vocab.fail("has an empty token", JsonNode::kDamaged);
    if (!id.is_number_integer()) {
      vocab.fail(cat("gives '", name, "' an id that is no whole number"), JsonNode::kDamaged);
    }
    place(id.get<int64_t>(), name);
  }
  for (const AddedToken& token : added) {
    auto known = vocab.value().find(token.content);
    if (known != vocab.value().end() && known->get<int64_t>() != token.id) {
      vocab.fail(cat("has '", token.content, "' with another id than 'added_tokens'"),
                 JsonNode::kDamaged);
    }
    place(token.id, token.content);
  }
  return names;
}

std::pair<std::string, std::string> read_merge(const JsonNode& merges, size_t index) {
  const nlohmann::json& value = merges.value()[index];
  if (value.is_array() && value.size() == 2 && value[0].is_string() && value[1].is_string()) {
    return {value[0].get<std::string>(), value[1].get<std::string>()};
  }
  if (value.is_string()) {
    const auto& text = value.get_ref<const std::string&>();
    const size_t space = text.find(' ');
    if (space != text.npos && text.find(' ', space + 1) == text.npos) {
      return {text.substr(0, space), text.substr(space + 1)};
    }
  }
  merges.fail(cat("has no pair of tokens at ", index), JsonNode::kDamaged);
}

void refuse_unsupported(const JsonNode& model) {
  auto type = model.find("type");
  if (type && type->text() != "BPE") {
    model.fail(cat("is a '", type->text(), "' model, which is not supported"), "supported: BPE");
  }
  for (const char* key : {"continuing_subword_prefix", "end_of_word_suffix"}) {
    if (auto affix = model.find(key); affix && !affix->text().empty()) {
      affix->fail("is not empty, which is not supported", "no published model here needs it");
    }
  }
  if (auto dropout = model.find("dropout"); dropout && dropout->value() != 0) {
    dropout->fail("makes tokens random, which is not supported", "set it to null");
  }
}

BpeParts read_model(const JsonNode& model, bool bytes) {
  refuse_unsupported(model);
  BpeParts parts;
  parts.bytes = bytes;
  parts.ignore_merges = model.flag("ignore_merges", false);
  parts.byte_fallback = model.flag("byte_fallback", false);
  parts.fuse_unknown = model.flag("fuse_unk", false);
  const JsonNode vocab = model.at("vocab"), merges = model.at("merges");
  parts.vocabulary.reserve(vocab.value().size());
  // A name that stands for no bytes (a special token's) can come out of no merge.
  for (const auto& [name, id] : vocab.value().items()) {
    auto form = bytes ? bytes_of_characters(name) : std::optional(name);
    if (form) parts.vocabulary.emplace(*form, id.get<int32_t>());
  }
  if (!merges.value().is_array()) merges.fail("is not a list", JsonNode::kDamaged);
  parts.merges.reserve(merges.value().size());
  for (size_t i = 0; i < merges.value().size(); ++i) {
    auto [left, right] = read_merge(merges, i);
    if (bytes) {
      auto left_bytes = bytes_of_characters(left), right_bytes = bytes_of_characters(right);
      if (!left_bytes || !right_bytes) {
        merges.fail(cat("has a character that stands for no byte at ", i), JsonNode::kDamaged);
      }
      left = *left_bytes, right = *right_bytes;
    }
    parts.merges.emplace_back(std::move(left), std::move(right));
  }
  if (auto unknown = model.find("unk_token")) {
    auto found = vocab.value().find(unknown->text());
    if (found == vocab.value().end()) {
      unknown->fail(cat("is '", unknown->text(), "', which is no token"), JsonNode::kDamaged);
    }
    parts.unknown = found->get<int32_t>();
  }
  return parts;
}

// Where no token has the sign for a space after another character, no merge crosses the start of a
// word: words can be split one by one, and remembered.
bool words_are_independent(const BpeParts& parts) {
  const std::string mark = kMetaspace;
  if (!parts.vocabulary.contains(mark)) return false;
  return std::none_of(parts.vocabulary.begin(), parts.vocabulary.end(), [&](const auto& entry) {
    const std::string& name = entry.first;
    for (size_t at = 1; (at = name.find(mark, at)) != std::string::npos; ++at) {
      if (at < mark.size() || name.compare(at - mark.size(), mark.size(), mark) != 0) return true;
    }
    return false;
  });
}

// The token that a template puts before a text. What it puts behind is for training on whole texts.
void read_post_processor(const JsonNode& node, TextTokenizerParts& parts) {
  const std::string type = node.at("type").text();
  if (type == "Sequence") {
    for (const JsonNode& item : node.at("processors").items()) read_post_processor(item, parts);
  } else if (type == "TemplateProcessing") {
    std::vector<std::string> before;
    for (const JsonNode& item : node.at("single").items()) {
      if (item.find("Sequence")) break;
      before.push_back(item.at("SpecialToken").at("id").text());
    }
    if (before.size() > 1) {
      node.at("single").fail("puts more than one token before a text, which is not supported",
                             "remove the template and put them into the chat template");
    }
    if (before.empty()) return;
    auto ids = node.at("special_tokens").at(before[0]).at("ids").items();
    if (ids.size() != 1 || ids[0].integer() < 0 ||
        ids[0].integer() >= static_cast<int64_t>(parts.names.size())) {
      node.at("special_tokens")
          .fail(cat("gives '", before[0], "' no id of one token"), JsonNode::kDamaged);
    }
    parts.bos = static_cast<int32_t>(ids[0].integer());
    parts.add_bos = true;
  } else if (type != "ByteLevel") {
    node.fail(cat("is the post-processor '", type, "', which is not supported"),
              "supported: Sequence, ByteLevel, TemplateProcessing");
  }
}

}  // namespace

TextTokenizerParts read_tokenizer_json(const nlohmann::json& json, const std::string& place) {
  const JsonNode root(json, place);
  if (auto version = root.find("version"); version && version->text() != "1.0") {
    version->fail(cat("is '", version->text(), "', which is not known"), "supported: 1.0");
  }
  TextTokenizerParts parts;
  parts.added = read_added_tokens(root);
  const JsonNode model = root.at("model");
  parts.names = read_names(model.at("vocab"), parts.added);

  auto pretokenizer = root.find("pre_tokenizer");
  auto cut = read_pretokenizer(pretokenizer ? pretokenizer->value() : nlohmann::json(), place);
  auto normalizer = root.find("normalizer");
  parts.normalizer = read_normalizer(normalizer ? normalizer->value() : nlohmann::json(), place);
  BpeParts bpe = read_model(model, cut.bytes);
  if (!cut.bytes && words_are_independent(bpe)) {
    const std::string words = cat(kMetaspace, "+[^", kMetaspace, "]*");
    cut.rules.push_back(SplitRule{Pattern(words, place), Behaviour::isolated});
  }
  parts.pretokenizer = Pretokenizer(std::move(cut.rules));
  parts.encoder = std::make_shared<BpeModel>(std::move(bpe), place);

  const JsonNode decoder = root.at("decoder");
  Decoding decoding;
  add_decoder(decoder, decoding);
  parts.stripped_spaces = decoding.stripped_spaces;
  for (const std::string& name : parts.names) {
    parts.bytes.push_back(decoded(name, decoding, decoder));
  }
  for (const AddedToken& token : parts.added) {
    // An added token is the text that it was found as, even where its letters could stand for
    // bytes.
    parts.bytes[static_cast<size_t>(token.id)] = token.special ? "" : token.content;
  }
  if (auto post = root.find("post_processor")) read_post_processor(*post, parts);
  return parts;
}

}  // namespace reckon
