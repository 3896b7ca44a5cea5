// out = x W^T with the lanes over 16 outputs of a panel: each output is one serial FMA chain over
// the inputs in ascending order from +0. Tiles of rows and panels, threads and the number of rows
// do not touch the chain.
#pragma once

#include "kernels/cpu/parallel.h"

namespace reckon {
namespace {

// Multiply-add of R rows with P panels over all k inputs. x is [R, ldx]; panel p starts at panels +
// p * panel_stride; out is [R][kGroupPanels * 16].
template <int R, int P>
[[gnu::noinline]] void tile(const float* x, int64_t ldx, const float* panels, int64_t panel_stride,
                            int k, float* out) {
  Vec acc[R][P];
#pragma GCC unroll 8
  for (int r = 0; r < R; ++r) {
#pragma GCC unroll 8
    for (int p = 0; p < P; ++p) acc[r][p] = broadcast(0.0f);
  }
  for (int i = 0; i < k; ++i) {
    Vec w[P];
#pragma GCC unroll 8
    for (int p = 0; p < P; ++p) w[p] = load(panels + p * panel_stride + int64_t{16} * i);
#pragma GCC unroll 8
    for (int r = 0; r < R; ++r) {
      const Vec input = broadcast(x[r * ldx + i]);
#pragma GCC unroll 8
      for (int p = 0; p < P; ++p) acc[r][p] = fma(input, w[p], acc[r][p]);
    }
  }
#pragma GCC unroll 8
  for (int r = 0; r < R; ++r) {
#pragma GCC unroll 8
    for (int p = 0; p < P; ++p) store(out + (r * kGroupPanels + p) * 16, acc[r][p]);
  }
}

// The same for bf16 panels of pairs: the even input's weight is the lower half of 32 bits, the odd
// one's the upper.
template <int R, int P>
[[gnu::noinline]] void tile(const float* x, int64_t ldx, const bf16* panels, int64_t panel_stride,
                            int k, float* out) {
  Vec acc[R][P];
#pragma GCC unroll 8
  for (int r = 0; r < R; ++r) {
#pragma GCC unroll 8
    for (int p = 0; p < P; ++p) acc[r][p] = broadcast(0.0f);
  }
  for (int i = 0; i < k; i += 2) {
    IVec pair[P];
    Vec w[P];
#pragma GCC unroll 8
    for (int p = 0; p < P; ++p) {
      pair[p] = iload(panels + p * panel_stride + int64_t{16} * i);
      w[p] = as_float(shift_left<16>(pair[p]));
    }
#pragma GCC unroll 8
    for (int r = 0; r < R; ++r) {
      const Vec input = broadcast(x[r * ldx + i]);
#pragma GCC unroll 8
      for (int p = 0; p < P; ++p) acc[r][p] = fma(input, w[p], acc[r][p]);
    }
    if (i + 1 == k) break;
#pragma GCC unroll 8
    for (int p = 0; p < P; ++p) w[p] = as_float(iand(pair[p], ibroadcast(0xFFFF0000u)));
#pragma GCC unroll 8
    for (int r = 0; r < R; ++r) {
      const Vec input = broadcast(x[r * ldx + i + 1]);
#pragma GCC unroll 8
      for (int p = 0; p < P; ++p) acc[r][p] = fma(input, w[p], acc[r][p]);
    }
  }
#pragma GCC unroll 8
  for (int r = 0; r < R; ++r) {
#pragma GCC unroll 8
    for (int p = 0; p < P; ++p) store(out + (r * kGroupPanels + p) * 16, acc[r][p]);
  }
}

// R rows with up to kGroupPanels panels. Fewer rows take more panels at once: the chains in flight
// hide the latency.
template <int R, class W>
int tile_row(const float* x, int64_t ldx, const W* panels, int64_t panel_stride, int count, int k,
             float* out) {
  constexpr int kFit = kTileRows * kTilePanels / R;
  constexpr int P = kFit < kGroupPanels ? kFit : kGroupPanels;
  int p = 0;
  for (; p + P <= count; p += P)
    tile<R, P>(x, ldx, panels + p * panel_stride, panel_stride, k, out + p * 16);
  for (; p < count; ++p)
    tile<R, 1>(x, ldx, panels + p * panel_stride, panel_stride, k, out + p * 16);
  return R;
}

template <class W>
int64_t panel_elements(const WeightView& weight) {
  return sizeof(W) == 4 ? int64_t{16} * weight.cols : int64_t{32} * ((weight.cols + 1) / 2);
}

// sink(row, panel, sums) for rows [0, rows) of x [rows, ldx] and panels [begin, end).
template <class W, class Sink>
void linear_block(const float* x, int64_t ldx, int rows, const WeightView& weight, int begin,
                  int end, const Sink& sink) {
  const int64_t stride = panel_elements<W>(weight);
  const int k = weight.cols;
  alignas(64) float out[kTileRows * kGroupPanels * 16];
  for (int group = begin; group < end; group += kGroupPanels) {
    const W* panels = static_cast<const W*>(weight.panels) + group * stride;
    const int count = least(kGroupPanels, end - group);
    for (int row = 0; row < rows;) {
      const float* from = x + row * ldx;
      const int left = rows - row;
      const int done =
          left >= kTileRows ? tile_row<kTileRows>(from, ldx, panels, stride, count, k, out)
          : left >= 4 && kTileRows > 4 ? tile_row<4>(from, ldx, panels, stride, count, k, out)
          : left >= 2 && kTileRows > 2 ? tile_row<2>(from, ldx, panels, stride, count, k, out)
                                       : tile_row<1>(from, ldx, panels, stride, count, k, out);
      for (int r = 0; r < done; ++r) {
        for (int p = 0; p < count; ++p)
          sink(row + r, group + p, load(out + (r * kGroupPanels + p) * 16));
      }
      row += done;
    }
  }
}

template <class Sink>
void linear_block(const float* x, int64_t ldx, int rows, const WeightView& weight, int begin,
                  int end, const Sink& sink) {
  if (weight.dtype == DType::f32) {
    linear_block<float>(x, ldx, rows, weight, begin, end, sink);
  } else {
    linear_block<bf16>(x, ldx, rows, weight, begin, end, sink);
  }
}

// The input rows of a linear: row i is base + (index ? index[i] / per_row : i) * stride.
template <class T>
struct RowSet {
  const T* base;
  int64_t stride;
  const int32_t* index = nullptr;
  int per_row = 1;

  const T* operator[](int64_t i) const {
    return base + (index != nullptr ? index[i] / per_row : i) * stride;
  }
};

template <class T>
void widen_rows(const RowSet<T>& x, int begin, int rows, int cols, float* out) {
  for (int row = 0; row < rows; ++row) {
    const T* from = x[begin + row];
    for (int i = 0; i < cols; i += 16)
      put(out + int64_t{row} * cols + i, get(from + i, cols - i), cols - i);
  }
}

// Rows [begin, begin + rows) against panels [panel_begin, panel_end); the sink's rows count from
// `begin`.
template <class T, class Sink>
void linear_part(const RowSet<T>& x, int begin, int rows, const WeightView& weight, int panel_begin,
                 int panel_end, const Sink& sink) {
  const auto place = [&](int row, int panel, Vec sums) { sink(begin + row, panel, sums); };
  if constexpr (sizeof(T) == 4) {
    if (x.index == nullptr)
      return linear_block(x[begin], x.stride, rows, weight, panel_begin, panel_end, place);
  }
  const Scratch<float> wide(int64_t{rows} * weight.cols);
  widen_rows(x, begin, rows, weight.cols, wide);
  linear_block(wide, weight.cols, rows, weight, panel_begin, panel_end, place);
}

// How a product is cut: blocks of rows that stay in the cache, times blocks of panels when threads
// want more parts.
struct Grid {
  int row_block, row_blocks, panel_block, panel_blocks;
};

constexpr int kRowBlock = 96;

constexpr int divide_up(int64_t a, int64_t b) { return static_cast<int>((a + b - 1) / b); }

inline Grid cut(int rows, int panels, int wanted) {
  const int groups = divide_up(panels, kGroupPanels);
  int row_blocks = divide_up(rows, kRowBlock);
  const int panel_parts = least(groups, divide_up(wanted, row_blocks));
  if (row_blocks * panel_parts < wanted) {
    row_blocks = least(divide_up(rows, kTileRows), divide_up(wanted, panel_parts));
  }
  Grid grid;
  grid.row_block = divide_up(divide_up(rows, row_blocks), kTileRows) * kTileRows;
  grid.row_blocks = divide_up(rows, grid.row_block);
  grid.panel_block = divide_up(groups, panel_parts) * kGroupPanels;
  grid.panel_blocks = divide_up(panels, grid.panel_block);
  return grid;
}

// sink(row, panel, sums) for every row and panel, in parallel.
template <class T, class Sink>
void linear(ThreadPool& pool, const RowSet<T>& x, int rows, const WeightView& weight,
            const Sink& sink) {
  if (rows == 0) return;
  const int panels = divide_up(weight.rows, kPanel);
  const int64_t work = int64_t{rows} * weight.rows * weight.cols;
  const Grid grid = cut(rows, panels, useful_parts(pool, work));
  parallel(pool, grid.row_blocks * grid.panel_blocks, work, [&](int part) {
    const int row = part / grid.panel_blocks * grid.row_block,
              panel = part % grid.panel_blocks * grid.panel_block;
    linear_part(x, row, least(grid.row_block, rows - row), weight, panel,
                least(panel + grid.panel_block, panels), sink);
  });
}

// A sink that rounds the sums to T and stores them to out [rows, weight.rows].
template <class T>
auto store_to(T* out, const WeightView& weight) {
  return [out, n = weight.rows](int row, int panel, Vec sums) {
    put(out + int64_t{row} * n + panel * kPanel, sums, n - panel * kPanel);
  };
}

}  // namespace
}  // namespace reckon
