// The plain reference of every kernel: simple loops in the type F (float or double), no vectors, no
// tiles, the same meaning as kernels.h but not the same bits. Arrays hold F; where a kernel rounds
// to storage, the reference calls stored(x, dtype), which is the identity for f32, so that in
// double nothing is rounded and derivatives can be checked by finite differences.
//
//   reference::rms_norm<double>(rows, n, x, w, 1e-6, DType::f32, out);
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <functional>
#include <limits>
#include <vector>

#include "kernels/kernels.h"

namespace reckon::reference {

template <class F>
F stored(F x, DType dtype) {
  return dtype == DType::f32 ? x
                             : static_cast<F>(to_float(from_float<bf16>(static_cast<float>(x))));
}

// out [rows, n] = round(round(x / sqrt(mean(x^2) + eps)) w).
template <class F>
void rms_norm(int rows, int n, const F* x, const F* w, F eps, DType dtype, F* out) {
  for (int row = 0; row < rows; ++row, x += n, out += n) {
    F squares = 0;
    for (int i = 0; i < n; ++i) squares += x[i] * x[i];
    const F scale = F(1) / std::sqrt(squares / n + eps);
    for (int i = 0; i < n; ++i) out[i] = stored(stored(x[i] * scale, dtype) * w[i], dtype);
  }
}

// out [rows, n] = x [rows, k] w [n, k]^T + bias (null: none), not rounded.
template <class F>
void linear(int rows, int n, int k, const F* x, const F* w, const F* bias, F* out) {
  for (int row = 0; row < rows; ++row) {
    for (int j = 0; j < n; ++j) {
      F sum = 0;
      for (int i = 0; i < k; ++i) sum += x[int64_t{row} * k + i] * w[int64_t{j} * k + i];
      out[int64_t{row} * n + j] = bias == nullptr ? sum : sum + bias[j];
    }
  }
}

template <class F>
void round_all(std::vector<F>& x, DType dtype) {
  for (F& value : x) value = stored(value, dtype);
}

// Turns per position of pair i: theta^(-2i / dim), or one of a given list.
template <class F>
F rope_frequency(F theta, int i, int dim) {
  return std::pow(theta, F(-2) * i / dim);
}
template <class F>
F rope_frequency(const std::vector<F>& frequencies, int i, int) {
  return frequencies[static_cast<size_t>(i)];
}

// One head, half pairing: (x[i], x[i + half]) turned by position * frequency, in place. `turns` is
// theta or a list of frequencies.
template <class F, class Turns>
void rope(int dim, const Turns& turns, int position, DType dtype, F* x) {
  for (int i = 0; i < dim / 2; ++i) {
    const F angle = position * rope_frequency<F>(turns, i, dim);
    const F a = x[i], b = x[i + dim / 2], c = std::cos(angle), s = std::sin(angle);
    x[i] = stored(a * c - b * s, dtype);
    x[i + dim / 2] = stored(b * c + a * s, dtype);
  }
}

struct AttentionShape {
  int heads, kv_heads, head_dim;
};

// qkv [rows, (heads + 2 kv_heads) head_dim] of normed [rows, hidden]: linear with bias (null:
// none), q/k norm (null: none), RoPE on q and k (`turns` as in rope()).
template <class F, class Turns>
std::vector<F> qkv(int rows, int hidden, AttentionShape shape, const F* normed, const F* w,
                   const F* bias, const F* q_norm, const F* k_norm, F eps, const Turns& turns,
                   const int32_t* positions, DType dtype) {
  const int width = (shape.heads + 2 * shape.kv_heads) * shape.head_dim;
  std::vector<F> out(static_cast<size_t>(rows) * width);
  linear(rows, width, hidden, normed, w, bias, out.data());
  round_all(out, dtype);
  for (int row = 0; row < rows; ++row) {
    for (int head = 0; head < shape.heads + shape.kv_heads; ++head) {
      F* x = out.data() + int64_t{row} * width + head * shape.head_dim;
      const F* norm = head < shape.heads ? q_norm : k_norm;
      if (norm != nullptr) rms_norm(1, shape.head_dim, x, norm, eps, dtype, x);
      rope(shape.head_dim, turns, positions[row], dtype, x);
    }
  }
  return out;
}

// One query q [heads, head_dim] against the keys and values of qkv rows `seen` (ascending
// positions, own row included). out [heads, head_dim], lse [heads].
template <class F>
void attend(AttentionShape shape, F scale, const F* q, const F* qkv, const std::vector<int>& seen,
            DType dtype, F* out, F* lse) {
  const int dim = shape.head_dim, width = (shape.heads + 2 * shape.kv_heads) * dim;
  for (int head = 0; head < shape.heads; ++head) {
    const int kv_head = head / (shape.heads / shape.kv_heads);
    const F* keys = qkv + (shape.heads + kv_head) * dim;
    const F* values = keys + shape.kv_heads * dim;
    std::vector<F> p(seen.size());
    F top = -std::numeric_limits<F>::infinity(), total = 0;
    for (size_t j = 0; j < seen.size(); ++j) {
      for (int d = 0; d < dim; ++d) p[j] += q[head * dim + d] * keys[int64_t{seen[j]} * width + d];
      p[j] *= scale;
      top = std::max(top, p[j]);
    }
    for (F& x : p) total += x = std::exp(x - top);
    for (int d = 0; d < dim; ++d) {
      F sum = 0;
      for (size_t j = 0; j < seen.size(); ++j) sum += p[j] * values[int64_t{seen[j]} * width + d];
      out[head * dim + d] = stored(sum / total, dtype);
    }
    lse[head] = top + std::log(total);
  }
}

// out [n] = round(residual + round(in [k] w^T)), for each row.
template <class F>
std::vector<F> project(int rows, int n, int k, const F* in, const F* w, const F* residual,
                       DType dtype) {
  std::vector<F> out(static_cast<size_t>(rows) * n);
  linear<F>(rows, n, k, in, w, nullptr, out.data());
  for (size_t i = 0; i < out.size(); ++i)
    out[i] = stored(residual[i] + stored(out[i], dtype), dtype);
  return out;
}

// h [rows, ffn] = round(silu(gate) up) of gate_up [rows, 2 ffn].
template <class F>
std::vector<F> gated(int rows, int ffn, const F* gate_up, DType dtype) {
  std::vector<F> h(static_cast<size_t>(rows) * ffn);
  for (int row = 0; row < rows; ++row, gate_up += 2 * ffn) {
    for (int i = 0; i < ffn; ++i) {
      h[static_cast<size_t>(row) * ffn + i] =
          stored(gate_up[i] / (1 + std::exp(-gate_up[i])) * gate_up[ffn + i], dtype);
    }
  }
  return h;
}

// gate_up and h of normed [rows, hidden] through w [2 ffn, hidden].
template <class F>
std::vector<F> mlp_hidden(int rows, int hidden, int ffn, const F* normed, const F* w, DType dtype) {
  std::vector<F> gate_up(static_cast<size_t>(rows) * 2 * ffn);
  linear<F>(rows, 2 * ffn, hidden, normed, w, nullptr, gate_up.data());
  round_all(gate_up, dtype);
  return gated(rows, ffn, gate_up.data(), dtype);
}

template <class F>
struct Routed {
  std::vector<F> probabilities;  // [experts]
  std::vector<int> ids;          // [top_k]
  std::vector<F> weights;        // [top_k]
};

// One row of router logits.
template <class F>
Routed<F> route(int experts, int top_k, bool normalise, const F* logits) {
  Routed<F> out;
  const F top = *std::max_element(logits, logits + experts);
  F total = 0, chosen = 0;
  for (int e = 0; e < experts; ++e) {
    out.probabilities.push_back(std::exp(logits[e] - top));
    total += out.probabilities.back();
    out.ids.push_back(e);
  }
  for (F& p : out.probabilities) p /= total;
  std::stable_sort(out.ids.begin(), out.ids.end(), [&](int a, int b) {
    return out.probabilities[static_cast<size_t>(a)] > out.probabilities[static_cast<size_t>(b)];
  });
  out.ids.resize(static_cast<size_t>(top_k));
  for (int id : out.ids) {
    out.weights.push_back(out.probabilities[static_cast<size_t>(id)]);
    chosen += out.weights.back();
  }
  if (normalise) {
    for (F& w : out.weights) w /= chosen;
  }
  return out;
}

// One row through its experts: round(residual + round(sum over slots of weight * expert(normed))).
// gate_up_weights and down_weights are per expert.
template <class F>
std::vector<F> moe_row(int hidden, int ffn, const F* normed, const std::vector<int>& ids,
                       const std::vector<F>& weights, const std::vector<const F*>& gate_up_weights,
                       const std::vector<const F*>& down_weights, const F* residual, DType dtype) {
  std::vector<F> out(static_cast<size_t>(hidden)), y(out.size());
  for (size_t slot = 0; slot < ids.size(); ++slot) {
    const auto expert = static_cast<size_t>(ids[slot]);
    const std::vector<F> h = mlp_hidden(1, hidden, ffn, normed, gate_up_weights[expert], dtype);
    linear<F>(1, hidden, ffn, h.data(), down_weights[expert], nullptr, y.data());
    round_all(y, dtype);
    for (size_t i = 0; i < out.size(); ++i) out[i] += weights[slot] * y[i];
  }
  for (size_t i = 0; i < out.size(); ++i)
    out[i] = stored(residual[i] + stored(out[i], dtype), dtype);
  return out;
}

// Threshold of the kept set of z [vocab] under a query's filters.
template <class F>
F kept_threshold(int vocab, const F* z, const HeadQuery& query) {
  F threshold = -std::numeric_limits<F>::infinity();
  std::vector<F> sorted(z, z + vocab);
  std::sort(sorted.begin(), sorted.end(), std::greater<F>());
  if (query.top_k > 0 && query.top_k < vocab)
    threshold = sorted[static_cast<size_t>(query.top_k) - 1];
  if (query.top_p < 1) {
    F mass = 0, reached = 0;
    for (F value : sorted) mass += value >= threshold ? std::exp(value - sorted[0]) : F(0);
    F lowest = sorted[0];
    for (size_t i = 0; i < sorted.size() && sorted[i] >= threshold; ++i) {
      lowest = sorted[i];
      if ((reached += std::exp(lowest - sorted[0])) >= query.top_p * mass) break;
    }
    threshold = std::max(threshold, lowest);
  }
  if (query.min_p > 0)
    threshold = std::max(threshold, std::min(sorted[0], sorted[0] + std::log(F(query.min_p))));
  return threshold;
}

template <class F>
struct Scored {
  int token = 0;
  F logprob = 0, entropy = 0, lse = 0, threshold = 0;
  int kept = 0;
};

// One query about one row of logits [vocab].
template <class F>
Scored<F> head(int vocab, const F* logits, const HeadQuery& query) {
  std::vector<F> z(logits, logits + vocab);
  for (F& value : z) value *= query.inverse_temperature;
  Scored<F> out;
  out.threshold = query.target >= 0 ? F(query.threshold) : kept_threshold(vocab, z.data(), query);
  const F top = *std::max_element(z.begin(), z.end());
  F total = 0, weighted = 0, best = -std::numeric_limits<F>::infinity();
  for (int token = 0; token < vocab; ++token) {
    const F value = z[static_cast<size_t>(token)];
    if (value < out.threshold) continue;
    ++out.kept;
    total += std::exp(value - top);
    weighted += std::exp(value - top) * (value - top);
    const F noise =
        query.greedy
            ? F(0)
            : -std::log(-std::log(F(random_uniform(query.key, static_cast<uint32_t>(token)))));
    if (value + noise > best) {
      best = value + noise;
      out.token = token;
    }
  }
  if (query.target >= 0) out.token = query.target;
  out.lse = top + std::log(total);
  out.entropy = std::log(total) - weighted / total;
  const F chosen = z[static_cast<size_t>(out.token)];
  out.logprob = chosen < out.threshold ? -std::numeric_limits<F>::infinity() : chosen - out.lse;
  return out;
}

}  // namespace reckon::reference
