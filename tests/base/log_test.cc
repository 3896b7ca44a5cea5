#include "base/log.h"

#include <gtest/gtest.h>

#include <regex>

#include "base/file.h"
#include "base/text.h"

namespace reckon {
namespace {

TEST(Log, FileHoldsOneLinePerEventFromItsLevelUp) {
  Path path = testing::TempDir() + "reckon_log_test";
  std::filesystem::remove(path);
  log_to_file(path.string(), LogLevel::info, /*quiet_terminal=*/true);
  log_debug("learner", "not this one");
  log_info("learner", "step=12 loss={}");  // braces are text, not a format
  log_warning("store", "slow disk");
  std::vector<std::string> lines = split(read_file(path), '\n');
  std::filesystem::remove(path);
  ASSERT_EQ(lines.size(), 3u);
  std::string time = R"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z )";
  EXPECT_TRUE(std::regex_match(lines[0], std::regex(time + R"(info learner: step=12 loss=\{\})")))
      << lines[0];
  EXPECT_TRUE(std::regex_match(lines[1], std::regex(time + "warning store: slow disk")))
      << lines[1];
  EXPECT_EQ(lines[2], "");
}

}  // namespace
}  // namespace reckon
