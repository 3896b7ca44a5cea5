// Private to backward*.cc: loops written once for float and double, compiled for several vector
// widths and chosen when the program starts. Bodies are forced inline into the function that has
// the variants.
#pragma once

#include <bit>
#include <cmath>
#include <cstdint>

// No address of a variant may be taken by a lambda's body: call the function that carries this from
// the lambda.
#define RECKON_VARIANTS __attribute__((target_clones("avx512f", "fma", "default")))
#define RECKON_INLINE inline __attribute__((always_inline))

namespace reckon::simd {

// exp without branches, so that loops over it become vector code; within 2 units in the last place,
// 0 below -87.
RECKON_INLINE float exp_of(float x) {
  const float clamped = x < -87.3f ? -87.3f : (x > 88.3f ? 88.3f : x);
  const float shifted =
      clamped * 1.44269504f + 12582912.0f;  // the integer nearest to x / ln 2 in the low bits
  const float n = shifted - 12582912.0f;
  const float r = (clamped - n * 0.693145752f) - n * 1.42860677e-6f;
  float p = 1.38888889e-3f;
  p = p * r + 8.33333333e-3f;
  p = p * r + 4.16666667e-2f;
  p = p * r + 1.66666667e-1f;
  p = p * r + 0.5f;
  p = p * r + 1.0f;
  p = p * r + 1.0f;
  const int32_t exponent = std::bit_cast<int32_t>(shifted) << 23;
  const float result = std::bit_cast<float>(std::bit_cast<int32_t>(p) + exponent);
  return x < -87.3f ? 0.0f : result;
}
RECKON_INLINE double exp_of(double x) { return std::exp(x); }

// Sum of f(i) over [0, n) in 16 chains that merge in a fixed order.
template <class T, class F>
RECKON_INLINE T lane_sum(int64_t n, const F& f) {
  T chains[16] = {};
  int64_t i = 0;
  for (; i + 16 <= n; i += 16) {
    for (int lane = 0; lane < 16; ++lane) chains[lane] += f(i + lane);
  }
  for (; i < n; ++i) chains[i & 15] += f(i);
  for (int width = 8; width > 0; width /= 2) {
    for (int lane = 0; lane < width; ++lane) chains[lane] += chains[lane + width];
  }
  return chains[0];
}

template <class T>
struct Vector {
  typedef T type __attribute__((vector_size(64), aligned(sizeof(T)), may_alias));
  static constexpr int64_t kLanes = 64 / sizeof(T);
};

// C[4][vectors] += A[4][k] B[k][vectors]; A's element (m, k) is a[m * a_row + k * a_col].
template <int kVectors, class T>
RECKON_INLINE void multiply_tile(int64_t depth, const T* a, int64_t a_row, int64_t a_col,
                                 const T* b, int64_t b_row, T* c, int64_t c_row) {
  using V = typename Vector<T>::type;
  V sum[4][kVectors];
  for (int m = 0; m < 4; ++m) {
    for (int v = 0; v < kVectors; ++v)
      sum[m][v] = *reinterpret_cast<const V*>(c + m * c_row + v * Vector<T>::kLanes);
  }
  for (int64_t k = 0; k < depth; ++k) {
    V right[kVectors];
    for (int v = 0; v < kVectors; ++v)
      right[v] = *reinterpret_cast<const V*>(b + k * b_row + v * Vector<T>::kLanes);
    for (int m = 0; m < 4; ++m) {
      const T left = a[m * a_row + k * a_col];
      for (int v = 0; v < kVectors; ++v) sum[m][v] += left * right[v];
    }
  }
  for (int m = 0; m < 4; ++m) {
    for (int v = 0; v < kVectors; ++v)
      *reinterpret_cast<V*>(c + m * c_row + v * Vector<T>::kLanes) = sum[m][v];
  }
}

// C[rows][cols] += A B for rows a multiple of 4 and cols a multiple of 16.
template <class T>
RECKON_INLINE void multiply(int64_t rows, int64_t cols, int64_t depth, const T* a, int64_t a_row,
                            int64_t a_col, const T* b, int64_t b_row, T* c, int64_t c_row) {
  constexpr int64_t kWide = 2 * Vector<T>::kLanes;
  for (int64_t n = 0; n < cols;) {
    const bool wide = n + kWide <= cols;
    for (int64_t m = 0; m < rows; m += 4) {
      const T* left = a + m * a_row;
      T* out = c + m * c_row + n;
      if (wide) {
        multiply_tile<2>(depth, left, a_row, a_col, b + n, b_row, out, c_row);
      } else {
        multiply_tile<1>(depth, left, a_row, a_col, b + n, b_row, out, c_row);
      }
    }
    n += wide ? kWide : Vector<T>::kLanes;
  }
}

}  // namespace reckon::simd
