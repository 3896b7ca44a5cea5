// RMSNorm in Hugging Face's order: y = round(x / sqrt(mean(x^2) + eps)), out = round(y w).
#pragma once

#include "kernels/cpu/linear.h"

namespace reckon {
namespace {

// 1 / sqrt(mean of squares + eps): lane i sums the elements i modulo 16, then the tree over lanes.
template <class T>
float inverse_rms(const T* x, int n, float eps) {
  Vec squares = broadcast(0.0f);
  for (int i = 0; i < n; i += 16) {
    const Vec v = get(x + i, n - i);
    squares = fma(v, v, squares);
  }
  return 1.0f / __builtin_sqrtf(sum(squares) / static_cast<float>(n) + eps);
}

template <class T, class Out>
void rms_norm(const T* x, const T* weight, int n, float eps, Out* out) {
  const Vec scale = broadcast(inverse_rms(x, n, eps));
  for (int i = 0; i < n; i += 16) {
    const Vec y = rounded_to(T{}, mul(get(x + i, n - i), scale));
    put(out + i, rounded_to(T{}, mul(y, get(weight + i, n - i))), n - i);
  }
}

// normed = RMSNorm(x), row by row.
template <class T>
void rms_norm_rows(ThreadPool& pool, int rows, int n, const void* x, const void* weight, float eps,
                   void* normed) {
  constexpr int64_t kWorkPerElement = 8;
  parallel_rows(pool, rows, kWorkPerElement * n, [&](int begin, int end) {
    for (int64_t row = begin; row < end; ++row) {
      rms_norm(static_cast<const T*>(x) + row * n, static_cast<const T*>(weight), n, eps,
               static_cast<T*>(normed) + row * n);
    }
  });
}

}  // namespace
}  // namespace reckon
