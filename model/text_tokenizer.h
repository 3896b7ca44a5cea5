// The tokenizers that are read from files, put together from parts: added tokens are found first,
// the text between them is normalised and cut into pieces, a model turns pieces into tokens.
// Immutable after construction, thread-safe.
#pragma once

#include <memory>
#include <mutex>
#include <string>
#include <unordered_map>
#include <utility>
#include <variant>
#include <vector>

#include "model/bpe_tokenizer.h"
#include "model/pretokenizer.h"
#include "model/tokenizer.h"
#include "model/unicode.h"

namespace reckon {

struct AddedToken {
  int32_t id = 0;
  std::string content;
  bool special = false;      // parsed by encode_with_specials alone, not shown by decode
  bool single_word = false;  // not inside a word
  bool lstrip = false;       // takes the white space before it
  bool rstrip = false;       // takes the white space after it
  bool normalized = false;   // looked for in the normalised text
};

struct PrependStep {
  std::string text;
};
struct ReplaceStep {
  Pattern pattern;
  std::string content;
};
using NormalizerStep = std::variant<NormalForm, PrependStep, ReplaceStep>;
std::string normalized(const std::vector<NormalizerStep>& steps, std::string_view text);

// Finds added tokens in a text: leftmost first, the longest where several start.
class AddedTokens {
 public:
  struct Fragment {
    std::string_view text;
    const AddedToken* token;  // nullptr: ordinary text
  };
  AddedTokens() = default;
  explicit AddedTokens(std::vector<AddedToken> tokens);
  // Appends the fragments of `text`. Without `specials` the special tokens are ordinary text.
  void split(std::string_view text, bool specials, std::vector<Fragment>& out) const;

 private:
  const AddedToken* longest_at(std::string_view text, size_t at) const;

  std::vector<AddedToken> tokens_;
  struct Node {
    std::unordered_map<char, size_t> next;
    int token = -1;
  };
  std::vector<Node> nodes_ = std::vector<Node>(1);
  std::array<bool, 256> first_bytes_{};
};

struct TextTokenizerParts {
  std::vector<std::string> names;  // of every id as the file spells it; empty: no token
  std::vector<std::string> bytes;  // of every id; empty for special tokens
  std::vector<AddedToken> added;
  std::vector<NormalizerStep> normalizer;
  Pretokenizer pretokenizer;
  std::shared_ptr<const PieceEncoder> encoder;
  int stripped_spaces = 0;
  std::optional<int32_t> bos;
  bool add_bos = false;
  int32_t end = -1, pad = -1;
  std::vector<int32_t> more_ends;  // what else ends a completion
  FileTexts files;                 // for save()
};

class TextTokenizer : public Tokenizer {
 public:
  explicit TextTokenizer(TextTokenizerParts parts);
  ~TextTokenizer() override;

  std::vector<int32_t> encode(std::string_view text) const override;
  std::vector<int32_t> encode_with_specials(std::string_view text) const override;
  std::string_view token_bytes(int32_t id) const override;
  std::string token_text(int32_t id) const override;
  std::optional<int32_t> token_id(std::string_view name) const override;
  int vocab_size() const override { return static_cast<int>(parts_.names.size()); }
  int32_t end_id() const override { return parts_.end; }
  std::vector<int32_t> end_ids() const override;
  int32_t pad_id() const override { return parts_.pad; }
  std::optional<int32_t> bos_id() const override { return parts_.bos; }
  bool add_bos() const override { return parts_.add_bos; }
  int stripped_spaces() const override { return parts_.stripped_spaces; }
  void save(const Path& folder) const override;

 private:
  struct Workspace;
  std::vector<int32_t> encode(std::string_view text, bool specials) const;
  void encode_valid(std::string_view text, bool first, bool specials, Workspace& work,
                    std::vector<int32_t>& ids) const;
  void encode_piece(std::string_view piece, Workspace& work, std::vector<int32_t>& ids) const;
  std::unique_ptr<Workspace> take_workspace() const;

  const TextTokenizerParts parts_;
  AddedTokens raw_, normalized_;
  std::unordered_map<std::string_view, int32_t> ids_;
  mutable std::mutex mutex_;  // guards idle_
  mutable std::vector<std::unique_ptr<Workspace>> idle_;
};

}  // namespace reckon
