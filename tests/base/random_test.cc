#include "base/random.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <set>
#include <vector>

#include "base/error.h"

namespace reckon {
namespace {

RandomKey key_of(uint64_t word) { return random_key(1, Domain::test, {word}); }

bool equal(RandomKey a, RandomKey b) { return a.low == b.low && a.high == b.high; }

TEST(RandomKey, EveryPartChangesIt) {
  RandomKey base = random_key(1, Domain::sampling, {2, 3, 4, 5});
  EXPECT_TRUE(equal(base, random_key(1, Domain::sampling, {2, 3, 4, 5})));
  EXPECT_FALSE(equal(base, random_key(2, Domain::sampling, {2, 3, 4, 5})));
  EXPECT_FALSE(equal(base, random_key(1, Domain::test, {2, 3, 4, 5})));
  EXPECT_FALSE(equal(base, random_key(1, Domain::sampling, {3, 2, 4, 5})));
  EXPECT_FALSE(equal(base, random_key(1, Domain::sampling, {2, 3, 4, 6})));
  EXPECT_FALSE(equal(base, random_key(1, Domain::sampling, {2, 3, 4, 5, 0})));
}

TEST(RandomKey, NeighboursDoNotCollide) {
  std::set<uint64_t> keys;
  for (uint64_t draw = 0; draw < 20; ++draw) {
    for (uint64_t sample = 0; sample < 20; ++sample) {
      for (uint64_t ordinal = 0; ordinal < 50; ++ordinal) {
        RandomKey key = random_key(1, Domain::sampling, {0, draw, sample, ordinal});
        keys.insert(uint64_t{key.high} << 32 | key.low);
      }
    }
  }
  EXPECT_EQ(keys.size(), 20u * 20 * 50);
}

// The inverse of mix32: that it exists shows that mix32 is a bijection.
uint32_t unmix32(uint32_t x) {
  auto inverse = [](uint32_t odd) {  // Newton's iteration modulo 2^32
    uint32_t result = odd;
    for (int i = 0; i < 5; ++i) result *= 2 - odd * result;
    return result;
  };
  x ^= x >> 14 ^ x >> 28;
  x *= inverse(0x31848BABu);
  x ^= x >> 15 ^ x >> 30;
  x *= inverse(0xAC4C1B51u);
  x ^= x >> 11 ^ x >> 22;
  x *= inverse(0xED5AD4BBu);
  return x ^ x >> 17;
}

// The counter whose bits under `key` are `bits`.
uint32_t counter_of(RandomKey key, uint32_t bits) {
  return unmix32(unmix32(bits) - key.high) ^ key.low;
}

TEST(RandomBits, AreABijectionOfTheCounter) {
  RandomKey key = key_of(9);
  for (uint32_t i = 0; i < 10'000; ++i) {
    uint32_t counter = i * 2654435761u;
    ASSERT_EQ(counter_of(key, random_bits(key, counter)), counter);
  }
}

TEST(RandomUniform, LiesInTheOpenIntervalAndFillsItEvenly) {
  constexpr int kDraws = 200'000, kBins = 50;
  std::vector<int> bins(kBins);
  double sum = 0;
  for (uint32_t i = 0; i < kDraws; ++i) {
    float u = random_uniform(key_of(i / 1000), i % 1000);
    ASSERT_GT(u, 0.0f);
    ASSERT_LT(u, 1.0f);
    sum += u;
    ++bins[static_cast<size_t>(u * kBins)];
  }
  EXPECT_NEAR(sum / kDraws, 0.5, 0.003);  // 4.6 deviations
  double chi = 0, expected = double{kDraws} / kBins;
  for (int count : bins) chi += (count - expected) * (count - expected) / expected;
  EXPECT_LT(chi, 95);  // 49 degrees of freedom: above once in 10^4 draws of a fair function
}

TEST(RandomUniform, ExtremesOfTheBitsStayInside) {
  RandomKey key = key_of(10);
  EXPECT_EQ(random_uniform(key, counter_of(key, 0)), 0x1p-24f);
  EXPECT_EQ(random_uniform(key, counter_of(key, UINT32_MAX)), 1 - 0x1p-24f);
}

TEST(RandomStream, SameKeySameStream) {
  RandomStream a(key_of(1)), b(key_of(1)), c(key_of(2));
  bool differs = false;
  for (int i = 0; i < 100; ++i) {
    uint64_t value = a.next();
    EXPECT_EQ(value, b.next());
    differs |= value != c.next();
  }
  EXPECT_TRUE(differs);
}

TEST(RandomStream, BelowIsEvenOverItsBound) {
  RandomStream stream(key_of(3));
  for (uint64_t bound : {1, 2, 3, 7, 10}) {
    std::vector<int> counts(bound);
    for (int i = 0; i < 21'000; ++i) {
      uint64_t value = stream.below(bound);
      ASSERT_LT(value, bound);
      ++counts[value];
    }
    double expected = 21'000.0 / static_cast<double>(bound);
    for (int count : counts) EXPECT_NEAR(count, expected, 5 * std::sqrt(expected));
  }
  EXPECT_THROW(stream.below(0), Error);
}

TEST(RandomStream, BelowDoesNotFavourLowValuesOfAHugeBound) {
  // A plain remainder would give the lower half of this bound twice as often as the upper half.
  RandomStream stream(key_of(4));
  uint64_t bound = uint64_t{3} << 62;
  int low = 0;
  for (int i = 0; i < 10'000; ++i) low += stream.below(bound) < bound / 2;
  EXPECT_NEAR(low, 5'000, 250);
}

TEST(RandomStream, BetweenReachesBothEnds) {
  RandomStream stream(key_of(5));
  std::set<int64_t> seen;
  for (int i = 0; i < 1'000; ++i) seen.insert(stream.between(-2, 2));
  EXPECT_EQ(seen, (std::set<int64_t>{-2, -1, 0, 1, 2}));
  EXPECT_EQ(stream.between(INT64_MAX, INT64_MAX), INT64_MAX);
  EXPECT_THROW(stream.between(1, 0), Error);
}

TEST(RandomStream, NormalHasTheMomentsOfOne) {
  RandomStream stream(key_of(6));
  constexpr int kDraws = 50'000;
  double sum = 0, squares = 0, fourths = 0;
  for (int i = 0; i < kDraws; ++i) {
    double x = stream.normal();
    sum += x;
    squares += x * x;
    fourths += x * x * x * x;
  }
  EXPECT_NEAR(sum / kDraws, 0, 0.02);
  EXPECT_NEAR(squares / kDraws, 1, 0.03);
  EXPECT_NEAR(fourths / kDraws, 3, 0.2);
}

TEST(Permute, IsABijectionForManySizes) {
  std::vector<uint64_t> sizes = {100, 127, 128, 129, 1'000, 4'095, 4'096, 4'097};
  for (uint64_t size = 1; size <= 40; ++size) sizes.push_back(size);
  for (uint64_t size : sizes) {
    std::vector<bool> seen(size);
    for (uint64_t position = 0; position < size; ++position) {
      uint64_t image = permute(position, size, key_of(7));
      ASSERT_LT(image, size);
      ASSERT_FALSE(seen[image]) << "size " << size << ": " << image << " twice";
      seen[image] = true;
    }
  }
}

TEST(Permute, KeysGiveDifferentOrdersAndEveryPlaceIsReached) {
  constexpr uint64_t kSize = 10;
  std::vector<std::set<uint64_t>> images(kSize);
  std::set<std::vector<uint64_t>> orders;
  for (uint64_t key = 0; key < 200; ++key) {
    std::vector<uint64_t> order;
    for (uint64_t position = 0; position < kSize; ++position) {
      order.push_back(permute(position, kSize, key_of(key)));
      images[position].insert(order.back());
    }
    orders.insert(order);
  }
  EXPECT_GT(orders.size(), 190u);
  for (const std::set<uint64_t>& reached : images) EXPECT_EQ(reached.size(), kSize);
}

TEST(Permute, HugeSizesStayInside) {
  for (uint64_t size : {uint64_t{1} << 32, (uint64_t{1} << 40) + 1, uint64_t{1} << 62}) {
    for (uint64_t position : {uint64_t{0}, size / 2, size - 1})
      EXPECT_LT(permute(position, size, key_of(8)), size);
  }
  EXPECT_THROW(permute(5, 5, key_of(8)), Error);
}

}  // namespace
}  // namespace reckon
