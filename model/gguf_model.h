// The model in a GGUF file: hyper-parameters and weights of the architectures llama, qwen2, qwen3
// and qwen3moe.
#pragma once

#include <vector>

#include "model/gguf.h"
#include "model/spec.h"

namespace reckon {

// Error(data) when the architecture or one of its switches is not supported.
ModelSpec gguf_spec(const GgufFile& file);

// The arena of ParameterLayout(spec) in fp32. Every tensor of the file is used and every parameter
// filled, or Error(data) names the tensor. Rows of q and k are put back into the order of Hugging
// Face files where GGUF has them in another.
std::vector<float> gguf_masters(const GgufFile& file, const ModelSpec& spec);

}  // namespace reckon
