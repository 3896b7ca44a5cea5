// The logical vector of 16 float lanes in plain C++: the meaning of every operation, for machines
// without AVX2 and as the yardstick for the other two files. All operations are IEEE single
// precision, round to nearest even.
#pragma once

#include <bit>

#include "kernels/types.h"

#define RECKON_VEC inline

namespace reckon {
namespace {

struct Vec {
  float v[16];
};
struct IVec {
  uint32_t v[16];
};
using Mask = uint32_t;  // bit i: lane i

constexpr int kTileRows = 2, kTilePanels = 1, kGroupPanels = 1, kScoreBlocks = 1, kValueVecs = 1;

// Lane-wise f over one, two or three vectors.
template <class Out, class F, class... In>
RECKON_VEC Out lanes(F f, const In&... in) {
  Out out;
  for (int i = 0; i < 16; ++i) out.v[i] = f(in.v[i]...);
  return out;
}
template <class F>
RECKON_VEC Mask mask_of(F f) {
  Mask m = 0;
  for (int i = 0; i < 16; ++i) m |= static_cast<Mask>(f(i)) << i;
  return m;
}

RECKON_VEC Vec broadcast(float x) {
  Vec out;
  for (float& lane : out.v) lane = x;
  return out;
}
RECKON_VEC IVec ibroadcast(uint32_t x) {
  IVec out;
  for (uint32_t& lane : out.v) lane = x;
  return out;
}
RECKON_VEC IVec iota() { return {{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15}}; }
RECKON_VEC Mask first_lanes(int n) { return n >= 16 ? 0xFFFF : (1u << n) - 1; }

RECKON_VEC Vec add(Vec a, Vec b) {
  return lanes<Vec>([](float x, float y) { return x + y; }, a, b);
}
RECKON_VEC Vec sub(Vec a, Vec b) {
  return lanes<Vec>([](float x, float y) { return x - y; }, a, b);
}
RECKON_VEC Vec mul(Vec a, Vec b) {
  return lanes<Vec>([](float x, float y) { return x * y; }, a, b);
}
RECKON_VEC Vec div(Vec a, Vec b) {
  return lanes<Vec>([](float x, float y) { return x / y; }, a, b);
}
// The second operand when either is NaN or both are zeros.
RECKON_VEC Vec max(Vec a, Vec b) {
  return lanes<Vec>([](float x, float y) { return x > y ? x : y; }, a, b);
}
RECKON_VEC Vec min(Vec a, Vec b) {
  return lanes<Vec>([](float x, float y) { return x < y ? x : y; }, a, b);
}
// a b + c rounded once, also where the processor has no such instruction.
RECKON_VEC Vec fma(Vec a, Vec b, Vec c) {
  return lanes<Vec>([](float x, float y, float z) { return __builtin_fmaf(x, y, z); }, a, b, c);
}

RECKON_VEC Mask less(Vec a, Vec b) {
  return mask_of([&](int i) { return a.v[i] < b.v[i]; });
}
RECKON_VEC Mask not_less(Vec a, Vec b) {  // true for NaN
  return mask_of([&](int i) { return !(a.v[i] < b.v[i]); });
}
RECKON_VEC Mask both(Mask a, Mask b) { return a & b; }
RECKON_VEC int count(Mask m) { return std::popcount(m); }
RECKON_VEC Vec select(Mask m, Vec yes, Vec no) {
  for (int i = 0; i < 16; ++i) no.v[i] = m >> i & 1 ? yes.v[i] : no.v[i];
  return no;
}
RECKON_VEC IVec iselect(Mask m, IVec yes, IVec no) {
  for (int i = 0; i < 16; ++i) no.v[i] = m >> i & 1 ? yes.v[i] : no.v[i];
  return no;
}

RECKON_VEC IVec as_int(Vec a) { return std::bit_cast<IVec>(a); }
RECKON_VEC Vec as_float(IVec a) { return std::bit_cast<Vec>(a); }
RECKON_VEC Vec to_float(IVec a) {  // of signed integers
  return lanes<Vec>([](uint32_t x) { return static_cast<float>(static_cast<int32_t>(x)); }, a);
}
RECKON_VEC IVec iadd(IVec a, IVec b) {
  return lanes<IVec>([](uint32_t x, uint32_t y) { return x + y; }, a, b);
}
RECKON_VEC IVec isub(IVec a, IVec b) {
  return lanes<IVec>([](uint32_t x, uint32_t y) { return x - y; }, a, b);
}
RECKON_VEC IVec imul(IVec a, IVec b) {
  return lanes<IVec>([](uint32_t x, uint32_t y) { return x * y; }, a, b);
}
RECKON_VEC IVec iand(IVec a, IVec b) {
  return lanes<IVec>([](uint32_t x, uint32_t y) { return x & y; }, a, b);
}
RECKON_VEC IVec ixor(IVec a, IVec b) {
  return lanes<IVec>([](uint32_t x, uint32_t y) { return x ^ y; }, a, b);
}
template <int n>
RECKON_VEC IVec shift_left(IVec a) {
  return lanes<IVec>([](uint32_t x) { return x << n; }, a);
}
template <int n>
RECKON_VEC IVec shift_right(IVec a) {
  return lanes<IVec>([](uint32_t x) { return x >> n; }, a);
}
template <int n>
RECKON_VEC IVec shift_right_signed(IVec a) {
  return lanes<IVec>([](uint32_t x) { return static_cast<uint32_t>(static_cast<int32_t>(x) >> n); },
                     a);
}

RECKON_VEC IVec iload(const void* p) {
  IVec out;
  __builtin_memcpy(&out, p, sizeof out);
  return out;
}
RECKON_VEC void istore(uint32_t* p, IVec a) { __builtin_memcpy(p, &a, sizeof a); }

// Loads widen to float; the form with n reads the first n elements and gives zero in the other
// lanes. Stores round to the storage type; the form with n writes the first n elements.
template <class T>
RECKON_VEC Vec load(const T* p, int n = 16) {
  Vec out;
  for (int i = 0; i < 16; ++i) out.v[i] = i < n ? reckon::to_float(p[i]) : 0.0f;
  return out;
}
template <class T>
RECKON_VEC void store(T* p, Vec a, int n = 16) {
  for (int i = 0; i < 16 && i < n; ++i) p[i] = from_float<T>(a.v[i]);
}
template <class T>
RECKON_VEC Vec rounded_to(T, Vec a) {
  return lanes<Vec>([](float x) { return reckon::to_float(from_float<T>(x)); }, a);
}

// Over the lanes, as a tree: i with i + 8, then i + 4, i + 2, i + 1.
RECKON_VEC float sum(Vec a) {
  for (int half = 8; half > 0; half /= 2) {
    for (int i = 0; i < half; ++i) a.v[i] = a.v[i] + a.v[i + half];
  }
  return a.v[0];
}
RECKON_VEC float largest(Vec a) {
  for (int half = 8; half > 0; half /= 2) {
    for (int i = 0; i < half; ++i) a.v[i] = a.v[i] > a.v[i + half] ? a.v[i] : a.v[i + half];
  }
  return a.v[0];
}
RECKON_VEC float first(Vec a) { return a.v[0]; }

}  // namespace
}  // namespace reckon
