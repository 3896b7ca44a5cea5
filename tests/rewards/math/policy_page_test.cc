// docs/verifier.md says what the verifier does: every pair of its tables is tried.
#include <gtest/gtest.h>

#include <fstream>
#include <regex>
#include <string>

#include "base/text.h"
#include "rewards/math/verify.h"

namespace reckon::math {
namespace {

std::vector<std::string> lines_of_page() {
  std::ifstream page(std::string(RECKON_SOURCE_DIR) + "/docs/verifier.md");
  std::vector<std::string> lines;
  for (std::string line; std::getline(page, line);) lines.push_back(line);
  return lines;
}

TEST(PolicyPage, EveryCategoryHasAPairThatIsEqualAndOneThatIsNot) {
  const std::regex row("\\| (\\d+) \\| .* \\| `(.*)` ← `(.*)` \\| `(.*)` ← `(.*)` \\|");
  int categories = 0;
  for (const std::string& line : lines_of_page()) {
    std::smatch cells;
    if (!std::regex_match(line, cells, row)) continue;
    EXPECT_EQ(cells[1], std::to_string(++categories));
    Verification equal = verify_answer(cells[2].str(), cells[3].str());
    EXPECT_EQ(equal.verdict, Verdict::equal) << line << "\n" << equal.note;
    Verification other = verify_answer(cells[4].str(), cells[5].str());
    EXPECT_NE(other.verdict, Verdict::equal) << line << "\n" << other.note;
  }
  EXPECT_EQ(categories, 42);
}

TEST(PolicyPage, LenientModeAcceptsWhatStrictModeDoesNot) {
  const std::regex row("\\| `(.*)` \\| `(.*)` \\| .* \\|");
  int pairs = 0;
  bool inside = false;
  for (const std::string& line : lines_of_page()) {
    std::smatch cells;
    inside = !line.starts_with("## ") && (inside || line.starts_with("Lenient mode alone"));
    if (!inside || !std::regex_match(line, cells, row)) continue;
    ++pairs;
    EXPECT_NE(verify_answer(cells[1].str(), cells[2].str(), Mode::strict).verdict, Verdict::equal)
        << line;
    EXPECT_EQ(verify_answer(cells[1].str(), cells[2].str(), Mode::lenient).verdict, Verdict::equal)
        << line;
  }
  EXPECT_GE(pairs, 3);
}

}  // namespace
}  // namespace reckon::math
