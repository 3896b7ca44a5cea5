// The emulations of VDPBF16PS against each other and, where the machine has it, the instruction.
#include <bit>

#include "tests/full_length.h"
#include "tests/kernels/kernel_testing.h"
#include "tests/kernels/pair_probe.h"

namespace reckon::testing {
namespace {

struct Named {
  const char* name;
  PairProbe probe;
};

// All but the scalar one.
std::vector<Named> others() {
  std::vector<Named> out;
  if (isa_available(Isa::avx2)) out.push_back({"avx2", kPairsAvx2});
  if (isa_available(Isa::avx512)) out.push_back({"avx512", kPairsAvx512});
  if (isa_available(Isa::avx512bf16)) out.push_back({"native", kPairsNative});
  return out;
}

float one(PairProbe probe, float acc, uint32_t x, uint32_t w) {
  std::vector<float> sums(16, acc);
  const std::vector<uint32_t> weights(16, w);
  probe(&x, weights.data(), sums.data(), 16);
  return sums[3];
}
uint32_t bits(float x) { return std::bit_cast<uint32_t>(x); }
uint32_t pair(float even, float odd) {
  return uint32_t{from_float<bf16>(odd).bits} << 16 | from_float<bf16>(even).bits;
}

TEST(Pairs, TheScalarLinkHasTheDocumentedMeaning) {
  const float least = std::numeric_limits<float>::min();
  const auto link = [](float acc, uint32_t x, uint32_t w) {
    return bits(one(kPairsScalar, acc, x, w));
  };
  // Odd first: 2^24 + 1 is a tie that goes down, 2^24 + 2 is not.
  EXPECT_EQ(link(0x1p24f, pair(2, 1), pair(1, 1)), bits(0x1p24f + 2));
  EXPECT_EQ(link(1, pair(-0x1p24f, 0x1p24f), pair(1, 1)), bits(0.0f));
  // Subnormal inputs are zeros, subnormal results become zeros, with their signs.
  EXPECT_EQ(link(-0x1p-130f, 0, 0), bits(0.0f));
  EXPECT_EQ(link(0, pair(0x1p-130f, 0), pair(0x1p100f, 0)), bits(0.0f));
  EXPECT_EQ(link(0, pair(-0x1p-70f, 0), pair(0x1p-60f, 0)), bits(-0.0f));
  EXPECT_EQ(link(0, pair(0, 0x1p-70f), pair(0, 0x1p-60f)), bits(0.0f));
  // Small after rounding to 24 bits: flushed, although a subnormal rounding would give the least
  // normal number; at the tie and above it stays.
  EXPECT_EQ(link(least, pair(-0x1p-75f, 0), pair(0x1p-75f, 0)), bits(0.0f));
  EXPECT_EQ(link(least, pair(-0x1p-76f, 0), pair(0x1p-75f, 0)), bits(least));
  EXPECT_EQ(link(3e38f, pair(0, 3e38f), pair(0, 2)), bits(std::numeric_limits<float>::infinity()));
}

// Pairs and accumulators of a kind: 0 all exponents, 1 middling ones, 2 and 3 products around the
// least normal number, 4 the ends of the range, with infinities and NaNs, 5 subnormal against huge.
class Cases {
 public:
  explicit Cases(uint64_t stream) : random_(test_key(stream)) {}

  uint32_t pair(uint64_t kind) { return element(kind) << 16 | element(kind); }

  float acc(uint64_t kind, uint32_t x, uint32_t w) {
    const uint32_t any = static_cast<uint32_t>(random_.below(uint64_t{1} << 32));
    const float low = half(x << 16) * half(w << 16), high = half(x) * half(w);
    switch (random_.below(8)) {
      case 0:
        return std::bit_cast<float>(any & 0x80FFFFFFu);  // near the least normal number
      case 1:
        return std::bit_cast<float>((any & 0x80000000u) | 0x00800000u);
      case 2:
        return -low;  // cancellation
      case 3:
        return -high;
      case 4:
        return -(high + low) * (1 + static_cast<float>(any % 5) * 0x1p-23f);
      case 5:
        return kind == 1 ? static_cast<float>(static_cast<int32_t>(any)) * 0x1p-31f : 0.0f;
      default:
        return std::bit_cast<float>(any);
    }
  }

 private:
  static float half(uint32_t bits) { return std::bit_cast<float>(bits & 0xFFFF0000u); }

  uint32_t element(uint64_t kind) {
    static constexpr uint32_t kEnds[] = {0, 1, 2, 63, 64, 253, 254, 255};
    const auto bits = static_cast<uint32_t>(random_.below(1 << 16));
    const uint32_t spread = bits >> 7 & 0xFF;
    const uint32_t exponent = kind == 0   ? spread
                              : kind == 1 ? 110 + spread % 30
                              : kind == 2 ? 60 + spread % 10
                              : kind == 3 ? 50 + spread % 30
                              : kind == 4 ? kEnds[spread % 8]
                                          : (spread % 2 ? spread % 3 : 180 + spread % 75);
    return (bits & 0x807Fu) | exponent << 7;
  }

  RandomStream random_;
};

// NaNs agree as NaNs; their bits are outside the contract.
TEST(Pairs, EveryEmulationGivesTheBitsOfTheInstruction) {
  if (others().empty()) GTEST_SKIP() << "this machine has only the scalar link";
  constexpr int kBatch = 4096;
  const int batches = full_length() ? 6000 : 60;  // 24 million links
  for (int batch = 0; batch < batches; ++batch) {
    Cases cases(static_cast<uint64_t>(batch));
    std::vector<uint32_t> x(kBatch / 16), w(kBatch);
    std::vector<float> acc(kBatch);
    for (size_t i = 0; i < kBatch; ++i) {
      const uint64_t kind = i / 16 % 6;
      if (i % 16 == 0) x[i / 16] = cases.pair(kind);
      w[i] = cases.pair(kind);
      acc[i] = cases.acc(kind, x[i / 16], w[i]);
    }
    std::vector<float> expected = acc;
    kPairsScalar(x.data(), w.data(), expected.data(), kBatch);
    for (const Named& other : others()) {
      std::vector<float> actual = acc;
      other.probe(x.data(), w.data(), actual.data(), kBatch);
      for (size_t i = 0; i < kBatch; ++i) {
        if (std::isnan(expected[i]) && std::isnan(actual[i])) continue;
        ASSERT_EQ(bits(actual[i]), bits(expected[i]))
            << other.name << ": acc " << std::hex << bits(acc[i]) << " x " << x[i / 16] << " w "
            << w[i];
      }
    }
  }
}

}  // namespace
}  // namespace reckon::testing
