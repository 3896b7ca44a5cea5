#include "model/tokenizer.h"

#include "model/byte_tokenizer.h"
#include "tests/model/helpers.h"

namespace reckon {
namespace {

using ::testing::HasSubstr;

TEST(ByteTokenizer, EveryByteIsItsOwnIdAndComesBack) {
  std::string all;
  for (int byte = 0; byte < 256; ++byte) all.push_back(static_cast<char>(byte));
  auto tokenizer = byte_tokenizer();
  std::vector<int32_t> ids = tokenizer->encode(all);
  ASSERT_EQ(ids.size(), 256u);
  for (int byte = 0; byte < 256; ++byte) EXPECT_EQ(ids[static_cast<size_t>(byte)], byte);
  EXPECT_EQ(tokenizer->decode(ids), all);
}

TEST(ByteTokenizer, SpecialTokensAreNeitherParsedNorDecoded) {
  auto tokenizer = byte_tokenizer();
  EXPECT_EQ(tokenizer->end_id(), 256);
  EXPECT_EQ(tokenizer->pad_id(), 257);
  EXPECT_EQ(tokenizer->vocab_size(), 258);
  EXPECT_EQ(tokenizer->encode("<|end|>").size(), 7u);
  EXPECT_EQ(tokenizer->encode_with_specials("a<|end|><|pad|>"),
            (std::vector<int32_t>{'a', 256, 257}));
  EXPECT_EQ(tokenizer->token_id("<|pad|>"), 257);
  EXPECT_EQ(tokenizer->decode({'a', 256, 'b', 257, 271, -1}), "ab");
}

TEST(ByteTokenizer, TokenTextIsPrintable) {
  auto tokenizer = byte_tokenizer();
  EXPECT_EQ(tokenizer->token_text('x'), "x");
  EXPECT_EQ(tokenizer->token_text(' '), " ");
  EXPECT_EQ(tokenizer->token_text('\n'), "\\n");
  EXPECT_EQ(tokenizer->token_text(0), "\\x00");
  EXPECT_EQ(tokenizer->token_text(0xE4), "\\xE4");
  EXPECT_EQ(tokenizer->token_text(256), "<|end|>");
  EXPECT_EQ(tokenizer->token_text(257), "<|pad|>");
  EXPECT_EQ(tokenizer->token_text(260), "<|260|>");
}

TEST(ByteTokenizer, VocabularyUsesGpt2Characters) {
  nlohmann::json vocab = byte_tokenizer_json()["model"]["vocab"];
  EXPECT_EQ(vocab.size(), 256u);
  EXPECT_EQ(vocab["A"], 'A');
  EXPECT_EQ(vocab["\u0120"], ' ');  // the space of GPT-2's vocabulary
  EXPECT_EQ(vocab["\u010A"], '\n');
  EXPECT_EQ(vocab["\u00E4"], 0xE4);
}

TEST(LoadTokenizer, ReadsWhatSaveWrote) {
  TemporaryFolder folder;
  byte_tokenizer()->save(folder);
  EXPECT_EQ(load_tokenizer(folder)->vocab_size(), 258);
}

TEST(LoadTokenizer, ReadsTheFileThatTheTokenizersLibraryWrites) {
  auto tokenizer = load_tokenizer(Path(RECKON_SOURCE_DIR) / "tests/golden/qwen3_tied");
  EXPECT_EQ(tokenizer->encode("a\xFF"), (std::vector<int32_t>{'a', 255}));
}

TEST(LoadTokenizer, AnotherVocabularyIsNotTakenForTheByteTokenizer) {
  TemporaryFolder folder;
  nlohmann::json json = byte_tokenizer_json();
  std::swap(json["model"]["vocab"]["A"], json["model"]["vocab"]["B"]);
  write_file(folder.path() / "tokenizer.json", json.dump());
  EXPECT_THAT(error_of([&] { load_tokenizer(folder); }).remedy(), HasSubstr("eos_token"));
  write_file(folder.path() / "tokenizer_config.json", R"({"eos_token": "<|end|>"})");
  auto tokenizer = load_tokenizer(folder);
  EXPECT_EQ(tokenizer->encode("AB"), (std::vector<int32_t>{'B', 'A'}));
  EXPECT_EQ(tokenizer->end_id(), 256);
  EXPECT_EQ(tokenizer->pad_id(), 256);
}

TEST(LoadTokenizer, SaysWhatIsWrongWithAFile) {
  TemporaryFolder folder;
  EXPECT_EQ(error_of([&] { load_tokenizer(folder); }).code(), Code::no_input);
  for (const char* text : {"[1]", "{", "3", ""}) {
    write_file(folder.path() / "tokenizer.json", text);
    EXPECT_EQ(error_of([&] { load_tokenizer(folder); }).code(), Code::data) << text;
  }
}

}  // namespace
}  // namespace reckon
