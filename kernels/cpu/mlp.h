// embed, project (attention_out and mlp_out), mlp_in.
#pragma once

#include "kernels/cpu/norm.h"

namespace reckon {
namespace {

template <class T>
void embed(const EmbedArgs& args, ThreadPool& pool) {
  const int64_t hidden = args.table.cols;
  constexpr int64_t kWorkPerElement = 8;
  parallel_rows(pool, args.rows, kWorkPerElement * hidden, [&](int begin, int end) {
    for (int64_t row = begin; row < end; ++row) {
      __builtin_memcpy(static_cast<T*>(args.out) + row * hidden,
                       static_cast<const T*>(args.table.data) + args.tokens[row] * hidden,
                       static_cast<size_t>(hidden) * sizeof(T));
    }
  });
}

template <class T>
void project(const ProjectArgs& args, ThreadPool& pool) {
  const int n = args.weight.rows;
  const T* residual = static_cast<const T*>(args.residual);
  T* out = static_cast<T*>(args.out);
  linear(pool, RowSet<T>{static_cast<const T*>(args.in), args.weight.cols}, args.rows, args.weight,
         [=](int row, int panel, Vec sums) {
           const int64_t at = int64_t{row} * n + panel * kPanel;
           const int left = n - panel * kPanel;
           put(out + at, add(get(residual + at, left), rounded_to(T{}, sums)), left);
         });
}

// h = round(silu(gate) up) for gate_up [rows, 2 ffn].
template <class T>
void gated(ThreadPool& pool, int rows, int ffn, const T* gate_up, T* h) {
  constexpr int64_t kWorkPerElement = 32;  // an exp and a division
  parallel_rows(pool, rows, kWorkPerElement * ffn, [&](int begin, int end) {
    for (int64_t row = begin; row < end; ++row) {
      const T* gate = gate_up + row * 2 * ffn;
      for (int i = 0; i < ffn; i += 16) {
        const int n = ffn - i;
        put(h + row * ffn + i, mul(silu(get(gate + i, n)), get(gate + ffn + i, n)), n);
      }
    }
  });
}

template <class T>
void mlp_in(const MlpInArgs& args, ThreadPool& pool) {
  const int hidden = args.gate_up_weight.cols;
  rms_norm_rows<T>(pool, args.rows, hidden, args.x, args.norm_weight, args.eps, args.normed);
  T* gate_up = static_cast<T*>(args.gate_up);
  linear(pool, RowSet<T>{static_cast<const T*>(args.normed), hidden}, args.rows,
         args.gate_up_weight, store_to(gate_up, args.gate_up_weight));
  gated(pool, args.rows, args.gate_up_weight.rows / 2, gate_up, static_cast<T*>(args.h));
}

}  // namespace
}  // namespace reckon
