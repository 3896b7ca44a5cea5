// One entry for whatever people have: a Hugging Face folder or a GGUF file.
//
//   LoadedModel model = load_model("SmolLM2-135M-Instruct.Q4_1.gguf");
#pragma once

#include <memory>

#include "model/chat_template.h"
#include "model/hugging_face.h"

namespace reckon {

// A GGUF model is F32 in memory unless all its tensors are BF16; it has no source. Errors as of
// load_hugging_face and GgufFile.
LoadedModel load_model(const Path& path);
ModelSpec load_spec(const Path& path);  // without the weights

// The chat template that a model brings along, or the one in `file` if that is not empty. Null:
// there is none. Error(data) for a template that cannot be read.
std::shared_ptr<const ChatTemplate> load_chat_template(const Path& path, const Path& file = {});

}  // namespace reckon
