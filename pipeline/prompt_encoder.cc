#include "pipeline/prompt_encoder.h"

#include <algorithm>

#include "base/error.h"
#include "base/text.h"

namespace reckon {

const ChatTemplate& PromptEncoder::chat() const {
  std::call_once(once_, [&] {
    try {
      if (find_) chat_ = find_();
    } catch (const Error& error) {
      throw Error(error.code(), error.place(), error.problem(),
                  cat(error.remedy(),
                      "; or give another template: model.chat_template of a run file, "
                      "--chat-template of a verb"));
    }
  });
  if (chat_) return *chat_;
  throw Error(Code::config, "model", "the prompts are chats and the model has no chat template",
              "give one, as model.chat_template of a run file or --chat-template of a verb, or use "
              "prompts of plain text");
}

std::string PromptEncoder::render(std::vector<ChatMessage> messages, bool generation_prompt) const {
  ChatOptions options;
  options.add_generation_prompt = generation_prompt;
  options.tokens["eos_token"] = tokenizer_->token_text(tokenizer_->end_id());
  if (auto bos = tokenizer_->bos_id()) options.tokens["bos_token"] = tokenizer_->token_text(*bos);
  return chat().render(messages, options);
}

std::vector<int32_t> PromptEncoder::encode(const std::string& text) const {
  std::vector<int32_t> ids = tokenizer_->encode(text);
  if (tokenizer_->add_bos() && tokenizer_->bos_id()) ids.insert(ids.begin(), *tokenizer_->bos_id());
  return ids;
}

std::vector<int32_t> PromptEncoder::encode(const Row& row) const {
  if (row.messages.empty()) return encode(row.prompt);
  return tokenizer_->encode_with_specials(render(row.messages, true));
}

std::vector<int32_t> PromptEncoder::encode_reply(const Row& row, const std::string& place) const {
  std::vector<ChatMessage> whole = row.messages;
  whole.insert(whole.end(), row.reply.begin(), row.reply.end());
  const std::string prompt = render(row.messages, true), all = render(std::move(whole), false);
  if (!all.starts_with(prompt)) {
    throw Error(Code::data, place,
                "the chat template renders the conversation with its answer otherwise than the "
                "prompt and what follows it",
                "give a template that keeps the prompt (model.chat_template), or the answer as "
                "the text column 'completion'");
  }
  std::vector<int32_t> ids = tokenizer_->encode_with_specials(all.substr(prompt.size()));
  // Behind its end token a template often writes a line end, which no sampler ever reaches.
  const std::vector<int32_t> ends = tokenizer_->end_ids();
  auto end = std::find_first_of(ids.rbegin(), ids.rend(), ends.begin(), ends.end());
  if (end == ids.rend()) {
    ids.push_back(tokenizer_->end_id());
  } else {
    ids.erase(end.base(), ids.end());
  }
  return ids;
}

std::vector<int32_t> PromptEncoder::encode_answer(const Row& row, const std::string& place) const {
  if (!row.reply.empty()) return encode_reply(row, place);
  auto completion = row.columns.find("completion");
  if (completion == row.columns.end() || !completion->is_string()) {
    const bool list = completion != row.columns.end() && completion->is_array();
    if (list && row.messages.empty())
      throw Error(Code::data, place, "column 'completion' is a list, but the prompt is a text",
                  "say chat = true in the [data] entry, or write both as texts");
    throw Error(
        Code::data, place,
        "has no answer to learn: neither a text column 'completion' nor 'messages' that end "
        "with the assistant's",
        "supervised phases train on it: add the column or choose another data set");
  }
  std::vector<int32_t> ids = tokenizer_->encode(completion->get_ref<const std::string&>());
  ids.push_back(tokenizer_->end_id());
  return ids;
}

}  // namespace reckon
