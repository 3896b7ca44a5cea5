// A data row as the tokens that a model continues. Immutable, thread-safe.
//
//   PromptEncoder prompts(tokenizer, load_chat_template(config.model.path));
//   std::vector<int32_t> ids = prompts.encode(row);
#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "model/chat_template.h"
#include "model/tokenizer.h"
#include "pipeline/prompt.h"

namespace reckon {

class PromptEncoder {
 public:
  explicit PromptEncoder(std::shared_ptr<const Tokenizer> tokenizer,
                         std::optional<ChatTemplate> chat = std::nullopt)
      : tokenizer_(std::move(tokenizer)), chat_(std::move(chat)) {}

  // A chat: what the template renders, special tokens parsed and none added. Plain text: its
  // tokens, behind the beginning-of-text token where the model expects one. Error(config): a chat
  // and no template.
  std::vector<int32_t> encode(const Row& row) const;
  std::vector<int32_t> encode(const std::string& text) const;

  const Tokenizer& tokenizer() const { return *tokenizer_; }

 private:
  std::shared_ptr<const Tokenizer> tokenizer_;
  std::optional<ChatTemplate> chat_;
};

}  // namespace reckon
