// out = x W^T with the lanes over 16 outputs of a panel: each output is one serial chain over the
// inputs in ascending order from +0. Tiles of rows and panels, threads and the number of rows do
// not touch the chain. A Chain says what a link is: FmaChain here, PairChain in pairs.h.
#pragma once

#include "kernels/cpu/parallel.h"

namespace reckon {
namespace {

// One FMA per input, in fp32: `portable`, and the router in every profile.
struct FmaChain {
  static constexpr Profile kProfile = Profile::portable;
  using Element = float;  // what an input row is made of when a tile reads it
  static constexpr int64_t elements(int cols) { return cols; }

  template <class T>
  static void prepare(const T* from, int cols, float* out) {
    for (int i = 0; i < cols; i += 16) put(out + i, get(from + i, cols - i), cols - i);
  }

  // Multiply-add of R rows with P panels over all k inputs. x is [R, ldx]; panel p starts at panels
  // + p * panel_stride; out is [R][kGroupPanels * 16].
  template <int R, int P>
  [[gnu::noinline]] static void tile(const float* x, int64_t ldx, const float* panels,
                                     int64_t panel_stride, int k, float* out) {
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

  // The same for bf16 panels of pairs: the even input's weight is the lower half of 32 bits, the
  // odd one's the upper.
  template <int R, int P>
  [[gnu::noinline]] static void tile(const float* x, int64_t ldx, const bf16* panels,
                                     int64_t panel_stride, int k, float* out) {
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
};

// The chain of inputs and weights in storage type T; pairs.h gives bf16 another.
template <class T>
struct ChainOf {
  using type = FmaChain;
};

// R rows with up to kGroupPanels panels. Fewer rows take more panels at once: the chains in flight
// hide the latency.
template <class Chain, int R, class W>
int tile_row(const typename Chain::Element* x, int64_t ldx, const W* panels, int64_t panel_stride,
             int count, int k, float* out) {
  constexpr int kFit = kTileRows * kTilePanels / R;
  constexpr int P = kFit < 1 ? 1 : kFit < kGroupPanels ? kFit : kGroupPanels;
  int p = 0;
  for (; p + P <= count; p += P)
    Chain::template tile<R, P>(x, ldx, panels + p * panel_stride, panel_stride, k, out + p * 16);
  for (; p < count; ++p)
    Chain::template tile<R, 1>(x, ldx, panels + p * panel_stride, panel_stride, k, out + p * 16);
  return R;
}

template <class W>
int64_t panel_elements(const WeightView& weight) {
  return sizeof(W) == 4 ? int64_t{16} * weight.cols : int64_t{32} * ((weight.cols + 1) / 2);
}

// sink(row, panel, sums) for rows [0, rows) of prepared x [rows, ldx] and panels [begin, end).
template <class Chain, class W, class Sink>
void linear_block_of(const typename Chain::Element* x, int64_t ldx, int rows,
                     const WeightView& weight, int begin, int end, const Sink& sink) {
  const int64_t stride = panel_elements<W>(weight);
  const int k = weight.cols;
  alignas(64) float out[kTileRows * kGroupPanels * 16];
  for (int group = begin; group < end; group += kGroupPanels) {
    const W* panels = static_cast<const W*>(weight.panels) + group * stride;
    const int count = least(kGroupPanels, end - group);
    for (int row = 0; row < rows;) {
      const auto* from = x + row * ldx;
      const int left = rows - row;
      const int done = left >= kTileRows
                           ? tile_row<Chain, kTileRows>(from, ldx, panels, stride, count, k, out)
                       : left >= 4 && kTileRows > 4
                           ? tile_row<Chain, 4>(from, ldx, panels, stride, count, k, out)
                       : left >= 2 && kTileRows > 2
                           ? tile_row<Chain, 2>(from, ldx, panels, stride, count, k, out)
                           : tile_row<Chain, 1>(from, ldx, panels, stride, count, k, out);
      for (int r = 0; r < done; ++r) {
        for (int p = 0; p < count; ++p)
          sink(row + r, group + p, load(out + (r * kGroupPanels + p) * 16));
      }
      row += done;
    }
  }
}

template <class Chain, class Sink>
void linear_block(const typename Chain::Element* x, int64_t ldx, int rows, const WeightView& weight,
                  int begin, int end, const Sink& sink) {
  if constexpr (Chain::kProfile == Profile::portable) {
    if (weight.dtype == DType::f32)
      return linear_block_of<Chain, float>(x, ldx, rows, weight, begin, end, sink);
  }
  linear_block_of<Chain, bf16>(x, ldx, rows, weight, begin, end, sink);
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

// `rows` rows from `begin` on, as the chain reads them: out [rows, Chain::elements(cols)].
template <class Chain, class T>
void prepare_rows(const RowSet<T>& x, int begin, int rows, int cols, typename Chain::Element* out) {
  for (int row = 0; row < rows; ++row)
    Chain::prepare(x[begin + row], cols, out + row * Chain::elements(cols));
}

// Rows [begin, begin + rows) against panels [panel_begin, panel_end); the sink's rows count from
// `begin`.
template <class Chain, class T, class Sink>
void linear_part(const RowSet<T>& x, int begin, int rows, const WeightView& weight, int panel_begin,
                 int panel_end, const Sink& sink) {
  const auto place = [&](int row, int panel, Vec sums) { sink(begin + row, panel, sums); };
  if constexpr (sizeof(T) == 4) {
    if (x.index == nullptr)
      return linear_block<Chain>(x[begin], x.stride, rows, weight, panel_begin, panel_end, place);
  }
  const int64_t length = Chain::elements(weight.cols);
  const Scratch<typename Chain::Element> ready(rows * length);
  prepare_rows<Chain>(x, begin, rows, weight.cols, ready);
  linear_block<Chain>(ready, length, rows, weight, panel_begin, panel_end, place);
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

// Few rows wait for the weights: reading a weight takes a core as long as the arithmetic of about
// this many rows.
constexpr int kReadRows = 8;

inline int64_t linear_work(int rows, const WeightView& weight) {
  return int64_t{rows > kReadRows ? rows : kReadRows} * weight.rows * weight.cols;
}

// sink(row, panel, sums) for every row and panel, in parallel.
template <class Chain, class T, class Sink>
void linear_by(ThreadPool& pool, const RowSet<T>& x, int rows, const WeightView& weight,
               const Sink& sink) {
  if (rows == 0) return;
  const int panels = divide_up(weight.rows, kPanel);
  const int64_t work = linear_work(rows, weight);
  const Grid grid = cut(rows, panels, useful_parts(pool, work));
  parallel(pool, grid.row_blocks * grid.panel_blocks, work, [&](int part) {
    const int row = part / grid.panel_blocks * grid.row_block,
              panel = part % grid.panel_blocks * grid.panel_block;
    linear_part<Chain>(x, row, least(grid.row_block, rows - row), weight, panel,
                       least(panel + grid.panel_block, panels), sink);
  });
}

template <class T, class Sink>
void linear(ThreadPool& pool, const RowSet<T>& x, int rows, const WeightView& weight,
            const Sink& sink) {
  linear_by<typename ChainOf<T>::type>(pool, x, rows, weight, sink);
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
