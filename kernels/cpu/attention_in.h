// attention_in: norm, qkv, then per head q/k norm, RoPE and the KV page.
#pragma once

#include "kernels/cpu/norm.h"

namespace reckon {
namespace {

// out[i] = round(x[i] cos - x[i + half] sin), out[i + half] = round(x[i + half] cos + x[i] sin).
template <class T>
void rotate(const float* x, const float* cos, const float* sin, int half, T* out) {
  for (int i = 0; i < half; i += 16) {
    const int n = half - i;
    const Vec a = get(x + i, n), b = get(x + half + i, n), c = get(cos + i, n), s = get(sin + i, n);
    put(out + i, fma(a, c, sub(broadcast(0.0f), mul(b, s))), n);
    put(out + half + i, fma(b, c, mul(a, s)), n);
  }
}

template <class T>
struct HeadRows {
  const AttentionInArgs& args;
  float* wide;  // [head_dim]

  // Norm if there is one, then RoPE, of head `head` of a row.
  void turn(const T* raw, const void* norm, int position, T* out) const {
    const int dim = args.head_dim, half = dim / 2;
    if (norm != nullptr) {
      rms_norm(raw, static_cast<const T*>(norm), dim, args.eps, wide);
    } else {
      for (int i = 0; i < dim; i += 16) put(wide + i, get(raw + i, dim - i), dim - i);
    }
    const int64_t at = int64_t{position} * half;
    rotate(wide, args.rope_cos + at, args.rope_sin + at, half, out);
  }

  // Key and value of all kv heads into the row's slot of its page.
  void write_page(const T* keys, const T* values, int page, int position) const {
    const int dim = args.head_dim, slot = position % kKvPageTokens;
    const int64_t head_elements = int64_t{dim} * kKvPageTokens,
                  half_page = args.kv_heads * head_elements;
    T* to = static_cast<T*>(args.kv.base) + page * 2 * half_page;
    for (int head = 0; head < args.kv_heads; ++head) {
      T* key = to + head * head_elements + slot;
      T* value = to + half_page + head * head_elements + slot * dim;
      for (int i = 0; i < dim; ++i) {
        key[i * kKvPageTokens] = keys[head * dim + i];
        value[i] = values[head * dim + i];
      }
    }
  }

  void row(int64_t row) const {
    const int dim = args.head_dim, position = args.positions[row];
    const int64_t width = int64_t{args.heads + 2 * args.kv_heads} * dim;
    const T* raw = static_cast<const T*>(args.qkv_raw) + row * width;
    T* out = static_cast<T*>(args.qkv) + row * width;
    const int turned = args.heads + args.kv_heads;
    for (int head = 0; head < turned; ++head) {
      turn(raw + head * dim, head < args.heads ? args.q_norm : args.k_norm, position,
           out + head * dim);
    }
    const int64_t values = int64_t{turned} * dim;
    if (out != raw)
      __builtin_memcpy(out + values, raw + values,
                       static_cast<size_t>(args.kv_heads) * dim * sizeof(T));
    if (args.kv_pages != nullptr && args.kv_pages[row] >= 0) {
      write_page(out + int64_t{args.heads} * dim, out + values, args.kv_pages[row], position);
    }
  }
};

template <class T>
void attention_in(const AttentionInArgs& args, ThreadPool& pool) {
  const int hidden = args.qkv_weight.cols, width = args.qkv_weight.rows;
  rms_norm_rows<T>(pool, args.rows, hidden, args.x, args.norm_weight, args.eps, args.normed);
  T* raw = static_cast<T*>(args.qkv_raw);
  const T* bias = static_cast<const T*>(args.qkv_bias);
  linear(pool, RowSet<T>{static_cast<const T*>(args.normed), hidden}, args.rows, args.qkv_weight,
         [=](int row, int panel, Vec sums) {
           const int column = panel * kPanel, n = width - column;
           if (bias != nullptr) sums = add(sums, get(bias + column, n));
           put(raw + int64_t{row} * width + column, sums, n);
         });
  constexpr int64_t kWorkPerElement = 32;
  parallel_rows(pool, args.rows, kWorkPerElement * width, [&](int begin, int end) {
    const Scratch<float> wide(args.head_dim);
    const HeadRows<T> heads{args, wide};
    for (int row = begin; row < end; ++row) heads.row(row);
  });
}

}  // namespace
}  // namespace reckon
