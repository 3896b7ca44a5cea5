// Weights: where every parameter lies in one flat arena, and an immutable published snapshot of it.
//
// The arena is the meeting point of learner, files and digest: element i of the fp32 masters, of
// the gradients and of the storage-type weights is the same parameter. Tensors are stacked as the
// kernels want them (qkv, gate_up, experts); model/hugging_face.h maps them to the names in files.
//
//   ParameterLayout layout(spec);
//   auto weights = Weights::publish(spec, layout, DType::bf16, masters, version, pool);   //
//   shared_ptr<const Weights>
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/ids.h"
#include "base/thread_pool.h"
#include "kernels/types.h"
#include "model/spec.h"

namespace reckon {

enum class ParameterKind { embedding, linear, norm, bias, router, head };

struct Parameter {
  std::string name;  // "embed", "layers.3.qkv", "layers.3.experts.gate_up" ...
  ParameterKind kind;
  int64_t count = 1;           // stacked matrices (experts), else 1
  int64_t rows = 0, cols = 0;  // of one matrix; a vector is [1, cols]
  int64_t offset = 0;          // first element in the arena, a multiple of 64
  int64_t elements() const { return count * rows * cols; }
};

// Parameters of one layer, as indices into ParameterLayout::parameters; -1: absent.
struct LayerParameters {
  int attn_norm = -1, qkv = -1, qkv_bias = -1, q_norm = -1, k_norm = -1, attn_out = -1;
  int ffn_norm = -1, gate_up = -1, down = -1;
  int router = -1, expert_gate_up = -1, expert_down = -1;
};

class ParameterLayout {
 public:
  explicit ParameterLayout(const ModelSpec& spec);
  const std::vector<Parameter>& parameters() const { return parameters_; }
  const Parameter& operator[](int index) const { return parameters_[static_cast<size_t>(index)]; }
  const LayerParameters& layer(int index) const { return layers_[static_cast<size_t>(index)]; }
  int embed() const { return embed_; }
  int final_norm() const { return final_norm_; }
  int head() const { return head_; }              // = embed() when tied
  int64_t elements() const { return elements_; }  // of the arena, padding (zeros) included

 private:
  int add(std::string name, ParameterKind kind, int64_t count, int64_t rows, int64_t cols);
  std::vector<Parameter> parameters_;
  std::vector<LayerParameters> layers_;
  int embed_ = -1, final_norm_ = -1, head_ = -1;
  int64_t elements_ = 0;
};

// One layer's weights as the kernels take them.
struct LayerWeights {
  const void* attn_norm = nullptr;
  WeightView qkv;
  const void* qkv_bias = nullptr;
  const void* q_norm = nullptr;
  const void* k_norm = nullptr;
  WeightView attn_out;
  const void* ffn_norm = nullptr;
  WeightView gate_up, down;
  WeightView router;
  std::vector<WeightView> expert_gate_up, expert_down;
};

class Weights {
 public:
  // Rounds the fp32 arena `masters` [layout.elements()] to `dtype`, builds the panels and the
  // digest. Thread-safe to read.
  static std::shared_ptr<const Weights> publish(const ModelSpec& spec,
                                                const ParameterLayout& layout, DType dtype,
                                                const float* masters, Version version,
                                                ThreadPool& pool);

  const ModelSpec& spec() const { return spec_; }
  const ParameterLayout& layout() const { return layout_; }
  DType dtype() const { return dtype_; }
  WeightsId id() const { return id_; }
  const void* data() const { return arena_.get(); }  // [layout.elements()] in dtype
  const void* parameter(int index) const;            // first element of a parameter
  const WeightView& embed() const { return embed_; }
  const void* final_norm() const { return final_norm_; }
  const WeightView& head() const { return head_; }
  const LayerWeights& layer(int index) const { return layers_[static_cast<size_t>(index)]; }
  const float* rope_cos() const { return rope_->data(); }  // [max_position, head_dim / 2]
  const float* rope_sin() const { return rope_->data() + rope_->size() / 2; }

 private:
  Weights(const ModelSpec& spec, const ParameterLayout& layout, DType dtype);
  void round_from(const float* masters, ThreadPool& pool);
  void bind(ThreadPool& pool);

  struct Free {
    void operator()(std::byte* bytes) const;
  };
  ModelSpec spec_;
  ParameterLayout layout_;
  DType dtype_;
  WeightsId id_;
  std::unique_ptr<std::byte[], Free> arena_, panels_;  // 64-byte aligned
  std::shared_ptr<const std::vector<float>> rope_;
  WeightView embed_, head_;
  const void* final_norm_ = nullptr;
  std::vector<LayerWeights> layers_;
};

// Contract rule 13: sum modulo 2^128 of a keyed hash of each 64-element piece of each logical row.
Digest weights_digest(const ParameterLayout& layout, DType dtype, const void* arena,
                      ThreadPool& pool);

// Fresh fp32 masters: normal(0, 0.02) for matrices, output projections of a layer scaled by
// 1/sqrt(2 layers), ones for norms, zeros for biases. A pure function of (spec, seed).
std::vector<float> initial_masters(const ModelSpec& spec, const ParameterLayout& layout,
                                   uint64_t seed);

}  // namespace reckon
