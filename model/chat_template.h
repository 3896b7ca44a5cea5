// A conversation to the text that a model was trained on: the checkpoint's own Jinja template, as
// transformers' apply_chat_template renders it (docs/chat_templates.md). The text already holds the
// special tokens, the first one included: encode it without adding any. Immutable, thread-safe.
//
//   auto chat = ChatTemplate::find(folder);   // nothing: the folder has no template
//   std::string prompt = chat->render({{"user", "What is 2 + 3?"}}, {.enable_thinking = false});
#pragma once

#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "base/file.h"
#include "model/jinja/template.h"

namespace reckon {

struct ChatMessage {
  std::string role, content;
  // Further members, such as {"reasoning_content": ...}; null ones are left out.
  nlohmann::ordered_json extra = nlohmann::ordered_json::object();
};

struct ChatOptions {
  bool add_generation_prompt = true;
  std::optional<bool> enable_thinking = std::nullopt;  // unset: the template decides
  // What strftime_now tells, year-month-day. Unset, there is no such function, and templates that
  // look for it use the date they come with: the same prompt every day.
  std::optional<std::string> date = std::nullopt;
  // Texts of special tokens by name ("bos_token", "eos_token", ...), over those of the folder.
  std::map<std::string, std::string> tokens = {};
  nlohmann::ordered_json variables = nlohmann::ordered_json::object();  // whatever else it reads
  jinja::Limits limits = {};
};

class ChatTemplate {
 public:
  // `place` names the template in errors.
  static ChatTemplate from_text(std::string_view text, const std::string& place);
  // The template of a Hugging Face folder: chat_template.jinja, else `chat_template` in
  // tokenizer_config.json (a text, or a list of named ones, of which `name` counts). Error(data)
  // for one that cannot be read, or when there are named ones but not this.
  static std::optional<ChatTemplate> find(const Path& folder, const std::string& name = "default");

  std::string render(const std::vector<ChatMessage>& messages,
                     const ChatOptions& options = {}) const;

  const std::string& text() const { return text_; }

 private:
  ChatTemplate(std::string text, const std::string& place);

  std::string text_;
  jinja::Template template_;
  std::map<std::string, std::string> tokens_;
};

}  // namespace reckon
