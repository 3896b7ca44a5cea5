#include "model/load_model.h"

#include <algorithm>

#include "base/text.h"
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

LoadedModel load_model(const Path& path) {
  return std::filesystem::is_regular_file(path) ? load_gguf(path) : load_hugging_face(path);
}

}  // namespace reckon
