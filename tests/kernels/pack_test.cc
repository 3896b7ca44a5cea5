// Panels, the RoPE table, and what the build promises about the vector files.
#include <cstdio>
#include <filesystem>

#include "tests/kernels/kernel_testing.h"

namespace reckon::testing {
namespace {

TEST(Panels, HoldSixteenOutputsSideBySideWithZerosBehind) {
  const Tensor w = Tensor::random(DType::f32, 18 * 3, 1, 1);
  std::vector<float> panels(panel_bytes(18, 3, DType::f32) / sizeof(float), -1);
  ASSERT_EQ(panels.size(), 2u * 3 * 16);
  pack_panels(w.data(), 18, 3, DType::f32, panels.data());
  EXPECT_EQ(panels[2 * 16 + 5], w.get(5 * 3 + 2));
  EXPECT_EQ(panels[48 + 1 * 16 + 1], w.get(17 * 3 + 1));
  EXPECT_EQ(panels[48 + 2], 0.0f);
}

TEST(Panels, HoldPairsOfInputsInBf16) {
  const Tensor w = Tensor::random(DType::bf16, 18 * 3, 1, 1);
  std::vector<bf16> panels(panel_bytes(18, 3, DType::bf16) / sizeof(bf16));
  ASSERT_EQ(panels.size(), 2u * 2 * 16 * 2);
  pack_panels(w.data(), 18, 3, DType::bf16, panels.data());
  EXPECT_EQ(to_float(panels[5 * 2 + 1]), w.get(5 * 3 + 1));
  EXPECT_EQ(to_float(panels[32 + 5 * 2]), w.get(5 * 3 + 2));
  EXPECT_EQ(to_float(panels[32 + 5 * 2 + 1]), 0.0f);
}

TEST(RopeTable, IsTheRoundedDouble) {
  std::vector<float> cos(100 * 4), sin(100 * 4);
  rope_table(10000, 8, 100, cos.data(), sin.data());
  EXPECT_EQ(cos[0], 1.0f);
  EXPECT_EQ(sin[99 * 4 + 2], static_cast<float>(std::sin(99 * std::pow(10000.0, -0.5))));
  EXPECT_EQ(cos[99 * 4 + 1], static_cast<float>(std::cos(99 * std::pow(10000.0, -0.25))));
}

// Weak symbols are merged between object files: one from here could be the copy that the whole
// program uses, with instructions that the machine lacks.
TEST(VectorFiles, DefineNoWeakSymbols) {
  const std::filesystem::path objects = std::filesystem::path(RECKON_BINARY_DIR).parent_path() /
                                        "kernels/CMakeFiles/reckon_kernels.dir/cpu";
  for (const char* name : {"portable_avx2.cc.o", "portable_avx512.cc.o", "avx512bf16_avx2.cc.o",
                           "avx512bf16_avx512.cc.o", "avx512bf16_native.cc.o"}) {
    const std::filesystem::path object = objects / name;
    if (!std::filesystem::exists(object)) GTEST_SKIP() << object << " is not there";
    FILE* nm = popen(cat("nm ", object.string(), " 2>/dev/null").c_str(), "r");
    ASSERT_NE(nm, nullptr);
    int symbols = 0;
    char line[4096];
    while (std::fgets(line, sizeof line, nm) != nullptr) {
      const std::string text = line;
      if (text.find("DW.ref.") != std::string::npos)
        continue;  // a pointer for exception handling, no code
      ++symbols;
      EXPECT_EQ(text.find("_GLOBAL__sub_I"), std::string::npos) << name << " runs code before main";
      for (const char* weak : {" W ", " V ", " u "})
        EXPECT_EQ(text.find(weak), std::string::npos) << name << ": " << text;
    }
    if (pclose(nm) != 0) GTEST_SKIP() << "no nm here";
    EXPECT_GT(symbols, 10);
  }
}

}  // namespace
}  // namespace reckon::testing
