#include "base/error.h"
#include "base/text.h"
#include "model/weights.h"

namespace reckon {
namespace {

constexpr int64_t kAlign =
    64;  // elements; a digest piece, and a cache line of bytes in either storage type

}  // namespace

int ParameterLayout::add(std::string name, ParameterKind kind, int64_t count, int64_t rows,
                         int64_t cols) {
  parameters_.push_back({std::move(name), kind, count, rows, cols, elements_});
  int64_t end = elements_ + parameters_.back().elements();
  elements_ = (end + kAlign - 1) / kAlign * kAlign;
  return static_cast<int>(parameters_.size()) - 1;
}

ParameterLayout::ParameterLayout(const ModelSpec& spec) {
  spec.validate();
  const int64_t hidden = spec.hidden, head_dim = spec.head_dim;
  embed_ = add("embed", ParameterKind::embedding, 1, spec.vocab, hidden);
  for (size_t i = 0; i < spec.layers.size(); ++i) {
    const LayerSpec& layer = spec.layers[i];
    LayerParameters at;
    auto put = [&](const char* name, ParameterKind kind, int64_t rows, int64_t cols,
                   int64_t count = 1) {
      return add(cat("layers.", i, ".", name), kind, count, rows, cols);
    };
    at.attn_norm = put("attn_norm", ParameterKind::norm, 1, hidden);
    at.qkv = put("qkv", ParameterKind::linear, spec.qkv_rows(), hidden);
    if (spec.qkv_bias) at.qkv_bias = put("qkv_bias", ParameterKind::bias, 1, spec.qkv_rows());
    if (spec.qk_norm) {
      at.q_norm = put("q_norm", ParameterKind::norm, 1, head_dim);
      at.k_norm = put("k_norm", ParameterKind::norm, 1, head_dim);
    }
    at.attn_out = put("attn_out", ParameterKind::linear, hidden, spec.heads * head_dim);
    at.ffn_norm = put("ffn_norm", ParameterKind::norm, 1, hidden);
    if (layer.moe) {
      const MoeSpec& moe = *layer.moe;
      at.router = put("router", ParameterKind::router, moe.experts, hidden);
      at.expert_gate_up =
          put("experts.gate_up", ParameterKind::linear, 2 * int64_t{moe.ffn}, hidden, moe.experts);
      at.expert_down = put("experts.down", ParameterKind::linear, hidden, moe.ffn, moe.experts);
    } else {
      at.gate_up = put("gate_up", ParameterKind::linear, 2 * int64_t{layer.ffn}, hidden);
      at.down = put("down", ParameterKind::linear, hidden, layer.ffn);
    }
    layers_.push_back(at);
  }
  final_norm_ = add("final_norm", ParameterKind::norm, 1, 1, hidden);
  head_ = spec.tied_head ? embed_ : add("head", ParameterKind::head, 1, spec.vocab, hidden);
}

}  // namespace reckon
