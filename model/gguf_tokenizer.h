// The tokenizer of a GGUF file's vocabulary: byte-level BPE with the pre-tokenizer that
// tokenizer.ggml.pre names, or SentencePiece BPE by scores. save() writes it as a Hugging Face
// tokenizer.json.
//
//   GgufFile file("model.gguf");
//   auto tokenizer = gguf_tokenizer(read_vocabulary(file), "model.gguf");
#pragma once

#include <memory>
#include <string>

#include "model/gguf.h"
#include "model/tokenizer.h"

namespace reckon {

// Error(data) names a kind or a pre-tokenizer that is not known, and what else does not fit.
std::shared_ptr<const Tokenizer> gguf_tokenizer(const GgufVocabulary& vocabulary,
                                                const std::string& place);

}  // namespace reckon
