// Malformed input ends the real program with its exit code and a message that names the file, the
// place in it and the remedy: soon, in little memory, and never by a signal.
#include "tests/process/malformed_checkpoints.h"
#include "tests/process/malformed_gguf.h"
#include "tests/process/malformed_texts.h"
#include "tests/process/malformed_tokenizers.h"

namespace reckon {
namespace {

using ::testing::ValuesIn;
using Words = std::vector<std::string>;

const Words kSampleFolder = {"sample", "FOLDER", "1+2=1+1+1+1+1+1+1+1+1+1+1+1"};
const Words kSampleFile = {"sample", "FILE", "1+2="};
const Words kEval = {"eval", "FOLDER", "FILE", "--reward", "exact?gold=answer"};
const Words kShort = {"--max-new-tokens", "1", "--temperature", "0"};
const Words kChat = {"--chat", "--max-new-tokens", "1", "--temperature", "0"};

class BadFolder : public ::testing::TestWithParam<Malformed> {};
TEST_P(BadFolder, IsRefused) { expect_refused(GetParam(), kSampleFolder, "", kShort); }
INSTANTIATE_TEST_SUITE_P(Safetensors, BadFolder, ValuesIn(safetensors_cases()), name_of);
INSTANTIATE_TEST_SUITE_P(Index, BadFolder, ValuesIn(index_cases()), name_of);
INSTANTIATE_TEST_SUITE_P(Config, BadFolder, ValuesIn(config_cases()), name_of);
INSTANTIATE_TEST_SUITE_P(Tokenizer, BadFolder, ValuesIn(tokenizer_cases()), name_of);

class BadGguf : public ::testing::TestWithParam<Malformed> {};
TEST_P(BadGguf, IsRefused) { expect_refused(GetParam(), kSampleFile, kGgufName, kShort); }
INSTANTIATE_TEST_SUITE_P(Header, BadGguf, ValuesIn(gguf_header_cases()), name_of);
INSTANTIATE_TEST_SUITE_P(Tensors, BadGguf, ValuesIn(gguf_tensor_cases()), name_of);
INSTANTIATE_TEST_SUITE_P(Model, BadGguf, ValuesIn(gguf_model_cases()), name_of);

class BadTemplate : public ::testing::TestWithParam<Malformed> {};
TEST_P(BadTemplate, IsRefused) { expect_refused(GetParam(), kSampleFolder, "", kChat); }
INSTANTIATE_TEST_SUITE_P(Template, BadTemplate, ValuesIn(template_cases()), name_of);

class BadRows : public ::testing::TestWithParam<Malformed> {};
TEST_P(BadRows, AreRefused) { expect_refused(GetParam(), kEval, kRows, kShort); }
INSTANTIATE_TEST_SUITE_P(Rows, BadRows, ValuesIn(rows_cases()), name_of);

// What the tables spoil is well before: each of their commands ends with 0 without a fault.
class WellFormed : public ::testing::Test {
 protected:
  TemporaryFolder temporary_;
  Spoiled folder_{temporary_.path()};

  void expect_well(Words words, const Words& more) {
    words.insert(words.end(), more.begin(), more.end());
    const Answer got = answer(words, temporary_.path());
    EXPECT_EQ(got.code, 0) << got.err;
  }
  std::string path(const char* name) const { return (temporary_.path() / name).string(); }
};

TEST_F(WellFormed, AFolderIsLoaded) {
  expect_well({"sample", temporary_.path().string(), "1+2="}, kShort);
}

TEST_F(WellFormed, AnIndexWithItsShardIsLoaded) {
  index_case("", 0, [](Spoiled&, nlohmann::ordered_json&) {}, {}).spoil(folder_);
  expect_well({"sample", temporary_.path().string(), "1+2="}, kShort);
}

TEST_F(WellFormed, AGgufFileIsLoadedAndExported) {
  folder_.write(kGgufName, small_gguf().bytes());
  expect_well({"sample", path(kGgufName), "1+2="}, kShort);
  expect_well({"export", path(kGgufName), path("exported")}, {});
  expect_well({"sample", path("exported"), "1+2="}, kShort);
}

TEST_F(WellFormed, ATemplateIsRendered) {
  folder_.write(kTemplate, "{% for m in messages %}{{ m.content }}{% endfor %}");
  expect_well({"sample", temporary_.path().string(), "1+2="}, kChat);
}

TEST_F(WellFormed, AMarkAtTheStartAndCarriageReturnsAreNoFaultOfRows) {
  folder_.write(kRows,
                "\xEF\xBB\xBF{\"prompt\": \"1+1=\", \"answer\": \"2\"}\r\n\r\n"
                "{\"prompt\": \"1+2=\", \"answer\": \"3\"}");
  Words words = kEval;
  words[1] = temporary_.path().string();
  words[2] = path(kRows);
  expect_well(words, kShort);
}

TEST(Malformed, TheTablesHoldAtLeastSixtyFiles) {
  size_t files = 0;
  for (const auto& table :
       {safetensors_cases(), index_cases(), config_cases(), tokenizer_cases(), gguf_header_cases(),
        gguf_tensor_cases(), gguf_model_cases(), template_cases(), rows_cases()})
    files += table.size();
  EXPECT_GE(files, 60u);
}

}  // namespace
}  // namespace reckon
