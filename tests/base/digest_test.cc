#include "base/digest.h"

#include <gtest/gtest.h>

#include "base/error.h"
#include "base/file.h"

namespace reckon {
namespace {

TEST(Digest, Xxh3KnownValues) {
  // XXH3-128 and XXH3-64 of the empty input under seed 0 (xxHash specification).
  EXPECT_EQ(digest_of("").text(), "99aa06d3014798d86001c324468d497f");
  EXPECT_EQ(hash64(""), 0x2D06800538D394C2ull);
  EXPECT_NE(digest_of("a"), digest_of("b"));
  EXPECT_NE(digest_of("a", 0), digest_of("a", 1));
  EXPECT_NE(hash64("a", 0), hash64("a", 1));
}

TEST(Digest, SumIsModulo128BitsWithCarry) {
  Digest sum{1, UINT64_MAX};
  sum += {2, 3};
  EXPECT_EQ(sum, (Digest{4, 2}));
  Digest top{UINT64_MAX, UINT64_MAX};
  top += {0, 1};
  EXPECT_EQ(top, (Digest{0, 0}));
  Digest twice{0, uint64_t{1} << 63};
  twice += twice;
  EXPECT_EQ(twice, (Digest{1, 0}));
}

TEST(Digest, PartsAddUpInAnyOrderAndGrouping) {
  Digest forward, backward, halves[2], whole;
  for (int i = 0; i < 100; ++i) {
    forward += digest_of("part", static_cast<uint64_t>(i));
    backward += digest_of("part", static_cast<uint64_t>(99 - i));
    halves[i % 2] += digest_of("part", static_cast<uint64_t>(i));
  }
  whole += halves[1];
  whole += halves[0];
  EXPECT_EQ(forward, backward);
  EXPECT_EQ(forward, whole);
}

TEST(Digest, TextReadsBack) {
  Digest digest{0x0123456789ABCDEFull, 0x42};
  EXPECT_EQ(digest.text(), "0123456789abcdef0000000000000042");
  EXPECT_EQ(Digest::parse(digest.text()), digest);
  for (const char* bad :
       {"", "0123", "0123456789abcdef00000000000000420", "0123456789abcdeg0000000000000042",
        "0123456789ABCDEF0000000000000042", "0x23456789abcdef0000000000000042"}) {
    try {
      Digest::parse(bad);
      ADD_FAILURE() << bad << " was taken for a digest";
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), Code::data);
      EXPECT_NE(std::string(error.what()).find(bad), std::string::npos);
    }
  }
}

TEST(Sha256, KnownValues) {  // FIPS 180-4 examples
  EXPECT_EQ(sha256(""), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  EXPECT_EQ(sha256("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(sha256("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq"),
            "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
}

TEST(Sha256, OfAFileIsThatOfItsBytes) {
  std::string path = testing::TempDir() + "reckon_digest_test";
  std::string bytes(3'000'001, 'x');  // several reads
  bytes[2'000'000] = '\0';
  write_file(path, bytes);
  EXPECT_EQ(sha256_file(path), sha256(bytes));
  std::filesystem::remove(path);
  EXPECT_THROW(sha256_file(path), Error);
}

}  // namespace
}  // namespace reckon
