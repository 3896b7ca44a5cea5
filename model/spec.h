// One decoder, described by data. A family's table (model/families/) turns a Hugging Face
// config.json into a ModelSpec and back; nothing below model/ knows families.
#pragma once

#include <cmath>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/digest.h"

namespace reckon {

struct MoeSpec {
  int experts = 0, top_k = 0;
  int ffn = 0;            // inner width of one expert
  bool normalise = true;  // divide the chosen weights by their sum
  bool operator==(const MoeSpec&) const = default;
};

struct LayerSpec {
  int ffn = 0;                 // inner width of a dense layer
  std::optional<MoeSpec> moe;  // instead of the dense layer
  bool operator==(const LayerSpec&) const = default;
};

// Llama 3's law for the frequencies of rotary positions: waves longer than original / low are
// `factor` times slower, waves shorter than original / high stay, those between are blended.
struct RopeScaling {
  double factor = 8, low = 1, high = 4;
  int original = 8192;  // positions of the first training
  bool operator==(const RopeScaling&) const = default;
};

struct ModelSpec {
  std::string family;  // key of the family table, e.g. "qwen3_moe"
  int vocab = 0, hidden = 0;
  int heads = 0, kv_heads = 0, head_dim = 0;
  int max_position = 0;
  float norm_eps = 1e-6f;
  double rope_theta = 1e6;
  std::optional<RopeScaling> rope_scaling = {};
  bool tied_head = false, qkv_bias = false, qk_norm = false;
  std::vector<LayerSpec> layers;

  bool operator==(const ModelSpec&) const = default;
  int qkv_rows() const { return (heads + 2 * kv_heads) * head_dim; }
  float attention_scale() const {
    return 1.0f / std::sqrt(static_cast<float>(head_dim));
  }                                              // the same on both sides
  std::vector<double> rope_frequencies() const;  // [head_dim / 2], scaling applied
  int64_t parameter_count() const;
  // Throws Error(config) that names the field when a size is zero, negative or does not divide.
  void validate() const;
  Digest id() const;  // ModelId: digest of every field
};

}  // namespace reckon
