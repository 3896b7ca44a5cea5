#include "model/gguf_tokenizer.h"
#include "model/spm_tokenizer.h"
#include "tests/model/helpers.h"

namespace reckon {
namespace {

using Ids = std::vector<int32_t>;
constexpr int32_t kFirstByte = 9;

GgufVocabulary vocabulary() {
  GgufVocabulary file;
  file.model = "llama";
  file.tokens = {"<unk>", "<s>", "</s>", "\u2581", "a", "b", "ab", "\u2581a", "<user>"};
  file.types = {2, 3, 3, 1, 1, 1, 1, 1, 4};
  file.scores = {0, 0, 0, -5, -4, -3, -1, -2, 0};
  for (int byte = 0; byte < 256; ++byte) {
    file.tokens.push_back(byte_token_name(byte));
    file.types.push_back(6);
    file.scores.push_back(0);
  }
  file.bos_id = 1, file.eos_id = 2;
  return file;
}

TEST(SpmTokenizer, TheBetterScoreMergesFirst) {
  auto tokenizer = gguf_tokenizer(vocabulary(), "x.gguf");
  EXPECT_EQ(tokenizer->encode("ab"), (Ids{3, 6}));  // "ab" before "\u2581a"
  GgufVocabulary other = vocabulary();
  std::swap(other.scores[6], other.scores[7]);
  EXPECT_EQ(gguf_tokenizer(other, "x.gguf")->encode("ab"), (Ids{7, 5}));
}

TEST(SpmTokenizer, WhatIsNoTokenBecomesBytes) {
  auto tokenizer = gguf_tokenizer(vocabulary(), "x.gguf");
  EXPECT_EQ(tokenizer->encode("\u00e9\n"),
            (Ids{3, kFirstByte + 0xC3, kFirstByte + 0xA9, kFirstByte + '\n'}));
  EXPECT_EQ(tokenizer->decode(tokenizer->encode(" \u00e9 \n")), " \u00e9 \n");
}

TEST(SpmTokenizer, TheSpacePrefixIsTheFilesChoice) {
  GgufVocabulary file = vocabulary();
  file.add_space_prefix = false;
  auto bare = gguf_tokenizer(file, "x.gguf");
  EXPECT_EQ(bare->encode("ab"), (Ids{6}));
  EXPECT_EQ(bare->stripped_spaces(), 0);
  EXPECT_EQ(bare->decode(bare->encode(" ab")), " ab");
  EXPECT_EQ(gguf_tokenizer(vocabulary(), "x.gguf")->stripped_spaces(), 1);
}

TEST(SpmTokenizer, ControlTokensArePartOfATextOnlyWhenAsked) {
  auto tokenizer = gguf_tokenizer(vocabulary(), "x.gguf");
  EXPECT_EQ(tokenizer->encode_with_specials("<s>"), (Ids{1}));
  EXPECT_EQ(tokenizer->encode("<s>").size(), 4u);
  EXPECT_EQ(tokenizer->encode("<user>"), (Ids{8}));
  EXPECT_EQ(tokenizer->bos_id(), 1);
  EXPECT_TRUE(tokenizer->add_bos());
  EXPECT_EQ(tokenizer->decode({1, 3, 6, 2}), "ab");
}

TEST(SpmTokenizer, MergesOfScoresAreInTheOrderOfScores) {
  const auto merges = merges_of_scores(
      {"a", "b", "ab", "aba"}, {-3, -4, -1, -2},
      {TokenType::normal, TokenType::normal, TokenType::normal, TokenType::normal});
  ASSERT_EQ(merges.size(), 2u);
  EXPECT_EQ(merges[0], std::pair(std::string("a"), std::string("b")));
  EXPECT_EQ(merges[1], std::pair(std::string("ab"), std::string("a")));
}

}  // namespace
}  // namespace reckon
