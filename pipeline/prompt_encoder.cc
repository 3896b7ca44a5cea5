#include "pipeline/prompt_encoder.h"

#include "base/error.h"

namespace reckon {

std::vector<int32_t> PromptEncoder::encode(const std::string& text) const {
  std::vector<int32_t> ids = tokenizer_->encode(text);
  if (tokenizer_->add_bos() && tokenizer_->bos_id()) ids.insert(ids.begin(), *tokenizer_->bos_id());
  return ids;
}

std::vector<int32_t> PromptEncoder::encode(const Row& row) const {
  if (row.messages.empty()) return encode(row.prompt);
  if (!chat_) {
    throw Error(Code::config, "model", "the data rows are chats and the model has no chat template",
                "give one in model.chat_template, or use rows of plain text");
  }
  ChatOptions options;
  options.tokens["eos_token"] = tokenizer_->token_text(tokenizer_->end_id());
  if (auto bos = tokenizer_->bos_id()) options.tokens["bos_token"] = tokenizer_->token_text(*bos);
  return tokenizer_->encode_with_specials(chat_->render(row.messages, options));
}

}  // namespace reckon
