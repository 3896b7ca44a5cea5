#include "learner/footprint.h"

#include <algorithm>

#include "model/weights.h"

namespace reckon {
namespace {

constexpr int64_t kLogits = int64_t{8} << 20;       // elements of a block of logits
constexpr int64_t kHeadWeights = int64_t{4} << 20;  // elements of a slice of the head

int64_t size_of(DType dtype) { return static_cast<int64_t>(dtype_size(dtype)); }

struct LayerBytes {
  int64_t kept = 0;      // by its nodes
  int64_t backward = 0;  // of its feed-forward part, the largest
};

LayerBytes layer_bytes(const ModelSpec& spec, const LayerSpec& layer, DType dtype, int64_t rows) {
  const int64_t hidden = spec.hidden, attended = int64_t{spec.heads} * spec.head_dim,
                qkv = spec.qkv_rows(), size = size_of(dtype);
  const int64_t slots = layer.moe ? layer.moe->top_k : 1,
                inner = layer.moe ? layer.moe->ffn : layer.ffn,
                matrices = layer.moe ? layer.moe->experts : 1;
  // Two normed inputs, two sums with the residual, q, k and v, what was attended, gate, up and h.
  int64_t stored = 4 * hidden + (spec.qk_norm ? 2 : 1) * qkv + attended + 3 * slots * inner;
  int64_t floats = spec.heads;
  if (layer.moe) {
    stored += slots * hidden;
    floats += matrices + 4 * slots;
  }
  // In fp32: h, gate and up with their gradients, the rows' gradients, and where the weights are
  // narrower their values beside their gradient.
  const int64_t wide = dtype == DType::f32 ? 0 : 1;
  const int64_t step = slots * inner * (3 + 3 * wide) + hidden * (3 + wide) +
                       (layer.moe ? slots * hidden * (3 + wide) : 0);
  return {.kept = rows * (stored * size + floats * 4),
          .backward = 4 * rows * step + 4 * (1 + wide) * matrices * 2 * inner * hidden};
}

int64_t head_bytes(const ModelSpec& spec, DType dtype, int64_t rows) {
  const int64_t wide = dtype == DType::f32 ? 0 : 1;
  return 4 * (rows * spec.hidden * (3 + wide) + 2 * head_block(spec.vocab, rows) * spec.vocab +
              (1 + wide) * head_slice(spec.vocab, spec.hidden) * spec.hidden);
}

}  // namespace

int64_t head_block(int64_t vocab, int64_t rows) {
  return std::clamp<int64_t>(kLogits / vocab / 16 * 16, 64, std::max<int64_t>(rows, 64));
}

int64_t head_slice(int64_t vocab, int64_t hidden) {
  return std::min(vocab, std::max<int64_t>(kHeadWeights / hidden / 16 * 16, 16));
}

PassBytes pass_bytes(const ModelSpec& spec, DType dtype, int64_t rows, bool checkpointing) {
  const int64_t stream = rows * spec.hidden * size_of(dtype);
  int64_t kept = 0, step = 0;
  for (const LayerSpec& layer : spec.layers) {
    const LayerBytes bytes = layer_bytes(spec, layer, dtype, rows);
    kept += checkpointing ? stream : bytes.kept;
    step = std::max(step, bytes.backward + (checkpointing ? bytes.kept : 0));
  }
  const int64_t page_row = 2 * int64_t{spec.kv_heads} * spec.head_dim * size_of(dtype);
  return {.activations = static_cast<uint64_t>(kept + 3 * stream + rows * page_row * 11 / 10),
          .backward = static_cast<uint64_t>(std::max(step, head_bytes(spec, dtype, rows)))};
}

uint64_t weight_bytes(const ModelSpec& spec, DType dtype) {
  return static_cast<uint64_t>(ParameterLayout(spec).elements() * size_of(dtype));
}

uint64_t panels_bytes(const ModelSpec& spec, DType dtype) {
  const ParameterLayout layout(spec);
  uint64_t bytes = 0;
  for (size_t i = 0; i < layout.parameters().size(); ++i) {
    const Parameter& p = layout.parameters()[i];
    const bool vector = p.kind == ParameterKind::norm || p.kind == ParameterKind::bias;
    if (vector || (static_cast<int>(i) == layout.embed() && layout.embed() != layout.head()))
      continue;
    bytes += static_cast<uint64_t>(p.count) *
             panel_bytes(static_cast<int>(p.rows), static_cast<int>(p.cols), dtype);
  }
  return bytes;
}

}  // namespace reckon
