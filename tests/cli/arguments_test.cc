#include "cli/arguments.h"

#include <gtest/gtest.h>

#include "base/error.h"

namespace reckon {
namespace {

TEST(Printable, KeepsTextAndEscapesWhatATerminalWouldObey) {
  EXPECT_EQ(printable("a\tb\n9 \xC3\xA4 \xE4\xBD\xA0 \xF0\x9F\x99\x82"),
            "a\tb\n9 \xC3\xA4 \xE4\xBD\xA0 \xF0\x9F\x99\x82");
  EXPECT_EQ(printable("\x1B[31mred\r"), "\\x1b[31mred\\x0d");
  EXPECT_EQ(printable(std::string_view("\0\x7F", 2)), "\\x00\\x7f");
  EXPECT_EQ(printable("\xC2\x9B"
                      "2J"),
            "\\xc2\\x9b2J");  // CSI as one character
  EXPECT_EQ(printable("\xE2\x80\xAE"
                      "abc"),
            "\\xe2\\x80\\xaeabc");  // right-to-left override
  EXPECT_EQ(printable("\xFF\xC3(\xED\xA0\x80\xC0\xAF\xF5\xE4\xBD"),
            "\\xff\\xc3(\\xed\\xa0\\x80\\xc0\\xaf\\xf5\\xe4\\xbd");
}

TEST(ParseReward, ReadsNameAndOptions) {
  RewardSpec plain = parse_reward("number");
  EXPECT_EQ(plain.use, "number");
  EXPECT_TRUE(plain.options.empty());
  RewardSpec full = parse_reward("format?opened=true&think=t&buffer=12&after=A=B");
  EXPECT_EQ(full.use, "format");
  EXPECT_EQ(full.options["opened"], true);
  EXPECT_EQ(full.options["think"], "t");
  EXPECT_EQ(full.options["buffer"], 12);
  EXPECT_EQ(full.options["after"], "A=B");
  EXPECT_THROW(parse_reward("number?gold"), Error);
  EXPECT_THROW(parse_reward("number?=x"), Error);
}

TEST(Numbers, AreCheckedWithTheirBounds) {
  EXPECT_EQ(whole_number(1)("7"), "");
  EXPECT_EQ(whole_number(1)("0"), "'0' is not a whole number of at least 1");
  EXPECT_EQ(whole_number(0, 9)("1.5"), "'1.5' is not a whole number from 0 to 9");
  EXPECT_EQ(number_between(0, 1)("0.25"), "");
  EXPECT_EQ(number_between(0, 1)("inf"), "'inf' is not a number from 0 to 1");
  EXPECT_EQ(number_between(0, 1)("x"), "'x' is not a number from 0 to 1");
}

}  // namespace
}  // namespace reckon
