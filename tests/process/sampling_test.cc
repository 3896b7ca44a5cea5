// `reckon sample` and `reckon eval` as their users meet them: prompts, ends, streams,
// conversations.
#include "tests/process/verbs.h"

namespace reckon {
namespace {

TEST_F(Verbs, SampleGivesTheSameTextForTheSameSeed) {
  std::vector<std::string> words = {"sample", run_, "3+4=", "-n", "8", "--seed", "5"};
  Outcome first = reckon(words), second = reckon(words);
  ASSERT_EQ(first.code, 0) << first.err;
  EXPECT_EQ(first.out, second.out);
  words.back() = "6";
  EXPECT_NE(reckon(words).out, first.out);
}

TEST_F(Verbs, ASampleDoesNotDependOnHowManyAreDrawn) {
  std::vector<std::string> words = {"sample", run_, "3+4=", "--json", "-n", "1"};
  json alone = json_lines(reckon(words).out).at(0);
  words.back() = "40";
  auto many = json_lines(reckon(words).out);
  ASSERT_EQ(many.size(), 40u);
  EXPECT_EQ(many[0], alone);
  for (const json& sample : many) EXPECT_EQ(sample["tokens"].size(), sample["logprobs"].size());
}

TEST_F(Verbs, GreedySamplesAreAllTheSame) {
  Outcome outcome =
      reckon({"sample", run_, "3+4=", "-n", "3", "--temperature", "0", "--max-new-tokens", "12"});
  std::string one = greedy(run_);
  EXPECT_GT(one.size(), 1u);
  EXPECT_EQ(outcome.out, one + one + one);
}

TEST_F(Verbs, AStreamedCompletionHasTheBytesOfAWholeOne) {
  std::vector<std::string> words = {"sample", run_, "3+4=", "--seed", "3"};
  Outcome streamed = reckon(words);
  words.push_back("--no-stream");
  EXPECT_EQ(streamed.out, reckon(words).out);
  words.back() = "--json";
  json whole = json_lines(reckon(words).out).at(0);
  EXPECT_EQ(streamed.out, whole["text"].get<std::string>() + "\n");
}

TEST_F(Verbs, WithoutATextThePromptIsStandardInput) {
  std::vector<std::string> words = {"sample", run_, "--temperature", "0", "--max-new-tokens", "12"};
  EXPECT_EQ(reckon(words, "3+4=\n").out, greedy(run_));
  EXPECT_EQ(reckon(words, "3+4=").out, greedy(run_));
}

TEST_F(Verbs, AStopStringEndsACompletionAndIsNotShown) {
  const std::string text = greedy(run_), stop = text.substr(0, 1);
  std::vector<std::string> words = {"sample", run_,     "3+4=", "--temperature", "0", "--stop",
                                    "zzz",    "--stop", stop,   "--json"};
  json done = json_lines(reckon(words).out).at(0);
  EXPECT_EQ(done["text"], "");
  EXPECT_EQ(done["finish"], "stop");
  EXPECT_EQ(done["tokens"], json::array({static_cast<int>(stop[0])}));
  EXPECT_EQ(done["logprobs"].size(), 1u);
  words.pop_back();
  EXPECT_EQ(reckon(words).out, "\n");
}

// The template writes nothing of its own, so the prompt of a turn is everything said so far.
TEST_F(Verbs, AConversationKeepsItsHistory) {
  std::ofstream(path("plain.jinja")) << "{% for m in messages %}{{ m.content }}{% endfor %}";
  std::vector<std::string> words = {"sample",
                                    run_,
                                    "--chat",
                                    "--chat-template",
                                    path("plain.jinja"),
                                    "--temperature",
                                    "0",
                                    "--max-new-tokens",
                                    "12"};
  Outcome talk = reckon(words, "3+4=\n\n1+1=\n");
  ASSERT_EQ(talk.code, 0) << talk.err;
  EXPECT_THAT(talk.out, StartsWith(greedy(run_)));
  words.push_back("--json");
  auto turns = json_lines(reckon(words, "3+4=\n\n1+1=\n").out);
  ASSERT_EQ(turns.size(), 2u);
  const std::string first = turns[0]["text"], said = "3+4=" + first + "1+1=";
  std::vector<int> bytes(said.begin(), said.end());
  EXPECT_EQ(turns[1]["prompt_tokens"], bytes);
  EXPECT_EQ(talk.out, first + "\n" + turns[1]["text"].get<std::string>() + "\n");
  words.insert(words.end(), {"--system", "2+2="});
  auto told = json_lines(reckon(words, "3+4=\n").out).at(0);
  EXPECT_EQ(told["prompt_tokens"].size(), 8u) << "the system message comes first";
}

TEST_F(Verbs, ModelDefaultsAreTakenWhereNoFlagSpeaks) {
  const std::string model = path("with_defaults"), file = model + "/generation_config.json";
  ASSERT_EQ(reckon({"export", run_, model}).code, 0);
  std::ofstream(file) << R"({"do_sample": false, "eos_token_id": 256})";
  std::vector<std::string> words = {
      "sample", model, "3+4=", "--max-new-tokens", "12", "--model-defaults"};
  Outcome outcome = reckon(words);
  EXPECT_EQ(outcome.out, greedy(run_));
  EXPECT_THAT(outcome.err, HasSubstr("model defaults: temperature 0\n"));
  std::ofstream(file) << R"({"temperature": 0.5, "top_k": 3, "top_p": 0.9})";
  words.insert(words.end(), {"--top-k", "7", "--json"});
  outcome = reckon(words);
  EXPECT_THAT(outcome.err, HasSubstr("model defaults: temperature 0.5, top_p 0.9\n"));
  json used = json_lines(outcome.out).at(0)["sampling"];
  EXPECT_EQ(used["temperature"], 0.5);
  EXPECT_EQ(used["top_k"], 7);
  std::ofstream(file) << R"({"repetition_penalty": 1.1})";
  outcome = reckon({"eval", model, kData, "--model-defaults", "--problems", "1"});
  EXPECT_EQ(outcome.code, 2);
  EXPECT_THAT(outcome.err, HasSubstr("'repetition_penalty' is 1.1"));
  EXPECT_EQ(reckon({"eval", model, kData, "--problems", "1"}).code, 0) << "only when asked for";
}

TEST_F(Verbs, ABrokenChatTemplateIsInTheWayOfChatsAlone) {
  const std::string model = path("broken_chat");
  ASSERT_EQ(reckon({"export", run_, model}).code, 0);
  std::ofstream(model + "/chat_template.jinja") << "{% include 'x' %}";
  EXPECT_EQ(greedy(model), greedy(run_));
  Outcome outcome = reckon({"sample", model, "3+4=", "--chat"});
  EXPECT_EQ(outcome.code, 65);
  EXPECT_THAT(outcome.err, HasSubstr("chat_template.jinja"));
  EXPECT_THAT(outcome.err, HasSubstr("--chat-template"));
  const std::string again = path("broken_again");
  ASSERT_EQ(reckon({"export", model, again}).code, 0);
  EXPECT_EQ(content(again + "/chat_template.jinja"), "{% include 'x' %}");
}

TEST_F(Verbs, EvalShapesPromptsAndNamesTheGold) {
  const std::string samples = path("shaped.jsonl");
  std::ofstream(path("nested.jsonl")) << R"({"x": {"q": "3+4="}, "y": {"gold": "7"}})"
                                      << "\n";
  Outcome outcome = reckon({"eval", run_, path("nested.jsonl"), "--column", "prompt=x.q",
                            "--column", "answer=y.gold", "--template", "1+{prompt}", "-k", "4",
                            "--pass-at", "2", "--out", samples, "--json", "--stop", "\n"});
  ASSERT_EQ(outcome.code, 0) << outcome.err;
  json said = json::parse(outcome.out);
  EXPECT_GE(said["pass_at"]["2"], said["accuracy"]);
  EXPECT_LE(said["pass_at"]["2"], said["any_correct"]);
  EXPECT_EQ(said["sampling"]["stop"], json::array({"\n"}));
  auto lines = json_lines(content(samples));
  ASSERT_EQ(lines.size(), 4u);
  for (const json& line : lines) {
    EXPECT_EQ(line["prompt"], "1+3+4=");
    EXPECT_EQ(line["gold"], "7");
    EXPECT_TRUE(line["completion"].is_string() && line["status"].is_string());
  }
}

TEST_F(Verbs, EvalOfChatsUsesTheTemplate) {
  std::ofstream(path("plain.jinja")) << "{% for m in messages %}{{ m.content }}{% endfor %}";
  std::vector<std::string> words = {"eval",          run_, kData,   "--problems", "8",
                                    "--temperature", "0",  "--json"};
  json plain = json::parse(reckon(words).out);
  words.insert(words.end(), {"--chat", "--chat-template", path("plain.jinja")});
  json chat = json::parse(reckon(words).out);
  EXPECT_EQ(plain, chat);
  words.insert(words.end(), {"--system", "9"});
  EXPECT_EQ(reckon(words).code, 0);
}

// A conversation to learn, the template from the run file; the checkpoint brings it along.
TEST_F(Verbs, ConversationsAreLearntThroughTheTemplate) {
  const std::string chat =
      "{% for m in messages %}{{ m.role[0] }}:{{ m.content }}<|end|>{% endfor %}"
      "{% if add_generation_prompt %}a:{% endif %}";
  std::ofstream(path("turns.jinja")) << chat;
  std::ofstream rows(path("turns.jsonl"));
  for (int i = 0; i < 4; ++i)
    rows << R"({"messages": [{"role": "user", "content": "hi"}, )"
         << R"({"role": "assistant", "content": "yes"}]})"
         << "\n";
  rows.close();
  std::ofstream(path("turns.toml"))
      << "config_version = 1\n[model]\nchat_template = \"" << path("turns.jinja").string()
      << "\"\nnew = { layers = 1, hidden = 32 }\n[data]\ntrain = \"" << path("turns.jsonl").string()
      << "\"\n[[phase]]\nkind = \"sft\"\nsteps = 60\n"
      << "prompts_per_step = 4\noptimizer = { lr = 1e-2 }\n";
  const std::string run = path("turns");
  Outcome outcome = reckon({"train", path("turns.toml"), "run.dir=" + run});
  ASSERT_EQ(outcome.code, 0) << outcome.err;
  EXPECT_EQ(content(run + "/checkpoints/step_60/chat_template.jinja"), chat);
  outcome = reckon({"sample", run, "hi", "--chat", "--temperature", "0"});
  EXPECT_EQ(outcome.out, "yes\n") << outcome.err;
}

}  // namespace
}  // namespace reckon
