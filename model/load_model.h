// One entry for whatever people have: a Hugging Face folder or a GGUF file.
//
//   LoadedModel model = load_model("SmolLM2-135M-Instruct.Q4_1.gguf");
#pragma once

#include "model/hugging_face.h"

namespace reckon {

// A GGUF model is F32 in memory unless all its tensors are BF16; it has no source. Errors as of
// load_hugging_face and GgufFile.
LoadedModel load_model(const Path& path);

}  // namespace reckon
