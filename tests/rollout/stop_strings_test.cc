// Stop strings: where they are found, however tokens cut the text, and what the engine does then.
#include "rollout/stop_strings.h"

#include <gmock/gmock.h>

#include "base/error.h"
#include "base/random.h"
#include "tests/rollout/tiny_model.h"

namespace reckon {
namespace {

// A vocabulary of the test's own; ids beyond it are special tokens named <ID>.
class Words : public Tokenizer {
 public:
  explicit Words(std::vector<std::string> words, int spaces = 0)
      : words_(std::move(words)), spaces_(spaces) {}
  std::vector<int32_t> encode(std::string_view) const override { return {}; }
  std::vector<int32_t> encode_with_specials(std::string_view) const override { return {}; }
  std::string_view token_bytes(int32_t id) const override {
    return id < size() ? std::string_view(words_[static_cast<size_t>(id)]) : std::string_view();
  }
  std::string token_text(int32_t id) const override { return std::string(token_bytes(id)); }
  std::optional<int32_t> token_id(std::string_view name) const override {
    for (int32_t id = 0; id < size(); ++id) {
      if (token_bytes(id) == name) return id;
    }
    return name == "<99>" ? std::optional(99) : std::nullopt;
  }
  int vocab_size() const override { return 100; }
  int32_t end_id() const override { return 99; }
  int32_t pad_id() const override { return 99; }
  int stripped_spaces() const override { return spaces_; }
  void save(const Path&) const override {}

 private:
  int32_t size() const { return static_cast<int32_t>(words_.size()); }

  std::vector<std::string> words_;
  int spaces_;
};

std::shared_ptr<const Tokenizer> words(std::vector<std::string> all, int spaces = 0) {
  return std::make_shared<Words>(std::move(all), spaces);
}

// Tokens until the first that ends the completion; one more than there are when none does.
size_t tokens_taken(const std::shared_ptr<const StopStrings>& stops,
                    const std::vector<int32_t>& tokens) {
  StopMatcher matcher(stops);
  for (size_t i = 0; i < tokens.size(); ++i) {
    if (matcher.push(tokens[i])) return i + 1;
  }
  return tokens.size() + 1;
}

TEST(StopStrings, AreFoundAcrossTokensAndInsideOne) {
  auto tokenizer = words({"a", "\nQ", "uest", "ion:", "x\nQuestion: why", "\n"});
  auto stops = StopStrings::make(tokenizer, {"\nQuestion:"});
  EXPECT_EQ(tokens_taken(stops, {0, 1, 2, 3, 0}), 4u);
  EXPECT_EQ(tokens_taken(stops, {0, 4, 0}), 2u);
  EXPECT_EQ(tokens_taken(stops, {0, 1, 1, 2, 3, 0}), 5u);
  EXPECT_EQ(tokens_taken(stops, {0, 1, 2, 0, 3}), 6u);
}

TEST(StopStrings, TheNameOfASpecialTokenIsThatToken) {
  auto stops = StopStrings::make(words({"a", "<", "99", ">"}), {"<99>"});
  EXPECT_EQ(tokens_taken(stops, {0, 99, 0}), 2u);
  EXPECT_EQ(tokens_taken(stops, {1, 2, 3, 0}), 5u) << "as text it is another thing";
}

TEST(StopStrings, SpacesThatDecodingDropsAreNotSeen) {
  auto tokenizer = words({" ", "a", " b"}, 1);
  auto stops = StopStrings::make(tokenizer, {" a", " b"});
  EXPECT_EQ(tokenizer->decode({0, 1, 2}), "a b");
  EXPECT_EQ(tokens_taken(stops, {0, 1, 2}), 3u);
}

TEST(StopStrings, AnEmptyOneIsRefusedAndNoneIsNone) {
  EXPECT_EQ(StopStrings::make(words({"a"}), {}), nullptr);
  try {
    StopStrings::make(words({"a"}), {"a", ""});
    ADD_FAILURE() << "no error";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), Code::config);
  }
}

// The definition itself, on texts of few letters: the first token after which the decoded text
// holds a stop string; and the shown text is what stands before the first of them.
TEST(StopStrings, AgreeWithTheirDefinitionOnRandomTexts) {
  auto tokenizer = words({"a", "b", "ab", "ba", "aab", "bbb", "\xC3\xA4", "\xC3", "\xA4", "c"});
  const std::vector<std::vector<std::string>> sets = {
      {"aba"}, {"bb", "abab"}, {"a\xC3\xA4", "bab"}, {"bbbb", "aabb", "c"}};
  size_t stopped = 0;
  for (uint64_t trial = 0; trial < 4000; ++trial) {
    RandomStream random(random_key(3, Domain::test, {trial}));
    const auto& set = sets[trial % sets.size()];
    auto stops = StopStrings::make(tokenizer, set);
    std::vector<int32_t> tokens;
    for (int i = 0; i < 12; ++i) tokens.push_back(static_cast<int32_t>(random.below(10)));
    size_t wanted = tokens.size() + 1, cut = std::string::npos;
    for (size_t i = 1; i <= tokens.size() && wanted > tokens.size(); ++i) {
      const std::string text =
          tokenizer->decode({tokens.begin(), tokens.begin() + static_cast<std::ptrdiff_t>(i)});
      for (const std::string& stop : set) cut = std::min(cut, text.find(stop));
      if (cut != std::string::npos) wanted = i;
    }
    ASSERT_EQ(tokens_taken(stops, tokens), wanted);
    stopped += wanted <= tokens.size();
    tokens.resize(std::min(wanted, tokens.size()));
    StopText shown(stops);
    std::string text;
    for (int32_t token : tokens) text += shown.push(tokenizer->token_bytes(token));
    ASSERT_EQ(text + shown.finish(), tokenizer->decode(tokens).substr(0, cut));
  }
  EXPECT_GT(stopped, 1000u);
  EXPECT_LT(stopped, 3900u);
}

TEST(StopText, HoldsBackWhatMayBecomeAStopString) {
  auto stops = StopStrings::make(words({}), {"</answer>"});
  StopText shown(stops);
  EXPECT_EQ(shown.push("1 < 2 <"), "1 < 2 ");
  EXPECT_EQ(shown.push("/ans"), "");
  EXPECT_EQ(shown.push("x</answer> y"), "</ansx");
  EXPECT_EQ(shown.push("z"), "");
  EXPECT_EQ(shown.finish(), "");
  StopText open(stops);
  EXPECT_EQ(open.push("a</"), "a");
  EXPECT_EQ(open.finish(), "</");
  EXPECT_EQ(StopText(nullptr).push("a</answer>"), "a</answer>");
}

class StopInEngine : public testing::Test {
 protected:
  StopInEngine() {
    std::vector<std::string> names;
    for (int i = 0; i < 40; ++i) names.push_back(std::string(1, static_cast<char>('A' + i)));
    tokenizer_ = words(names);
  }
  Samples sample(const std::vector<GroupRequest>& groups, int max_rows = 64) {
    Engine engine(spec_, DType::f32, {.max_rows = max_rows}, kernels(), pool_);
    engine.set_weights(weights_);
    return run_all(engine, groups);
  }
  std::string text(const Completion& done, size_t from, size_t size) const {
    return tokenizer_->decode(done.tokens).substr(from, size);
  }

  ThreadPool pool_{1};
  ModelSpec spec_ = tiny_spec(false);
  std::shared_ptr<const Weights> weights_ = tiny_weights(spec_, DType::f32);
  std::shared_ptr<const Tokenizer> tokenizer_;
};

TEST_F(StopInEngine, EndsACompletionAndCutsNoToken) {
  GroupRequest group = group_of(1, 6, 6, 30);
  group.stop_tokens.clear();
  Samples free = sample({group});
  const std::string stop = text(free.at({1, 0}), 10, 3);
  group.stop_strings = StopStrings::make(tokenizer_, {stop});
  int ended = 0;
  for (const auto& [key, done] : sample({group})) {
    const Completion& whole = free.at(key);
    const size_t at = tokenizer_->decode(whole.tokens).find(stop);
    const size_t size = at == std::string::npos ? whole.tokens.size() : at + stop.size();
    ASSERT_EQ(done.tokens,
              std::vector<int32_t>(whole.tokens.begin(),
                                   whole.tokens.begin() + static_cast<std::ptrdiff_t>(size)));
    EXPECT_EQ(done.finish, at == std::string::npos ? FinishReason::length : FinishReason::stop);
    EXPECT_EQ(done.logprobs.size(), size);
    EXPECT_EQ(
        bits(done.logprobs),
        bits({whole.logprobs.begin(), whole.logprobs.begin() + static_cast<std::ptrdiff_t>(size)}));
    ended += at != std::string::npos;
  }
  EXPECT_GE(ended, 1);
}

TEST_F(StopInEngine, DoesNotDependOnTheBatch) {
  GroupRequest group = group_of(1, 6, 4, 40);
  group.stop_tokens.clear();
  group.stop_strings =
      StopStrings::make(tokenizer_, {text(sample({group}).at({1, 2}), 6, 2), "A", "BC"});
  std::vector<GroupRequest> many;
  for (uint64_t tag = 1; tag < 7; ++tag) {
    many.push_back(tag == 1 ? group : group_of(tag, 5 + static_cast<int>(tag), 5, 40));
    many.back().stop_strings = group.stop_strings;
  }
  Samples alone = sample({group}, 3), together = sample(many);
  for (const auto& [key, done] : alone) expect_same(done, together.at(key));
}

TEST_F(StopInEngine, EveryTokenIsToldAsItIsSampled) {
  GroupRequest group = group_of(1, 6, 3, 20);
  std::map<uint32_t, std::vector<int32_t>> told;
  group.on_token = [&](uint32_t index, int32_t token) { told[index].push_back(token); };
  for (const auto& [key, done] : sample({group})) EXPECT_EQ(told[key.second], done.tokens);
  EXPECT_EQ(told.size(), 3u);
}

}  // namespace
}  // namespace reckon
