// The logical vector of 16 float lanes on AVX2 and FMA: two registers. See vec_scalar.h for what
// each operation means.
#pragma once

#include <immintrin.h>

#include "kernels/types.h"

#define RECKON_VEC [[gnu::always_inline]] inline

namespace reckon {
namespace {

struct Vec {
  __m256 lo, hi;
};
struct IVec {
  __m256i lo, hi;
};
using Mask = Vec;  // all bits of a lane, or none

constexpr int kTileRows = 6, kTilePanels = 1;  // 12 accumulators, 2 weights, 1 input
constexpr int kGroupPanels = 4;  // panels of one pass; also the tile's width for few rows
constexpr int kScoreBlocks = 2;  // KV blocks whose scores are computed together
constexpr int kValueVecs = 2;    // vectors of a value row accumulated together

RECKON_VEC Vec broadcast(float x) { return {_mm256_set1_ps(x), _mm256_set1_ps(x)}; }
RECKON_VEC IVec ibroadcast(uint32_t x) {
  return {_mm256_set1_epi32(static_cast<int>(x)), _mm256_set1_epi32(static_cast<int>(x))};
}
RECKON_VEC IVec iota() {
  return {_mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7),
          _mm256_setr_epi32(8, 9, 10, 11, 12, 13, 14, 15)};
}

RECKON_VEC Vec add(Vec a, Vec b) { return {_mm256_add_ps(a.lo, b.lo), _mm256_add_ps(a.hi, b.hi)}; }
RECKON_VEC Vec sub(Vec a, Vec b) { return {_mm256_sub_ps(a.lo, b.lo), _mm256_sub_ps(a.hi, b.hi)}; }
RECKON_VEC Vec mul(Vec a, Vec b) { return {_mm256_mul_ps(a.lo, b.lo), _mm256_mul_ps(a.hi, b.hi)}; }
RECKON_VEC Vec div(Vec a, Vec b) { return {_mm256_div_ps(a.lo, b.lo), _mm256_div_ps(a.hi, b.hi)}; }
RECKON_VEC Vec max(Vec a, Vec b) { return {_mm256_max_ps(a.lo, b.lo), _mm256_max_ps(a.hi, b.hi)}; }
RECKON_VEC Vec min(Vec a, Vec b) { return {_mm256_min_ps(a.lo, b.lo), _mm256_min_ps(a.hi, b.hi)}; }
RECKON_VEC Vec fma(Vec a, Vec b, Vec c) {
  return {_mm256_fmadd_ps(a.lo, b.lo, c.lo), _mm256_fmadd_ps(a.hi, b.hi, c.hi)};
}

RECKON_VEC IVec as_int(Vec a) { return {_mm256_castps_si256(a.lo), _mm256_castps_si256(a.hi)}; }
RECKON_VEC Vec as_float(IVec a) { return {_mm256_castsi256_ps(a.lo), _mm256_castsi256_ps(a.hi)}; }
RECKON_VEC Vec to_float(IVec a) { return {_mm256_cvtepi32_ps(a.lo), _mm256_cvtepi32_ps(a.hi)}; }
RECKON_VEC IVec iadd(IVec a, IVec b) {
  return {_mm256_add_epi32(a.lo, b.lo), _mm256_add_epi32(a.hi, b.hi)};
}
RECKON_VEC IVec isub(IVec a, IVec b) {
  return {_mm256_sub_epi32(a.lo, b.lo), _mm256_sub_epi32(a.hi, b.hi)};
}
RECKON_VEC IVec imul(IVec a, IVec b) {
  return {_mm256_mullo_epi32(a.lo, b.lo), _mm256_mullo_epi32(a.hi, b.hi)};
}
RECKON_VEC IVec iand(IVec a, IVec b) {
  return {_mm256_and_si256(a.lo, b.lo), _mm256_and_si256(a.hi, b.hi)};
}
RECKON_VEC IVec ixor(IVec a, IVec b) {
  return {_mm256_xor_si256(a.lo, b.lo), _mm256_xor_si256(a.hi, b.hi)};
}
template <int n>
RECKON_VEC IVec shift_left(IVec a) {
  return {_mm256_slli_epi32(a.lo, n), _mm256_slli_epi32(a.hi, n)};
}
template <int n>
RECKON_VEC IVec shift_right(IVec a) {
  return {_mm256_srli_epi32(a.lo, n), _mm256_srli_epi32(a.hi, n)};
}
template <int n>
RECKON_VEC IVec shift_right_signed(IVec a) {
  return {_mm256_srai_epi32(a.lo, n), _mm256_srai_epi32(a.hi, n)};
}

RECKON_VEC Mask first_lanes(int n) {
  const __m256i bound = _mm256_set1_epi32(n);
  return as_float(IVec{_mm256_cmpgt_epi32(bound, iota().lo), _mm256_cmpgt_epi32(bound, iota().hi)});
}
RECKON_VEC Mask less(Vec a, Vec b) {
  return {_mm256_cmp_ps(a.lo, b.lo, _CMP_LT_OQ), _mm256_cmp_ps(a.hi, b.hi, _CMP_LT_OQ)};
}
RECKON_VEC Mask not_less(Vec a, Vec b) {
  return {_mm256_cmp_ps(a.lo, b.lo, _CMP_NLT_UQ), _mm256_cmp_ps(a.hi, b.hi, _CMP_NLT_UQ)};
}
RECKON_VEC Mask both(Mask a, Mask b) {
  return {_mm256_and_ps(a.lo, b.lo), _mm256_and_ps(a.hi, b.hi)};
}
RECKON_VEC int count(Mask m) {
  return __builtin_popcount(
      static_cast<unsigned>(_mm256_movemask_ps(m.lo) | _mm256_movemask_ps(m.hi) << 8));
}
RECKON_VEC Vec select(Mask m, Vec yes, Vec no) {
  return {_mm256_blendv_ps(no.lo, yes.lo, m.lo), _mm256_blendv_ps(no.hi, yes.hi, m.hi)};
}
RECKON_VEC IVec iselect(Mask m, IVec yes, IVec no) {
  return as_int(select(m, as_float(yes), as_float(no)));
}

RECKON_VEC IVec iload(const void* p) {
  const __m256i* q = static_cast<const __m256i*>(p);
  return {_mm256_loadu_si256(q), _mm256_loadu_si256(q + 1)};
}
RECKON_VEC void istore(uint32_t* p, IVec a) {
  _mm256_storeu_si256(reinterpret_cast<__m256i*>(p), a.lo);
  _mm256_storeu_si256(reinterpret_cast<__m256i*>(p + 8), a.hi);
}
RECKON_VEC Vec load(const float* p) { return {_mm256_loadu_ps(p), _mm256_loadu_ps(p + 8)}; }
RECKON_VEC Vec load(const float* p, int n) {
  const IVec m = as_int(first_lanes(n));
  return {_mm256_maskload_ps(p, m.lo), _mm256_maskload_ps(p + 8, m.hi)};
}
RECKON_VEC void store(float* p, Vec a) {
  _mm256_storeu_ps(p, a.lo);
  _mm256_storeu_ps(p + 8, a.hi);
}
RECKON_VEC void store(float* p, Vec a, int n) {
  const IVec m = as_int(first_lanes(n));
  _mm256_maskstore_ps(p, m.lo, a.lo);
  _mm256_maskstore_ps(p + 8, m.hi, a.hi);
}

RECKON_VEC Vec load(const bf16* p) {
  const __m128i* q = reinterpret_cast<const __m128i*>(p);
  return as_float(shift_left<16>(IVec{_mm256_cvtepu16_epi32(_mm_loadu_si128(q)),
                                      _mm256_cvtepu16_epi32(_mm_loadu_si128(q + 1))}));
}
RECKON_VEC Vec load(const bf16* p, int n) {
  alignas(32) bf16 lanes[16] = {};
  for (int i = 0; i < n && i < 16; ++i) lanes[i].bits = p[i].bits;
  return load(lanes);
}

// The bfloat16 of each lane in the lower half of 32 bits.
RECKON_VEC IVec narrow(Vec a) {
  const IVec bits = as_int(a), upper = shift_right<16>(bits);
  const IVec rounded =
      shift_right<16>(iadd(bits, iadd(iand(upper, ibroadcast(1)), ibroadcast(0x7FFF))));
  const IVec quiet = {_mm256_or_si256(upper.lo, _mm256_set1_epi32(0x40)),
                      _mm256_or_si256(upper.hi, _mm256_set1_epi32(0x40))};
  const Mask nan = {_mm256_cmp_ps(a.lo, a.lo, _CMP_UNORD_Q),
                    _mm256_cmp_ps(a.hi, a.hi, _CMP_UNORD_Q)};
  return iselect(nan, quiet, rounded);
}
RECKON_VEC void store(bf16* p, Vec a) {
  const IVec n = narrow(a);
  const __m256i packed = _mm256_permute4x64_epi64(_mm256_packus_epi32(n.lo, n.hi), 0xD8);
  _mm256_storeu_si256(reinterpret_cast<__m256i*>(p), packed);
}
RECKON_VEC void store(bf16* p, Vec a, int n) {
  alignas(32) bf16 lanes[16];
  store(lanes, a);
  for (int i = 0; i < n && i < 16; ++i) p[i].bits = lanes[i].bits;
}
RECKON_VEC Vec rounded_to(bf16, Vec a) { return as_float(shift_left<16>(narrow(a))); }
RECKON_VEC Vec rounded_to(float, Vec a) { return a; }

RECKON_VEC float sum(Vec a) {
  const __m256 eight = _mm256_add_ps(a.lo, a.hi);
  const __m128 four = _mm_add_ps(_mm256_castps256_ps128(eight), _mm256_extractf128_ps(eight, 1));
  const __m128 two = _mm_add_ps(four, _mm_movehl_ps(four, four));
  return _mm_cvtss_f32(_mm_add_ss(two, _mm_shuffle_ps(two, two, 1)));
}
RECKON_VEC float largest(Vec a) {
  const __m256 eight = _mm256_max_ps(a.lo, a.hi);
  const __m128 four = _mm_max_ps(_mm256_castps256_ps128(eight), _mm256_extractf128_ps(eight, 1));
  const __m128 two = _mm_max_ps(four, _mm_movehl_ps(four, four));
  return _mm_cvtss_f32(_mm_max_ss(two, _mm_shuffle_ps(two, two, 1)));
}
RECKON_VEC float first(Vec a) { return _mm256_cvtss_f32(a.lo); }

}  // namespace
}  // namespace reckon
