// Text to token ids and back. Immutable after construction, thread-safe.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/file.h"

namespace reckon {

class Tokenizer {
 public:
  virtual ~Tokenizer() = default;
  virtual std::vector<int32_t> encode(
      std::string_view text) const = 0;  // plain text: special tokens are not parsed
  virtual std::string decode(
      const std::vector<int32_t>& ids) const = 0;        // special tokens are left out
  virtual std::string token_text(int32_t id) const = 0;  // one token for display; specials by name
  virtual int vocab_size() const = 0;                    // ids lie in [0, vocab_size)
  virtual int32_t end_id() const = 0;                    // ends a completion
  virtual int32_t pad_id() const = 0;
  // Hugging Face files (tokenizer.json, tokenizer_config.json) into `folder`, written with
  // write_file.
  virtual void save(const Path& folder) const = 0;
};

// 256 bytes, then <|end|> = 256 and <|pad|> = 257.
std::shared_ptr<const Tokenizer> byte_tokenizer();
// The tokenizer of a Hugging Face folder; Error(data) names what is not supported.
std::shared_ptr<const Tokenizer> load_tokenizer(const Path& folder);

}  // namespace reckon
