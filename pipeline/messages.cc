#include "pipeline/messages.h"

#include <algorithm>

#include "base/text.h"

namespace reckon {
namespace {

using nlohmann::json;

ChatMessage message_of(const json& entry, const std::string& who, const std::string& place) {
  if (!entry.is_object())
    throw bad_row(place, cat(who, " is ", json_type_name(entry), ", not an object"),
                  "write {\"role\": \"user\", \"content\": \"...\"}");
  static const std::vector<std::string> kRoles = {"system", "user", "assistant", "tool"};
  for (const auto& [name, value] : entry.items()) {
    if (name == "role" || name == "content" || value.is_null()) continue;
    throw bad_row(place, cat(who, " has '", name, "'"), "a message has role and content alone");
  }
  for (const char* name : {"role", "content"}) {
    auto found = entry.find(name);
    if (found == entry.end())
      throw bad_row(place, cat(who, " has no '", name, "'"),
                    "write {\"role\": \"user\", \"content\": \"...\"}");
    if (!found->is_string())
      throw bad_row(place, cat("'", name, "' of ", who, " is ", json_type_name(*found)),
                    "it has to be a text; images and sound are not supported");
  }
  ChatMessage message{entry.at("role"), entry.at("content")};
  if (std::find(kRoles.begin(), kRoles.end(), message.role) == kRoles.end())
    throw bad_row(place, cat(who, " has the role '", message.role, "'"),
                  cat(hint(message.role, kRoles), "the roles: ", join(kRoles, ", ")));
  return message;
}

bool is_chat(const json& value) {
  return value.is_array() && !value.empty() && value[0].is_object() && value[0].contains("role");
}

}  // namespace

Error bad_row(const std::string& place, const std::string& problem, const std::string& remedy) {
  return Error(Code::data, place, problem, remedy);
}

std::string hint(const std::string& name, const std::vector<std::string>& names) {
  auto near = nearest(name, names);
  return near ? cat("did you mean '", *near, "'? ") : "";
}

std::string json_type_name(const json& value) {
  if (value.is_null()) return "null";
  if (value.is_boolean()) return "true or false";
  if (value.is_number()) return "a number";
  if (value.is_array()) return "a list";
  return value.is_object() ? "an object" : "a text";
}

std::vector<ChatMessage> all_messages(const json& list, const std::string& column,
                                      const std::string& place) {
  std::vector<ChatMessage> messages;
  for (const json& entry : list) {
    std::string who = cat("message ", messages.size() + 1, " of column '", column, "'");
    messages.push_back(message_of(entry, who, place));
  }
  return messages;
}

void check_prompt(const std::vector<ChatMessage>& messages, const std::string& column,
                  const std::string& place) {
  if (messages.empty())
    throw bad_row(place, cat("column '", column, "' has no messages"),
                  "remove the row, or give it a prompt");
  if (messages.back().role == "assistant" || messages.back().role == "system") {
    throw bad_row(place,
                  cat("column '", column, "' ends with a message of the ", messages.back().role),
                  "the last message has to be the user's, for the model to answer");
  }
}

void read_conversation(const json& list, Row& row, const std::string& place) {
  row.messages = all_messages(list, kConversation, place);
  if (!row.messages.empty() && row.messages.back().role == "assistant") {
    row.reply.push_back(std::move(row.messages.back()));
    row.messages.pop_back();
    if (row.messages.empty())
      throw bad_row(place, "column 'messages' has an answer and nothing before it",
                    "remove the row, or give it a prompt");
  }
  check_prompt(row.messages, kConversation, place);
}

void read_reply(json& object, Row& row, const std::string& place) {
  auto completion = object.find("completion");
  if (row.reply.empty() && completion != object.end() && is_chat(*completion)) {
    row.reply = all_messages(*completion, "completion", place);
    if (row.reply.size() != 1 || row.reply[0].role != "assistant")
      throw bad_row(place, "column 'completion' is not one message of the assistant",
                    "write earlier turns into the prompt, or the whole as column 'messages'");
    *completion = row.reply[0].content;
  } else if (!row.reply.empty() && completion == object.end()) {
    object["completion"] = row.reply[0].content;
  }
}

std::string joined(const std::vector<ChatMessage>& messages) {
  std::vector<std::string> contents;
  for (const ChatMessage& message : messages) contents.push_back(message.content);
  return join(contents, "\n\n");
}

}  // namespace reckon
