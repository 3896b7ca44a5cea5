// The vocabularies of published models, where they are present: ids against the lists that come
// with them, and round trips.
#include <filesystem>
#include <iterator>
#include <sstream>

#include "model/gguf_tokenizer.h"
#include "model/tokenizer.h"
#include "model/unicode.h"
#include "tests/model/helpers.h"

namespace reckon {
namespace {

const Path kVocabularies = Path(RECKON_SOURCE_DIR) / "../shared/data/tokenizers";

std::vector<std::string> inputs(const std::string& name) {
  const std::string text = read_file(kVocabularies / (name + ".inp"));
  const std::string separator = "\n__ggml_vocab_test__\n";
  std::vector<std::string> out;
  for (size_t at = 0, end; (end = text.find(separator, at)) != text.npos;
       at = end + separator.size()) {
    out.push_back(text.substr(at, end - at));
  }
  return out;
}

std::vector<std::vector<int32_t>> outputs(const std::string& name) {
  std::istringstream lines(read_file(kVocabularies / (name + ".out")));
  std::vector<std::vector<int32_t>> out;
  for (std::string line; std::getline(lines, line);) {
    std::istringstream words(line);
    out.emplace_back(std::istream_iterator<int32_t>(words), std::istream_iterator<int32_t>());
  }
  return out;
}

std::shared_ptr<const Tokenizer> of_gguf(const std::string& name) {
  const Path path = kVocabularies / (name + ".gguf");
  return gguf_tokenizer(read_vocabulary(GgufFile(path)), path.string());
}

void expect_listed_ids(const Tokenizer& tokenizer, const std::string& name) {
  const auto texts = inputs(name);
  const auto ids = outputs(name);
  ASSERT_GT(texts.size(), 40u);
  ASSERT_EQ(texts.size(), ids.size());
  for (size_t i = 0; i < texts.size(); ++i) {
    EXPECT_EQ(tokenizer.encode(texts[i]), ids[i]) << name << ": '" << texts[i] << "'";
    EXPECT_EQ(tokenizer.decode(ids[i]), texts[i]) << name;
    StreamDecoder stream(tokenizer);
    std::string text;
    for (int32_t id : ids[i]) {
      const std::string piece = stream.push(id);
      EXPECT_EQ(valid_prefix(piece), piece.size()) << name << ": a piece ends inside a character";
      text += piece;
    }
    EXPECT_EQ(text + stream.finish(), texts[i]) << name;
  }
}

class Vocabulary : public ::testing::TestWithParam<const char*> {
 protected:
  void SetUp() override {
    if (!std::filesystem::exists(kVocabularies)) GTEST_SKIP() << kVocabularies << " is absent";
  }
};

TEST_P(Vocabulary, GivesTheListedIdsAndTheTextAgain) {
  expect_listed_ids(*of_gguf(GetParam()), GetParam());
}

TEST_P(Vocabulary, GivesTheSameIdsFromTheFilesThatItSaves) {
  TemporaryFolder folder;
  auto original = of_gguf(GetParam());
  original->save(folder);
  auto loaded = load_tokenizer(folder);
  expect_listed_ids(*loaded, GetParam());
  EXPECT_EQ(loaded->bos_id(), original->bos_id());
  EXPECT_EQ(loaded->add_bos(), original->add_bos());
}

INSTANTIATE_TEST_SUITE_P(Published, Vocabulary,
                         ::testing::Values("gpt-2", "deepseek-coder", "llama-spm"));

TEST(PublishedFile, Gpt2TokenizerJsonGivesTheListedIdsAndItsBytesBack) {
  if (!std::filesystem::exists(kVocabularies)) GTEST_SKIP() << kVocabularies << " is absent";
  TemporaryFolder folder, copy;
  const std::string bytes = read_file(kVocabularies / "gpt2.tokenizer.json");
  write_file(folder.path() / "tokenizer.json", bytes);
  write_file(folder.path() / "tokenizer_config.json", R"({"eos_token":"<|endoftext|>"} )");
  auto tokenizer = load_tokenizer(folder);
  expect_listed_ids(*tokenizer, "gpt-2");
  EXPECT_EQ(tokenizer->end_id(), 50256);
  EXPECT_EQ(tokenizer->encode_with_specials("a<|endoftext|>"), (std::vector<int32_t>{64, 50256}));
  tokenizer->save(copy);
  EXPECT_EQ(read_file(copy.path() / "tokenizer.json"), bytes);
  EXPECT_EQ(read_file(copy.path() / "tokenizer_config.json"), "{\"eos_token\":\"<|endoftext|>\"} ");
}

TEST(PublishedFile, BaichuanRoundTrips) {
  if (!std::filesystem::exists(kVocabularies)) GTEST_SKIP() << kVocabularies << " is absent";
  auto tokenizer = of_gguf("baichuan");
  for (const std::string& text : inputs("llama-spm")) {
    EXPECT_EQ(tokenizer->decode(tokenizer->encode(text)), text);
  }
}

}  // namespace
}  // namespace reckon
