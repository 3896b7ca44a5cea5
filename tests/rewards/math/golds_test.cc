// Every gold answer of MATH and GSM8K against itself and against its neighbour.
#include "tests/rewards/math/golds.h"

#include <cstdio>
#include <map>
#include <regex>

#include "rewards/math/compare.h"
#include "rewards/math/parser.h"
#include "rewards/math/verify.h"

namespace reckon::math {
namespace {

using Golds = WithGolds;

TEST_F(Golds, EveryGoldIsEqualToItself) {
  std::vector<Gold> golds = all_golds();
  ASSERT_EQ(golds.size(), 5000u + 7470u + 500u + 7473u + 1319u);
  for (const Gold& gold : golds) {
    Verification got = verify_answer(gold.text, gold.text);
    EXPECT_EQ(got.verdict, Verdict::equal)
        << gold.place << ": " << gold.text << " (" << got.note << ")";
  }
}

TEST_F(Golds, MoreThan993In1000AreGivenAType) {
  std::map<std::string, int> types;
  std::string raw;
  int total = 0;
  for (const Gold& gold : all_golds()) {
    if (gold.place.starts_with("gsm8k")) continue;  // numbers all: they would flatter the share
    Budget budget;
    Arena arena(budget);
    Parse parse = parse_answer(arena, gold.text);
    std::string type = parse.understood ? type_of(parse.expr) : "raw";
    ++types[type];
    ++total;
    if (type == "raw") raw += cat("\n  ", gold.place, ": ", gold.text);
  }
  for (const auto& [type, count] : types) std::printf("%-14s %5d\n", type.c_str(), count);
  EXPECT_GE(total - types["raw"], 0.993 * total) << raw;
}

// Removes what no grader would look at: blanks, sizes of brackets, names of fractions, units.
std::string trivially_normal(std::string text) {
  for (const char* gone : {"\\left", "\\right", "\\!", "\\,", "\\ ", "\\;", " ", "\\$", "$", "\\%",
                           "^\\circ", "^{\\circ}", ",\\!"})
    for (size_t at; (at = text.find(gone)) != std::string::npos;)
      text.erase(at, std::string(gone).size());
  for (const char* name : {"\\dfrac", "\\tfrac"})
    for (size_t at; (at = text.find(name)) != std::string::npos;) text.erase(at + 1, 1);
  static const std::regex short_fraction(R"(\\frac(\d)(\d))");
  text = std::regex_replace(text, short_fraction, "\\frac{$1}{$2}");
  for (const char* unit : {"\\text{", "\\mbox{", "\\textbf{"}) {
    size_t at = text.find(unit);
    if (at != std::string::npos && at > 0) text.erase(at);
  }
  return text;
}

TEST_F(Golds, NoGoldOfMathTestIsEqualToADifferentNeighbour) {
  std::vector<Gold> golds = read_golds("math/test.jsonl");
  int pairs = 0, different = 0;
  for (size_t i = 0; i + 1 < golds.size(); ++i) {
    const std::string &a = golds[i].text, &b = golds[i + 1].text;
    if (trivially_normal(a) == trivially_normal(b)) continue;
    ++pairs;
    Verification got = verify_answer(a, b);
    different += got.verdict == Verdict::different;
    EXPECT_NE(got.verdict, Verdict::equal)
        << golds[i].place << ": " << a << " and " << b << " (" << got.note << ")";
  }
  std::printf("%d neighbours that differ, %d of them said to be different\n", pairs, different);
  EXPECT_GT(pairs, 4900);
}

}  // namespace
}  // namespace reckon::math
