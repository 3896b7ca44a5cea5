// Block formats of GGUF tensors: sizes, and the values they stand for.
#pragma once

#include <optional>

#include "model/gguf.h"

namespace reckon {

struct GgufTypeFact {
  GgufType type;
  const char* name;      // "Q4_K"
  int64_t block, bytes;  // elements and bytes of one block
};

// By the number in a file; nothing when the type is not read.
std::optional<GgufTypeFact> gguf_type_fact(uint32_t number);
const GgufTypeFact& gguf_type_fact(GgufType type);

// `count` elements from element `first` on as fp32; both multiples of the type's block.
void dequantise(const GgufTensor& tensor, int64_t first, int64_t count, float* out);
inline void dequantise(const GgufTensor& tensor, float* out) {
  dequantise(tensor, 0, tensor.elements(), out);
}

}  // namespace reckon
