// Derivatives of the kernels' spans where LibTorch has none: plain loops over row-major arrays,
// without torch. T is float (what training uses, vectorised) or double (what tests differentiate
// numerically). Outside the numerics contract, but deterministic: work is cut by sizes alone and
// reduced in a fixed order, so the number of threads does not show. Rounding to the storage type is
// differentiated as the identity. `d_x` is d(loss)/d(x); a comment "+=" means that the result is
// added to what is there, else it is overwritten. rows = 0 is a no-op.
//
//   swiglu_backward<float>({.rows = n, .ffn = f, .gate_up = g, .d_h = dh, .d_gate_up = dg}, pool);
#pragma once

#include <cstdint>

#include "base/thread_pool.h"
#include "kernels/kernels.h"
#include "learner/row_plan.h"

namespace reckon {

// y = weight * x / sqrt(mean(x^2) + eps)
template <class T>
struct NormBackward {
  int64_t rows = 0, cols = 0;
  const T* x = nullptr;
  const T* weight = nullptr;  // [cols]
  T eps = 0;
  const T* d_y = nullptr;
  T* d_x = nullptr;       // may be d_y
  T* d_weight = nullptr;  // [cols] +=
};
template <class T>
void norm_backward(const NormBackward<T>& args, ThreadPool& pool);

// q/k norm per head, then RoPE (half pairing) on q and k, as in AttentionInArgs.
template <class T>
struct QkvBackward {
  int64_t rows = 0;
  int heads = 0, kv_heads = 0, head_dim = 0;
  const T* raw = nullptr;     // [rows, (heads + 2 kv_heads) head_dim]; read only with norms
  const T* q_norm = nullptr;  // [head_dim] or null
  const T* k_norm = nullptr;
  T eps = 0;
  const float* rope_cos = nullptr;  // [positions, head_dim / 2]
  const float* rope_sin = nullptr;
  const int32_t* positions = nullptr;
  T* d_qkv = nullptr;     // in: of the result; out: of raw
  T* d_q_norm = nullptr;  // [head_dim] +=
  T* d_k_norm = nullptr;
};
template <class T>
void qkv_backward(const QkvBackward<T>& args, ThreadPool& pool);

// Causal grouped-query attention of packed groups: a completion's rows see their prompt and
// themselves, a prompt's keys get the sum over all completions. Work is cut by (group, key-value
// head).
template <class T>
struct AttendBackward {
  int heads = 0, kv_heads = 0, head_dim = 0;
  T scale = 0;
  const std::vector<GroupRows>* groups = nullptr;
  const T* qkv = nullptr;  // [rows, (heads + 2 kv_heads) head_dim], after norm and RoPE
  const T* lse = nullptr;  // [rows, heads] of the scaled scores
  const T* out = nullptr;  // [rows, heads head_dim]
  const T* d_out = nullptr;
  T* d_qkv = nullptr;
};
template <class T>
void attend_backward(const AttendBackward<T>& args, ThreadPool& pool);

// h = silu(gate) * up, gate_up = [gate, up]
template <class T>
struct SwigluBackward {
  int64_t rows = 0, ffn = 0;
  const T* gate_up = nullptr;  // [rows, 2 ffn]
  const T* d_h = nullptr;      // [rows, ffn]
  T* d_gate_up = nullptr;
};
template <class T>
void swiglu_backward(const SwigluBackward<T>& args, ThreadPool& pool);

// weights = the chosen probabilities, divided by their sum if `normalise`; the choice itself has no
// derivative.
template <class T>
struct RouteBackward {
  int64_t rows = 0;
  int experts = 0, top_k = 0;
  bool normalise = true;
  const T* probabilities = nullptr;  // [rows, experts]
  const int32_t* ids = nullptr;      // [rows, top_k]
  const T* d_weights = nullptr;      // [rows, top_k]
  T* d_logits = nullptr;             // [rows, experts]
};
template <class T>
void route_backward(const RouteBackward<T>& args, ThreadPool& pool);

// out[row] = residual[row] + sum over slots of weights[row, slot] * y[place[row, slot]]
template <class T>
struct CombineBackward {
  int64_t rows = 0, top_k = 0, hidden = 0;
  const T* weights = nullptr;  // [rows, top_k]
  const int32_t* place = nullptr;
  const T* y = nullptr;      // [rows * top_k, hidden], dispatched order
  const T* d_out = nullptr;  // [rows, hidden]
  T* d_weights = nullptr;    // [rows, top_k]
  T* d_y = nullptr;          // [rows * top_k, hidden]
};
template <class T>
void combine_backward(const CombineBackward<T>& args, ThreadPool& pool);

// d_x[row] = sum over slots, ascending, of d_slots[place[row, slot]]: of handing a row to its
// experts.
template <class T>
struct DispatchBackward {
  int64_t rows = 0, top_k = 0, hidden = 0;
  const int32_t* place = nullptr;
  const T* d_slots = nullptr;  // [rows * top_k, hidden]
  T* d_x = nullptr;            // [rows, hidden]
};
template <class T>
void dispatch_backward(const DispatchBackward<T>& args, ThreadPool& pool);

// out[i] = x[order[i] / top_k]: rows as the experts saw them.
template <class T>
struct DispatchRows {
  int64_t rows = 0, top_k = 0, hidden = 0;
  const int32_t* order = nullptr;  // [rows * top_k]
  const T* x = nullptr;            // [rows, hidden]
  T* out = nullptr;                // [rows * top_k, hidden]
};
template <class T>
void dispatch_rows(const DispatchRows<T>& args, ThreadPool& pool);

// log-prob = z[target] - log(sum over the kept set of exp z), z = logit * inverse_temperature.
template <class T>
struct HeadBackward {
  int64_t rows = 0, vocab = 0;
  const HeadQuery* queries = nullptr;  // ascending by row, all in [first_row, first_row + rows)
  int64_t query_count = 0, first_row = 0;
  const T* lse = nullptr;        // [query_count] log-sum-exp of z over the kept set
  const T* d_logprob = nullptr;  // [query_count]
  const T* logits = nullptr;     // [rows, vocab] raw
  T* d_logits = nullptr;         // [rows, vocab]
};
template <class T>
void head_backward(const HeadBackward<T>& args, ThreadPool& pool);

// sums[c] += sum over rows of x[row, c]: of a bias.
template <class T>
void column_sums(int64_t rows, int64_t cols, const T* x, T* sums, ThreadPool& pool);

// d_table[tokens[row]] += d_x[row]: of the embedding.
template <class T>
void embed_backward(int64_t rows, int64_t hidden, const int32_t* tokens, const T* d_x, T* d_table,
                    ThreadPool& pool);

void widen(int64_t count, const bf16* in, float* out, ThreadPool& pool);

}  // namespace reckon
