#include "model/tokenizer.h"

#include "base/error.h"
#include "base/text.h"
#include "model/byte_tokenizer.h"
#include "model/json_text.h"

namespace reckon {
namespace {

// Without what changes no token: the file's version, the padding and truncation that a user of it
// last asked for, and the options of a byte-level decoder, which the library ignores.
nlohmann::json essence(nlohmann::json json) {
  for (const char* key : {"version", "padding", "truncation"}) json.erase(key);
  auto decoder = json.find("decoder");
  if (decoder != json.end() && decoder->is_object())
    *decoder = decoder->value("type", nlohmann::json());
  return json;
}

std::string description(const nlohmann::json& json) {
  auto found = json.find("model");
  if (found == json.end() || !found->is_object()) return "a file without a 'model'";
  auto type = found->find("type");
  auto vocab = found->find("vocab");
  return cat("a ",
             type != found->end() && type->is_string() ? type->get<std::string>() : "nameless",
             " model of ", vocab != found->end() ? vocab->size() : 0, " entries");
}

}  // namespace

std::shared_ptr<const Tokenizer> load_tokenizer(const Path& folder) {
  const Path path = folder / "tokenizer.json";
  nlohmann::json json = parse_json(read_file(path), path.string());
  if (json.is_object() && essence(json) == essence(byte_tokenizer_json())) return byte_tokenizer();
  throw Error(Code::data, path.string(),
              json.is_object() ? cat("holds ", description(json), ", which is not supported")
                               : "is not a JSON object",
              "supported: the byte tokenizer (256 bytes, <|end|>, <|pad|>)");
}

}  // namespace reckon
