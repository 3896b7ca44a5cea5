#include "model/tokenizer.h"

#include <filesystem>

#include "base/error.h"
#include "base/text.h"
#include "model/byte_tokenizer.h"
#include "model/json_node.h"
#include "model/json_text.h"
#include "model/tokenizer_json.h"
#include "model/unicode.h"

namespace reckon {
namespace {

// Written back as they are. generation_config.json and config.json belong to the model.
constexpr const char* kFiles[] = {"tokenizer.json",    "tokenizer_config.json",
                                  "added_tokens.json", "special_tokens_map.json",
                                  "vocab.json",        "merges.txt",
                                  "tokenizer.model",   "chat_template.jinja",
                                  "chat_template.json"};

// Without what changes no token: the file's version, the padding and truncation that a user of it
// last asked for, and the options of a byte-level decoder, which the library ignores.
nlohmann::json essence(nlohmann::json json) {
  for (const char* key : {"version", "padding", "truncation"}) json.erase(key);
  auto decoder = json.find("decoder");
  if (decoder != json.end() && decoder->is_object())
    *decoder = decoder->value("type", nlohmann::json());
  return json;
}

bool is_byte_tokenizer(const nlohmann::json& json) {
  auto model = json.find("model");
  // The cheap question first: the comparison copies the file.
  return model != json.end() && model->is_object() && model->contains("vocab") &&
         (*model)["vocab"].size() == 256 && essence(json) == essence(byte_tokenizer_json());
}

FileTexts carried_files(const Path& folder) {
  FileTexts files;
  for (const char* name : kFiles) {
    if (std::filesystem::exists(folder / name)) files.emplace_back(name, read_file(folder / name));
  }
  return files;
}

// The other files of a folder that tell about the tokenizer; absent ones are null.
class Companions {
 public:
  explicit Companions(const Path& folder) {
    for (const char* name : {"tokenizer_config.json", "special_tokens_map.json",
                             "generation_config.json", "config.json"}) {
      const Path path = folder / name;
      nlohmann::json json;
      if (std::filesystem::exists(path)) json = parse_json(read_file(path), path.string());
      files_.emplace_back(path.string(), std::move(json));
    }
  }

  // The id of "eos_token" and its like: by name, else by the number in the model's files.
  std::optional<int32_t> special(const std::string& role, const TextTokenizerParts& parts) const {
    for (size_t i = 0; i < 2; ++i) {
      auto token = node(i, role + "_token");
      if (!token) continue;
      const std::string& name =
          token->value().is_object() ? token->at("content").text() : token->text();
      for (size_t id = 0; id < parts.names.size(); ++id) {
        if (parts.names[id] == name) return static_cast<int32_t>(id);
      }
      token->fail(cat("is '", name, "', which is no token of tokenizer.json"),
                  "the files belong to different models");
    }
    for (size_t i = 2; i < files_.size(); ++i) {
      auto id = node(i, role + "_token_id");
      if (!id) continue;
      if (id->value().is_array()) {
        auto ids = id->items();
        if (ids.empty()) continue;
        id.emplace(ids.front());
      }
      return token_of(*id, parts);
    }
    return std::nullopt;
  }

  // What ends a completion by generation_config.json, else by config.json: one id or a list.
  std::vector<int32_t> ends(const TextTokenizerParts& parts) const {
    std::vector<int32_t> ends;
    for (size_t i = 2; i < files_.size() && ends.empty(); ++i) {
      auto ids = node(i, "eos_token_id");
      if (!ids) continue;
      if (!ids->value().is_array()) ends.push_back(token_of(*ids, parts));
      if (!ids->value().is_array()) continue;
      for (const JsonNode& id : ids->items()) ends.push_back(token_of(id, parts));
    }
    return ends;
  }

  std::optional<bool> add_bos() const {
    auto flag = node(0, "add_bos_token");
    return flag ? std::optional(flag->flag()) : std::nullopt;
  }

 private:
  static int32_t token_of(const JsonNode& id, const TextTokenizerParts& parts) {
    const int64_t number = id.integer();
    if (number < 0 || number >= static_cast<int64_t>(parts.names.size()))
      id.fail(cat("is ", number, ", which is no token of tokenizer.json"),
              "the files belong to different models");
    return static_cast<int32_t>(number);
  }

  std::optional<JsonNode> node(size_t file, const std::string& key) const {
    const auto& [place, json] = files_[file];
    return json.is_null() ? std::nullopt : JsonNode(json, place).find(key);
  }

  std::vector<std::pair<std::string, nlohmann::json>> files_;
};

}  // namespace

std::string Tokenizer::decode(const std::vector<int32_t>& ids) const {
  std::string text;
  for (int32_t id : ids) text += token_bytes(id);
  size_t spaces = 0;
  while (spaces < static_cast<size_t>(stripped_spaces()) && spaces < text.size() &&
         text[spaces] == ' ') {
    ++spaces;
  }
  return spaces == 0 ? text : text.substr(spaces);
}

std::string StreamDecoder::push(int32_t id) {
  std::string_view bytes = tokenizer_.token_bytes(id);
  while (spaces_ > 0 && !bytes.empty()) {
    spaces_ = bytes.front() == ' ' ? spaces_ - 1 : -1;
    if (spaces_ >= 0) bytes.remove_prefix(1);
  }
  held_ += bytes;
  const size_t size = finished_prefix(held_);
  std::string text = held_.substr(0, size);
  held_.erase(0, size);
  return text;
}

std::string StreamDecoder::finish() { return std::exchange(held_, {}); }

std::shared_ptr<const Tokenizer> load_tokenizer(const Path& folder) {
  const Path path = folder / "tokenizer.json";
  const nlohmann::json json = parse_json(read_file(path), path.string());
  if (!json.is_object()) {
    throw Error(Code::data, path.string(), "is not a JSON object",
                "the file is damaged or not what its name says");
  }
  if (is_byte_tokenizer(json)) return byte_tokenizer(carried_files(folder));
  TextTokenizerParts parts = read_tokenizer_json(json, path.string());
  const Companions companions(folder);
  const auto end = companions.special("eos", parts);
  if (!end) {
    throw Error(Code::data, folder.string(), "does not say which token ends a text",
                "give 'eos_token' in tokenizer_config.json or 'eos_token_id' in config.json");
  }
  parts.end = *end;
  parts.pad = companions.special("pad", parts).value_or(*end);
  if (auto bos = companions.special("bos", parts)) parts.bos = bos;
  parts.add_bos = parts.bos && companions.add_bos().value_or(parts.add_bos);
  parts.more_ends = companions.ends(parts);
  parts.files = carried_files(folder);
  return std::make_shared<TextTokenizer>(std::move(parts));
}

}  // namespace reckon
