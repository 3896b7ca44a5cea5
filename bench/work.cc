#include "bench/work.h"

#include <algorithm>

namespace reckon {
namespace {

// Elements of one layer's matrices when `experts` experts take part.
double layer_elements(const ModelSpec& spec, const LayerSpec& layer, double experts) {
  double hidden = spec.hidden;
  double attention = hidden * (spec.qkv_rows() + static_cast<double>(spec.heads) * spec.head_dim);
  if (!layer.moe) return attention + 3.0 * hidden * layer.ffn;
  return attention + hidden * layer.moe->experts + 3.0 * hidden * layer.moe->ffn * experts;
}

double head_elements(const ModelSpec& spec) {
  return static_cast<double>(spec.vocab) * spec.hidden;
}

}  // namespace

double forward_flops(const ModelSpec& spec, const ForwardWork& work) {
  double products = head_elements(spec) * work.head_rows;
  for (const LayerSpec& layer : spec.layers) {
    products += layer_elements(spec, layer, layer.moe ? layer.moe->top_k : 0) * work.rows;
    products += 2.0 * spec.heads * spec.head_dim * work.keys;
  }
  return 2 * products;
}

double weight_bytes(const ModelSpec& spec, DType dtype, double rows) {
  double elements = head_elements(spec);
  for (const LayerSpec& layer : spec.layers) {
    double experts = layer.moe ? std::min<double>(layer.moe->experts, rows * layer.moe->top_k) : 0;
    elements += layer_elements(spec, layer, experts);
  }
  return elements * static_cast<double>(dtype_size(dtype));
}

double kv_bytes(const ModelSpec& spec, DType dtype) {
  return 2.0 * spec.kv_heads * spec.head_dim *
         static_cast<double>(spec.layers.size() * dtype_size(dtype));
}

}  // namespace reckon
