// Chats in data rows: lists of {role, content} as TRL writes them; and how complaints about a row
// are worded. Pure functions, private to pipeline/. Error(data) at `place`.
//
//   row.messages = all_messages(list, "prompt", "train.jsonl:7");
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "base/error.h"
#include "pipeline/prompt.h"

namespace reckon {

Error bad_row(const std::string& place, const std::string& problem, const std::string& remedy);
// "did you mean 'x'? " or nothing.
std::string hint(const std::string& name, const std::vector<std::string>& names);
// "a list", "a number", ...
std::string json_type_name(const nlohmann::json& value);

// The column that holds a whole conversation where a row has no `prompt`.
constexpr const char* kConversation = "messages";

std::vector<ChatMessage> all_messages(const nlohmann::json& list, const std::string& column,
                                      const std::string& place);
// A prompt ends with something to answer.
void check_prompt(const std::vector<ChatMessage>& messages, const std::string& column,
                  const std::string& place);
// Into row.messages, and row.reply where the assistant has the last word.
void read_conversation(const nlohmann::json& list, Row& row, const std::string& place);
// `completion` where it is a list of one message, into row.reply; the column is then its text.
void read_reply(nlohmann::json& object, Row& row, const std::string& place);
// The contents, blank lines between them.
std::string joined(const std::vector<ChatMessage>& messages);

}  // namespace reckon
