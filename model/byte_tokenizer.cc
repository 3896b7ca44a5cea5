#include "model/byte_tokenizer.h"

#include <cstdio>

#include "base/text.h"
#include "model/tokenizer.h"
#include "model/unicode.h"

namespace reckon {
namespace {

constexpr int32_t kEnd = 256, kPad = 257;
constexpr int kVocab = 258;
constexpr std::string_view kEndText = "<|end|>", kPadText = "<|pad|>";
// The model's own limit is max_position_embeddings in config.json; the tokenizer has none.
constexpr int kNoLimit = 1 << 30;

class ByteTokenizer : public Tokenizer {
 public:
  explicit ByteTokenizer(FileTexts files) : files_(std::move(files)) {}

  std::vector<int32_t> encode(std::string_view text) const override {
    std::vector<int32_t> ids;
    ids.reserve(text.size());
    for (char c : text) ids.push_back(static_cast<unsigned char>(c));
    return ids;
  }

  std::vector<int32_t> encode_with_specials(std::string_view text) const override {
    std::vector<int32_t> ids;
    while (!text.empty()) {
      if (text.substr(0, kEndText.size()) == kEndText) {
        ids.push_back(kEnd);
        text.remove_prefix(kEndText.size());
      } else if (text.substr(0, kPadText.size()) == kPadText) {
        ids.push_back(kPad);
        text.remove_prefix(kPadText.size());
      } else {
        ids.push_back(static_cast<unsigned char>(text.front()));
        text.remove_prefix(1);
      }
    }
    return ids;
  }

  // A model's vocabulary may be larger than the tokenizer's: ids beyond it have no text, like the
  // special ones.
  std::string_view token_bytes(int32_t id) const override {
    static const std::string all = [] {
      std::string bytes;
      for (int b = 0; b < 256; ++b) bytes.push_back(static_cast<char>(b));
      return bytes;
    }();
    return id >= 0 && id < 256 ? std::string_view(all).substr(static_cast<size_t>(id), 1)
                               : std::string_view();
  }

  std::optional<int32_t> token_id(std::string_view name) const override {
    if (name == kEndText) return kEnd;
    if (name == kPadText) return kPad;
    auto bytes = bytes_of_characters(name);
    if (!bytes || bytes->size() != 1) return std::nullopt;
    return static_cast<unsigned char>(bytes->front());
  }

  std::string token_text(int32_t id) const override {
    if (id == kEnd) return std::string(kEndText);
    if (id == kPad) return std::string(kPadText);
    if (id < 0 || id >= kVocab) return cat("<|", id, "|>");
    if (id == '\n') return "\\n";
    if (id == '\t') return "\\t";
    if (id >= 0x20 && id < 0x7F) return std::string(1, static_cast<char>(id));
    char text[8];
    std::snprintf(text, sizeof text, "\\x%02X", static_cast<unsigned>(id));
    return text;
  }

  int vocab_size() const override { return kVocab; }
  int32_t end_id() const override { return kEnd; }
  int32_t pad_id() const override { return kPad; }

  void save(const Path& folder) const override {
    write_file(folder / "tokenizer.json", byte_tokenizer_json().dump(2) + "\n");
    nlohmann::json config = {{"clean_up_tokenization_spaces", false},
                             {"eos_token", kEndText},
                             {"model_max_length", kNoLimit},
                             {"pad_token", kPadText},
                             {"tokenizer_class", "PreTrainedTokenizerFast"}};
    write_file(folder / "tokenizer_config.json", config.dump(2) + "\n");
    for (const auto& [name, bytes] : files_) write_file(folder / name, bytes);
  }

 private:
  const FileTexts files_;
};

nlohmann::json special(int32_t id, std::string_view text) {
  return {{"id", id},        {"content", text},     {"single_word", false}, {"lstrip", false},
          {"rstrip", false}, {"normalized", false}, {"special", true}};
}

}  // namespace

nlohmann::json byte_tokenizer_json() {
  nlohmann::json vocab;
  for (int byte = 0; byte < 256; ++byte) vocab[byte_characters()[static_cast<size_t>(byte)]] = byte;
  auto byte_level = [](bool spaces_and_words) -> nlohmann::json {
    return {{"type", "ByteLevel"},
            {"add_prefix_space", spaces_and_words},
            {"trim_offsets", true},
            {"use_regex", spaces_and_words}};
  };
  nlohmann::json model = {{"type", "BPE"},
                          {"dropout", nullptr},
                          {"unk_token", nullptr},
                          {"continuing_subword_prefix", nullptr},
                          {"end_of_word_suffix", nullptr},
                          {"fuse_unk", false},
                          {"byte_fallback", false},
                          {"ignore_merges", false},
                          {"vocab", vocab},
                          {"merges", nlohmann::json::array()}};
  // A decoder ignores its options; these are the ones that the library writes.
  return {{"version", "1.0"},
          {"truncation", nullptr},
          {"padding", nullptr},
          {"added_tokens", {special(kEnd, kEndText), special(kPad, kPadText)}},
          {"normalizer", nullptr},
          {"pre_tokenizer", byte_level(false)},
          {"post_processor", nullptr},
          {"decoder", byte_level(true)},
          {"model", model}};
}

std::shared_ptr<const Tokenizer> byte_tokenizer() {
  static const auto tokenizer = std::make_shared<const ByteTokenizer>(FileTexts());
  return tokenizer;
}

std::shared_ptr<const Tokenizer> byte_tokenizer(FileTexts files) {
  return std::make_shared<const ByteTokenizer>(std::move(files));
}

}  // namespace reckon
