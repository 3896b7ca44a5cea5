#include "model/gguf.h"

#include <fstream>

#include "model/gguf_quants.h"
#include "model/safetensors.h"
#include "tests/model/gguf_builder.h"
#include "tests/model/helpers.h"

namespace reckon {
namespace {

using ::testing::HasSubstr;

// A new file each time, not flushed: there are hundreds.
class Written {
 public:
  const Path& operator()(const std::string& bytes) {
    std::filesystem::remove(path_);
    std::ofstream(path_, std::ios::binary) << bytes;
    return path_;
  }

 private:
  TemporaryFolder folder_;
  Path path_ = folder_.path() / "a.gguf";
};

GgufBuilder small() {
  GgufBuilder file;
  file.text("general.architecture", "llama").integer("llama.block_count", 2);
  file.real("llama.rope.freq_base", 1e4f).value("flag", 7, uint8_t{1});
  file.value("minus", 5, int32_t{-3}).value("wide", 12, 0.1).value("long", 10, uint64_t{1} << 40);
  file.texts("words", {"a", "", "b c"}).list("numbers", 6, 2, raw(0.5f) + raw(-1.0f));
  file.list("whole", 5, 2, raw(int32_t{7}) + raw(int32_t{-8}));
  file.tensor("matrix", {2, 3}, 0, std::string(24, '\x3F'));
  file.tensor("vector", {4}, 1, std::string(8, '\x3C'));
  return file;
}

TEST(Gguf, BothVersionsGiveMetadataAndTensors) {
  Written written;
  for (uint32_t version : {2u, 3u}) {
    GgufBuilder builder = small();
    builder.version = version;
    GgufFile file(written(builder.bytes()));
    EXPECT_EQ(file.version(), version);
    EXPECT_EQ(file.text("general.architecture"), "llama");
    EXPECT_EQ(file.integer("llama.block_count"), 2);
    EXPECT_EQ(file.number("llama.rope.freq_base"), 10000.0);
    EXPECT_EQ(file.number("wide"), 0.1);
    EXPECT_TRUE(file.flag("flag"));
    EXPECT_EQ(file.texts("words"), (std::vector<std::string>{"a", "", "b c"}));
    EXPECT_EQ(file.numbers("numbers"), (std::vector<double>{0.5, -1}));
    EXPECT_EQ(file.integers("whole"), (std::vector<int64_t>{7, -8}));
    EXPECT_TRUE(file.texts("absent").empty());
    EXPECT_EQ(file.integer("absent", 5), 5);
    EXPECT_FALSE(file.has("absent"));
    ASSERT_EQ(file.tensors().size(), 2u);
    EXPECT_EQ(file.at("matrix").shape, (std::vector<int64_t>{3, 2}));
    EXPECT_EQ(file.at("matrix").bytes, std::string(24, '\x3F'));
    EXPECT_EQ(file.at("vector").type, GgufType::f16);
    EXPECT_EQ(file.at("vector").bytes, std::string(8, '\x3C'));
    EXPECT_EQ(file.find("absent"), nullptr);
  }
}

TEST(Gguf, ValuesOfAnotherKindAreRefusedByName) {
  Written written;
  GgufFile file(written(small().bytes()));
  auto problem = [&](auto work) { return error_of([&] { work(); }).problem(); };
  EXPECT_THAT(problem([&] { file.integer("words"); }), HasSubstr("'words' is not a whole number"));
  EXPECT_THAT(problem([&] { file.integer("minus"); }), HasSubstr("'minus' is -3"));
  EXPECT_THAT(problem([&] { file.integer("long"); }), HasSubstr("'long' is 1099511627776"));
  EXPECT_THAT(problem([&] { file.integer("none"); }), HasSubstr("no 'none'"));
  EXPECT_THAT(problem([&] { file.number("minus"); }), HasSubstr("'minus' is not a number"));
  EXPECT_THAT(problem([&] { file.text("flag"); }), HasSubstr("'flag' is not text"));
  EXPECT_THAT(problem([&] { file.flag("wide"); }), HasSubstr("'wide' is not true or false"));
  EXPECT_THAT(problem([&] { file.texts("numbers"); }), HasSubstr("'numbers' is not a list"));
  EXPECT_THAT(problem([&] { file.at("none"); }), HasSubstr("no tensor 'none'"));
}

TEST(Gguf, AFileOfMetadataAloneNeedsNoData) {
  Written written;
  GgufBuilder builder;
  builder.text("general.architecture", "llama");
  EXPECT_TRUE(GgufFile(written(builder.bytes())).tensors().empty());
}

// Bit for bit what the format's own package makes of them.
TEST(GgufQuants, EveryTypeGivesTheValuesOfTheGgufPackage) {
  const Path folder = Path(RECKON_SOURCE_DIR) / "tests/golden/gguf";
  GgufFile file(folder / "quants.gguf");
  SafetensorsFile wanted(folder / "quants.safetensors");
  ASSERT_EQ(file.tensors().size(), 9u);
  std::set<GgufType> types;
  for (const GgufTensor& tensor : file.tensors()) {
    types.insert(tensor.type);
    std::vector<float> values(static_cast<size_t>(tensor.elements())), golden(values.size());
    ASSERT_EQ(wanted.at(tensor.name).shape, tensor.shape);
    read_floats(wanted.at(tensor.name), golden.data());
    dequantise(tensor, values.data());
    EXPECT_EQ(values, golden) << tensor.name;
    // A row alone is the same.
    const int64_t row = tensor.shape[1];
    std::vector<float> second(static_cast<size_t>(row));
    dequantise(tensor, row, row, second.data());
    EXPECT_TRUE(std::equal(second.begin(), second.end(), golden.begin() + row)) << tensor.name;
  }
  EXPECT_EQ(types.size(), 9u);
}

struct Hostile {
  const char* what;  // part of the message
  std::string file;
};

std::vector<Hostile> hostile_files() {
  using Change = void (*)(GgufBuilder&);
  auto changed = [](Change change) {
    GgufBuilder file = small();
    change(file);
    return file.bytes();
  };
  const std::string good = small().bytes();
  std::string big = good;
  big.replace(4, 4, std::string("\0\0\0\3", 4));
  return {
      {"does not begin with GGUF", ""},
      {"does not begin with GGUF", "GGU"},
      {"does not begin with GGUF", "GGML" + good.substr(4)},
      {"ends inside its version", "GGUF\3"},
      {"ends inside its counts", good.substr(0, 20)},
      {"is big-endian", big},
      {"has version 1", changed([](GgufBuilder& f) { f.version = 1; })},
      {"has version 4", changed([](GgufBuilder& f) { f.version = 4; })},
      {"claims 1000000 tensors", changed([](GgufBuilder& f) { f.more_tensors = 999998; })},
      {"claims 18446744073709551615 tensors", changed([](GgufBuilder& f) { f.more_tensors = -3; })},
      {"claims 18446744073709551615 keys", changed([](GgufBuilder& f) { f.more_entries = -11; })},
      {"the key 'flag' twice", changed([](GgufBuilder& f) { f.value("flag", 7, uint8_t{0}); })},
      {"a key without a name", changed([](GgufBuilder& f) { f.integer("", 1); })},
      {"a key is 65536 bytes long",
       changed([](GgufBuilder& f) { f.integer(std::string(65536, 'k'), 1); })},
      {"a key is 18446744073709551615 bytes long",
       changed([](GgufBuilder& f) { f.entries[0].replace(0, 8, 8, '\xFF'); })},
      {"'x' has the unknown type 13", changed([](GgufBuilder& f) { f.value("x", 13, 1); })},
      {"'x' is 2 where true or false",
       changed([](GgufBuilder& f) { f.value("x", 7, uint8_t{2}); })},
      {"'x' is 18446744073709551615",
       changed([](GgufBuilder& f) { f.value("x", 10, ~uint64_t{0}); })},
      {"ends inside 'x'", changed([](GgufBuilder& f) {
         f.entries.push_back(gguf_text("x") + raw(uint32_t{8}) + raw(uint64_t{1} << 63));
       })},
      {"'x' claims 4611686018427387904 entries",
       changed([](GgufBuilder& f) { f.list("x", 5, uint64_t{1} << 62, ""); })},
      {"'x' claims 1000 entries", changed([](GgufBuilder& f) { f.list("x", 8, 1000, ""); })},
      {"'x' is a list of the type 9", changed([](GgufBuilder& f) { f.list("x", 9, 1, ""); })},
      {"'x' is a list of the type 77", changed([](GgufBuilder& f) { f.list("x", 77, 1, ""); })},
      {"ends inside an entry of 'x'",
       changed([](GgufBuilder& f) { f.list("x", 8, 1, raw(uint64_t{1} << 40)); })},
      {"'general.alignment' is not a power of two",
       changed([](GgufBuilder& f) { f.integer("general.alignment", 24); })},
      {"'general.alignment' is not a power of two",
       changed([](GgufBuilder& f) { f.integer("general.alignment", 0); })},
      {"'general.alignment' is not a power of two",
       changed([](GgufBuilder& f) { f.integer("general.alignment", 1u << 30); })},
      {"'general.alignment' is not a power of two",
       changed([](GgufBuilder& f) { f.text("general.alignment", "32"); })},
      {"the tensor 'matrix' twice",
       changed([](GgufBuilder& f) { f.tensor("matrix", {1}, 0, "1234"); })},
      {"a tensor without a name", changed([](GgufBuilder& f) { f.tensor("", {1}, 0, "1234"); })},
      {"the name of a tensor is 65 bytes long",
       changed([](GgufBuilder& f) { f.tensor(std::string(65, 'n'), {1}, 0, "1234"); })},
      {"'t' has 0 dimensions", changed([](GgufBuilder& f) { f.tensor("t", {}, 0, "1234"); })},
      {"'t' has 5 dimensions", changed([](GgufBuilder& f) {
         f.tensor("t", {1, 1, 1, 1, 1}, 0, "1234");
       })},
      {"'t' has the size 0", changed([](GgufBuilder& f) {
         f.tensor("t", {4, 0}, 0, "");
       })},
      {"'t' has a shape whose size overflows", changed([](GgufBuilder& f) {
         f.tensor("t", {1ull << 32, 1ull << 32}, 0, "");
       })},
      {"'t' has a shape whose size overflows", changed([](GgufBuilder& f) {
         f.tensor("t", {~0ull, 1, 2}, 0, "");
       })},
      {"'t' has the type 39", changed([](GgufBuilder& f) { f.tensor("t", {32}, 39, "1234"); })},
      {"'t' has rows of 16, not whole blocks of Q8_0", changed([](GgufBuilder& f) {
         f.tensor("t", {16, 2}, 8, std::string(34, '1'));
       })},
      {"'t' needs 16 bytes", changed([](GgufBuilder& f) { f.tensor("t", {4}, 0, "123456"); })},
      {"'t' needs 4 bytes at 18446744073709551584",
       changed([](GgufBuilder& f) { f.info("t", {1}, 0, ~uint64_t{31}); })},
      {"'t' lies at 12, which is not aligned",
       changed([](GgufBuilder& f) { f.info("t", {1}, 0, 12); })},
      {"'t' overlaps another", changed([](GgufBuilder& f) { f.info("t", {1}, 0, 0); })},
      {"overlaps another", changed([](GgufBuilder& f) { f.info("t", {10}, 0, 0); })},
      {"ends before its data", changed([](GgufBuilder& f) {
                                 f.data.clear();
                               }).substr(0, small().bytes().size() - small().data.size() - 1)},
  };
}

TEST(Gguf, HostileFilesAreErrorsThatNameTheFlaw) {
  Written written;
  for (const Hostile& hostile : hostile_files()) {
    const Path& path = written(hostile.file);
    Error error = error_of([&] { GgufFile file(path); });
    EXPECT_EQ(error.code(), Code::data) << hostile.what;
    EXPECT_EQ(error.place(), path.string()) << hostile.what;
    EXPECT_THAT(error.problem(), HasSubstr(hostile.what));
  }
}

// A header that is cut or damaged anywhere is refused or harmless; it never leads outside the file.
TEST(Gguf, DamagedHeadersNeverReachOutsideTheFile) {
  Written written;
  const GgufBuilder builder = small();
  const std::string good = builder.bytes();
  const size_t header = good.size() - builder.data.size();
  auto refused = [&](const std::string& bytes) {
    const Path& path = written(bytes);
    try {
      GgufFile file(path);
      for (const GgufTensor& tensor : file.tensors()) {
        std::vector<float> values(static_cast<size_t>(tensor.elements()));
        dequantise(tensor, values.data());
      }
      return false;
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), Code::data);
      return true;
    }
  };
  for (size_t length = 0; length < good.size(); ++length)
    EXPECT_TRUE(refused(good.substr(0, length))) << length;
  int noticed = 0;
  for (size_t i = 0; i < header; ++i) {
    for (unsigned char flip : {0x01, 0x04, 0x80}) {
      std::string bad = good;
      bad[i] = static_cast<char>(bad[i] ^ flip);
      noticed += refused(bad);
    }
  }
  EXPECT_GT(noticed, static_cast<int>(header));
}

GgufBuilder vocabulary() {
  GgufBuilder file;
  file.text("tokenizer.ggml.model", "llama").texts("tokenizer.ggml.tokens", {"<s>", "</s>", "a"});
  return file;
}

TEST(GgufVocabulary, IsHandedOutAsPlainData) {
  Written written;
  GgufBuilder builder = vocabulary();
  builder.text("tokenizer.ggml.pre", "smollm").texts("tokenizer.ggml.merges", {"a b"});
  builder.list("tokenizer.ggml.scores", 6, 3, raw(0.0f) + raw(0.0f) + raw(-1.5f));
  builder.list("tokenizer.ggml.token_type", 5, 3, raw(int32_t{3}) + raw(3) + raw(1));
  builder.integer("tokenizer.ggml.bos_token_id", 0).integer("tokenizer.ggml.eos_token_id", 1);
  builder.value("tokenizer.ggml.add_bos_token", 7, uint8_t{1});
  builder.text("tokenizer.chat_template", "{{ x }}");
  GgufVocabulary words = read_vocabulary(GgufFile(written(builder.bytes())));
  EXPECT_EQ(words.model, "llama");
  EXPECT_EQ(words.pre, "smollm");
  EXPECT_EQ(words.tokens[2], "a");
  EXPECT_EQ(words.scores, (std::vector<double>{0, 0, -1.5}));
  EXPECT_EQ(words.types, (std::vector<int64_t>{3, 3, 1}));
  EXPECT_EQ(words.merges, std::vector<std::string>{"a b"});
  EXPECT_EQ(words.bos_id, 0);
  EXPECT_EQ(words.eos_id, 1);
  EXPECT_EQ(words.padding_id, -1);
  EXPECT_EQ(words.add_bos, true);
  EXPECT_EQ(words.add_eos, std::nullopt);
  EXPECT_EQ(words.chat_template, "{{ x }}");
}

TEST(GgufVocabulary, ListsThatDoNotFitAreRefused) {
  Written written;
  auto problem = [&](auto change) {
    GgufBuilder builder = vocabulary();
    change(builder);
    return error_of([&] { read_vocabulary(GgufFile(written(builder.bytes()))); }).problem();
  };
  EXPECT_THAT(problem([](GgufBuilder& f) { f.entries.erase(f.entries.begin()); }),
              HasSubstr("no 'tokenizer.ggml.model'"));
  EXPECT_THAT(problem([](GgufBuilder& f) { f.entries.pop_back(); }),
              HasSubstr("no 'tokenizer.ggml.tokens'"));
  EXPECT_THAT(problem([](GgufBuilder& f) { f.list("tokenizer.ggml.scores", 6, 1, raw(0.0f)); }),
              HasSubstr("1 entries for 3 tokens"));
  EXPECT_THAT(problem([](GgufBuilder& f) { f.integer("tokenizer.ggml.eos_token_id", 3); }),
              HasSubstr("'tokenizer.ggml.eos_token_id' is 3 of 3"));
}

}  // namespace
}  // namespace reckon
