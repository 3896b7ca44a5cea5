// Whole files of GSM8K and MATH, where ../shared/data is beside the source tree.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "base/error.h"
#include "base/text.h"
#include "pipeline/dataset.h"
#include "rewards/reward.h"

namespace reckon {
namespace {

class RealData : public ::testing::Test {
 protected:
  void SetUp() override {
    if (!std::filesystem::is_directory(folder_)) GTEST_SKIP() << folder_ << " is absent";
  }
  const std::string folder_ = RECKON_SOURCE_DIR "/../shared/data/";
};

TEST_F(RealData, EveryRowOfGsm8kHasANumberThatItsOwnRewardAccepts) {
  auto number = make_reward({"number", 1, false, {}});
  for (auto [name, rows] : {std::pair("train", 7473u), std::pair("test", 1319u)}) {
    auto data = open_dataset(cat(folder_, "gsm8k/", name, ".jsonl"), {}, 1);
    ASSERT_EQ(data->size(), rows);
    for (uint64_t i = 0; i < rows; ++i) {
      Row row = data->row(i);
      ASSERT_FALSE(row.columns.contains("question"));
      std::string gold = row.columns.at("answer");
      ASSERT_EQ(gold.find("####"), std::string::npos);
      Outcome outcome = number->score({row.prompt, gold, &row.columns});
      ASSERT_EQ(outcome.status, Status::scored) << name << " " << i << ": " << gold;
      ASSERT_EQ(outcome.value, 1) << name << " " << i << ": " << gold;
    }
  }
}

TEST_F(RealData, EveryRowOfMathHasAnAnswerButForFourThatTheFileLeavesEmpty) {
  PromptOptions options;
  options.format = "math";
  options.skip_bad_rows = 4;
  for (auto [name, rows] :
       {std::pair("train", 7470u), std::pair("test", 5000u), std::pair("math500", 500u)}) {
    auto data = open_dataset(cat(folder_, "math/", name, ".jsonl"), options, 1);
    EXPECT_EQ(data->size(), rows);
    EXPECT_EQ(data->skipped(), name == std::string("train") ? 4u : 0u);
    for (uint64_t i = 0; i < data->size(); ++i)
      ASSERT_FALSE(data->row(i).columns.at("answer").get<std::string>().empty()) << name << i;
  }
}

TEST_F(RealData, NamesTheRowBeyondTheBudget) {
  PromptOptions options;
  options.skip_bad_rows = 3;
  try {
    open_dataset(folder_ + "math/train.jsonl", options, 1);
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), Code::data);
    EXPECT_THAT(error.what(),
                ::testing::HasSubstr("math/train.jsonl:5331: column 'answer' is empty; "
                                     "this is bad row number 4"));
  }
}

}  // namespace
}  // namespace reckon
