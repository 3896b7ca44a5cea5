#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "base/error.h"
#include "pipeline/dataset.h"
#include "tests/temporary_folder.h"

namespace reckon {
namespace {

using ::testing::HasSubstr;

class JsonLinesTest : public ::testing::Test {
 protected:
  std::shared_ptr<const Dataset> open(const std::string& text,
                                      const std::string& prompt = "prompt") {
    folder_.write("rows.jsonl", text);
    return open_dataset("rows.jsonl", prompt, 1);
  }
  std::string error_of(const std::string& text, const std::string& prompt = "prompt") {
    try {
      open(text, prompt)->row(0);
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), Code::data);
      return error.what();
    }
    return "no error";
  }
  WorkingFolder folder_;
};

TEST_F(JsonLinesTest, ReadsRowsInAnyOrderAndPassesOverBlankLines) {
  auto data = open(
      "\xEF\xBB\xBF{\"prompt\": \"a\", \"answer\": 1}\r\n\n   \n{\"answer\": [2], \"prompt\": "
      "\"b\\u00e9\"}");
  ASSERT_EQ(data->size(), 2u);
  EXPECT_EQ(data->row(1).prompt, "b\xC3\xA9");
  EXPECT_EQ(data->row(1).columns["answer"], nlohmann::json::array({2}));
  EXPECT_EQ(data->row(0).prompt, "a");
  EXPECT_FALSE(data->row(0).columns.contains("prompt"));
}

TEST_F(JsonLinesTest, TakesThePromptFromAnotherColumn) {
  EXPECT_EQ(open("{\"question\": \"why\", \"prompt\": 3}\n", "question")->row(0).prompt, "why");
}

TEST_F(JsonLinesTest, CountsLinesAsAnEditorDoes) {
  EXPECT_THAT(error_of("\n\n{\"prompt\": 1}\n"),
              HasSubstr("rows.jsonl:3: column 'prompt' is a number, not a text"));
  EXPECT_THAT(error_of("{\"prompt\": \"a\",}\n"), HasSubstr("rows.jsonl:1:16: is not valid JSON"));
  EXPECT_THAT(error_of("{\"prompt\": \"a\"\n"), HasSubstr("rows.jsonl:1:14: is not valid JSON"));
}

TEST_F(JsonLinesTest, FindsIllFormedCharactersByColumn) {
  for (const char* bad :
       {"\xFF", "\xC0\x80", "\xE0\x80\x80", "\xED\xA0\x80", "\xF4\x90\x80\x80", "\x80", "\xC3"}) {
    EXPECT_THAT(error_of("{\"prompt\": \"" + std::string(bad) + "\"}\n"),
                HasSubstr("rows.jsonl:1:13: is not valid UTF-8"));
  }
  EXPECT_EQ(error_of("{\"prompt\": \"\xC3\xA9\xE2\x82\xAC\xF0\x9F\x99\x82\"}\n"), "no error");
}

TEST_F(JsonLinesTest, AMissingFileIsNoInput) {
  try {
    open_dataset("none.jsonl", "prompt", 1);
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), Code::no_input);
  }
}

TEST(RowOfDraw, EveryEpochVisitsEachRowOnceInAnOrderOfItsOwn) {
  std::vector<uint64_t> first, second;
  for (uint64_t d = 0; d < 50; ++d) {
    first.push_back(row_of_draw(7, PhaseId{1}, Draw{d}, 50));
    second.push_back(row_of_draw(7, PhaseId{1}, Draw{50 + d}, 50));
  }
  EXPECT_EQ(std::set<uint64_t>(first.begin(), first.end()).size(), 50u);
  EXPECT_EQ(std::set<uint64_t>(second.begin(), second.end()).size(), 50u);
  EXPECT_NE(first, second);
}

TEST(RowOfDraw, DependsOnSeedAndPhase) {
  auto order = [](uint64_t seed, uint32_t phase) {
    std::vector<uint64_t> rows;
    for (uint64_t d = 0; d < 30; ++d)
      rows.push_back(row_of_draw(seed, PhaseId{phase}, Draw{d}, 1000));
    return rows;
  };
  EXPECT_EQ(order(1, 0), order(1, 0));
  EXPECT_NE(order(1, 0), order(2, 0));
  EXPECT_NE(order(1, 0), order(1, 1));
}

}  // namespace
}  // namespace reckon
