#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/error.h"
#include "pipeline/config.h"
#include "pipeline/dataset.h"
#include "tests/temporary_folder.h"

namespace reckon {
namespace {

using nlohmann::json;
using ::testing::HasSubstr;

Row shape(const PromptOptions& options, const json& row) {
  RowShaper shaper(options);
  shaper.recognise(row);
  return shaper.shape(row, "rows.jsonl:1");
}

PromptOptions with_template(const std::string& text) {
  PromptOptions options;
  options.wrapper = text;
  return options;
}

TEST(Prompt, AListOfMessagesIsAChatAndTheNestedColumnsStay) {
  Row row = shape(
      {},
      {{"data_source", "d"},
       {"prompt",
        {{{"role", "system"}, {"content", "Be brief."}}, {{"role", "user"}, {"content", "2+2?"}}}},
       {"reward_model", {{"style", "rule"}, {"ground_truth", "4"}}},
       {"extra_info", {{"index", 3}}}});
  ASSERT_EQ(row.messages.size(), 2u);
  EXPECT_EQ(row.messages[0].role, "system");
  EXPECT_EQ(row.messages[1].content, "2+2?");
  EXPECT_EQ(row.prompt, "Be brief.\n\n2+2?");
  EXPECT_EQ(row.columns["reward_model"]["ground_truth"], "4");
  EXPECT_FALSE(row.columns.contains("prompt"));
}

TEST(Prompt, ATextStaysPlainUnlessChatOrASystemMessageIsAskedFor) {
  json row = {{"prompt", "2+2?"}};
  EXPECT_TRUE(shape({}, row).messages.empty());
  PromptOptions options;
  options.chat = true;
  ASSERT_EQ(shape(options, row).messages.size(), 1u);
  EXPECT_EQ(shape(options, row).messages[0].role, "user");
  options.chat = false;
  options.system = "Be brief.";
  ASSERT_EQ(shape(options, row).messages.size(), 2u);
  EXPECT_EQ(shape(options, row).messages[0].content, "Be brief.");
  EXPECT_EQ(shape(options, row).messages[1].content, "2+2?");
}

TEST(Prompt, ATemplateTakesColumnsNestedOnesAndDoubledBraces) {
  json row = {{"question", "Why?"}, {"n", 3}, {"info", {{"hint", "x"}}}};
  EXPECT_EQ(shape(with_template("{question} ({n}, {info.hint}) \\boxed{{}}"), row).prompt,
            "Why? (3, x) \\boxed{}");
  EXPECT_EQ(shape(with_template("{question}"), row).columns["question"], "Why?");
}

TEST(Prompt, ColumnsGetFurtherNamesEvenWhenSwapped) {
  PromptOptions options;
  options.columns = {{"prompt", "a"}, {"answer", "r.gold"}, {"a", "prompt"}};
  Row row = shape(options, {{"a", "one"}, {"prompt", "two"}, {"r", {{"gold", 5}}}});
  EXPECT_EQ(row.prompt, "one");
  EXPECT_EQ(row.columns["a"], "two");
  EXPECT_EQ(row.columns["answer"], 5);
}

TEST(Prompt, KnownFormatsAreRecognisedOnlyWithoutAPromptColumn) {
  json gsm8k = {{"question", "q"}, {"answer", "work\n#### 1,234"}};
  Row row = shape({}, gsm8k);
  EXPECT_EQ(row.prompt, "q");
  EXPECT_EQ(row.columns["answer"], "1,234");
  EXPECT_EQ(row.columns["solution"], "work");
  gsm8k["prompt"] = "p";
  EXPECT_EQ(shape({}, gsm8k).prompt, "p");
  EXPECT_EQ(shape({}, gsm8k).columns["answer"], "work\n#### 1,234");
  EXPECT_EQ(shape("question", gsm8k).columns["answer"], "work\n#### 1,234");
  Row math = shape({}, {{"problem", "p"}, {"solution", "\\boxed{1} then \\boxed{\\frac{1}{2}}."}});
  EXPECT_EQ(math.prompt, "p");
  EXPECT_EQ(math.columns["answer"], "\\frac{1}{2}");
}

TEST(Prompt, GeneratorsTakeTheSameWrapper) {
  PromptOptions options = with_template("Add up: {prompt}");
  options.max_tokens = 9;
  auto plain = open_dataset("builtin:chained_sum", {}, 1);
  auto wrapped = open_dataset("builtin:chained_sum", options, 1);
  EXPECT_EQ(wrapped->row(3).prompt, "Add up: " + plain->row(3).prompt);
  EXPECT_EQ(wrapped->row(3).columns["answer"], plain->row(3).columns["answer"]);
  EXPECT_EQ(wrapped->max_prompt_tokens(), 9u);
}

TEST(Prompt, AShareOfBadRowsIsLeftOutAndCounted) {
  WorkingFolder folder;
  folder.write("rows.jsonl",
               "{\"prompt\": \"a\"}\nnot JSON\n{\"prompt\": \"b\"}\n{\"prompt\": 1}\n");
  PromptOptions options;
  options.skip_bad_rows = 0.5;
  auto data = open_dataset("rows.jsonl", options, 1);
  EXPECT_EQ(data->size(), 2u);
  EXPECT_EQ(data->skipped(), 2u);
  EXPECT_EQ(data->row(1).prompt, "b");
  options.skip_bad_rows = 0.25;
  EXPECT_THROW(open_dataset("rows.jsonl", options, 1), Error);
}

constexpr const char* kRun =
    "[data.train]\nfile = \"a.jsonl\"\nformat = \"gsm8k\"\ntemplate = "
    "\"{question}\\n\\\"{{}}\\\"\"\n"
    "columns = { answer = \"r.gold\" }\nsystem = \"s\"\nchat = true\nmax_prompt_tokens = 100\n"
    "skip_bad_rows = 0.01\n[[phase]]\nkind = \"sft\"\nsteps = 1\n";

TEST(Prompt, OptionsSurviveTheResolvedRunFileAndAnotherFile) {
  WorkingFolder folder;
  folder.write("a.jsonl", "");
  folder.write("b.jsonl", "");
  folder.write("run.toml", kRun);
  RunConfig config = load_config("run.toml", {"data.train=b.jsonl", "data.train.columns.x=7"});
  EXPECT_EQ(config.data.at("train").file, "b.jsonl");
  folder.write("again.toml", config_text(config, true));
  RunConfig again = load_config("again.toml", {});
  const PromptOptions& prompt = again.data.at("train").prompt;
  EXPECT_EQ(prompt.format, "gsm8k");
  EXPECT_EQ(prompt.wrapper, "{question}\n\"{{}}\"");
  EXPECT_EQ(prompt.columns, (std::map<std::string, std::string>{{"answer", "r.gold"}, {"x", "7"}}));
  EXPECT_EQ(prompt.system, "s");
  EXPECT_TRUE(prompt.chat);
  EXPECT_EQ(prompt.max_tokens, 100u);
  EXPECT_EQ(prompt.skip_bad_rows, 0.01);
}

}  // namespace
}  // namespace reckon
