// Backward of spans whose rows (or slots) are independent; reductions over rows go through fixed
// blocks.
#include <algorithm>
#include <vector>

#include "learner/backward.h"
#include "learner/backward_simd.h"

namespace reckon {
namespace {

constexpr int64_t kBlock =
    128;  // rows whose share of a column sum is added up before blocks are merged

// Runs work(block's first row, behind its last, partial sums [cols]) on every block and adds the
// partial sums to `total` in ascending order of blocks.
template <class T, class Work>
void reduce_blocks(int64_t rows, int64_t cols, T* total, ThreadPool& pool, const Work& work) {
  const int64_t blocks = (rows + kBlock - 1) / kBlock;
  std::vector<T> partial(static_cast<size_t>(blocks * cols), T(0));
  pool.run(static_cast<int>(blocks), [&](int block) {
    work(block * kBlock, std::min(rows, (block + 1) * kBlock), partial.data() + block * cols);
  });
  for (int64_t block = 0; block < blocks; ++block) {
    for (int64_t c = 0; c < cols; ++c) total[c] += partial[static_cast<size_t>(block * cols + c)];
  }
}

// ---- RMSNorm ----

// d_x of one row, and += of d_weight. d_x = r (g - x r^2 mean(g x)), r = 1 / sqrt(mean(x^2) + eps),
// g = d_y weight.
template <class T>
RECKON_INLINE void norm_row(int64_t cols, const T* x, const T* weight, T eps, const T* d_y, T* d_x,
                            T* d_weight) {
  const T square = simd::lane_sum<T>(cols, [&](int64_t c) { return x[c] * x[c]; });
  const T r = T(1) / std::sqrt(square / static_cast<T>(cols) + eps);
  const T dot = simd::lane_sum<T>(cols, [&](int64_t c) { return d_y[c] * weight[c] * x[c]; });
  const T along = r * r * dot / static_cast<T>(cols);
#pragma GCC ivdep
  for (int64_t c = 0; c < cols; ++c) {
    const T g = d_y[c];
    d_weight[c] += g * (x[c] * r);
    d_x[c] = r * (g * weight[c] - x[c] * along);
  }
}

template <class T>
RECKON_INLINE void norm_body(const NormBackward<T>& a, int64_t begin, int64_t end, T* d_weight) {
  for (int64_t row = begin; row < end; ++row) {
    const int64_t at = row * a.cols;
    norm_row(a.cols, a.x + at, a.weight, a.eps, a.d_y + at, a.d_x + at, d_weight);
  }
}
RECKON_VARIANTS void norm_rows(const NormBackward<float>& a, int64_t begin, int64_t end,
                               float* d_weight) {
  norm_body(a, begin, end, d_weight);
}
void norm_rows(const NormBackward<double>& a, int64_t begin, int64_t end, double* d_weight) {
  norm_body(a, begin, end, d_weight);
}

// ---- q/k norm and RoPE ----

// `sums`: [2 head_dim], of d_q_norm then d_k_norm.
template <class T>
RECKON_INLINE void qkv_body(const QkvBackward<T>& a, int64_t begin, int64_t end, T* sums) {
  const int64_t dim = a.head_dim, half = dim / 2, width = (a.heads + 2 * a.kv_heads) * dim;
  for (int64_t row = begin; row < end; ++row) {
    const float* cosine = a.rope_cos + a.positions[row] * half;
    const float* sine = a.rope_sin + a.positions[row] * half;
    for (int64_t head = 0; head < a.heads + a.kv_heads; ++head) {
      T* d = a.d_qkv + row * width + head * dim;
#pragma GCC ivdep
      for (int64_t i = 0; i < half; ++i) {  // the rotation by the opposite angle
        const T first = d[i], second = d[i + half];
        d[i] = first * cosine[i] + second * sine[i];
        d[i + half] = second * cosine[i] - first * sine[i];
      }
      if (a.q_norm == nullptr) continue;
      const bool query = head < a.heads;
      norm_row(dim, a.raw + row * width + head * dim, query ? a.q_norm : a.k_norm, a.eps, d, d,
               sums + (query ? 0 : dim));
    }
  }
}
RECKON_VARIANTS void qkv_rows(const QkvBackward<float>& a, int64_t begin, int64_t end,
                              float* sums) {
  qkv_body(a, begin, end, sums);
}
void qkv_rows(const QkvBackward<double>& a, int64_t begin, int64_t end, double* sums) {
  qkv_body(a, begin, end, sums);
}

// ---- SwiGLU ----

template <class T>
RECKON_INLINE void swiglu_body(const SwigluBackward<T>& a, int64_t begin, int64_t end) {
  for (int64_t row = begin; row < end; ++row) {
    const T* __restrict gate = a.gate_up + row * 2 * a.ffn;
    const T* __restrict up = gate + a.ffn;
    const T* __restrict d_h = a.d_h + row * a.ffn;
    T* __restrict d_gate = a.d_gate_up + row * 2 * a.ffn;
    T* __restrict d_up = d_gate + a.ffn;
    for (int64_t i = 0; i < a.ffn; ++i) {
      const T sigmoid = T(1) / (T(1) + simd::exp_of(-gate[i]));
      d_up[i] = d_h[i] * gate[i] * sigmoid;
      d_gate[i] = d_h[i] * up[i] * sigmoid * (T(1) + gate[i] * (T(1) - sigmoid));
    }
  }
}
RECKON_VARIANTS void swiglu_rows(const SwigluBackward<float>& a, int64_t begin, int64_t end) {
  swiglu_body(a, begin, end);
}
void swiglu_rows(const SwigluBackward<double>& a, int64_t begin, int64_t end) {
  swiglu_body(a, begin, end);
}

// ---- router ----

template <class T>
void route_row(const RouteBackward<T>& a, int64_t row, T* d_probability) {
  const T* p = a.probabilities + row * a.experts;
  const int32_t* ids = a.ids + row * a.top_k;
  const T* d_weights = a.d_weights + row * a.top_k;
  T chosen = 0, weighted = 0;  // sum of p, and of d_weight * p, over the chosen
  for (int k = 0; k < a.top_k; ++k) {
    chosen += p[ids[k]];
    weighted += d_weights[k] * p[ids[k]];
  }
  std::fill_n(d_probability, a.experts, T(0));
  for (int k = 0; k < a.top_k; ++k) {
    d_probability[ids[k]] =
        a.normalise ? (d_weights[k] - weighted / chosen) / chosen : d_weights[k];
  }
  T mean = 0;
  for (int e = 0; e < a.experts; ++e) mean += p[e] * d_probability[e];
  for (int e = 0; e < a.experts; ++e)
    a.d_logits[row * a.experts + e] = p[e] * (d_probability[e] - mean);
}

// ---- experts: combine and dispatch ----

template <class T>
RECKON_INLINE void combine_body(const CombineBackward<T>& a, int64_t begin, int64_t end) {
  for (int64_t slot = begin * a.top_k; slot < end * a.top_k; ++slot) {
    const T* __restrict d_out = a.d_out + slot / a.top_k * a.hidden;
    const T* __restrict y = a.y + a.place[slot] * a.hidden;
    T* __restrict d_y = a.d_y + a.place[slot] * a.hidden;
    const T weight = a.weights[slot];
    a.d_weights[slot] = simd::lane_sum<T>(a.hidden, [&](int64_t c) { return d_out[c] * y[c]; });
    for (int64_t c = 0; c < a.hidden; ++c) d_y[c] = weight * d_out[c];
  }
}
RECKON_VARIANTS void combine_rows(const CombineBackward<float>& a, int64_t begin, int64_t end) {
  combine_body(a, begin, end);
}
void combine_rows(const CombineBackward<double>& a, int64_t begin, int64_t end) {
  combine_body(a, begin, end);
}

template <class T>
RECKON_INLINE void dispatch_body(const DispatchBackward<T>& a, int64_t begin, int64_t end) {
  for (int64_t row = begin; row < end; ++row) {
    T* __restrict d_x = a.d_x + row * a.hidden;
    std::fill_n(d_x, a.hidden, T(0));
    for (int64_t slot = row * a.top_k; slot < (row + 1) * a.top_k; ++slot) {
      const T* __restrict d_slot = a.d_slots + a.place[slot] * a.hidden;
      for (int64_t c = 0; c < a.hidden; ++c) d_x[c] += d_slot[c];
    }
  }
}
RECKON_VARIANTS void sum_slots(const DispatchBackward<float>& a, int64_t begin, int64_t end) {
  dispatch_body(a, begin, end);
}
void sum_slots(const DispatchBackward<double>& a, int64_t begin, int64_t end) {
  dispatch_body(a, begin, end);
}

// ---- head ----

template <class T>
RECKON_INLINE void head_body(const HeadBackward<T>& a, int64_t begin, int64_t end) {
  const auto below = [](const HeadQuery& query, int64_t row) { return query.row < row; };
  const HeadQuery* last = a.queries + a.query_count;
  const HeadQuery* query = std::lower_bound(a.queries, last, a.first_row + begin, below);
  for (int64_t row = begin; row < end; ++row) {
    const T* __restrict logits = a.logits + row * a.vocab;
    T* __restrict d_logits = a.d_logits + row * a.vocab;
    std::fill_n(d_logits, a.vocab, T(0));
    for (; query != last && query->row == a.first_row + row; ++query) {
      const int64_t index = query - a.queries;
      const T temper = static_cast<T>(query->inverse_temperature), lse = a.lse[index];
      const T scale = a.d_logprob[index] * temper;
      if (scale == T(0)) continue;
      const float threshold = query->threshold;
      for (int64_t v = 0; v < a.vocab; ++v) {
        const T z = logits[v] * temper;
        const T share = scale * simd::exp_of(z - lse);
        d_logits[v] -= z >= threshold ? share : T(0);
      }
      d_logits[query->target] += scale;
    }
  }
}
RECKON_VARIANTS void head_rows(const HeadBackward<float>& a, int64_t begin, int64_t end) {
  head_body(a, begin, end);
}
void head_rows(const HeadBackward<double>& a, int64_t begin, int64_t end) {
  head_body(a, begin, end);
}

}  // namespace

template <class T>
void norm_backward(const NormBackward<T>& args, ThreadPool& pool) {
  reduce_blocks(args.rows, args.cols, args.d_weight, pool,
                [&](int64_t begin, int64_t end, T* sums) { norm_rows(args, begin, end, sums); });
}

template <class T>
void qkv_backward(const QkvBackward<T>& args, ThreadPool& pool) {
  const int64_t dim = args.head_dim;
  std::vector<T> sums(static_cast<size_t>(2 * dim), T(0));
  reduce_blocks(args.rows, 2 * dim, sums.data(), pool, [&](int64_t begin, int64_t end, T* partial) {
    qkv_rows(args, begin, end, partial);
  });
  if (args.q_norm == nullptr) return;
  for (int64_t d = 0; d < dim; ++d) {
    args.d_q_norm[d] += sums[static_cast<size_t>(d)];
    args.d_k_norm[d] += sums[static_cast<size_t>(dim + d)];
  }
}

template <class T>
void swiglu_backward(const SwigluBackward<T>& args, ThreadPool& pool) {
  pool.for_ranges(args.rows, 16,
                  [&](int64_t begin, int64_t end) { swiglu_rows(args, begin, end); });
}

template <class T>
void route_backward(const RouteBackward<T>& args, ThreadPool& pool) {
  pool.for_ranges(args.rows, 64, [&](int64_t begin, int64_t end) {
    std::vector<T> d_probability(static_cast<size_t>(args.experts));
    for (int64_t row = begin; row < end; ++row) route_row(args, row, d_probability.data());
  });
}

template <class T>
void combine_backward(const CombineBackward<T>& args, ThreadPool& pool) {
  pool.for_ranges(args.rows, 16,
                  [&](int64_t begin, int64_t end) { combine_rows(args, begin, end); });
}

template <class T>
void dispatch_backward(const DispatchBackward<T>& args, ThreadPool& pool) {
  pool.for_ranges(args.rows, 16, [&](int64_t begin, int64_t end) { sum_slots(args, begin, end); });
}

template <class T>
void dispatch_rows(const DispatchRows<T>& args, ThreadPool& pool) {
  pool.for_ranges(args.rows * args.top_k, 64, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) {
      std::copy_n(args.x + args.order[i] / args.top_k * args.hidden, args.hidden,
                  args.out + i * args.hidden);
    }
  });
}

template <class T>
void head_backward(const HeadBackward<T>& args, ThreadPool& pool) {
  pool.for_ranges(args.rows, 4, [&](int64_t begin, int64_t end) { head_rows(args, begin, end); });
}

template <class T>
void column_sums(int64_t rows, int64_t cols, const T* x, T* sums, ThreadPool& pool) {
  reduce_blocks(rows, cols, sums, pool, [&](int64_t begin, int64_t end, T* partial) {
    for (int64_t row = begin; row < end; ++row) {
      for (int64_t c = 0; c < cols; ++c) partial[c] += x[row * cols + c];
    }
  });
}

template <class T>
void embed_backward(int64_t rows, int64_t hidden, const int32_t* tokens, const T* d_x, T* d_table,
                    ThreadPool& pool) {
  pool.for_ranges(hidden, 16, [&](int64_t begin, int64_t end) {
    for (int64_t row = 0; row < rows; ++row) {
      T* sum = d_table + tokens[row] * hidden;
      for (int64_t c = begin; c < end; ++c) sum[c] += d_x[row * hidden + c];
    }
  });
}

void widen(int64_t count, const bf16* in, float* out, ThreadPool& pool) {
  pool.for_ranges(count, 1 << 14, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) out[i] = to_float(in[i]);
  });
}

#define RECKON_INSTANTIATE(T)                                                  \
  template void norm_backward<T>(const NormBackward<T>&, ThreadPool&);         \
  template void qkv_backward<T>(const QkvBackward<T>&, ThreadPool&);           \
  template void swiglu_backward<T>(const SwigluBackward<T>&, ThreadPool&);     \
  template void route_backward<T>(const RouteBackward<T>&, ThreadPool&);       \
  template void combine_backward<T>(const CombineBackward<T>&, ThreadPool&);   \
  template void dispatch_backward<T>(const DispatchBackward<T>&, ThreadPool&); \
  template void dispatch_rows<T>(const DispatchRows<T>&, ThreadPool&);         \
  template void head_backward<T>(const HeadBackward<T>&, ThreadPool&);         \
  template void column_sums<T>(int64_t, int64_t, const T*, T*, ThreadPool&);   \
  template void embed_backward<T>(int64_t, int64_t, const int32_t*, const T*, T*, ThreadPool&)
RECKON_INSTANTIATE(float);
RECKON_INSTANTIATE(double);

}  // namespace reckon
