#include "model/chat_template.h"

#include <filesystem>

#include "base/error.h"
#include "base/text.h"
#include "model/json_text.h"

namespace reckon {
namespace {

using nlohmann::ordered_json;

// The texts of the special tokens that templates may name; an entry is a text or {"content": text}.
std::map<std::string, std::string> special_tokens(const nlohmann::json& config) {
  std::map<std::string, std::string> tokens;
  for (const char* name : {"bos_token", "eos_token", "pad_token", "unk_token", "sep_token",
                           "cls_token", "mask_token"}) {
    auto found = config.find(name);
    if (found == config.end()) continue;
    if (found->is_object() && found->contains("content") && (*found)["content"].is_string())
      tokens[name] = (*found)["content"].get<std::string>();
    if (found->is_string()) tokens[name] = found->get<std::string>();
  }
  return tokens;
}

std::optional<std::string> configured_template(const nlohmann::json& config,
                                               const std::string& name, const Path& path) {
  auto found = config.find("chat_template");
  if (found == config.end() || found->is_null()) return std::nullopt;
  if (found->is_string()) return found->get<std::string>();
  std::vector<std::string> names;
  if (found->is_array()) {
    for (const auto& entry : *found) {
      if (!entry.is_object() || !entry.value("name", nlohmann::json()).is_string() ||
          !entry.value("template", nlohmann::json()).is_string())
        throw Error(Code::data, cat(path.string(), ": chat_template"),
                    "an entry is not {name, template}",
                    "correct the file, or give a template of your own");
      names.push_back(entry["name"]);
      if (names.back() == name) return entry["template"].get<std::string>();
    }
  }
  throw Error(Code::data, cat(path.string(), ": chat_template"),
              names.empty()
                  ? "it is neither a text nor a list of named templates"
                  : cat("there is no template '", name, "'; there are: ", join(names, ", ")),
              "name one of these, or give a template of your own");
}

// The message as templates see it: nulls left out, and reasoning under the name that templates read
// whatever the data calls it.
ordered_json message_json(const ChatMessage& message) {
  ordered_json json = {{"role", message.role}, {"content", message.content}};
  if (!message.extra.is_object())
    throw Error(Code::data, cat("a message of '", message.role, "'"),
                "its further members are no object", "give an object of names and values");
  for (const auto& [key, value] : message.extra.items())
    if (!value.is_null()) json[key] = value;
  for (const char* name : {"reasoning_content", "thinking", "reasoning"}) {
    if (!json.contains(name)) continue;
    ordered_json reasoning = json[name];
    json["reasoning_content"] = reasoning;
    if (!json.contains("thinking")) json["thinking"] = reasoning;
    break;
  }
  return json;
}

bool is_date(const std::string& text) {
  if (text.size() != 10 || text[4] != '-' || text[7] != '-') return false;
  auto year = parse_int(text.substr(0, 4)), month = parse_int(text.substr(5, 2)),
       day = parse_int(text.substr(8));
  return year && month && day && *year >= 1000 && *month >= 1 && *month <= 12 && *day >= 1 &&
         *day <= 31;
}

}  // namespace

ChatTemplate::ChatTemplate(std::string text, const std::string& place)
    : text_(std::move(text)), template_(text_, place) {}

ChatTemplate ChatTemplate::from_text(std::string_view text, const std::string& place) {
  return ChatTemplate(std::string(text), place);
}

std::optional<ChatTemplate> ChatTemplate::find(const Path& folder, const std::string& name) {
  Path config_path = folder / "tokenizer_config.json", jinja_path = folder / "chat_template.jinja";
  nlohmann::json config = nlohmann::json::object();
  if (std::filesystem::exists(config_path))
    config = parse_json(read_file(config_path), config_path.string());
  if (!config.is_object())
    throw Error(Code::data, config_path.string(), "it holds no object",
                "use the file of a Hugging Face model");
  std::optional<ChatTemplate> found;
  if (std::filesystem::exists(jinja_path)) {
    found.emplace(from_text(read_file(jinja_path), jinja_path.string()));
  } else if (auto text = configured_template(config, name, config_path)) {
    found.emplace(from_text(*text, cat(config_path.string(), ": chat_template")));
  }
  if (found) found->tokens_ = special_tokens(config);
  return found;
}

std::string ChatTemplate::render(const std::vector<ChatMessage>& messages,
                                 const ChatOptions& options) const {
  if (options.date && !is_date(*options.date))
    throw Error(Code::data, "the date of a chat template",
                cat("'", *options.date, "' is not year-month-day"), "write it as 2024-07-26");
  ordered_json variables = ordered_json::object();
  for (const auto& [name, text] : tokens_) variables[name] = text;
  for (const auto& [name, text] : options.tokens) variables[name] = text;
  variables["messages"] = ordered_json::array();
  for (const ChatMessage& message : messages)
    variables["messages"].push_back(message_json(message));
  variables["tools"] = nullptr;
  variables["documents"] = nullptr;
  variables["add_generation_prompt"] = options.add_generation_prompt;
  if (options.enable_thinking) variables["enable_thinking"] = *options.enable_thinking;
  for (const auto& [name, value] : options.variables.items()) variables[name] = value;
  return template_.render(variables, options.date, options.limits);
}

}  // namespace reckon
