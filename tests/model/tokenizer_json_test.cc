#include "model/tokenizer_json.h"

#include "model/byte_tokenizer.h"
#include "model/gguf_tokenizer.h"
#include "tests/model/helpers.h"

namespace reckon {
namespace {

using nlohmann::json;
using ::testing::HasSubstr;

struct Flaw {
  void (*change)(json&);
  const char* problem;
};

// Each changes the byte tokenizer's file, which is sound.
const Flaw kFlaws[] = {
    {[](json& j) { j.erase("model"); }, "has no 'model'"},
    {[](json& j) { j["model"] = 3; }, "'model' is not an object"},
    {[](json& j) { j["version"] = "2.0"; }, "'version' is '2.0'"},
    {[](json& j) { j["model"]["type"] = "WordPiece"; }, "'WordPiece' model"},
    {[](json& j) { j["model"].erase("vocab"); }, "has no 'vocab'"},
    {[](json& j) { j["model"]["vocab"] = json::array(); }, "'model.vocab' is not an object"},
    {[](json& j) { j["model"]["vocab"]["A"] = "65"; }, "no whole number"},
    {[](json& j) { j["model"]["vocab"]["A"] = -1; }, "the id -1"},
    {[](json& j) { j["model"]["vocab"]["A"] = 1 << 30; }, "far beyond"},
    {[](json& j) { j["model"]["vocab"]["A"] = 66; }, "the id 66 to both"},
    {[](json& j) { j["model"]["vocab"][""] = 65; }, "an empty token"},
    {[](json& j) { j["model"].erase("merges"); }, "has no 'merges'"},
    {[](json& j) { j["model"]["merges"] = {"ab"}; }, "no pair of tokens at 0"},
    {[](json& j) {
       j["model"]["merges"] = {{"a", "b", "c"}};
     },
     "no pair of tokens at 0"},
    {[](json& j) { j["model"]["merges"] = {"a b"}; }, "'ab', which 'vocab' lacks"},
    {[](json& j) { j["model"]["merges"] = {"\u4e2d b"}; }, "stands for no byte"},
    {[](json& j) { j["model"]["dropout"] = 0.1; }, "'model.dropout' makes tokens random"},
    {[](json& j) { j["model"]["end_of_word_suffix"] = "</w>"; }, "'model.end_of_word_suffix'"},
    {[](json& j) { j["model"]["unk_token"] = "<unk>"; }, "'<unk>', which is no token"},
    {[](json& j) { j["model"]["ignore_merges"] = "yes"; }, "is not true or false"},
    {[](json& j) { j["added_tokens"][0].erase("id"); }, "'added_tokens[0]' has no 'id'"},
    {[](json& j) { j["added_tokens"][0]["id"] = -5; }, "'added_tokens[0].id' is out of range"},
    {[](json& j) { j["added_tokens"][0]["content"] = ""; }, "is an empty token"},
    {[](json& j) { j["added_tokens"][0]["content"] = "A"; }, "with another id"},
    {[](json& j) { j["added_tokens"] = 1; }, "'added_tokens' is not a list"},
    {[](json& j) {
       j["normalizer"] = {{"type", "Lowercase"}};
     },
     "normalizer 'Lowercase'"},
    {[](json& j) {
       j["pre_tokenizer"] = {{"type", "BertPreTokenizer"}};
     },
     "pre-tokenizer 'BertPreTokenizer'"},
    {[](json& j) {
       j["pre_tokenizer"] = {
           {"type", "Split"}, {"pattern", {{"Regex", "(a"}}}, {"behavior", "Isolated"}};
     },
     "the pattern '(a'"},
    {[](json& j) {
       j["pre_tokenizer"] = {
           {"type", "Split"}, {"pattern", {{"Regex", "a"}}}, {"behavior", "Dropped"}};
     },
     "behaviour 'Dropped'"},
    {[](json& j) {
       json levels = {j["pre_tokenizer"], j["pre_tokenizer"]};
       j["pre_tokenizer"] = {{"type", "Sequence"}, {"pretokenizers", levels}};
     },
     "comes after ByteLevel"},
    {[](json& j) { j["decoder"] = nullptr; }, "has no 'decoder'"},
    {[](json& j) {
       j["decoder"] = {{"type", "CTC"}};
     },
     "decoder 'CTC'"},
    {[](json& j) {
       j["post_processor"] = {{"type", "BertProcessing"}};
     },
     "post-processor 'BertProcessing'"},
};

TEST(TokenizerJson, EveryFlawIsNamed) {
  read_tokenizer_json(byte_tokenizer_json(), "tokenizer.json");
  for (const Flaw& flaw : kFlaws) {
    json file = byte_tokenizer_json();
    flaw.change(file);
    const Error error = error_of([&] { read_tokenizer_json(file, "tokenizer.json"); });
    EXPECT_EQ(error.code(), Code::data) << flaw.problem;
    EXPECT_EQ(error.place(), "tokenizer.json");
    EXPECT_THAT(error.problem(), HasSubstr(flaw.problem));
    EXPECT_FALSE(error.remedy().empty()) << flaw.problem;
  }
}

TEST(TokenizerJson, APatternThatNeedsTooManyStepsEndsWithAnError) {
  const Pattern hostile("(a+)+$", "tokenizer.json");
  std::vector<std::pair<size_t, size_t>> found;
  const Error error = error_of([&] { hostile.matches(std::string(40, 'a') + "b", found); });
  EXPECT_EQ(error.code(), Code::data);
  EXPECT_THAT(error.problem(), HasSubstr("(a+)+$"));
}

GgufVocabulary tiny_spm() {
  GgufVocabulary file;
  file.model = "llama";
  file.tokens = {"<unk>", "<s>", "</s>", "\u2581", "a", "b", "ab", "\u2581ab"};
  file.types = {2, 3, 3, 1, 1, 1, 1, 1};
  file.scores = {0, 0, 0, -5, -4, -3, -1, -2};
  for (int byte = 0; byte < 256; ++byte) {
    file.tokens.push_back(byte_token_name(byte));
    file.types.push_back(6);
    file.scores.push_back(0);
  }
  file.bos_id = 1, file.eos_id = 2;
  return file;
}

TEST(GgufTokenizer, RefusesWhatDoesNotFitByName) {
  struct Case {
    void (*change)(GgufVocabulary&);
    const char* problem;
  };
  const Case cases[] = {
      {[](GgufVocabulary& v) { v.model = "bert"; }, "'bert'"},
      {[](GgufVocabulary& v) { v.model = "gpt2", v.pre = "chameleon"; }, "'chameleon'"},
      {[](GgufVocabulary& v) { v.scores.pop_back(); }, "scores"},
      {[](GgufVocabulary& v) { v.types.pop_back(); }, "token types"},
      {[](GgufVocabulary& v) { v.types[3] = 9; }, "the type 9"},
      {[](GgufVocabulary& v) { v.eos_id = -1; }, "no end token"},
      {[](GgufVocabulary& v) { v.bos_id = 5000; }, "the token 5000"},
      {[](GgufVocabulary& v) { v.tokens[4] = "b"; }, "'b' twice"},
  };
  for (const Case& c : cases) {
    GgufVocabulary file = tiny_spm();
    c.change(file);
    const Error error = error_of([&] { gguf_tokenizer(file, "model.gguf"); });
    EXPECT_EQ(error.code(), Code::data);
    EXPECT_THAT(error.problem(), HasSubstr(c.problem));
  }
}

}  // namespace
}  // namespace reckon
