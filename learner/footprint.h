// Bytes that a pass of the learner takes, by the shapes alone, and the sizes that its head is cut
// by. The activations follow what autograd_*.cc keep; a test compares them with what a pass takes.
// Pure functions, without torch.
//
//   PassBytes bytes = pass_bytes(spec, DType::bf16, /*rows=*/2048, /*checkpointing=*/true);
#pragma once

#include <cstdint>

#include "kernels/types.h"
#include "model/spec.h"

namespace reckon {

struct PassBytes {
  uint64_t activations = 0;  // kept from forward to backward
  uint64_t backward = 0;     // what the most demanding step of backward takes beside them
};

PassBytes pass_bytes(const ModelSpec& spec, DType dtype, int64_t rows, bool checkpointing);

// Published weights: rows, and the panels beside them.
uint64_t weight_bytes(const ModelSpec& spec, DType dtype);
uint64_t panels_bytes(const ModelSpec& spec, DType dtype);

// Backward through the head: rows whose logits are there at once, and tokens whose weights are.
int64_t head_block(int64_t vocab, int64_t rows);
int64_t head_slice(int64_t vocab, int64_t hidden);

}  // namespace reckon
