// The chain of profile `avx512bf16` for inputs and weights in bf16: one link takes two inputs, the
// odd one first, as the instruction VDPBF16PS does. A last input without a partner has a zero
// beside it, in the panels too. Op is the link on one instruction set, one of pairs_*.h:
//   Input               two inputs of a row, made by input(even, odd)
//   Mode                the processor's state while a tile runs
//   step(acc, w, x, ldx) one link of R rows with P panels
#pragma once

#include "kernels/cpu/linear.h"

namespace reckon {
namespace {

template <class Op>
struct PairChain {
  static constexpr Profile kProfile = Profile::avx512bf16;
  using Element = typename Op::Input;
  static constexpr int64_t elements(int cols) { return (cols + 1) / 2; }

  static void prepare(const bf16* from, int cols, Element* out) {
    for (int i = 0; i + 1 < cols; i += 2) out[i / 2] = Op::input(from[i], from[i + 1]);
    if (cols % 2 != 0) out[cols / 2] = Op::input(from[cols - 1], bf16{});
  }

  // As FmaChain::tile.
  template <int R, int P>
  static void tile(const Element* x, int64_t ldx, const bf16* panels, int64_t panel_stride, int k,
                   float* out) {
    [[maybe_unused]] const typename Op::Mode mode;
    run<R, P>(x, ldx, panels, panel_stride, k, out);
  }

 private:
  // Not inlined: no arithmetic may move across the change of mode.
  template <int R, int P>
  [[gnu::noinline]] static void run(const Element* x, int64_t ldx, const bf16* panels,
                                    int64_t panel_stride, int k, float* out) {
    Vec acc[R][P];
#pragma GCC unroll 8
    for (int r = 0; r < R; ++r) {
#pragma GCC unroll 8
      for (int p = 0; p < P; ++p) acc[r][p] = broadcast(0.0f);
    }
    for (int i = 0; i < (k + 1) / 2; ++i) {
      IVec w[P];
#pragma GCC unroll 8
      for (int p = 0; p < P; ++p) w[p] = iload(panels + p * panel_stride + int64_t{32} * i);
      Op::template step<R, P>(acc, w, x + i, ldx);
    }
#pragma GCC unroll 8
    for (int r = 0; r < R; ++r) {
#pragma GCC unroll 8
      for (int p = 0; p < P; ++p) store(out + (r * kGroupPanels + p) * 16, acc[r][p]);
    }
  }
};

}  // namespace
}  // namespace reckon
