#include <algorithm>
#include <cmath>

#include "base/random.h"
#include "model/weights.h"

namespace reckon {
namespace {

constexpr double kDeviation = 0.02;

// One stream per row, so that the values depend neither on threads nor on how a matrix is cut.
void fill_normal(const Parameter& parameter, uint64_t seed, double deviation, float* masters,
                 ThreadPool& pool) {
  const uint64_t name = hash64(parameter.name);
  float* first = masters + parameter.offset;
  const int64_t cols = parameter.cols;
  pool.for_ranges(parameter.count * parameter.rows, 16, [&](int64_t begin, int64_t end) {
    for (int64_t row = begin; row < end; ++row) {
      RandomStream stream(
          random_key(seed, Domain::initialization, {name, static_cast<uint64_t>(row)}));
      for (int64_t col = 0; col < cols; ++col) {
        first[row * cols + col] = static_cast<float>(deviation * stream.normal());
      }
    }
  });
}

}  // namespace

std::vector<float> initial_masters(const ModelSpec& spec, const ParameterLayout& layout,
                                   uint64_t seed) {
  std::vector<float> masters(static_cast<size_t>(layout.elements()), 0.0f);
  std::vector<bool> adds_to_residual(layout.parameters().size(), false);
  for (size_t i = 0; i < spec.layers.size(); ++i) {
    const LayerParameters& at = layout.layer(static_cast<int>(i));
    for (int index : {at.attn_out, at.down, at.expert_down}) {
      if (index >= 0) adds_to_residual[static_cast<size_t>(index)] = true;
    }
  }
  const double residual_scale = 1 / std::sqrt(2.0 * static_cast<double>(spec.layers.size()));
  ThreadPool pool(usable_cores());
  for (size_t i = 0; i < layout.parameters().size(); ++i) {
    const Parameter& parameter = layout.parameters()[i];
    if (parameter.kind == ParameterKind::norm) {
      std::fill_n(masters.begin() + parameter.offset, parameter.elements(), 1.0f);
    } else if (parameter.kind != ParameterKind::bias) {
      double deviation = kDeviation * (adds_to_residual[i] ? residual_scale : 1.0);
      fill_normal(parameter, seed, deviation, masters.data(), pool);
    }
  }
  return masters;
}

}  // namespace reckon
