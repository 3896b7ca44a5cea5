#include "base/random.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <numbers>

#include "base/error.h"

namespace reckon {

uint64_t RandomStream::next() {
  uint64_t high = random_bits(key_, counter_++);
  return high << 32 | random_bits(key_, counter_++);
}

uint64_t RandomStream::below(uint64_t bound) {
  RECKON_CHECK(bound > 0, "bound must be positive");
  uint64_t limit = bound * (UINT64_MAX / bound);  // largest multiple of bound: reject above it
  uint64_t value = next();
  while (value >= limit) value = next();
  return value % bound;
}

int64_t RandomStream::between(int64_t low, int64_t high) {
  RECKON_CHECK(low <= high, "empty range");
  return low + static_cast<int64_t>(below(static_cast<uint64_t>(high - low) + 1));
}

double RandomStream::normal() {
  double u = (static_cast<double>(next() >> 11) + 0.5) * 0x1p-53;
  double v = (static_cast<double>(next() >> 11) + 0.5) * 0x1p-53;
  return std::sqrt(-2.0 * std::log(u)) * std::cos(2.0 * std::numbers::pi * v);
}

uint64_t permute(uint64_t position, uint64_t size, RandomKey key) {
  RECKON_CHECK(position < size, "position outside the permutation");
  int half = std::max(1, (static_cast<int>(std::bit_width(size - 1)) + 1) / 2);
  uint64_t mask = (uint64_t{1} << half) - 1;
  do {
    uint64_t left = position >> half, right = position & mask;
    for (uint32_t round = 0; round < 6; ++round) {
      uint64_t mixed = mix64(right ^ (uint64_t{key.high} << 32 | key.low) ^ mix64(round));
      uint64_t next = (left ^ mixed) & mask;
      left = right;
      right = next;
    }
    position = left << half | right;
  } while (position >= size);
  return position;
}

}  // namespace reckon
