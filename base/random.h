// Keyed random numbers: a stateless function of what is being drawn, so that a value does not
// depend on the order of work, the batch, the worker or a restart (contract rule 7; test vector in
// docs/numerics.md).
//
//   RandomKey key = random_key(seed, Domain::sampling, {phase, draw, sample, ordinal});
//   uint32_t bits = random_bits(key, token);     // one per token id, any order
#pragma once

#include <cstdint>
#include <initializer_list>
#include <vector>

namespace reckon {

// What the numbers are for; two domains never share a stream. Values are part of the contract.
enum class Domain : uint32_t {
  sampling = 1,
  permutation = 2,
  initialization = 3,
  data = 4,
  test = 100
};

struct RandomKey {
  uint32_t low = 0, high = 0;
};

// Mixes one 64-bit word: the finalizer of SplitMix64 (Steele et al. 2014).
constexpr uint64_t mix64(uint64_t x) {
  x += 0x9E3779B97F4A7C15ull;
  x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9ull;
  x = (x ^ (x >> 27)) * 0x94D049BB133111EBull;
  return x ^ (x >> 31);
}

// Mixes one 32-bit word (constants of Hash Prospector's triple32, a bijection with low bias).
constexpr uint32_t mix32(uint32_t x) {
  x = (x ^ (x >> 17)) * 0xED5AD4BBu;
  x = (x ^ (x >> 11)) * 0xAC4C1B51u;
  x = (x ^ (x >> 15)) * 0x31848BABu;
  return x ^ (x >> 14);
}

// key = mix64 chain over (seed, domain, words...).
constexpr RandomKey random_key(uint64_t seed, Domain domain,
                               std::initializer_list<uint64_t> words) {
  uint64_t state = mix64(seed ^ mix64(static_cast<uint64_t>(domain)));
  for (uint64_t word : words) state = mix64(state ^ mix64(word));
  return {static_cast<uint32_t>(state), static_cast<uint32_t>(state >> 32)};
}

// 32 random bits for `counter` under `key`. The kernels compute the same function on vectors.
constexpr uint32_t random_bits(RandomKey key, uint32_t counter) {
  return mix32(mix32(counter ^ key.low) + key.high);
}

// Uniform in the open interval (0, 1): (n + 1/2) / 2^23 for the upper 23 bits n, exact in float.
constexpr float random_uniform(RandomKey key, uint32_t counter) {
  return (static_cast<float>(random_bits(key, counter) >> 9) + 0.5f) * (1.0f / 8388608.0f);
}

// A stream of draws for code that wants one value after another (data generators, initialisation).
class RandomStream {
 public:
  explicit RandomStream(RandomKey key) : key_(key) {}
  uint64_t next();                             // 64 bits
  uint64_t below(uint64_t bound);              // uniform in [0, bound), unbiased; bound > 0
  int64_t between(int64_t low, int64_t high);  // uniform in [low, high]
  double normal();                             // standard normal, Box-Muller in double

 private:
  RandomKey key_;
  uint32_t counter_ = 0;
};

// A keyed permutation of [0, size): position -> image, by cycle-walking a Feistel network. No
// table, any size.
uint64_t permute(uint64_t position, uint64_t size, RandomKey key);

}  // namespace reckon
