// exp, log and the random bits of the kernels, against double precision, base/random.h and each
// other.
#include <bit>

#include "tests/kernels/kernel_testing.h"
#include "tests/kernels/math_probe.h"

namespace reckon::testing {
namespace {

std::vector<const MathProbe*> probes() {
  std::vector<const MathProbe*> out = {&kMathScalar};
  if (isa_available(Isa::avx2)) out.push_back(&kMathAvx2);
  if (isa_available(Isa::avx512)) out.push_back(&kMathAvx512);
  return out;
}

// Distance from `exact` in units of the last place of the float nearest to it.
double ulps(float actual, double exact) {
  const float nearest = static_cast<float>(exact);
  const double ulp = std::nextafter(std::abs(nearest), std::numeric_limits<float>::infinity()) -
                     std::abs(double{nearest});
  return std::abs(actual - exact) / ulp;
}

// Every step-th float between two positive ones, padded to a multiple of 16.
std::vector<float> floats_between(float low, float high, uint32_t step) {
  std::vector<float> out;
  for (uint32_t bits = std::bit_cast<uint32_t>(low); bits <= std::bit_cast<uint32_t>(high);
       bits += step) {
    out.push_back(std::bit_cast<float>(bits));
  }
  while (out.size() % 16 != 0) out.push_back(low);
  return out;
}

std::vector<float> run_on(void (*f)(const float*, int, float*), const std::vector<float>& x) {
  std::vector<float> out(x.size());
  f(x.data(), static_cast<int>(x.size()), out.data());
  return out;
}

std::vector<float> exp_inputs() {
  std::vector<float> x = floats_between(1e-10f, 88.7f, 997);
  const std::vector<float> negative = floats_between(1e-10f, 87.3f, 997);
  for (float v : negative) x.push_back(-v);
  return x;
}

TEST(Math, ExpIsWithinOnePointTwoUlpOfDouble) {
  const std::vector<float> x = exp_inputs(), y = run_on(kMathScalar.exp, x);
  double worst = 0;
  for (size_t i = 0; i < x.size(); ++i) worst = std::max(worst, ulps(y[i], std::exp(double{x[i]})));
  EXPECT_LT(worst, 1.2);
}

TEST(Math, ExpSaturatesAndIsExactAtZero) {
  const float inf = std::numeric_limits<float>::infinity();
  const std::vector<float> x = {0.0f,  -0.0f, -inf,          -104.1f, -1e30f, inf,
                                89.0f, 1e30f, std::nanf(""), -100.0f, 88.72f, -87.4f,
                                1.0f,  -1.0f, -103.0f,       88.8f};
  const std::vector<float> y = run_on(kMathScalar.exp, x);
  EXPECT_EQ(y[0], 1.0f);
  EXPECT_EQ(y[1], 1.0f);
  for (int i : {2, 3, 4})
    EXPECT_EQ(std::bit_cast<uint32_t>(y[static_cast<size_t>(i)]), 0u) << x[static_cast<size_t>(i)];
  for (int i : {5, 6, 7, 15})
    EXPECT_EQ(y[static_cast<size_t>(i)], inf) << x[static_cast<size_t>(i)];
  EXPECT_TRUE(std::isnan(y[8]));
  EXPECT_LT(ulps(y[9], std::exp(-100.0)), 1.01);  // below the normal range: one rounding more
  EXPECT_LT(ulps(y[10], std::exp(double{88.72f})), 1.2);
}

TEST(Math, LogIsWithinOnePointTwoUlpOfDouble) {
  const std::vector<float> x = floats_between(1e-44f, 3e38f, 2003), y = run_on(kMathScalar.log, x);
  double worst = 0;
  for (size_t i = 0; i < x.size(); ++i) {
    if (x[i] != 1.0f) worst = std::max(worst, ulps(y[i], std::log(double{x[i]})));
  }
  EXPECT_LT(worst, 1.2);
  const float inf = std::numeric_limits<float>::infinity();
  std::vector<float> special(16, 1.0f);
  special[1] = 0, special[2] = -1, special[3] = inf, special[4] = std::nanf(""), special[5] = -inf;
  const std::vector<float> z = run_on(kMathScalar.log, special);
  EXPECT_EQ(z[0], 0.0f);
  EXPECT_EQ(z[1], -inf);
  EXPECT_TRUE(std::isnan(z[2]));
  EXPECT_EQ(z[3], inf);
  EXPECT_TRUE(std::isnan(z[4]));
  EXPECT_TRUE(std::isnan(z[5]));
}

TEST(Math, EveryInstructionSetGivesTheSameBits) {
  const std::vector<float> x = exp_inputs(), positive = floats_between(1e-44f, 3e38f, 2003);
  const std::string exps = bytes_of(run_on(kMathScalar.exp, x)),
                    logs = bytes_of(run_on(kMathScalar.log, positive));
  for (const MathProbe* probe : probes()) {
    EXPECT_EQ(bytes_of(run_on(probe->exp, x)), exps) << probe->isa;
    EXPECT_EQ(bytes_of(run_on(probe->log, positive)), logs) << probe->isa;
  }
}

TEST(Math, UniformIsTheFunctionOfBaseRandom) {
  constexpr int kCount = 160;
  for (uint64_t stream = 0; stream < 20; ++stream) {
    const RandomKey key = test_key(stream);
    for (uint32_t first : {0u, 49152u, 0xFFFFFF00u}) {
      std::vector<float> expected;
      for (uint32_t i = 0; i < kCount; ++i) expected.push_back(random_uniform(key, first + i));
      for (const MathProbe* probe : probes()) {
        std::vector<float> actual(kCount);
        probe->uniform(key, first, kCount, actual.data());
        EXPECT_EQ(actual, expected) << probe->isa;
      }
    }
  }
}

TEST(Bf16, ConversionRoundsToNearestEvenAndKeepsNaN) {
  EXPECT_EQ(from_float<bf16>(1.0f).bits, 0x3F80);
  EXPECT_EQ(from_float<bf16>(std::bit_cast<float>(0x3F808000u)).bits, 0x3F80);  // tie: to even
  EXPECT_EQ(from_float<bf16>(std::bit_cast<float>(0x3F818000u)).bits, 0x3F82);
  EXPECT_EQ(from_float<bf16>(std::bit_cast<float>(0x3F808001u)).bits, 0x3F81);
  EXPECT_EQ(from_float<bf16>(std::bit_cast<float>(0x7F7FFFFFu)).bits,
            0x7F80);  // overflow: infinity
  EXPECT_TRUE(std::isnan(to_float(from_float<bf16>(std::bit_cast<float>(0x7F800001u)))));
}

}  // namespace
}  // namespace reckon::testing
