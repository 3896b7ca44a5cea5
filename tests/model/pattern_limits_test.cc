// How much work a tokenizer's pattern may make: long stretches of ordinary text pass, hostile
// patterns end in an error.
#include "model/pretokenizer.h"
#include "tests/model/helpers.h"

namespace reckon {
namespace {

constexpr char kGpt2[] =
    R"('(?:[sdmt]|ll|ve|re)| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+)";

size_t matches_of(const std::string& expression, const std::string& text) {
  std::vector<std::pair<size_t, size_t>> found;
  Pattern(expression, "tokenizer.json").matches(text, found);
  return found.size();
}

TEST(PatternLimits, AMillionSpacesInARowPass) {
  EXPECT_EQ(matches_of(kGpt2, std::string(1 << 20, ' ') + "x"), 2u);
}

TEST(PatternLimits, ManyLongRunsOfSpacesPass) {
  std::string text;
  for (int i = 0; i < 200; ++i) text += std::string(5000, ' ') + "x";
  EXPECT_EQ(matches_of(kGpt2, text), 400u);
}

TEST(PatternLimits, OneMatchOfTooManyStepsIsAnError) {
  Error error = error_of([] { matches_of("((a|aa)+)+[!?]", std::string(60, 'a')); });
  EXPECT_EQ(error.code(), Code::data);
  EXPECT_EQ(error.place(), "tokenizer.json");
  EXPECT_THAT(error.problem(), ::testing::HasSubstr("match limit exceeded"));
}

// Each match alone would pass; all of them would take hours in a text of megabytes.
TEST(PatternLimits, SlowMatchesEverywhereAreAnError) {
  std::string text;
  for (int i = 0; i < 100; ++i) text += std::string(26, 'a') + "b";
  Error error = error_of([&] { matches_of("(a|aa)+[!?]", text); });
  EXPECT_THAT(error.problem(), ::testing::HasSubstr("match limit exceeded"));
  EXPECT_EQ(matches_of("(a|aa)+[!?]", text.substr(0, 27)), 0u);
}

}  // namespace
}  // namespace reckon
