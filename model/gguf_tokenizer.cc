#include "model/gguf_tokenizer.h"

#include <nlohmann/json.hpp>

#include "base/error.h"
#include "base/text.h"
#include "model/spm_tokenizer.h"
#include "model/tokenizer_json.h"
#include "model/unicode.h"

namespace reckon {
namespace {

using nlohmann::json;

constexpr char kLlama3[] =
    R"((?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+)";
constexpr char kQwen2[] =
    R"((?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+)";
constexpr char kDeepSeekCjk[] = R"([\x{4E00}-\x{9FA5}\x{0800}-\x{4E00}\x{AC00}-\x{D7FF}]+)";
// The letters with case, as DeepSeek-LLM's file lists them.
constexpr char kDeepSeekLetters[] =
    R"(\s?[A-Za-z\x{B5}\x{C0}-\x{D6}\x{D8}-\x{F6}\x{F8}-\x{1BA}\x{1BC}-\x{1BF}\x{1C4}-\x{293})"
    R"(\x{295}-\x{2AF}\x{370}-\x{373}\x{376}\x{377}\x{37B}-\x{37D}\x{37F}\x{386}\x{388}-\x{38A})"
    R"(\x{38C}\x{38E}-\x{3A1}\x{3A3}-\x{3F5}\x{3F7}-\x{481}\x{48A}-\x{52F}\x{531}-\x{556})"
    R"(\x{10A0}-\x{10C5}\x{13A0}-\x{13F5}\x{13F8}-\x{13FD}\x{1C90}-\x{1CBA}\x{1CBD}-\x{1CBF})"
    R"(\x{1D00}-\x{1D2B}\x{1D6B}-\x{1D77}\x{1D79}-\x{1D9A}\x{1E00}-\x{1F15}\x{1F18}-\x{1F1D})"
    R"(\x{1F20}-\x{1F45}\x{1F48}-\x{1F4D}\x{1F50}-\x{1F57}\x{1F59}\x{1F5B}\x{1F5D})"
    R"(\x{1F5F}-\x{1F7D}\x{1F80}-\x{1FB4}\x{1FB6}-\x{1FBC}\x{1FBE}\x{1FC2}-\x{1FC4})"
    R"(\x{1FC6}-\x{1FCC}\x{1FD0}-\x{1FD3}\x{1FD6}-\x{1FDB}\x{1FE0}-\x{1FEC}\x{1FF2}-\x{1FF4})"
    R"(\x{1FF6}-\x{1FFC}\x{2102}\x{2107}\x{210A}-\x{2113}\x{2115}\x{2119}-\x{211D}\x{2124})"
    R"(\x{2126}\x{2128}\x{212A}-\x{212D}\x{212F}-\x{2134}\x{2139}\x{213C}-\x{213F})"
    R"(\x{2145}-\x{2149}\x{214E}\x{2183}\x{2184}\x{2C00}-\x{2C7B}\x{2C7E}-\x{2CE4})"
    R"(\x{2CEB}-\x{2CEE}\x{2CF2}\x{2CF3}\x{A640}-\x{A66D}\x{A680}-\x{A69B}\x{A722}-\x{A76F})"
    R"(\x{A771}-\x{A787}\x{A78B}-\x{A78E}\x{AB70}-\x{ABBF}\x{FB00}-\x{FB06}\x{FB13}-\x{FB17})"
    R"(\x{FF21}-\x{FF3A}\x{FF41}-\x{FF5A}\x{10400}-\x{1044F}\x{104B0}-\x{104D3})"
    R"(\x{104D8}-\x{104FB}\x{10C80}-\x{10CB2}\x{10CC0}-\x{10CF2}\x{118A0}-\x{118DF})"
    R"(\x{1E900}-\x{1E943}]+)";
constexpr char kDeepSeekMarks[] =
    R"(\s?[!-/:-~\x{FF01}-\x{FF0F}\x{FF1A}-\x{FF5E}\x{2018}-\x{201F}\x{3000}-\x{3002}]+)";

// What a name in tokenizer.ggml.pre stands for.
struct PreEntry {
  std::vector<std::string> names;
  std::vector<std::string> patterns;  // one after the other, every match a piece
  bool gpt2_words = false;            // then GPT-2's pattern
  bool nfc = false, ignore_merges = false, add_bos = false;
};

const std::vector<PreEntry>& pre_entries() {
  static const std::vector<PreEntry> entries = {
      {.names = {"gpt-2"}, .patterns = {}, .gpt2_words = true},
      {.names = {"llama-bpe", "llama3", "llama-v3"},
       .patterns = {kLlama3},
       .ignore_merges = true,
       .add_bos = true},
      {.names = {"qwen2"}, .patterns = {kQwen2}, .nfc = true},
      {.names = {"deepseek-r1-qwen"}, .patterns = {kQwen2}},
      {.names = {"deepseek-llm"},
       .patterns = {R"([\r\n])", kDeepSeekLetters, kDeepSeekMarks, R"(\s+$)", kDeepSeekCjk,
                    R"(\p{N}+)"}},
      {.names = {"deepseek-coder"},
       .patterns = {R"([\r\n])", R"(\s?\p{L}+)", R"(\s?\p{P}+)", kDeepSeekCjk, R"(\p{N})"}},
      {.names = {"smollm"}, .patterns = {R"(\p{N})"}, .gpt2_words = true},
      {.names = {"default", ""},
       .patterns = {R"([\p{P}\$\+<=>\^~\|]+)",
                    R"('s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S))",
                    R"(\p{N}+)", R"([0-9][0-9][0-9])"}},
  };
  return entries;
}

const PreEntry& pre_entry(const std::string& name, const std::string& place) {
  std::vector<std::string> known;
  for (const PreEntry& entry : pre_entries()) {
    for (const std::string& other : entry.names) {
      if (other == name) return entry;
      if (!other.empty()) known.push_back(other);
    }
  }
  throw Error(Code::data, place,
              cat("names the pre-tokenizer '", name, "' (tokenizer.ggml.pre), which is not known"),
              cat("known: ", join(known, ", ")));
}

json byte_level(bool use_regex) {
  return {{"type", "ByteLevel"},
          {"add_prefix_space", false},
          {"trim_offsets", true},
          {"use_regex", use_regex}};
}

json bpe_pretokenizer(const PreEntry& pre) {
  json steps = json::array();
  for (const std::string& pattern : pre.patterns) {
    steps.push_back({{"type", "Split"},
                     {"pattern", {{"Regex", pattern}}},
                     {"behavior", "Isolated"},
                     {"invert", false}});
  }
  steps.push_back(byte_level(pre.gpt2_words));
  return {{"type", "Sequence"}, {"pretokenizers", steps}};
}

json spm_normalizer(bool space_prefix) {
  json steps = json::array();
  if (space_prefix) steps.push_back({{"type", "Prepend"}, {"prepend", "\u2581"}});
  steps.push_back({{"type", "Replace"}, {"pattern", {{"String", " "}}}, {"content", "\u2581"}});
  return {{"type", "Sequence"}, {"normalizers", steps}};
}

json spm_decoder(bool space_prefix) {
  json steps = {{{"type", "Replace"}, {"pattern", {{"String", "\u2581"}}}, {"content", " "}},
                {{"type", "ByteFallback"}},
                {{"type", "Fuse"}}};
  if (space_prefix) {
    steps.push_back({{"type", "Strip"}, {"content", " "}, {"start", 1}, {"stop", 0}});
  }
  return {{"type", "Sequence"}, {"decoders", steps}};
}

json template_with_bos(const std::string& bos, int32_t id) {
  auto token = [&](int type_id) -> json {
    return {{"SpecialToken", {{"id", bos}, {"type_id", type_id}}}};
  };
  auto text = [](const char* name, int type_id) -> json {
    return {{"Sequence", {{"id", name}, {"type_id", type_id}}}};
  };
  json entry = {{"id", bos}, {"ids", {id}}, {"tokens", {bos}}};
  return {{"type", "TemplateProcessing"},
          {"single", {token(0), text("A", 0)}},
          {"pair", {token(0), text("A", 0), token(1), text("B", 1)}},
          {"special_tokens", {{bos, entry}}}};
}

constexpr size_t kLongestToken = 4096;  // bytes; how its merges are made grows with the square

// The vocabulary, checked, with what the file leaves open filled in.
class Vocabulary {
 public:
  Vocabulary(const GgufVocabulary& file, const std::string& place) : file_(file), place_(place) {
    if (file.model != "gpt2" && file.model != "llama") {
      fail(cat("has the tokenizer '", file.model, "' (tokenizer.ggml.model), which is not known"),
           "known: gpt2 (byte-level BPE), llama (SentencePiece BPE)");
    }
    types_.assign(file.tokens.size(), TokenType::normal);
    if (!file.types.empty() && file.types.size() != file.tokens.size()) misfit("token types");
    for (size_t i = 0; i < file.types.size(); ++i) {
      if (file.types[i] < 1 || file.types[i] > 6) {
        fail(cat("gives token ", i, " the type ", file.types[i]), "the file is damaged");
      }
      types_[i] = static_cast<TokenType>(file.types[i]);
    }
    if (spm() && file.scores.size() != file.tokens.size()) misfit("scores");
    if (file.eos_id == -1) fail("has no end token", "set tokenizer.ggml.eos_token_id");
    for (int32_t id :
         {file.bos_id, file.eos_id, file.eot_id, file.eom_id, file.unknown_id, file.padding_id}) {
      if (id < -1 || id >= static_cast<int64_t>(file.tokens.size())) {
        fail(cat("names the token ", id, " of ", file.tokens.size()), "the file is damaged");
      }
    }
    if (!spm()) pre_ = &pre_entry(file.pre, place);
    check_texts();
  }

  bool spm() const { return file_.model == "llama"; }
  bool space_prefix() const { return file_.add_space_prefix.value_or(true); }
  bool add_bos() const {
    return file_.bos_id >= 0 && file_.add_bos.value_or(spm() || pre_->add_bos);
  }
  const std::vector<TokenType>& types() const { return types_; }
  const std::string& name(int32_t id) const { return file_.tokens[static_cast<size_t>(id)]; }
  std::optional<int32_t> unknown() const {
    if (file_.unknown_id >= 0) return file_.unknown_id;
    for (size_t i = 0; i < types_.size(); ++i) {
      if (types_[i] == TokenType::unknown) return static_cast<int32_t>(i);
    }
    return std::nullopt;
  }

  json tokenizer_json() const {
    json out = {{"version", "1.0"},          {"truncation", nullptr},
                {"padding", nullptr},        {"added_tokens", added_tokens()},
                {"normalizer", nullptr},     {"pre_tokenizer", nullptr},
                {"post_processor", nullptr}, {"decoder", nullptr},
                {"model", model()}};
    if (spm()) {
      out["normalizer"] = spm_normalizer(space_prefix());
      out["decoder"] = spm_decoder(space_prefix());
    } else {
      if (pre_->nfc) out["normalizer"] = {{"type", "NFC"}};
      out["pre_tokenizer"] = bpe_pretokenizer(*pre_);
      out["decoder"] = byte_level(true);
    }
    if (add_bos()) out["post_processor"] = template_with_bos(name(file_.bos_id), file_.bos_id);
    return out;
  }

  json config_json() const {
    json out = {{"tokenizer_class", "PreTrainedTokenizerFast"},
                {"clean_up_tokenization_spaces", false},
                {"model_max_length", 1 << 30},
                {"add_bos_token", add_bos()},
                {"eos_token", name(file_.eos_id)},
                {"pad_token", name(file_.padding_id >= 0 ? file_.padding_id : file_.eos_id)}};
    if (file_.bos_id >= 0) out["bos_token"] = name(file_.bos_id);
    if (!file_.chat_template.empty()) out["chat_template"] = file_.chat_template;
    return out;
  }

 private:
  [[noreturn]] void fail(const std::string& problem, const std::string& remedy) const {
    throw Error(Code::data, place_, problem, remedy);
  }
  [[noreturn]] void misfit(const char* what) const {
    fail(cat("has not as many ", what, " as tokens"), "the file is damaged");
  }

  void check_texts() const {
    for (size_t i = 0; i < file_.tokens.size(); ++i) {
      const std::string& token = file_.tokens[i];
      check_text(token, cat("token ", i));
      if (spm() && token.size() > kLongestToken)
        fail(cat("has a token ", i, " of ", token.size(), " bytes"), "the file is damaged");
    }
    for (size_t i = 0; i < file_.merges.size(); ++i) check_text(file_.merges[i], cat("merge ", i));
    check_text(file_.chat_template, "its chat template");
    check_text(file_.pre, "the name of its pre-tokenizer");
  }
  void check_text(const std::string& text, const std::string& what) const {
    if (valid_prefix(text) != text.size()) fail(cat(what, " is not UTF-8"), "the file is damaged");
  }

  json added_tokens() const {
    json out = json::array();
    for (size_t i = 0; i < types_.size(); ++i) {
      const bool special = types_[i] == TokenType::control || types_[i] == TokenType::unknown;
      if (!special && types_[i] != TokenType::user) continue;
      out.push_back({{"id", i},
                     {"content", file_.tokens[i]},
                     {"single_word", false},
                     {"lstrip", false},
                     {"rstrip", false},
                     {"normalized", false},
                     {"special", special}});
    }
    return out;
  }

  json model() const {
    json vocab = json::object(), merges = json::array();
    for (size_t i = 0; i < file_.tokens.size(); ++i) {
      auto [found, is_new] = vocab.emplace(file_.tokens[i], i);
      if (!is_new) fail(cat("has the token '", file_.tokens[i], "' twice"), "the file is damaged");
    }
    if (spm()) {
      for (auto& [left, right] : merges_of_scores(file_.tokens, file_.scores, types_)) {
        merges.push_back({left, right});
      }
    } else {
      for (const std::string& merge : file_.merges) merges.push_back(merge);
    }
    json unknown_name;
    if (auto id = unknown(); spm() && id) unknown_name = name(*id);
    return {{"type", "BPE"},
            {"dropout", nullptr},
            {"unk_token", unknown_name},
            {"continuing_subword_prefix", nullptr},
            {"end_of_word_suffix", nullptr},
            {"fuse_unk", spm()},
            {"byte_fallback", spm()},
            {"ignore_merges", !spm() && pre_->ignore_merges},
            {"vocab", vocab},
            {"merges", merges}};
  }

  const GgufVocabulary& file_;
  const std::string& place_;
  std::vector<TokenType> types_;
  const PreEntry* pre_ = nullptr;
};

}  // namespace

std::shared_ptr<const Tokenizer> gguf_tokenizer(const GgufVocabulary& file,
                                                const std::string& place) {
  const Vocabulary vocabulary(file, place);
  const json tokenizer = vocabulary.tokenizer_json();
  TextTokenizerParts parts = read_tokenizer_json(tokenizer, place);
  if (vocabulary.spm()) {
    parts.encoder = std::make_shared<SpmModel>(file.tokens, file.scores, vocabulary.types(),
                                               vocabulary.unknown());
  }
  if (file.bos_id >= 0) parts.bos = file.bos_id;
  parts.add_bos = vocabulary.add_bos();
  parts.end = file.eos_id;
  for (int32_t id : {file.eot_id, file.eom_id}) {
    if (id >= 0) parts.more_ends.push_back(id);
  }
  parts.pad = file.padding_id >= 0 ? file.padding_id : file.eos_id;
  parts.files = {{"tokenizer.json", tokenizer.dump() + "\n"},
                 {"tokenizer_config.json", vocabulary.config_json().dump(2) + "\n"}};
  return std::make_shared<TextTokenizer>(std::move(parts));
}

}  // namespace reckon
