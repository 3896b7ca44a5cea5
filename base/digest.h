// Digests: xxh3-128 against accidents (weights, records), SHA-256 for files.
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <string>
#include <string_view>

namespace reckon {

struct Digest {
  uint64_t high = 0, low = 0;
  auto operator<=>(const Digest&) const = default;

  // Sum modulo 2^128: digests of parts add up to the digest of the whole, in any order.
  Digest& operator+=(const Digest& other);
  std::string text() const;                    // 32 hexadecimal digits
  static Digest parse(std::string_view text);  // throws Error(data) on anything else
};

// xxh3-128 of `bytes` under `seed`.
Digest digest_of(std::string_view bytes, uint64_t seed = 0);
// xxh3-64 of `bytes` under `seed`.
uint64_t hash64(std::string_view bytes, uint64_t seed = 0);

// SHA-256 as 64 hexadecimal digits, of bytes or of a whole file (throws Error(io)).
std::string sha256(std::string_view bytes);
std::string sha256_file(const std::string& path);

}  // namespace reckon
