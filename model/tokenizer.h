// Text to token ids and back. Immutable after construction, thread-safe.
//
//   auto tokenizer = load_tokenizer(folder);
//   std::vector<int32_t> ids = tokenizer->encode_with_specials("<|im_start|>user\nhi<|im_end|>");
//   StreamDecoder stream(*tokenizer);
//   for (int32_t id : ids) std::cout << stream.push(id);
//   std::cout << stream.finish();
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/file.h"

namespace reckon {

class Tokenizer {
 public:
  virtual ~Tokenizer() = default;
  // Plain text: special tokens are not parsed. Nothing is added (no beginning-of-text token).
  virtual std::vector<int32_t> encode(std::string_view text) const = 0;
  // Text that a chat template rendered: the names of special tokens become those tokens.
  virtual std::vector<int32_t> encode_with_specials(std::string_view text) const = 0;
  // The bytes of a text; special tokens and ids without a token are left out. Tokens that a model
  // chose freely need not form valid UTF-8.
  std::string decode(const std::vector<int32_t>& ids) const;
  // What a token adds to a text; empty for special tokens and unknown ids.
  virtual std::string_view token_bytes(int32_t id) const = 0;
  virtual std::string token_text(int32_t id) const = 0;  // one token for display; specials by name
  // The token with this name: a special or other added token, or an entry of the vocabulary as its
  // file spells it.
  virtual std::optional<int32_t> token_id(std::string_view name) const = 0;
  virtual int vocab_size() const = 0;  // ids lie in [0, vocab_size)
  virtual int32_t end_id() const = 0;  // ends a text, and what training appends to one
  // Every token that ends a completion, end_id() first; chat models have several.
  virtual std::vector<int32_t> end_ids() const { return {end_id()}; }
  virtual int32_t pad_id() const = 0;
  // The token that begins a text, and whether the model expects it before a text that does not
  // bring it along. encode() leaves it to the caller.
  virtual std::optional<int32_t> bos_id() const { return std::nullopt; }
  virtual bool add_bos() const { return false; }
  // How many spaces at the start of a decoded text are the vocabulary's own and are dropped.
  virtual int stripped_spaces() const { return 0; }
  // Hugging Face files (tokenizer.json, tokenizer_config.json) into `folder`, written with
  // write_file. A tokenizer that was read from files gives back their bytes.
  virtual void save(const Path& folder) const = 0;
};

// decode() one token at a time: push() returns what is complete, so that a character whose bytes
// lie in several tokens appears whole. All results together equal decode(). Not thread-safe.
class StreamDecoder {
 public:
  explicit StreamDecoder(const Tokenizer& tokenizer)
      : tokenizer_(tokenizer), spaces_(tokenizer.stripped_spaces()) {}
  std::string push(int32_t id);
  std::string finish();  // what was held back, complete or not

 private:
  const Tokenizer& tokenizer_;
  int spaces_;  // still to be dropped
  std::string held_;
};

// Names and bytes of files.
using FileTexts = std::vector<std::pair<std::string, std::string>>;

// 256 bytes, then <|end|> = 256 and <|pad|> = 257. save() writes `files` over its own.
std::shared_ptr<const Tokenizer> byte_tokenizer();
std::shared_ptr<const Tokenizer> byte_tokenizer(FileTexts files);
// The tokenizer of a Hugging Face folder; Error(data) names what is not supported.
std::shared_ptr<const Tokenizer> load_tokenizer(const Path& folder);

}  // namespace reckon
