#include "model/safetensors.h"

#include <cmath>
#include <cstring>
#include <fstream>
#include <limits>

#include "model/tensor_folder.h"
#include "tests/model/helpers.h"

namespace reckon {
namespace {

using ::testing::HasSubstr;

template <class T>
std::string_view bytes_of(const std::vector<T>& values) {
  return {reinterpret_cast<const char*>(values.data()), values.size() * sizeof(T)};
}

std::string file_of(const std::string& header, size_t data_bytes) {
  uint64_t length = header.size();
  std::string file(reinterpret_cast<const char*>(&length), sizeof length);
  return file + header + std::string(data_bytes, '\1');
}

// A new file each time: file systems flush one that is truncated and written again, and here are
// hundreds.
void write_unsynced(const Path& path, const std::string& bytes) {
  std::filesystem::remove(path);
  std::ofstream(path, std::ios::binary) << bytes;
}

TEST(Safetensors, RoundTripKeepsNamesTypesShapesAndBytes) {
  TemporaryFolder folder;
  Path path = folder.path() / "a.safetensors";
  std::vector<float> f = {1.5f, -0.0f, 3e-45f, INFINITY, 2, 3};
  std::vector<int64_t> i = {-1, int64_t{1} << 62};
  std::vector<uint16_t> b = {0x3F80, 0x8000, 0x0001};
  write_safetensors(path,
                    {{"odd", TensorType::bf16, {3}, bytes_of(b)},
                     tensor_of("matrix", {2, 3}, f.data()),
                     tensor_of("step", {2}, i.data()),
                     {"scalar", TensorType::u8, {}, std::string_view("\x07", 1)},
                     {"empty", TensorType::f32, {0, 5}, {}}},
                    {{"kind", "test"}});
  SafetensorsFile file(path);
  EXPECT_EQ(file.metadata(),
            (std::map<std::string, std::string>{{"format", "pt"}, {"kind", "test"}}));
  ASSERT_EQ(file.tensors().size(), 5u);
  EXPECT_EQ(file.at("matrix").shape, (std::vector<int64_t>{2, 3}));
  EXPECT_EQ(file.at("matrix").bytes, bytes_of(f));
  EXPECT_EQ(file.at("step").type, TensorType::i64);
  EXPECT_EQ(file.at("step").bytes, bytes_of(i));
  EXPECT_EQ(file.at("odd").bytes, bytes_of(b));
  EXPECT_EQ(file.at("scalar").elements(), 1);
  EXPECT_EQ(file.at("empty").elements(), 0);
  EXPECT_EQ(file.find("absent"), nullptr);
  EXPECT_THAT(error_of([&] { file.at("absent"); }).problem(), HasSubstr("'absent'"));
}

TEST(Safetensors, EveryTensorIsAlignedToItsWidth) {
  TemporaryFolder folder;
  Path path = folder.path() / "a.safetensors";
  std::vector<float> f = {1};
  std::vector<int64_t> i = {2};
  write_safetensors(path, {{"a", TensorType::u8, {1}, "x"},
                           tensor_of("f", {1}, f.data()),
                           tensor_of("i", {1}, i.data())});
  SafetensorsFile file(path);
  EXPECT_EQ(reinterpret_cast<uintptr_t>(file.at("i").bytes.data()) % 8, 0u);
  EXPECT_EQ(reinterpret_cast<uintptr_t>(file.at("f").bytes.data()) % 4, 0u);
}

TEST(Safetensors, TheSameTensorsGiveTheSameBytes) {
  TemporaryFolder folder;
  std::vector<float> f = {1, 2, 3};
  for (const char* name : {"a", "b"}) {
    write_safetensors(folder.path() / name,
                      {tensor_of("x", {3}, f.data()), tensor_of("y", {1}, f.data())});
  }
  EXPECT_EQ(read_file(folder.path() / "a"), read_file(folder.path() / "b"));
}

TEST(Safetensors, HalfAndBfloatWidenExactly) {
  std::vector<uint16_t> half = {0x3C00, 0xC000, 0x7BFF, 0x0001, 0x03FF,
                                0x8000, 0x7C00, 0xFC00, 0x7E00, 0x3555};
  const float wanted[] = {1,     -2,       65504,     0x1p-24f, 0x1.FF8p-15f,
                          -0.0f, INFINITY, -INFINITY, NAN,      0x1.554p-2f};
  std::vector<float> out(half.size());
  read_floats({"h", TensorType::f16, {10}, bytes_of(half)}, out.data());
  for (size_t i = 0; i < half.size(); ++i) {
    if (std::isnan(wanted[i])) {
      EXPECT_TRUE(std::isnan(out[i]));
    } else {
      EXPECT_EQ(out[i], wanted[i]);
      EXPECT_EQ(std::signbit(out[i]), std::signbit(wanted[i]));
    }
  }
  std::vector<uint16_t> wide = {0x3F80, 0xC040};
  read_floats({"b", TensorType::bf16, {2}, bytes_of(wide)}, out.data());
  EXPECT_EQ(out[0], 1.0f);
  EXPECT_EQ(out[1], -3.0f);
  Error error = error_of([&] {
    read_floats({"ids", TensorType::i64, {1}, "12345678"}, out.data());
  });
  EXPECT_THAT(error.what(), HasSubstr("'ids'"));
}

TEST(Safetensors, EveryHalfComesBackFromItsFloat) {
  for (uint32_t bits = 0; bits < 0x10000; ++bits)
    ASSERT_EQ(narrow_half(widen_half(static_cast<uint16_t>(bits))), bits);
}

TEST(Safetensors, HalvesAreRoundedToNearestEven) {
  const std::pair<float, uint16_t> cases[] = {
      {1 + 0x1p-11f, 0x3C00},  {1 + 0x3p-11f, 0x3C02}, {1 + 0x1.8p-11f, 0x3C01},
      {65519.996f, 0x7BFF},    {65520, 0x7C00},        {-1e30f, 0xFC00},
      {0x1p-25f, 0x0000},      {0x1.8p-25f, 0x0001},   {0x3p-25f, 0x0002},
      {-0x1.FFFp-15f, 0x8400}, {-0.0f, 0x8000},        {0x1.FFCp-15f, 0x0400},
      {2 - 0x1p-12f, 0x4000}};
  for (const auto& [value, bits] : cases) EXPECT_EQ(narrow_half(value), bits) << value;
}

struct Hostile {
  const char* what;  // part of the message
  std::string file;
};

TEST(Safetensors, HostileFilesAreErrorsThatNameTheTensor) {
  auto one = [](const std::string& entry, size_t data) {
    return file_of("{\"w\":" + entry + "}", data);
  };
  const std::string big_length = file_of("{}", 0).replace(0, 8, 8, '\x7F');
  std::string cut = file_of(R"({"w":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}})", 8);
  std::string deep(100000, '[');
  const Hostile cases[] = {
      {"shorter than its header", ""},
      {"shorter than its header", "1234567"},
      {"claims a header", big_length},
      {"ends inside its header", cut.substr(0, 30)},
      {"not valid JSON", file_of("{\"w\":", 0)},
      {"not valid JSON", file_of("{\"w\xFF\":1}", 0)},
      {"nested too deeply", file_of(deep, 0)},
      {"not an object", file_of("[1,2]", 0)},
      {"'w' is not described", one("3", 0)},
      {"'w' has no 'dtype'", one(R"({"shape":[2],"data_offsets":[0,8]})", 8)},
      {"'w' has the unknown dtype 'F31'",
       one(R"({"dtype":"F31","shape":[2],"data_offsets":[0,8]})", 8)},
      {"'w' has a dtype that is not text",
       one(R"({"dtype":4,"shape":[2],"data_offsets":[0,8]})", 8)},
      {"'w' has no 'shape'", one(R"({"dtype":"F32","data_offsets":[0,8]})", 8)},
      {"'w' has a shape that is not a list",
       one(R"({"dtype":"F32","shape":2,"data_offsets":[0,8]})", 8)},
      {"'w' has the size -2", one(R"({"dtype":"F32","shape":[-2],"data_offsets":[0,8]})", 8)},
      {"'w' has the size 2.0", one(R"({"dtype":"F32","shape":[2.0],"data_offsets":[0,8]})", 8)},
      {"'w' has a shape whose size overflows",
       one(R"({"dtype":"F32","shape":[4611686018427387904,4],"data_offsets":[0,0]})", 0)},
      {"'w' has 8 bytes, but its type and shape need 12",
       one(R"({"dtype":"F32","shape":[3],"data_offsets":[0,8]})", 8)},
      {"'w' has data_offsets", one(R"({"dtype":"F32","shape":[2],"data_offsets":[0]})", 8)},
      {"'w' has data_offsets", one(R"({"dtype":"F32","shape":[2],"data_offsets":[-8,0]})", 8)},
      {"'w' has data_offsets", one(R"({"dtype":"F32","shape":[2],"data_offsets":["0","8"]})", 8)},
      {"'w' ends before it begins", one(R"({"dtype":"F32","shape":[2],"data_offsets":[8,0]})", 8)},
      {"'w' ends at byte 8 of 7", one(R"({"dtype":"F32","shape":[2],"data_offsets":[0,8]})", 7)},
      {"'w' ends at byte 18446744073709551615",
       one(R"({"dtype":"F32","shape":[2],"data_offsets":[18446744073709551607,18446744073709551615]})",
           8)},
      {"bytes behind its last tensor",
       one(R"({"dtype":"F32","shape":[2],"data_offsets":[0,8]})", 9)},
      {"'w' lies behind bytes", one(R"({"dtype":"F32","shape":[2],"data_offsets":[4,12]})", 12)},
      {"'v' overlaps", file_of(R"({"w":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},)"
                               R"("v":{"dtype":"F32","shape":[2],"data_offsets":[4,12]}})",
                               12)},
      {"overlaps", file_of(R"({"w":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},)"
                           R"("v":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}})",
                           8)},
      {"'w' twice", file_of(R"({"w":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},)"
                            R"("w":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}})",
                            8)},
      {"'dtype' twice",
       one(R"({"dtype":"F32","dtype":"I32","shape":[2],"data_offsets":[0,8]})", 8)},
      {"__metadata__", file_of(R"({"__metadata__":{"format":1}})", 0)},
      {"__metadata__", file_of(R"({"__metadata__":["pt"]})", 0)},
  };
  TemporaryFolder folder;
  Path path = folder.path() / "hostile.safetensors";
  for (const Hostile& hostile : cases) {
    write_unsynced(path, hostile.file);
    Error error = error_of([&] { SafetensorsFile file(path); });
    EXPECT_EQ(error.code(), Code::data) << hostile.what;
    EXPECT_EQ(error.place(), path.string()) << hostile.what;
    EXPECT_THAT(error.problem(), HasSubstr(hostile.what));
  }
}

// Any single damaged byte of the header is either noticed or harmless; it never leads outside the
// file.
TEST(Safetensors, DamagedHeadersNeverReachOutsideTheFile) {
  TemporaryFolder folder;
  Path path = folder.path() / "a.safetensors";
  std::vector<float> f(16, 1.0f);
  write_safetensors(path,
                    {tensor_of("first", {2, 4}, f.data()), tensor_of("second", {8}, f.data())});
  const std::string good = read_file(path);
  const size_t header = good.size() - 64;
  int refused = 0;
  for (size_t i = 0; i < header; ++i) {
    for (unsigned char flip : {0x01, 0x04, 0x80}) {
      std::string bad = good;
      bad[i] = static_cast<char>(bad[i] ^ flip);
      write_unsynced(path, bad);
      try {
        SafetensorsFile file(path);
        size_t total = 0;
        for (const NamedTensor& tensor : file.tensors()) total += tensor.bytes.size();
        EXPECT_EQ(total, 64u);
      } catch (const Error& error) {
        EXPECT_EQ(error.code(), Code::data);
        ++refused;
      }
    }
  }
  EXPECT_GT(refused, static_cast<int>(header));
}

TEST(TensorFolder, ShardsHoldWhatOneFileHolds) {
  TemporaryFolder one, many;
  std::vector<float> f(40);
  for (size_t i = 0; i < f.size(); ++i) f[i] = static_cast<float>(i);
  std::vector<NamedTensor> tensors = {tensor_of("c", {4}, &f[0]), tensor_of("a", {20}, &f[4]),
                                      tensor_of("b", {8}, &f[24]), tensor_of("d", {8}, &f[32])};
  write_tensor_folder(one, tensors, 1 << 20);
  write_tensor_folder(many, tensors, 64);
  EXPECT_TRUE(std::filesystem::exists(many.path() / "model-00003-of-00003.safetensors"));
  EXPECT_FALSE(std::filesystem::exists(many.path() / "model.safetensors"));
  TensorFolder left(one), right(many);
  ASSERT_EQ(left.tensors().size(), 4u);
  ASSERT_EQ(right.tensors().size(), 4u);
  for (const auto& [name, tensor] : left.tensors())
    EXPECT_EQ(tensor->bytes, right.find(name)->bytes) << name;
}

TEST(TensorFolder, IndexAndShardsMustAgree) {
  using Change = void (*)(nlohmann::json&);
  const std::pair<const char*, Change> cases[] = {
      {"has no weight_map", [](nlohmann::json& j) { j.erase("weight_map"); }},
      {"lacks the tensor 'x'",
       [](nlohmann::json& j) { j["weight_map"]["x"] = j["weight_map"]["a"]; }},
      {"'b' is in a shard, but not listed",
       [](nlohmann::json& j) {
         j["weight_map"].erase("b"), j["weight_map"]["c"] = j["weight_map"]["c"];
       }},
      {"outside the folder",
       [](nlohmann::json& j) { j["weight_map"]["a"] = "../model.safetensors"; }},
      {"outside the folder", [](nlohmann::json& j) { j["weight_map"]["a"] = "/etc/passwd"; }},
      {"no file name", [](nlohmann::json& j) { j["weight_map"]["a"] = 7; }},
      {"does not exist",
       [](nlohmann::json& j) { j["weight_map"]["a"] = "model-00009-of-00009.safetensors"; }},
  };
  std::vector<float> f(40);
  for (const auto& [what, change] : cases) {
    TemporaryFolder folder;
    write_tensor_folder(
        folder,
        {tensor_of("a", {8}, &f[0]), tensor_of("b", {4}, &f[8]), tensor_of("c", {4}, &f[12])}, 32);
    Path path = folder.path() / "model.safetensors.index.json";
    nlohmann::json index = nlohmann::json::parse(read_file(path));
    change(index);
    write_file(path, index.dump());
    Error error = error_of([&] { TensorFolder opened(folder); });
    EXPECT_THAT(error.what(), HasSubstr(what));
  }
  TemporaryFolder empty;
  EXPECT_EQ(error_of([&] { TensorFolder opened(empty); }).code(), Code::no_input);
}

}  // namespace
}  // namespace reckon
