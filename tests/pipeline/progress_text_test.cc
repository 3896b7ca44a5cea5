#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <cstdlib>

#include "base/text.h"
#include "pipeline/progress.h"

namespace reckon {
namespace {

using ::testing::HasSubstr;

TEST(ProgressLine, HasTheColumnsOfItsHeader) {
  Metrics rl = {{"reward/mean", 0.71},
                {"accuracy", 0.625},
                {"length/mean", 12.5},
                {"loss", -0.0123},
                {"grad_norm", 0.4},
                {"entropy", 1.25},
                {"logprob_mismatch", 0.0},
                {"staleness/max", 0.0},
                {"tokens_per_s/rollout", 5120.0},
                {"tokens_per_s/learn", 20480.0}};
  std::string line = progress_line({"rl", 12, 100, 1.5, 3725}, rl);
  EXPECT_EQ(line.size(), progress_header().size());
  EXPECT_EQ(line.size(), 114u);
  for (const char* text : {"rl", "12/100", "0.710", "62.5%", "12.500", "-0.012", "4.0e-01", "5120",
                           "1.50s", "1h02m"}) {
    EXPECT_THAT(line, HasSubstr(text));
  }
  EXPECT_EQ(progress_line({"a_phase_with_a_long_name", 1, 1, 0, -1}, {}).size(), line.size());
}

TEST(ProgressLine, ShowsADashForWhatTheStepDoesNotHave) {
  std::string line = progress_line({"sft", 1, 10, 0.1, -1}, {{"loss", std::nan("")}});
  EXPECT_THAT(line, HasSubstr("nan"));
  EXPECT_EQ(std::count(line.begin(), line.end(), '-'), 10);
}

TEST(ProgressBar, FillsWithTheSteps) {
  TerminalStyle style{true, false, 50};
  EXPECT_EQ(progress_bar({"rl", 5, 10, 0, 61}, style), "rl [#####-----]  50% 1m01s");
  EXPECT_EQ(progress_bar({"rl", 0, 10, 0, -1}, style), "rl [----------]   0%");
  EXPECT_EQ(progress_bar({"rl", 10, 10, 0, -1}, style), "rl [##########] 100%");
}

TEST(DurationText, UsesTwoUnits) {
  for (auto [seconds, text] : {std::pair{0.4, "0s"},
                               {59.4, "59s"},
                               {725.0, "12m05s"},
                               {12000.0, "3h20m"},
                               {187200.0, "2d04h"}}) {
    EXPECT_EQ(duration_text(seconds), text);
  }
}

TEST(PlotCurve, DrawsARisingLineInPlainCharacters) {
  EXPECT_EQ(plot_curve({{0, 0}, {4, 4}}, {"accuracy", 5, 5, false}),
            "   accuracy\n"
            "4 |    *\n"
            "  |   * \n"
            "  |  *  \n"
            "  | *   \n"
            "0 |*    \n"
            "   0   4\n");
}

TEST(PlotCurve, DrawsEightDotsToABrailleCharacter) {
  std::string text = plot_curve({{0, 0}, {1, 1}}, {"", 2, 2, true});
  EXPECT_THAT(text, HasSubstr("1 \xE2\x94\x82"));
  // The diagonal of a 4 by 8 field: upper right and lower left characters hold dots, the other two
  // none.
  auto lines = split(text, '\n');
  EXPECT_THAT(lines[0], HasSubstr("\xE2\x94\x82\xE2\xA0\x80"));
  EXPECT_TRUE(lines[1].ends_with("\xE2\xA0\x80")) << lines[1];
}

TEST(PlotCurve, LeavesOutWhatIsNotFiniteAndCentresAConstant) {
  EXPECT_EQ(plot_curve({{0, std::nan("")}}, {}), "");
  EXPECT_EQ(plot_curve({}, {}), "");
  std::string text = plot_curve({{1, 3}, {2, std::nan("")}, {3, 3}}, {"", 5, 3, false});
  EXPECT_THAT(text, HasSubstr("|*****\n"));
}

TEST(TerminalStyle, AFileIsNoTerminalAndTheLocaleDecidesUnicode) {
  ::setenv("LC_ALL", "C.UTF-8", 1);
  TerminalStyle style = terminal_style(-1);
  EXPECT_FALSE(style.terminal);
  EXPECT_TRUE(style.unicode);
  ::setenv("LC_ALL", "C", 1);
  EXPECT_FALSE(terminal_style(-1).unicode);
  ::unsetenv("LC_ALL");
}

}  // namespace
}  // namespace reckon
