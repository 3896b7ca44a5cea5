#include "base/digest.h"

#include <openssl/evp.h>
#include <xxhash.h>

#include <cstdio>
#include <memory>
#include <vector>

#include "base/error.h"
#include "base/text.h"

namespace reckon {
namespace {

class Sha256 {
 public:
  Sha256() : context_(EVP_MD_CTX_new(), EVP_MD_CTX_free) {
    RECKON_CHECK(EVP_DigestInit_ex(context_.get(), EVP_sha256(), nullptr) == 1,
                 "SHA-256 is not available");
  }
  void add(const void* data, size_t size) { EVP_DigestUpdate(context_.get(), data, size); }
  std::string finish() {
    unsigned char bytes[32];
    EVP_DigestFinal_ex(context_.get(), bytes, nullptr);
    return hex({reinterpret_cast<char*>(bytes), sizeof bytes});
  }

 private:
  std::unique_ptr<EVP_MD_CTX, void (*)(EVP_MD_CTX*)> context_;
};

}  // namespace

Digest& Digest::operator+=(const Digest& other) {
  uint64_t sum = low + other.low;
  high += other.high + (sum < low);
  low = sum;
  return *this;
}

std::string Digest::text() const {
  char buffer[33];
  std::snprintf(buffer, sizeof buffer, "%016lx%016lx", high, low);
  return buffer;
}

Digest Digest::parse(std::string_view text) {
  auto half = [&](size_t begin) {
    uint64_t value = 0;
    for (char c : text.substr(begin, 16)) {
      int digit = c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
      if (digit < 0)
        throw Error(Code::data, "", cat("'", text, "' is not a digest"),
                    "expected 32 hexadecimal digits");
      value = value << 4 | uint64_t(digit);
    }
    return value;
  };
  if (text.size() != 32)
    throw Error(Code::data, "", cat("'", text, "' is not a digest"),
                "expected 32 hexadecimal digits");
  return {half(0), half(16)};
}

Digest digest_of(std::string_view bytes, uint64_t seed) {
  XXH128_hash_t value = XXH3_128bits_withSeed(bytes.data(), bytes.size(), seed);
  return {value.high64, value.low64};
}

uint64_t hash64(std::string_view bytes, uint64_t seed) {
  return XXH3_64bits_withSeed(bytes.data(), bytes.size(), seed);
}

std::string sha256(std::string_view bytes) {
  Sha256 sha;
  sha.add(bytes.data(), bytes.size());
  return sha.finish();
}

std::string sha256_file(const std::string& path) {
  std::unique_ptr<FILE, int (*)(FILE*)> file(std::fopen(path.c_str(), "rb"), std::fclose);
  if (!file)
    throw Error(Code::io, path, "cannot be opened", "check that it exists and may be read");
  Sha256 sha;
  std::vector<char> buffer(1 << 20);
  while (size_t got = std::fread(buffer.data(), 1, buffer.size(), file.get()))
    sha.add(buffer.data(), got);
  if (std::ferror(file.get())) throw Error(Code::io, path, "reading failed", "check the disk");
  return sha.finish();
}

}  // namespace reckon
