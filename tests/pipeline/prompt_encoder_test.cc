#include "pipeline/prompt_encoder.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/error.h"
#include "base/file.h"
#include "base/text.h"
#include "model/load_model.h"
#include "tests/temporary_folder.h"

namespace reckon {
namespace {

using nlohmann::json;
using ::testing::HasSubstr;

constexpr char kTurns[] =
    "{% for m in messages %}[{{ m.role }}]{{ m.content }}<|end|>\n{% endfor %}"
    "{% if add_generation_prompt %}[assistant]{% endif %}";

PromptEncoder encoder(const std::string& text) {
  auto chat = std::make_shared<const ChatTemplate>(ChatTemplate::from_text(text, "chat"));
  return PromptEncoder(byte_tokenizer(), [chat] { return chat; });
}

std::string shown(const std::vector<int32_t>& ids) {
  std::string text;
  for (int32_t id : ids) text += byte_tokenizer()->token_text(id);
  return text;
}

Row shaped(const json& row, bool chat = false) {
  PromptOptions options;
  options.chat = chat;
  return RowShaper(options).shape(row, "rows.jsonl:1");
}

Error refused(const std::function<void()>& work) {
  try {
    work();
  } catch (const Error& error) {
    return error;
  }
  ADD_FAILURE() << "no error";
  return Error(Code::internal, "", "", "");
}

const json kTalk = {{{"role", "user"}, {"content", "a"}},
                    {{"role", "assistant"}, {"content", "b"}},
                    {{"role", "user"}, {"content", "c"}},
                    {{"role", "assistant"}, {"content", "d"}}};

TEST(PromptEncoder, TheLastAnswerOfAConversationIsLearnt) {
  const PromptEncoder prompts = encoder(kTurns);
  const Row row = shaped({{"messages", kTalk}});
  EXPECT_EQ(row.prompt, "a\n\nb\n\nc");
  EXPECT_EQ(row.columns, (json{{"completion", "d"}}));
  EXPECT_EQ(shown(prompts.encode(row)),
            "[user]a<|end|>\\n[assistant]b<|end|>\\n[user]c<|end|>\\n[assistant]");
  EXPECT_EQ(shown(prompts.encode_answer(row, "row 0")), "d<|end|>");
}

TEST(PromptEncoder, PromptAndCompletionMayBothBeMessages) {
  const PromptEncoder prompts = encoder(kTurns);
  const Row row = shaped({{"prompt", {{{"role", "user"}, {"content", "2+2?"}}}},
                          {"completion", {{{"role", "assistant"}, {"content", "4"}}}}});
  EXPECT_EQ(shown(prompts.encode(row)), "[user]2+2?<|end|>\\n[assistant]");
  EXPECT_EQ(shown(prompts.encode_answer(row, "row 0")), "4<|end|>");
  EXPECT_EQ(row.columns["completion"], "4");
  const Row text = shaped({{"prompt", "2+2?"}, {"completion", "4"}});
  EXPECT_EQ(shown(prompts.encode_answer(text, "row 0")), "4<|end|>");
  const Row chat =
      shaped({{"prompt", "2+2?"}, {"completion", {{{"role", "assistant"}, {"content", "4"}}}}},
             /*chat=*/true);
  EXPECT_EQ(shown(prompts.encode_answer(chat, "row 0")), "4<|end|>");
}

TEST(PromptEncoder, ATemplateWithoutAnEndGetsTheModels) {
  const PromptEncoder prompts = encoder(
      "{% for m in messages %}{{ m.role }}: {{ m.content }}\n{% endfor %}"
      "{% if add_generation_prompt %}assistant: {% endif %}");
  EXPECT_EQ(shown(prompts.encode_answer(shaped({{"messages", kTalk}}), "row 0")), "d\\n<|end|>");
}

TEST(PromptEncoder, ATemplateThatRendersThePromptOtherwiseIsRefused) {
  const PromptEncoder prompts =
      encoder("{% for m in messages %}{{ loop.revindex }}{{ m.content }}{% endfor %}");
  Error error = refused([&] {
    prompts.encode_answer(shaped({{"messages", kTalk}}), "rows.jsonl:1");
  });
  EXPECT_EQ(error.code(), Code::data);
  EXPECT_EQ(error.place(), "rows.jsonl:1");
  EXPECT_THAT(error.remedy(), HasSubstr("model.chat_template"));
}

// Qwen3's own template puts an empty thought before the answer: part of what is learnt. The
// tokenizer here knows none of the templates' own ends, so its own comes behind them.
TEST(PromptEncoder, PublishedTemplatesContinueTheirPrompt) {
  const Path golden = Path(RECKON_SOURCE_DIR) / "tests/golden/chat";
  const std::vector<std::pair<std::string, std::string>> answers = {
      {"smollm2", "d<|im_end|>\\n<|end|>"},
      {"qwen2.5", "d<|im_end|>\\n<|end|>"},
      {"qwen3", "<think>\\n\\n</think>\\n\\nd<|im_end|>\\n<|end|>"},
      {"llama3.1", "d<|eot_id|><|end|>"}};
  for (const auto& [name, answer] : answers) {
    const PromptEncoder prompts = encoder(read_file(golden / (name + ".jinja")));
    EXPECT_EQ(shown(prompts.encode_answer(shaped({{"messages", kTalk}}), "row 0")), answer) << name;
  }
  const PromptEncoder prompts = encoder(read_file(golden / "r1_distill.jinja"));
  EXPECT_EQ(refused([&] {
              prompts.encode_answer(shaped({{"messages", kTalk}}), "row 0");
            }).code(),
            Code::data)
      << "its prompt ends with <think>, which its answers do not begin with";
}

TEST(PromptEncoder, ARowWithoutAnAnswerSaysSo) {
  const PromptEncoder prompts = encoder(kTurns);
  const json asked = {{{"role", "user"}, {"content", "a"}}};
  EXPECT_THAT(refused([&] {
                prompts.encode_answer(shaped({{"messages", asked}}), "row 3");
              }).what(),
              HasSubstr("no answer to learn"));
  Row mixed = shaped({{"prompt", "a"}, {"completion", {kTalk[1]}}});
  EXPECT_THAT(refused([&] { prompts.encode_answer(mixed, "row 3"); }).remedy(),
              HasSubstr("chat = true"));
}

TEST(PromptEncoder, ConversationsThatMakeNoSenseAreRefused) {
  const json only = {kTalk[1]}, two = {kTalk[1], kTalk[1]}, asks = {kTalk[0]};
  EXPECT_THAT(refused([&] {
                shaped({{"messages", only}});
              }).problem(),
              HasSubstr("nothing before it"));
  EXPECT_THAT(refused([&] {
                shaped({{"messages", two}});
              }).problem(),
              HasSubstr("ends with a message of the assistant"));
  EXPECT_THAT(refused([&] {
                shaped({{"prompt", asks}, {"completion", two}});
              }).problem(),
              HasSubstr("not one message of the assistant"));
  EXPECT_THAT(refused([&] {
                shaped({{"prompt", kTalk}});
              }).problem(),
              HasSubstr("ends with a message of the assistant"));
}

TEST(PromptEncoder, ATemplateThatCannotBeReadIsInTheWayOfChatsAlone) {
  TemporaryFolder folder;
  folder.write("chat_template.jinja", "{% include 'x' %}");
  const PromptEncoder prompts(byte_tokenizer(),
                              [path = folder.path()] { return load_chat_template(path); });
  EXPECT_EQ(shown(prompts.encode(shaped({{"prompt", "a"}}))), "a");
  for (int again = 0; again < 2; ++again) {
    Error error = refused([&] { prompts.encode(shaped({{"prompt", "a"}}, true)); });
    EXPECT_EQ(error.code(), Code::data);
    EXPECT_THAT(error.place(), HasSubstr("chat_template.jinja"));
    EXPECT_THAT(error.remedy(), HasSubstr("model.chat_template"));
    EXPECT_THAT(error.remedy(), HasSubstr("--chat-template"));
  }
}

TEST(PromptEncoder, AChatWithoutATemplateSaysWhereToGiveOne) {
  const PromptEncoder prompts(byte_tokenizer());
  Error error = refused([&] { prompts.encode(shaped({{"prompt", "a"}}, true)); });
  EXPECT_EQ(error.code(), Code::config);
  EXPECT_THAT(error.remedy(), HasSubstr("--chat-template"));
}

}  // namespace
}  // namespace reckon
