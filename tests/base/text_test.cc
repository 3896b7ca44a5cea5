#include "base/text.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

namespace reckon {
namespace {

TEST(Text, CatJoinsEverything) {
  EXPECT_EQ(cat("row ", 3, " of ", std::string("n"), ' ', 0.5), "row 3 of n 0.5");
}

TEST(Text, IntegersParseWholeOrNotAtAll) {
  EXPECT_EQ(parse_int("0"), 0);
  EXPECT_EQ(parse_int("-9223372036854775808"), std::numeric_limits<int64_t>::min());
  EXPECT_EQ(parse_int("9223372036854775807"), std::numeric_limits<int64_t>::max());
  for (const char* bad :
       {"", " 1", "1 ", "1.0", "0x10", "+1", "9223372036854775808", "1e3", "one"}) {
    EXPECT_EQ(parse_int(bad), std::nullopt) << bad;
  }
}

TEST(Text, DoublesParseWholeOrNotAtAll) {
  EXPECT_EQ(parse_double("1e-3"), 1e-3);
  EXPECT_EQ(parse_double("-0.25"), -0.25);
  for (const char* bad : {"", " 1", "1,5", "1.5 ", "1e999", "0.1f"})
    EXPECT_EQ(parse_double(bad), std::nullopt) << bad;
}

TEST(Text, ShortestReadsBack) {
  EXPECT_EQ(shortest(0.1), "0.1");
  EXPECT_EQ(shortest(1), "1");
  for (double value : {1.0 / 3, 1e-300, 6.02214076e23, -0.0, std::nextafter(1.0, 2.0)}) {
    EXPECT_EQ(parse_double(shortest(value)), value);
  }
}

TEST(Text, NearestIsASlipOfTheHandOrNothing) {
  std::vector<std::string> names = {"steps", "batch", "temperature", "lr"};
  EXPECT_EQ(nearest("stepz", names), "steps");
  EXPECT_EQ(nearest("temprature", names), "temperature");
  EXPECT_EQ(nearest("ls", names), "lr");
  EXPECT_EQ(nearest("zzzzz", names), std::nullopt);
  EXPECT_EQ(nearest("steps", {}), std::nullopt);
}

TEST(Text, SplitAndJoinAreInverse) {
  EXPECT_EQ(split("", ','), std::vector<std::string>{""});
  EXPECT_EQ(split("a,,b,", ','), (std::vector<std::string>{"a", "", "b", ""}));
  for (const char* text : {"", "a", ",", "a,b", ",a,,b,"})
    EXPECT_EQ(join(split(text, ','), ","), text);
  EXPECT_EQ(join({}, ", "), "");
  EXPECT_EQ(join({"a", "b"}, ", "), "a, b");
}

TEST(Text, HexOfEveryKindOfByte) {
  EXPECT_EQ(hex(std::string_view("\x00\x0f\x80\xff", 4)), "000f80ff");
}

}  // namespace
}  // namespace reckon
