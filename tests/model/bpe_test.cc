// Tokenizers read from tokenizer.json, against the ids that the `tokenizers` library gives
// (tests/oracles/make_tokenizer_golden.py).
#include <filesystem>

#include "base/digest.h"
#include "base/thread_pool.h"
#include "model/json_text.h"
#include "model/text_tokenizer.h"
#include "model/tokenizer.h"
#include "model/tokenizer_json.h"
#include "tests/model/helpers.h"

namespace reckon {
namespace {

const Path kGolden = Path(RECKON_SOURCE_DIR) / "tests/golden/tokenizers";
const std::vector<std::string> kNames = {"llama3", "qwen2",       "deepseek",
                                         "smollm", "punctuation", "sentencepiece"};
using Ids = std::vector<int32_t>;

nlohmann::json golden(const std::string& name) {
  return parse_json(read_file(kGolden / name), name);
}

std::shared_ptr<const Tokenizer> tokenizer_of(const std::string& name) {
  return std::make_shared<TextTokenizer>(read_tokenizer_json(golden(name + ".json"), name));
}

std::vector<std::string> strings_of(size_t first, size_t step) {
  std::vector<std::string> out;
  const nlohmann::json all = golden("strings.json");
  for (size_t i = first; i < all.size(); i += step) out.push_back(all[i].get<std::string>());
  return out;
}

class GoldenTokenizer : public ::testing::TestWithParam<size_t> {};

TEST_P(GoldenTokenizer, GivesTheIdsOfTheTokenizersLibrary) {
  const std::string name = kNames[GetParam()];
  auto tokenizer = tokenizer_of(name);
  const nlohmann::json ids = golden(name + ".ids.json");
  const auto strings = strings_of(GetParam(), kNames.size());
  ASSERT_EQ(strings.size(), ids["plain"].size());
  ASSERT_GE(strings.size(), 350u);
  ASSERT_GT(ids["specials"].size(), 10u);
  for (size_t i = 0; i < strings.size(); ++i) {
    const Ids plain = ids["plain"][i].get<Ids>();
    EXPECT_EQ(tokenizer->encode(strings[i]), plain) << name << ": '" << strings[i] << "'";
    auto differs = ids["specials"].find(std::to_string(i));
    EXPECT_EQ(tokenizer->encode_with_specials(strings[i]),
              differs == ids["specials"].end() ? plain : differs->get<Ids>())
        << name << ": '" << strings[i] << "'";
  }
}

TEST_P(GoldenTokenizer, StreamsWhatItDecodesInWholeCharacters) {
  auto tokenizer = tokenizer_of(kNames[GetParam()]);
  for (const std::string& string : strings_of(GetParam(), 4 * kNames.size())) {
    const Ids ids = tokenizer->encode(string);
    for (size_t cut = 0; cut <= ids.size(); ++cut) {
      StreamDecoder stream(*tokenizer);
      std::string text;
      for (size_t i = 0; i < cut; ++i) {
        const std::string piece = stream.push(ids[i]);
        EXPECT_EQ(valid_prefix(piece), piece.size());
        text += piece;
      }
      EXPECT_EQ(text + stream.finish(), tokenizer->decode({ids.begin(), ids.begin() + cut}));
    }
  }
}

INSTANTIATE_TEST_SUITE_P(All, GoldenTokenizer, ::testing::Range<size_t>(0, kNames.size()),
                         [](const auto& info) { return kNames[info.param]; });

TEST(ByteLevelTokenizer, EveryByteSequenceComesBack) {
  auto tokenizer = tokenizer_of("deepseek");
  std::string text = "caf\xC3\xA9 ";
  for (int byte = 0; byte < 256; ++byte) text.push_back(static_cast<char>(byte));
  text += "\xE6\x88\xED\xA0\x80 end \xF0\x9F";
  EXPECT_EQ(tokenizer->decode(tokenizer->encode(text)), text);
}

TEST(ByteLevelTokenizer, StreamGivesBytesThatNothingCompletesAtOnce) {
  auto tokenizer = tokenizer_of("llama3");
  const Ids ids = tokenizer->encode(
      "\xFF"
      "a");
  StreamDecoder stream(*tokenizer);
  EXPECT_EQ(stream.push(ids[0]), "\xFF");
  const Ids rocket = tokenizer->encode("\xF0\x9F\x9A");
  for (int32_t id : rocket) EXPECT_EQ(stream.push(id), "");
  EXPECT_EQ(stream.finish(), "\xF0\x9F\x9A");
}

TEST(TemplateProcessing, IsToldAndNotApplied) {
  auto tokenizer = tokenizer_of("llama3");
  EXPECT_TRUE(tokenizer->add_bos());
  EXPECT_EQ(tokenizer->bos_id(), tokenizer->token_id("<|im_start|>"));
  EXPECT_TRUE(tokenizer->encode("").empty());
  EXPECT_TRUE(tokenizer->encode_with_specials("").empty());
  EXPECT_FALSE(tokenizer_of("qwen2")->add_bos());
}

TEST(TextTokenizer, ManyThreadsGetTheSameIds) {
  auto tokenizer = tokenizer_of("qwen2");
  const auto strings = strings_of(1, 30);
  std::vector<Ids> expected;
  for (const auto& string : strings) expected.push_back(tokenizer_of("qwen2")->encode(string));
  ThreadPool pool(4);
  std::vector<Ids> got(strings.size());
  pool.run(static_cast<int>(strings.size()), [&](int i) {
    got[static_cast<size_t>(i)] = tokenizer->encode(strings[static_cast<size_t>(i)]);
  });
  EXPECT_EQ(got, expected);
}

TEST(PublishedFile, Gpt2GivesTheIdsOfTheTokenizersLibrary) {
  const Path path = Path(RECKON_SOURCE_DIR) / "../shared/data/tokenizers/gpt2.tokenizer.json";
  if (!std::filesystem::exists(path)) GTEST_SKIP() << path << " is absent";
  const TextTokenizer tokenizer(
      read_tokenizer_json(parse_json(read_file(path), path.string()), path.string()));
  const auto strings = strings_of(0, 1);
  const nlohmann::json digests = golden("gpt2.digests.json");
  ASSERT_EQ(digests.size(), strings.size());
  ASSERT_GE(strings.size(), 2000u);
  auto listed = [](const Ids& ids) {
    std::vector<std::string> parts;
    for (int32_t id : ids) parts.push_back(std::to_string(id));
    return join(parts, ",");
  };
  for (size_t i = 0; i < strings.size(); ++i) {
    const Ids plain = tokenizer.encode(strings[i]);
    EXPECT_EQ(tokenizer.decode(plain), strings[i]);
    const std::string text =
        listed(plain) + ";" + listed(tokenizer.encode_with_specials(strings[i]));
    EXPECT_EQ(sha256(text).substr(0, 8), digests[i].get<std::string>()) << strings[i];
  }
}

}  // namespace
}  // namespace reckon
