// A data row as the tokens that a model continues, and the answer that it should learn. Immutable,
// thread-safe.
//
//   PromptEncoder prompts(tokenizer, [=] { return load_chat_template(config.model.path); });
//   std::vector<int32_t> ids = prompts.encode(row);
#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "model/chat_template.h"
#include "model/tokenizer.h"
#include "pipeline/prompt.h"

namespace reckon {

class PromptEncoder {
 public:
  // Called when the first chat is met, on the thread that meets it: a template that cannot be read
  // is in nobody's way where there are no chats. Null: there is none.
  using FindTemplate = std::function<std::shared_ptr<const ChatTemplate>()>;

  explicit PromptEncoder(std::shared_ptr<const Tokenizer> tokenizer, FindTemplate find = {})
      : tokenizer_(std::move(tokenizer)), find_(std::move(find)) {}

  // A chat: what the template renders, special tokens parsed and none added. Plain text: its
  // tokens, behind the beginning-of-text token where the model expects one. Error(config): a chat
  // and no template.
  std::vector<int32_t> encode(const Row& row) const;
  std::vector<int32_t> encode(const std::string& text) const;

  // The answer of a row for supervised training, its end token included. Of a `reply`: what the
  // template puts behind the prompt for it, up to and including the template's own end of a turn.
  // Else the text of the column `completion` and end_id(). Error(data) at `place` for a row
  // without either, and for a template that does not continue its own prompt with the reply.
  std::vector<int32_t> encode_answer(const Row& row, const std::string& place) const;

  const Tokenizer& tokenizer() const { return *tokenizer_; }
  const std::shared_ptr<const Tokenizer>& shared_tokenizer() const { return tokenizer_; }

 private:
  const ChatTemplate& chat() const;
  std::string render(std::vector<ChatMessage> messages, bool generation_prompt) const;
  std::vector<int32_t> encode_reply(const Row& row, const std::string& place) const;

  std::shared_ptr<const Tokenizer> tokenizer_;
  FindTemplate find_;
  mutable std::once_flag once_;
  mutable std::shared_ptr<const ChatTemplate> chat_;
};

}  // namespace reckon
