// Stop strings: texts that end a completion. A completion ends with the first token after which its
// decoded text contains one of them, wherever the tokens cut the text. The tokens stay whole, so
// that what was sampled is what is trained on; whoever shows the text cuts it with StopText.
// StopStrings is immutable and thread-safe, the other two belong to one completion each.
//
//   auto stops = StopStrings::make(tokenizer, {"\nQuestion:", "<|eot_id|>"});
//   StopMatcher matcher(stops);
//   while (!matcher.push(next_token())) {}
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "model/tokenizer.h"

namespace reckon {

class StopStrings {
 public:
  // Null when there are none. The name of a special token, which decodes to nothing, stands for
  // that token. Error(config) for an empty text.
  static std::shared_ptr<const StopStrings> make(std::shared_ptr<const Tokenizer> tokenizer,
                                                 const std::vector<std::string>& texts);

  const Tokenizer& tokenizer() const { return *tokenizer_; }
  const std::vector<std::string>& texts() const { return texts_; }
  bool is_stop(int32_t token) const;
  size_t longest() const { return longest_; }  // bytes
  // Where the first text begins that ends behind `from`; npos: there is none.
  size_t find(std::string_view text, size_t from = 0) const;
  // How many bytes at the end of `text` may turn out to be the beginning of one.
  size_t open_end(std::string_view text) const;

 private:
  StopStrings() = default;

  std::shared_ptr<const Tokenizer> tokenizer_;
  std::vector<std::string> texts_;
  std::vector<int32_t> tokens_;
  size_t longest_ = 0;
};

// Watches the tokens of a completion. Looks only at the text's tail: a token costs what it and the
// longest text are long.
class StopMatcher {
 public:
  explicit StopMatcher(std::shared_ptr<const StopStrings> stops)
      : stops_(std::move(stops)), spaces_(stops_->tokenizer().stripped_spaces()) {}
  bool push(int32_t token);  // true: the completion ends with this token

 private:
  std::shared_ptr<const StopStrings> stops_;
  int spaces_;  // at the start of the text, still to be dropped, as decode() does
  std::string tail_;
};

// The decoded text of a completion in pieces, up to the first stop string: what may become one is
// held back. All pieces together are the text before it.
class StopText {
 public:
  explicit StopText(std::shared_ptr<const StopStrings> stops) : stops_(std::move(stops)) {}
  std::string push(std::string_view text);
  std::string finish();  // what was held back

 private:
  std::shared_ptr<const StopStrings> stops_;  // null: every text is whole
  std::string held_;
  bool stopped_ = false;
};

}  // namespace reckon
