// How much work a model is: the counts that turn seconds into bytes/s and FLOP/s. Only matrices
// count; norms, rotations and the soft-max are left out, as everyone does.
#pragma once

#include <cstdint>

#include "kernels/types.h"
#include "model/spec.h"

namespace reckon {

// One forward: rows through the layers, rows the head is asked about, and keys attended to, summed
// over rows.
struct ForwardWork {
  double rows = 0, head_rows = 0, keys = 0;
};

// FLOP of a forward (2 per multiply and add). Training counts three times that: a backward is two
// forwards.
double forward_flops(const ModelSpec& spec, const ForwardWork& work);

// Bytes of weights that a forward of `rows` rows reads: every matrix once, of the experts as many
// as rows * top_k can reach. The embedding table counts as the head's when they are tied, else not
// at all.
double weight_bytes(const ModelSpec& spec, DType dtype, double rows);

// Bytes of keys and values of one position, all layers.
double kv_bytes(const ModelSpec& spec, DType dtype);

}  // namespace reckon
