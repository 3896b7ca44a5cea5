// The logical vector of 16 float lanes on AVX-512. See vec_scalar.h for what each operation means.
#pragma once

#include <immintrin.h>

#include "kernels/types.h"

#define RECKON_VEC [[gnu::always_inline]] inline

namespace reckon {
namespace {

using Vec = __m512;
using IVec = __m512i;
using Mask = __mmask16;

constexpr int kTileRows = 8,
              kTilePanels = 3;   // 24 accumulators, 3 weights, the input broadcast from memory
constexpr int kGroupPanels = 6;  // panels of one pass; also the tile's width for few rows
constexpr int kScoreBlocks = 4;  // KV blocks whose scores are computed together
constexpr int kValueVecs = 4;    // vectors of a value row accumulated together

RECKON_VEC Vec broadcast(float x) { return _mm512_set1_ps(x); }
RECKON_VEC IVec ibroadcast(uint32_t x) { return _mm512_set1_epi32(static_cast<int>(x)); }
RECKON_VEC IVec iota() {
  return _mm512_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
}
RECKON_VEC Mask first_lanes(int n) { return static_cast<Mask>(n >= 16 ? 0xFFFF : (1 << n) - 1); }

RECKON_VEC Vec add(Vec a, Vec b) { return _mm512_add_ps(a, b); }
RECKON_VEC Vec sub(Vec a, Vec b) { return _mm512_sub_ps(a, b); }
RECKON_VEC Vec mul(Vec a, Vec b) { return _mm512_mul_ps(a, b); }
RECKON_VEC Vec div(Vec a, Vec b) { return _mm512_div_ps(a, b); }
RECKON_VEC Vec max(Vec a, Vec b) { return _mm512_max_ps(a, b); }
RECKON_VEC Vec min(Vec a, Vec b) { return _mm512_min_ps(a, b); }
RECKON_VEC Vec fma(Vec a, Vec b, Vec c) { return _mm512_fmadd_ps(a, b, c); }

RECKON_VEC Mask less(Vec a, Vec b) { return _mm512_cmp_ps_mask(a, b, _CMP_LT_OQ); }
RECKON_VEC Mask not_less(Vec a, Vec b) { return _mm512_cmp_ps_mask(a, b, _CMP_NLT_UQ); }
RECKON_VEC Mask both(Mask a, Mask b) { return a & b; }
RECKON_VEC int count(Mask m) { return __builtin_popcount(m); }
RECKON_VEC Vec select(Mask m, Vec yes, Vec no) { return _mm512_mask_blend_ps(m, no, yes); }
RECKON_VEC IVec iselect(Mask m, IVec yes, IVec no) { return _mm512_mask_blend_epi32(m, no, yes); }

RECKON_VEC IVec as_int(Vec a) { return _mm512_castps_si512(a); }
RECKON_VEC Vec as_float(IVec a) { return _mm512_castsi512_ps(a); }
RECKON_VEC Vec to_float(IVec a) { return _mm512_cvtepi32_ps(a); }
RECKON_VEC IVec iadd(IVec a, IVec b) { return _mm512_add_epi32(a, b); }
RECKON_VEC IVec isub(IVec a, IVec b) { return _mm512_sub_epi32(a, b); }
RECKON_VEC IVec imul(IVec a, IVec b) { return _mm512_mullo_epi32(a, b); }
RECKON_VEC IVec iand(IVec a, IVec b) { return _mm512_and_si512(a, b); }
RECKON_VEC IVec ixor(IVec a, IVec b) { return _mm512_xor_si512(a, b); }
template <int n>
RECKON_VEC IVec shift_left(IVec a) {
  return _mm512_slli_epi32(a, n);
}
template <int n>
RECKON_VEC IVec shift_right(IVec a) {
  return _mm512_srli_epi32(a, n);
}
template <int n>
RECKON_VEC IVec shift_right_signed(IVec a) {
  return _mm512_srai_epi32(a, n);
}

RECKON_VEC IVec iload(const void* p) { return _mm512_loadu_si512(p); }
RECKON_VEC void istore(uint32_t* p, IVec a) { _mm512_storeu_si512(p, a); }
RECKON_VEC Vec load(const float* p) { return _mm512_loadu_ps(p); }
RECKON_VEC Vec load(const float* p, int n) { return _mm512_maskz_loadu_ps(first_lanes(n), p); }
RECKON_VEC void store(float* p, Vec a) { _mm512_storeu_ps(p, a); }
RECKON_VEC void store(float* p, Vec a, int n) { _mm512_mask_storeu_ps(p, first_lanes(n), a); }

RECKON_VEC Vec widen(__m256i a) {
  return as_float(_mm512_slli_epi32(_mm512_cvtepu16_epi32(a), 16));
}
RECKON_VEC Vec load(const bf16* p) {
  return widen(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(p)));
}
RECKON_VEC Vec load(const bf16* p, int n) {
  return widen(_mm256_maskz_loadu_epi16(first_lanes(n), p));
}

// The bfloat16 of each lane in the lower half of 32 bits.
RECKON_VEC IVec narrow(Vec a) {
  const IVec bits = as_int(a), upper = _mm512_srli_epi32(bits, 16);
  const IVec odd = _mm512_and_si512(upper, _mm512_set1_epi32(1));
  const IVec rounded = _mm512_srli_epi32(
      _mm512_add_epi32(bits, _mm512_add_epi32(odd, _mm512_set1_epi32(0x7FFF))), 16);
  const Mask nan = _mm512_cmp_ps_mask(a, a, _CMP_UNORD_Q);
  return _mm512_mask_or_epi32(rounded, nan, upper, _mm512_set1_epi32(0x40));
}
RECKON_VEC void store(bf16* p, Vec a) {
  _mm256_storeu_si256(reinterpret_cast<__m256i*>(p), _mm512_cvtepi32_epi16(narrow(a)));
}
RECKON_VEC void store(bf16* p, Vec a, int n) {
  _mm256_mask_storeu_epi16(p, first_lanes(n), _mm512_cvtepi32_epi16(narrow(a)));
}
RECKON_VEC Vec rounded_to(bf16, Vec a) { return as_float(_mm512_slli_epi32(narrow(a), 16)); }
RECKON_VEC Vec rounded_to(float, Vec a) { return a; }

RECKON_VEC float sum(Vec a) {
  const __m256 eight = _mm256_add_ps(_mm512_castps512_ps256(a), _mm512_extractf32x8_ps(a, 1));
  const __m128 four = _mm_add_ps(_mm256_castps256_ps128(eight), _mm256_extractf128_ps(eight, 1));
  const __m128 two = _mm_add_ps(four, _mm_movehl_ps(four, four));
  return _mm_cvtss_f32(_mm_add_ss(two, _mm_shuffle_ps(two, two, 1)));
}
RECKON_VEC float largest(Vec a) {
  const __m256 eight = _mm256_max_ps(_mm512_castps512_ps256(a), _mm512_extractf32x8_ps(a, 1));
  const __m128 four = _mm_max_ps(_mm256_castps256_ps128(eight), _mm256_extractf128_ps(eight, 1));
  const __m128 two = _mm_max_ps(four, _mm_movehl_ps(four, four));
  return _mm_cvtss_f32(_mm_max_ss(two, _mm_shuffle_ps(two, two, 1)));
}
RECKON_VEC float first(Vec a) { return _mm512_cvtss_f32(a); }

}  // namespace
}  // namespace reckon
