// Storage types, weights and KV pages as the kernels see them: plain pointers and shapes.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>

namespace reckon {

enum class DType : uint8_t { f32, bf16 };

constexpr size_t dtype_size(DType dtype) { return dtype == DType::f32 ? 4 : 2; }
constexpr const char* dtype_name(DType dtype) { return dtype == DType::f32 ? "f32" : "bf16"; }

// bfloat16: the upper half of a float. Conversion rounds to nearest, ties to even; a NaN stays a
// NaN.
struct bf16 {
  uint16_t bits = 0;
};

constexpr float to_float(float x) { return x; }
constexpr float to_float(bf16 x) {
  return std::bit_cast<float>(static_cast<uint32_t>(x.bits) << 16);
}

template <class T>
constexpr T from_float(float x);
template <>
constexpr float from_float<float>(float x) {
  return x;
}
template <>
constexpr bf16 from_float<bf16>(float x) {
  uint32_t bits = std::bit_cast<uint32_t>(x);
  if ((bits & 0x7FFFFFFFu) > 0x7F800000u) return {static_cast<uint16_t>(bits >> 16 | 0x40)};
  return {static_cast<uint16_t>((bits + 0x7FFFu + (bits >> 16 & 1)) >> 16)};
}

// A linear layer's weight. `data` is [rows, cols] row-major (rows = outputs, cols = inputs): files,
// backward, embedding. `panels` is the copy that the CPU kernels read: panels of 16 outputs,
// zero-padded, see pack_panels().
struct WeightView {
  const void* data = nullptr;
  const void* panels = nullptr;
  DType dtype = DType::f32;
  int rows = 0, cols = 0;
};

constexpr int kPanel = 16;  // outputs per panel: the lanes of one logical vector

// Bytes of the panels of a [rows, cols] weight: f32 [ceil(rows/16)][cols][16]; bf16
// [ceil(rows/16)][ceil(cols/2)][16][2].
size_t panel_bytes(int rows, int cols, DType dtype);
void pack_panels(const void* row_major, int rows, int cols, DType dtype, void* panels);

// KV cache. A page holds kKvPageTokens positions of one layer; the slot of position p is p %
// kKvPageTokens whatever span it belongs to. A page is keys [kv_heads][head_dim][16] then values
// [kv_heads][16][head_dim], in storage type.
constexpr int kKvPageTokens = 16;

struct KvPool {
  void* base = nullptr;  // page i of this layer starts at base + i * kv_page_bytes(...)
  DType dtype = DType::f32;
  int kv_heads = 0, head_dim = 0;
};

constexpr size_t kv_page_bytes(int kv_heads, int head_dim, DType dtype) {
  return size_t{2} * kv_heads * head_dim * kKvPageTokens * dtype_size(dtype);
}

// `length` consecutive positions from `first_position`; pages[i] holds the positions of the i-th
// 16-aligned block that the span touches. A row's spans are ascending, without gaps, from position
// 0 to the row's own position. Two spans may meet inside a block (shared prompt, own completion):
// each then has a page of its own for that block.
struct KvSpan {
  int32_t first_position = 0;
  int32_t length = 0;
  const int32_t* pages = nullptr;
};

}  // namespace reckon
