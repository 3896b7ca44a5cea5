// route, experts, combine.
#pragma once

#include "kernels/cpu/mlp.h"

namespace reckon {
namespace {

// In place; lane i sums the entries i modulo 16, then the tree over lanes.
inline void softmax(float* x, int n) {
  Vec lanes = broadcast(-kInfinity), sums = broadcast(0.0f);
  for (int i = 0; i < n; i += 16) {
    lanes = max(select(first_lanes(n - i), get(x + i, n - i), broadcast(-kInfinity)), lanes);
  }
  const Vec top = broadcast(largest(lanes));
  for (int i = 0; i < n; i += 16) {
    const Vec e = vexp(sub(get(x + i, n - i), top));
    sums = add(sums, select(first_lanes(n - i), e, broadcast(0.0f)));
    put(x + i, e, n - i);
  }
  const Vec total = broadcast(sum(sums));
  for (int i = 0; i < n; i += 16) put(x + i, div(get(x + i, n - i), total), n - i);
}

// The top_k largest in descending order, ties to the lowest id. Each round takes the best of those
// behind the last one taken, in the order (larger, lower id). When the row is NaN the ids are 0, 1,
// ...: wrong, but within bounds.
inline void choose(const float* p, int experts, int top_k, int32_t* ids) {
  for (int slot = 0; slot < top_k; ++slot) {
    int best = -1;
    for (int e = 0; e < experts; ++e) {
      const int last = slot == 0 ? -1 : ids[slot - 1];
      const bool behind = slot == 0 || p[e] < p[last] || (p[e] == p[last] && e > last);
      if (behind && (best < 0 ? p[e] == p[e] : p[e] > p[best])) best = e;
    }
    ids[slot] = best < 0 ? slot : best;
  }
}

template <class T>
void route(const RouteArgs& args, ThreadPool& pool) {
  const int hidden = args.router.cols, experts = args.router.rows;
  rms_norm_rows<T>(pool, args.rows, hidden, args.x, args.norm_weight, args.eps, args.normed);
  linear_by<FmaChain>(pool, RowSet<T>{static_cast<const T*>(args.normed), hidden}, args.rows,
                      args.router, store_to(args.probabilities, args.router));
  constexpr int64_t kWorkPerComparison = 64;
  parallel_rows(pool, args.rows, kWorkPerComparison * experts * args.top_k,
                [&](int begin, int end) {
                  for (int64_t row = begin; row < end; ++row) {
                    float* p = args.probabilities + row * experts;
                    int32_t* ids = args.ids + row * args.top_k;
                    float* weights = args.weights + row * args.top_k;
                    softmax(p, experts);
                    choose(p, experts, args.top_k, ids);
                    float total = 0;
                    for (int slot = 0; slot < args.top_k; ++slot) total += p[ids[slot]];
                    for (int slot = 0; slot < args.top_k; ++slot)
                      weights[slot] = args.normalise ? p[ids[slot]] / total : p[ids[slot]];
                  }
                });
}

// One linear per expert over its own rows [offsets[e], offsets[e + 1]) of x.
template <class T>
void linear_experts(ThreadPool& pool, const ExpertsArgs& args, const RowSet<T>& x,
                    const WeightView* weights, T* out) {
  const int panels = divide_up(weights[0].rows, kPanel), slots = args.rows * args.top_k;
  int row_blocks = 0;
  for (int e = 0; e < args.experts; ++e)
    row_blocks += divide_up(args.offsets[e + 1] - args.offsets[e], kRowBlock);
  const int64_t work = int64_t{slots} * weights[0].rows * weights[0].cols;
  const int panel_parts =
      least(divide_up(panels, kGroupPanels), divide_up(useful_parts(pool, work), row_blocks));
  const int panel_block = divide_up(divide_up(panels, kGroupPanels), panel_parts) * kGroupPanels;
  const int panel_blocks = divide_up(panels, panel_block);
  parallel(pool, row_blocks * panel_blocks, work, [&](int part) {
    int block = part / panel_blocks, expert = 0;
    for (;; ++expert) {
      const int own = divide_up(args.offsets[expert + 1] - args.offsets[expert], kRowBlock);
      if (block < own) break;
      block -= own;
    }
    const int begin = args.offsets[expert] + block * kRowBlock,
              panel = part % panel_blocks * panel_block;
    linear_part<typename ChainOf<T>::type>(
        x, begin, least(kRowBlock, args.offsets[expert + 1] - begin), weights[expert], panel,
        least(panel + panel_block, panels), store_to(out, weights[expert]));
  });
}

template <class T>
void experts(const ExpertsArgs& args, ThreadPool& pool) {
  if (args.rows == 0) return;
  const int hidden = args.gate_up_weights[0].cols, ffn = args.gate_up_weights[0].rows / 2;
  const RowSet<T> rows{static_cast<const T*>(args.normed), hidden, args.order, args.top_k};
  linear_experts(pool, args, rows, args.gate_up_weights, static_cast<T*>(args.gate_up));
  gated(pool, args.rows * args.top_k, ffn, static_cast<const T*>(args.gate_up),
        static_cast<T*>(args.h));
  linear_experts(pool, args, RowSet<T>{static_cast<const T*>(args.h), ffn}, args.down_weights,
                 static_cast<T*>(args.y));
}

template <class T>
void combine(const CombineArgs& args, ThreadPool& pool) {
  const int hidden = args.hidden, top_k = args.top_k;
  constexpr int64_t kWorkPerElement = 4;
  parallel_rows(pool, args.rows, kWorkPerElement * hidden * (top_k + 1), [&](int begin, int end) {
    for (int64_t row = begin; row < end; ++row) {
      for (int i = 0; i < hidden; i += 16) {
        const int n = hidden - i;
        Vec total = broadcast(0.0f);
        for (int slot = 0; slot < top_k; ++slot) {
          const T* y =
              static_cast<const T*>(args.y) + int64_t{args.place[row * top_k + slot]} * hidden;
          total = fma(broadcast(args.weights[row * top_k + slot]), get(y + i, n), total);
        }
        const Vec residual = get(static_cast<const T*>(args.residual) + row * hidden + i, n);
        put(static_cast<T*>(args.out) + row * hidden + i, add(residual, rounded_to(T{}, total)), n);
      }
    }
  });
}

}  // namespace
}  // namespace reckon
