// How a data row becomes a prompt: which columns, which wrapper, which messages. Immutable once
// made, thread-safe. docs/data.md describes the options for users.
//
//   RowShaper shaper({.format = "gsm8k", .wrapper = "{question}\nThink step by step."});
//   Row row = shaper.shape(object, "train.jsonl:7");    // Error(data) at that place
#pragma once

#include <cstdint>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "model/chat_template.h"

namespace reckon {

struct Row {
  std::string prompt;      // of a chat: the contents of its messages, blank lines between them
  nlohmann::json columns;  // object: every other column; generators give "answer" and "completion"
  std::vector<ChatMessage> messages = {};  // of a chat, for the chat template; empty: plain text
  // The assistant's answer to `messages` where the row brings one as a message; `completion` in
  // `columns` is then its text.
  std::vector<ChatMessage> reply = {};
};

struct PromptOptions {
  std::string column = "prompt";
  std::string format = "auto";                 // auto, plain, gsm8k, math
  std::map<std::string, std::string> columns;  // new name -> name or dotted path in the file
  std::string wrapper;                         // key template: "{question}\n..."; empty: none
  std::string system;                          // first message; empty: none
  bool chat = false;                           // a text becomes the message of a user
  uint64_t max_tokens = 0;                     // key max_prompt_tokens; 0: no limit
  double skip_bad_rows = 0;                    // rows, or below 1 a share of them

  PromptOptions() = default;
  PromptOptions(std::string prompt_column) : column(std::move(prompt_column)) {}
  PromptOptions(const char* prompt_column) : column(prompt_column) {}
};

// A text with {column} placeholders; {{ and }} stand for braces.
class PromptTemplate {
 public:
  // Error(config), its place() "template".
  explicit PromptTemplate(std::string_view text);

  bool empty() const { return parts_.empty(); }
  // `prompt_column` is what {prompt} means in a row without a column `prompt`. Error(data) at
  // `place` names the placeholder that the row cannot fill.
  std::string fill(const nlohmann::json& row, const std::string& prompt_column,
                   const std::string& place) const;

 private:
  struct Column {
    std::string name;
  };
  std::vector<std::variant<std::string, Column>> parts_;
};

class RowShaper {
 public:
  // Error(config), its place() the option at fault.
  explicit RowShaper(PromptOptions options);

  // With format auto: which of the known formats a file is that begins with `first`; returns its
  // name when it is not plain.
  std::string recognise(const nlohmann::json& first);

  // Error(data) at `place`.
  Row shape(nlohmann::json object, const std::string& place) const;
  const PromptOptions& options() const { return options_; }

 private:
  void read_prompt(nlohmann::json& object, Row& row, const std::string& place) const;

  PromptOptions options_;
  PromptTemplate wrapper_;
};

}  // namespace reckon
