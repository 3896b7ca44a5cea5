// Which tokens end a completion, and that the files beside a checkpoint come out as they were.
#include "model/gguf.h"
#include "model/gguf_tokenizer.h"
#include "model/hugging_face.h"
#include "tests/model/gguf_builder.h"
#include "tests/model/helpers.h"

namespace reckon {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

// A tokenizer with <|end|> = 700 and <|im_start|> = 701.
class EndTokens : public ::testing::Test {
 protected:
  EndTokens() {
    folder_.write("tokenizer.json",
                  read_file(Path(RECKON_SOURCE_DIR) / "tests/golden/tokenizers/llama3.json"));
    folder_.write("tokenizer_config.json", R"({"eos_token": "<|end|>", "pad_token": "solo"})");
  }
  std::vector<int32_t> ends() { return load_tokenizer(folder_)->end_ids(); }

  TemporaryFolder folder_;
};

TEST_F(EndTokens, TheEndTokenIsTheOnlyOneUnlessFilesSayMore) {
  EXPECT_THAT(ends(), ElementsAre(700));
  folder_.write("config.json", R"({"eos_token_id": null})");
  folder_.write("generation_config.json", R"({"eos_token_id": [700], "pad_token_id": 5})");
  EXPECT_THAT(ends(), ElementsAre(700)) << "neither padding nor the same token again";
}

TEST_F(EndTokens, AListOfThemAddsToTheTokenizersOwn) {
  folder_.write("config.json", R"({"eos_token_id": [3, 4]})");
  EXPECT_THAT(ends(), ElementsAre(700, 3, 4));
  folder_.write("generation_config.json", R"({"eos_token_id": [701, 700, 9]})");
  EXPECT_THAT(ends(), ElementsAre(700, 701, 9)) << "generation_config.json comes first";
  folder_.write("generation_config.json", R"({"eos_token_id": 701})");
  EXPECT_THAT(ends(), ElementsAre(700, 701));
  EXPECT_EQ(load_tokenizer(folder_)->end_id(), 700);
}

TEST_F(EndTokens, AnIdOfAnotherModelIsRefused) {
  for (const char* ids : {"[700, 704]", "[-1]", "[true]", "\"a\""}) {
    folder_.write("generation_config.json", cat("{\"eos_token_id\": ", ids, "}"));
    Error error = error_of([&] { ends(); });
    EXPECT_EQ(error.code(), Code::data) << ids;
    EXPECT_THAT(error.place(), HasSubstr("generation_config.json")) << ids;
  }
}

GgufVocabulary turns() {
  GgufVocabulary file;
  file.model = "gpt2";
  file.pre = "gpt-2";
  file.tokens = {"a", "<|end_of_text|>", "<|eot_id|>", "<|eom_id|>"};
  file.types = {1, 3, 3, 3};
  file.eos_id = 1;
  return file;
}

TEST(GgufEndTokens, AreThoseOfTextTurnAndMessage) {
  GgufVocabulary file = turns();
  EXPECT_THAT(gguf_tokenizer(file, "x.gguf")->end_ids(), ElementsAre(1));
  file.eot_id = 2;
  file.eom_id = 3;
  EXPECT_THAT(gguf_tokenizer(file, "x.gguf")->end_ids(), ElementsAre(1, 2, 3));
  file.eot_id = 1;
  EXPECT_THAT(gguf_tokenizer(file, "x.gguf")->end_ids(), ElementsAre(1, 3));
  file.eot_id = 4;
  EXPECT_EQ(error_of([&] { gguf_tokenizer(file, "x.gguf"); }).code(), Code::data);
}

TEST(GgufEndTokens, AreReadFromTheirKeys) {
  TemporaryFolder folder;
  GgufBuilder builder;
  builder.text("tokenizer.ggml.model", "gpt2").texts("tokenizer.ggml.tokens", {"a", "b", "c"});
  builder.integer("tokenizer.ggml.eos_token_id", 0).integer("tokenizer.ggml.eot_token_id", 1);
  builder.integer("tokenizer.ggml.eom_token_id", 2);
  folder.write("x.gguf", builder.bytes());
  GgufVocabulary words = read_vocabulary(GgufFile(folder.path() / "x.gguf"));
  EXPECT_EQ(words.eot_id, 1);
  EXPECT_EQ(words.eom_id, 2);
}

// What an export of a GGUF model says, a folder loaded again means.
TEST(GgufEndTokens, SurviveAnExport) {
  GgufVocabulary file = turns();
  file.eot_id = 2;
  TemporaryFolder folder;
  export_hugging_face(folder, *random_weights(dense_spec(), DType::f32),
                      *gguf_tokenizer(file, "x.gguf"));
  EXPECT_EQ(read_file(folder.path() / "generation_config.json").find("\"eos_token_id\": 1"),
            std::string::npos);
  EXPECT_THAT(load_hugging_face(folder).tokenizer->end_ids(), ElementsAre(1, 2));
}

constexpr const char* kCarried[] = {"tokenizer_config.json",
                                    "special_tokens_map.json",
                                    "added_tokens.json",
                                    "vocab.json",
                                    "merges.txt",
                                    "chat_template.jinja"};

// Odd spacing shows that nothing writes them anew.
void write_companions(const TemporaryFolder& folder) {
  folder.write("tokenizer_config.json", "{ \"eos_token\" :  \"<|end|>\" }");
  folder.write("special_tokens_map.json", "{ \"eos_token\" :\"<|end|>\"}\n\n");
  folder.write("added_tokens.json", "{ }");
  folder.write("vocab.json", "{\n}");
  folder.write("merges.txt", "#version: 0.2\n");
  folder.write("chat_template.jinja", "{# kept #}{{ messages[0].content }}\n");
}

TEST(CarriedFiles, ComeOutByteForByte) {
  for (const char* name : {"golden/tokenizers/smollm.json", "golden/qwen3_tied/tokenizer.json"}) {
    TemporaryFolder folder, copy;
    write_companions(folder);
    folder.write("tokenizer.json", read_file(Path(RECKON_SOURCE_DIR) / "tests" / name));
    load_tokenizer(folder)->save(copy);
    EXPECT_EQ(read_file(copy.path() / "tokenizer.json"),
              read_file(folder.path() / "tokenizer.json"));
    for (const char* file : kCarried)
      EXPECT_EQ(read_file(copy.path() / file), read_file(folder.path() / file)) << name;
  }
}

}  // namespace
}  // namespace reckon
