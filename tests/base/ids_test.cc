#include "base/ids.h"

#include <gtest/gtest.h>

#include <sstream>
#include <type_traits>
#include <unordered_set>

namespace reckon {
namespace {

static_assert(!std::is_convertible_v<Draw, Step>);
static_assert(!std::is_convertible_v<uint64_t, Draw>);
static_assert(!std::is_convertible_v<Draw, uint64_t>);

TEST(Ids, OrderHashAndPrintByValue) {
  EXPECT_LT(Draw{3}, Draw{4});
  EXPECT_EQ(Draw{3}, Draw{3});
  std::unordered_set<SampleIndex> seen = {SampleIndex{1}, SampleIndex{2}, SampleIndex{1}};
  EXPECT_EQ(seen.size(), 2u);
  std::ostringstream out;
  out << Version{18446744073709551615u} << " " << PhaseId{7};
  EXPECT_EQ(out.str(), "18446744073709551615 7");
}

TEST(Ids, NarrowIdsPrintAsNumbers) {
  std::ostringstream out;
  out << Id<struct ByteTag, uint8_t>{65};
  EXPECT_EQ(out.str(), "65");
}

TEST(WeightsId, DiffersByVersionAndByDigest) {
  WeightsId a{Version{1}, {1, 2}};
  EXPECT_EQ(a, (WeightsId{Version{1}, {1, 2}}));
  EXPECT_FALSE(a == (WeightsId{Version{2}, {1, 2}}));
  EXPECT_FALSE(a == (WeightsId{Version{1}, {1, 3}}));
}

}  // namespace
}  // namespace reckon
