// Chat templates of published models against transformers (tests/golden/chat), where a folder keeps
// its template, and damaged templates.
#include "model/chat_template.h"

#include <gtest/gtest.h>

#include <random>

#include "tests/model/helpers.h"

namespace reckon {
namespace {

using nlohmann::ordered_json;

const Path kGolden = Path(RECKON_SOURCE_DIR) / "tests" / "golden" / "chat";

const ordered_json& golden() {
  static const ordered_json all = ordered_json::parse(read_file(kGolden / "conversations.json"));
  return all;
}

std::vector<ChatMessage> conversation(size_t number) {
  std::vector<ChatMessage> messages;
  for (const auto& json : golden()["conversations"].at(number)) {
    ChatMessage message{json["role"], json["content"]};
    if (json.contains("reasoning_content"))
      message.extra["reasoning_content"] = json["reasoning_content"];
    messages.push_back(message);
  }
  return messages;
}

ChatTemplate published(const std::string& name) {
  return ChatTemplate::from_text(read_file(kGolden / (name + ".jinja")), name);
}

ChatOptions options_of(const std::string& name) {
  ChatOptions options;
  for (const auto& [token, text] : golden()["tokens"][name].items()) options.tokens[token] = text;
  return options;
}

class PublishedTemplate : public ::testing::TestWithParam<const char*> {};

TEST_P(PublishedTemplate, RendersAsTransformersDoes) {
  ChatTemplate chat = published(GetParam());
  size_t cases = 0;
  for (const auto& entry : golden()["cases"]) {
    if (entry["template"] != GetParam()) continue;
    ChatOptions options = options_of(GetParam());
    options.add_generation_prompt = entry["add_generation_prompt"];
    if (!entry["enable_thinking"].is_null())
      options.enable_thinking = entry["enable_thinking"].get<bool>();
    EXPECT_EQ(chat.render(conversation(entry["conversation"]), options),
              entry["text"].get<std::string>())
        << entry["conversation"] << " " << entry["add_generation_prompt"] << " "
        << entry["enable_thinking"];
    ++cases;
  }
  EXPECT_GE(cases, 10u);
}

INSTANTIATE_TEST_SUITE_P(Golden, PublishedTemplate,
                         ::testing::Values("llama3.1", "qwen2.5", "qwen3", "r1_distill", "smollm2"),
                         [](const auto& info) {
                           std::string name = info.param;
                           std::erase(name, '.');
                           return name;
                         });

// Random damage: a template either renders or is an Error(data), soon and within its limits.
TEST(ChatTemplate, DamagedTemplatesAreRefusedOrRender) {
  static constexpr std::string_view kPieces[] = {
      "{%",     "%}",  "{{",          "}}",
      "-",      "(",   ")",           "[",
      "]",      "'",   "|",           " if ",
      " for ",  ".",   "{% endif %}", "{% endfor %}",
      "[::-1]", " ~ ", "9",           "{% set x = [x] %}",
      " not ",  ","};
  std::vector<std::string> sources;
  for (const char* name : {"llama3.1", "qwen2.5", "qwen3", "r1_distill", "smollm2"})
    sources.push_back(read_file(kGolden / (std::string(name) + ".jinja")));
  std::mt19937_64 random(20240726);
  auto below = [&](size_t n) { return static_cast<size_t>(random() % n); };
  std::vector<ChatMessage> messages = conversation(2);
  size_t rendered = 0, refused = 0;
  for (int round = 0; round < 2000; ++round) {
    std::string text = sources[below(sources.size())];
    for (size_t edits = 1 + below(4); edits > 0; --edits) {
      size_t at = below(text.size()), length = std::min(text.size() - at, 1 + below(12));
      switch (below(4)) {
        case 0:
          text.erase(at, length);
          break;
        case 1:
          text.insert(at, text.substr(below(text.size()), 1 + below(40)));
          break;
        case 2:
          text.insert(at, kPieces[below(std::size(kPieces))]);
          break;
        default:
          text[at] = static_cast<char>(below(128));
      }
    }
    ChatOptions options;
    options.limits = {.steps = 20000, .output = 1 << 16};
    try {
      EXPECT_LE(ChatTemplate::from_text(text, "damaged").render(messages, options).size(),
                size_t{1} << 16);
      ++rendered;
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), Code::data) << error.what();
      ++refused;
    }
  }
  EXPECT_GT(rendered, 100u);
  EXPECT_GT(refused, 100u);
}

TEST(ChatTemplate, IsFoundWhereFoldersKeepIt) {
  TemporaryFolder folder;
  EXPECT_FALSE(ChatTemplate::find(folder.path()).has_value());
  folder.write("tokenizer_config.json",
               R"({"bos_token": {"content": "<s>"}, "eos_token": "</s>"})");
  EXPECT_FALSE(ChatTemplate::find(folder.path()).has_value());
  folder.write("tokenizer_config.json", R"({"bos_token": {"content": "<s>"}, "eos_token": "</s>",
      "chat_template": "{{ bos_token }}{{ messages[0].content }}{{ eos_token }}"})");
  EXPECT_EQ(ChatTemplate::find(folder.path())->render({{"user", "x"}}), "<s>x</s>");
  EXPECT_EQ(
      ChatTemplate::find(folder.path())->render({{"user", "x"}}, {.tokens = {{"bos_token", "B"}}}),
      "Bx</s>");
  folder.write("chat_template.jinja", "file {{ eos_token }}");
  EXPECT_EQ(ChatTemplate::find(folder.path())->render({}), "file </s>");
}

TEST(ChatTemplate, OfSeveralTheNamedOneCounts) {
  TemporaryFolder folder;
  folder.write("tokenizer_config.json",
               R"({"chat_template": [{"name": "default", "template": "plain"},
                                                             {"name": "tool_use", "template": "tools"}]})");
  EXPECT_EQ(ChatTemplate::find(folder.path())->render({}), "plain");
  EXPECT_EQ(ChatTemplate::find(folder.path(), "tool_use")->render({}), "tools");
  Error error = error_of([&] { ChatTemplate::find(folder.path(), "rag"); });
  EXPECT_EQ(error.code(), Code::data);
  EXPECT_EQ(error.problem(), "there is no template 'rag'; there are: default, tool_use");
  for (const char* bad :
       {R"({"chat_template": 5})", R"({"chat_template": [{"name": "default"}]})", "[]", "{"}) {
    folder.write("tokenizer_config.json", bad);
    EXPECT_EQ(error_of([&] { ChatTemplate::find(folder.path()); }).code(), Code::data) << bad;
  }
}

TEST(ChatTemplate, TheMessageOfRaiseExceptionIsTheError) {
  ChatTemplate chat = ChatTemplate::from_text(
      "{% if messages[0].role != 'user' %}{{ raise_exception('Start with the user!') }}{% endif %}",
      "strict");
  EXPECT_EQ(chat.render({{"user", ""}}), "");
  Error error = error_of([&] { chat.render({{"assistant", ""}}); });
  EXPECT_EQ(error.problem(), "Start with the user!");
  EXPECT_EQ(error.place(), "strict:1:54");
}

TEST(ChatTemplate, OptionsReachTheTemplate) {
  ChatTemplate chat = ChatTemplate::from_text(
      "{{ add_generation_prompt }} {{ enable_thinking }} {{ tools }} {{ extra }} "
      "{{ strftime_now('%Y') if strftime_now is defined else 'no date' }} {{ "
      "messages[0].reasoning_content }} "
      "{{ 'gone' in messages[0] }}",
      "t");
  ChatMessage message{"user", "x", {{"thinking", "hm"}, {"gone", nullptr}}};
  EXPECT_EQ(chat.render({message}), "True  None  no date hm False");
  ChatOptions options{
      .add_generation_prompt = false, .enable_thinking = true, .date = "2031-01-02"};
  options.variables["extra"] = 5;
  EXPECT_EQ(chat.render({message}, options), "False True None 5 2031 hm False");
  options.date = "yesterday";
  EXPECT_EQ(error_of([&] { chat.render({message}, options); }).code(), Code::data);
}

}  // namespace
}  // namespace reckon
