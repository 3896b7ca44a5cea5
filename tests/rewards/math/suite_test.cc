// The own suite: one file per category of the policy, all of it or a list of what failed.
#include <cstdio>

#include "tests/rewards/math/suite_file.h"

namespace reckon::math {
namespace {

bool as_wanted(const SuitePair& pair, Verdict verdict) {
  if (pair.wanted == "not") return verdict != Verdict::equal;
  return pair.wanted == verdict_name(verdict);
}

TEST(Suite, EveryPairOfEveryCategoryIsAsThePolicySays) {
  int passed = 0, total = 0;
  for (const SuiteFile& file : read_suite()) {
    int good = 0;
    std::string failures;
    for (const SuitePair& pair : file.pairs) {
      Verification got = verify_pair(pair);
      if (as_wanted(pair, got.verdict))
        ++good;
      else
        failures += cat("\n  ", pair.place, ": ", pair.gold, " ⇒ ", pair.prediction, ": wanted ",
                        pair.wanted, ", got ", verdict_name(got.verdict), " (", got.note, ")");
    }
    std::printf("%-34s %3d / %zu\n", file.name.c_str(), good, file.pairs.size());
    EXPECT_EQ(failures, "");
    passed += good;
    total += static_cast<int>(file.pairs.size());
  }
  std::printf("%-34s %d / %d\n", "all", passed, total);
}

TEST(Suite, HasEveryCategoryWithPairsOfBothKinds) {
  std::vector<SuiteFile> files = read_suite();
  ASSERT_EQ(files.size(), 42u);
  for (size_t i = 0; i < files.size(); ++i) {
    EXPECT_EQ(std::stoul(files[i].name), i + 1);
    auto equal = std::count_if(files[i].pairs.begin(), files[i].pairs.end(),
                               [](const SuitePair& pair) { return pair.wanted == "equal"; });
    auto all = static_cast<long>(files[i].pairs.size());
    EXPECT_GE(all, 20) << files[i].name;
    EXPECT_GE(equal, 8) << files[i].name;
    EXPECT_GE(all - equal, 8) << files[i].name;
  }
}

// What a gold is written as is equal to itself in every category.
TEST(Suite, EveryGoldIsEqualToItself) {
  for (const SuiteFile& file : read_suite())
    for (const SuitePair& pair : file.pairs) {
      Verification got = verify_answer(pair.gold, pair.gold);
      EXPECT_EQ(got.verdict, Verdict::equal)
          << pair.place << ": " << pair.gold << " (" << got.note << ")";
    }
}

}  // namespace
}  // namespace reckon::math
