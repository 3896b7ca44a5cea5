#include "model/load_model.h"

#include <algorithm>

#include "base/error.h"
#include "base/text.h"
#include "model/families.h"
#include "model/gguf_model.h"
#include "model/gguf_tokenizer.h"

namespace reckon {
namespace {

LoadedModel load_gguf(const Path& path) {
  const GgufFile file(path);
  LoadedModel model;
  model.spec = gguf_spec(file);
  model.tokenizer = gguf_tokenizer(read_vocabulary(file), path.string());
  if (model.tokenizer->vocab_size() > model.spec.vocab) {
    file.fail(cat("has ", model.spec.vocab, " rows of embeddings for ",
                  model.tokenizer->vocab_size(), " tokens"));
  }
  model.masters = gguf_masters(file, model.spec);
  const bool bf16 = std::all_of(file.tensors().begin(), file.tensors().end(),
                                [](const GgufTensor& t) { return t.type == GgufType::bf16; });
  model.dtype = bf16 ? DType::bf16 : DType::f32;
  return model;
}

}  // namespace

std::shared_ptr<const ChatTemplate> load_chat_template(const Path& path, const Path& file) {
  std::optional<ChatTemplate> found;
  if (!file.empty()) {
    found.emplace(ChatTemplate::from_text(read_file(file), file.string()));
  } else if (!std::filesystem::is_regular_file(path)) {
    if (auto own = ChatTemplate::find(path)) found.emplace(*std::move(own));
  } else if (const auto words = read_vocabulary(GgufFile(path)); !words.chat_template.empty()) {
    found.emplace(ChatTemplate::from_text(words.chat_template, path.string()));
  }
  return found ? std::make_shared<const ChatTemplate>(*std::move(found)) : nullptr;
}

ModelSpec load_spec(const Path& path) {
  if (std::filesystem::is_regular_file(path)) return gguf_spec(GgufFile(path));
  const Path file = path / "config.json";
  nlohmann::json json = nlohmann::json::parse(read_file(file), nullptr, false);
  if (!json.is_object())
    throw Error(Code::data, file.string(), "is not a JSON object", "repair it, or load it again");
  return parse_config({std::move(json), file.string()});
}

LoadedModel load_model(const Path& path) {
  return std::filesystem::is_regular_file(path) ? load_gguf(path) : load_hugging_face(path);
}

}  // namespace reckon
