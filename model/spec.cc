#include "model/spec.h"

#include <cmath>
#include <numbers>

#include "base/error.h"
#include "base/text.h"

namespace reckon {
namespace {

// Bounds far above any real model: they keep products of sizes inside 64 bits when a file is
// hostile.
constexpr int64_t kMaxSize = int64_t{1} << 26;
constexpr int64_t kMaxLayers = 4096;
constexpr double kMaxParameters = double{int64_t{1} << 48};

template <class T>
void require(bool holds, const std::string& field, T value, const char* rule) {
  if (!holds) {
    throw Error(Code::config, cat("model.", field), cat("is ", value, ", but must ", rule),
                "correct the model's description");
  }
}

void require_size(const std::string& field, int64_t value) {
  require(value > 0, field, value, "be positive");
  require(value <= kMaxSize, field, value, "be at most 67108864");
}

// In double where it may be more than an int64_t holds.
template <class Count>
Count layer_parameters(const ModelSpec& spec, const LayerSpec& layer) {
  Count hidden = spec.hidden, qkv_rows = static_cast<Count>(spec.qkv_rows());
  Count attention = qkv_rows * hidden + hidden * spec.heads * spec.head_dim;
  if (spec.qkv_bias) attention += qkv_rows;
  if (spec.qk_norm) attention += 2 * Count(spec.head_dim);
  Count ffn = 3 * hidden * layer.ffn;
  if (layer.moe) ffn = layer.moe->experts * (hidden + 3 * hidden * layer.moe->ffn);
  return attention + ffn + 2 * hidden;
}

void validate_moe(const MoeSpec& moe, const std::string& place) {
  require_size(place + ".moe.experts", moe.experts);
  require_size(place + ".moe.ffn", moe.ffn);
  require(moe.experts <= 65536, place + ".moe.experts", moe.experts, "be at most 65536");
  require(moe.top_k > 0, place + ".moe.top_k", moe.top_k, "be positive");
  require(moe.top_k <= moe.experts, place + ".moe.top_k", moe.top_k,
          "not be above the number of experts");
}

void validate_scaling(const RopeScaling& scaling) {
  const std::string place = "rope_scaling.";
  require(scaling.factor >= 1 && scaling.factor <= 1e6, place + "factor", scaling.factor,
          "lie between 1 and 1000000");
  require(scaling.low > 0, place + "low", scaling.low, "be positive");
  require(scaling.high > scaling.low, place + "high", scaling.high, "be above low");
  require(scaling.high <= 1e6, place + "high", scaling.high, "be at most 1000000");
  require_size(place + "original", scaling.original);
}

double scaled(const RopeScaling& scaling, double frequency) {
  const double turns = scaling.original * frequency / (2 * std::numbers::pi);
  if (turns < scaling.low) return frequency / scaling.factor;
  if (turns > scaling.high) return frequency;
  const double kept = (turns - scaling.low) / (scaling.high - scaling.low);
  return (1 - kept) * frequency / scaling.factor + kept * frequency;
}

}  // namespace

int64_t ModelSpec::parameter_count() const {
  int64_t embedding = int64_t{vocab} * hidden;
  int64_t count = embedding * (tied_head ? 1 : 2) + hidden;
  for (const LayerSpec& layer : layers) count += layer_parameters<int64_t>(*this, layer);
  return count;
}

std::vector<double> ModelSpec::rope_frequencies() const {
  std::vector<double> frequencies;
  for (int i = 0; i < head_dim / 2; ++i) {
    double frequency = std::pow(rope_theta, -2.0 * i / head_dim);
    if (rope_scaling) frequency = scaled(*rope_scaling, frequency);
    frequencies.push_back(frequency);
  }
  return frequencies;
}

void ModelSpec::validate() const {
  require_size("vocab", vocab);
  require_size("hidden", hidden);
  require_size("heads", heads);
  require_size("kv_heads", kv_heads);
  require_size("head_dim", head_dim);
  require_size("max_position", max_position);
  require(heads % kv_heads == 0, "heads", heads, "be a multiple of kv_heads");
  require(head_dim % 2 == 0, "head_dim", head_dim, "be even (rotary position pairs)");
  int64_t rows = (int64_t{heads} + 2 * int64_t{kv_heads}) * head_dim;
  require(rows <= kMaxSize, "heads", heads, "give at most 67108864 rows of q, k and v");
  require(norm_eps > 0 && norm_eps < 1, "norm_eps", norm_eps, "lie between 0 and 1");
  require(rope_theta > 0 && rope_theta < 1e30, "rope_theta", rope_theta, "be positive and finite");
  if (rope_scaling) validate_scaling(*rope_scaling);
  require(!layers.empty(), "layers", layers.size(), "hold at least one layer");
  require(layers.size() <= kMaxLayers, "layers", layers.size(), "be at most 4096");
  for (size_t i = 0; i < layers.size(); ++i) {
    std::string place = cat("layers.", i);
    if (layers[i].moe) {
      validate_moe(*layers[i].moe, place);
      require(layers[i].ffn == 0, place + ".ffn", layers[i].ffn, "be 0 in a layer of experts");
    } else {
      require_size(place + ".ffn", layers[i].ffn);
    }
  }
  double parameters = 2.0 * vocab * hidden;
  for (const LayerSpec& layer : layers) parameters += layer_parameters<double>(*this, layer);
  require(parameters <= kMaxParameters, "parameters", parameters, "be at most 2^48");
}

Digest ModelSpec::id() const {
  std::string text = cat("ModelSpec 1 ", family, ' ', vocab, ' ', hidden, ' ', heads, ' ', kv_heads,
                         ' ', head_dim, ' ', max_position, ' ', shortest(norm_eps), ' ',
                         shortest(rope_theta), ' ', tied_head, ' ', qkv_bias, ' ', qk_norm);
  if (rope_scaling) {
    text += cat(" llama3 ", shortest(rope_scaling->factor), ' ', shortest(rope_scaling->low), ' ',
                shortest(rope_scaling->high), ' ', rope_scaling->original);
  }
  for (const LayerSpec& layer : layers) {
    text += cat(" | ", layer.ffn);
    if (layer.moe) {
      text += cat(" moe ", layer.moe->experts, ' ', layer.moe->top_k, ' ', layer.moe->ffn, ' ',
                  layer.moe->normalise);
    }
  }
  return digest_of(text);
}

}  // namespace reckon
