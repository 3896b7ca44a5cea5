#include "base/error.h"

#include <gtest/gtest.h>

namespace reckon {
namespace {

TEST(Error, TextIsPlaceProblemAndRemedy) {
  Error error(Code::config, "run.toml:12:5", "unknown key 'stepz'", "did you mean 'steps'?");
  EXPECT_STREQ(error.what(), "run.toml:12:5: unknown key 'stepz' (did you mean 'steps'?)");
  EXPECT_EQ(error.code(), Code::config);
  EXPECT_EQ(error.place(), "run.toml:12:5");
  EXPECT_EQ(error.problem(), "unknown key 'stepz'");
  EXPECT_EQ(error.remedy(), "did you mean 'steps'?");
}

TEST(Error, EmptyPartsLeaveNoPunctuation) {
  EXPECT_STREQ(Error(Code::io, "", "it broke", "").what(), "it broke");
  EXPECT_STREQ(Error(Code::io, "a", "it broke", "").what(), "a: it broke");
  EXPECT_STREQ(Error(Code::io, "", "it broke", "mend it").what(), "it broke (mend it)");
}

TEST(Error, CodesAreTheDocumentedExitCodes) {
  EXPECT_EQ(static_cast<int>(Code::internal), 1);
  EXPECT_EQ(static_cast<int>(Code::data), 65);
  EXPECT_EQ(static_cast<int>(Code::config), 78);
  EXPECT_EQ(static_cast<int>(Code::mismatch), 83);
}

TEST(Check, PassesSilentlyAndFailsWithExpressionAndMessage) {
  EXPECT_NO_THROW(RECKON_CHECK(1 + 1 == 2, "arithmetic"));
  try {
    RECKON_CHECK(1 + 1 == 3, "arithmetic");
    FAIL() << "a false check went through";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), Code::internal);
    EXPECT_NE(error.place().find("error_test.cc:"), std::string::npos);
    EXPECT_EQ(error.problem(), "check failed: 1 + 1 == 3: arithmetic");
  }
}

}  // namespace
}  // namespace reckon
