#include "model/gguf_reader.h"

#include <algorithm>
#include <bit>
#include <limits>

#include "base/error.h"
#include "base/text.h"
#include "model/gguf_quants.h"

namespace reckon {
namespace {

static_assert(std::endian::native == std::endian::little, "GGUF files are little-endian");

// Types of metadata values, as numbered in files.
enum : uint32_t {
  kU8,
  kI8,
  kU16,
  kI16,
  kU32,
  kI32,
  kF32,
  kBool,
  kString,
  kArray,
  kU64,
  kI64,
  kF64
};
constexpr uint64_t kSizes[] = {1, 1, 2, 2, 4, 4, 4, 1, 8, 12, 8, 8, 8};  // the least of each

constexpr uint64_t kLongestKey = 65535, kLongestName = 64;
constexpr uint64_t kLeastEntry = 8 + 4 + 1, kLeastTensor = 8 + 4 + 8 + 4 + 8;
constexpr uint32_t kMostDimensions = 4;

}  // namespace

void GgufReader::fail(const std::string& what) const {
  throw Error(Code::data, place_, what,
              "the GGUF file is damaged or of a kind that is not supported; fetch it again");
}

uint32_t GgufReader::version() {
  if (all_.substr(0, 4) != "GGUF") fail("does not begin with GGUF");
  at_ = 4;
  const auto version = take<uint32_t>("its version");
  if (version != 0 && (version & 0xFFFFu) == 0) fail("is big-endian");
  if (version != 2 && version != 3) fail(cat("has version ", version, "; 2 and 3 are supported"));
  return version;
}

GgufReader::Counts GgufReader::counts() {
  Counts counts{take<uint64_t>("its counts"), take<uint64_t>("its counts")};
  if (counts.tensors > left() / kLeastTensor) fail(cat("claims ", counts.tensors, " tensors"));
  if (counts.values > left() / kLeastEntry) fail(cat("claims ", counts.values, " keys"));
  return counts;
}

std::string GgufReader::text(const std::string& what, uint64_t longest) {
  const auto length = take<uint64_t>(what.c_str());
  if (length > longest) fail(cat(what, " is ", length, " bytes long"));
  if (length > left()) fail(cat("ends inside ", what));
  std::string text(all_.substr(at_, length));
  at_ += length;
  return text;
}

int64_t GgufReader::integer(const std::string& key, uint32_t type) {
  const std::string what = cat("'", key, "'");
  switch (type) {
    case kU8:
      return take<uint8_t>(what.c_str());
    case kI8:
      return take<int8_t>(what.c_str());
    case kU16:
      return take<uint16_t>(what.c_str());
    case kI16:
      return take<int16_t>(what.c_str());
    case kU32:
      return take<uint32_t>(what.c_str());
    case kI32:
      return take<int32_t>(what.c_str());
    case kI64:
      return take<int64_t>(what.c_str());
    case kU64: {
      const auto value = take<uint64_t>(what.c_str());
      if (value > uint64_t{std::numeric_limits<int64_t>::max()})
        fail(cat("'", key, "' is ", value));
      return static_cast<int64_t>(value);
    }
    default: {
      const auto value = take<uint8_t>(what.c_str());
      if (value > 1) fail(cat("'", key, "' is ", int{value}, " where true or false must be"));
      return value;
    }
  }
}

double GgufReader::real(uint32_t type) {
  return type == kF32 ? double{take<float>("a number")} : take<double>("a number");
}

std::pair<std::string, GgufValue> GgufReader::entry() {
  std::string key = text("a key", kLongestKey);
  if (key.empty()) fail("holds a key without a name");
  const auto type = take<uint32_t>("the type of a value");
  GgufValue read = value(key, type);
  return {std::move(key), std::move(read)};
}

GgufValue GgufReader::value(const std::string& key, uint32_t type) {
  switch (type) {
    case kArray:
      return list(key);
    case kString:
      return text(cat("'", key, "'"), std::numeric_limits<uint64_t>::max());
    case kF32:
    case kF64:
      return real(type);
    case kBool:
      return integer(key, type) == 1;
    default:
      if (type > kF64) fail(cat("'", key, "' has the unknown type ", type));
      return integer(key, type);
  }
}

GgufValue GgufReader::list(const std::string& key) {
  const auto type = take<uint32_t>("the type of a list");
  const auto count = take<uint64_t>("the length of a list");
  if (type > kF64 || type == kArray) fail(cat("'", key, "' is a list of the type ", type));
  if (count > left() / kSizes[type]) fail(cat("'", key, "' claims ", count, " entries"));
  auto fill = [&](auto read) {
    std::vector<decltype(read())> entries;
    entries.reserve(count);
    for (uint64_t i = 0; i < count; ++i) entries.push_back(read());
    return entries;
  };
  if (type == kString) {
    const std::string what = cat("an entry of '", key, "'");
    return fill([&] { return text(what, std::numeric_limits<uint64_t>::max()); });
  }
  if (type == kF32 || type == kF64) return fill([&] { return real(type); });
  return fill([&] { return integer(key, type); });
}

uint64_t GgufReader::tensor(GgufTensor& tensor) {
  tensor.name = text("the name of a tensor", kLongestName);
  if (tensor.name.empty()) fail("holds a tensor without a name");
  auto refuse = [&](const std::string& what) { fail(cat("tensor '", tensor.name, "' ", what)); };
  const auto dimensions = take<uint32_t>("a tensor's shape");
  if (dimensions == 0 || dimensions > kMostDimensions)
    refuse(cat("has ", dimensions, " dimensions"));
  uint64_t elements = 1;
  for (uint32_t i = 0; i < dimensions; ++i) {
    const auto size = take<uint64_t>("a tensor's shape");
    if (size == 0) refuse("has the size 0 in its shape");
    if (size > (uint64_t{1} << 48) / elements) refuse("has a shape whose size overflows");
    elements *= size;
    tensor.shape.insert(tensor.shape.begin(), static_cast<int64_t>(size));
  }
  const auto number = take<uint32_t>("a tensor's type");
  const auto fact = gguf_type_fact(number);
  if (!fact) refuse(cat("has the type ", number, ", which is not supported"));
  tensor.type = fact->type;
  if (tensor.shape.back() % fact->block != 0) {
    refuse(cat("has rows of ", tensor.shape.back(), ", not whole blocks of ", fact->name));
  }
  return take<uint64_t>("a tensor's place");
}

void GgufReader::bind(std::vector<GgufTensor>& tensors, const std::vector<uint64_t>& offsets,
                      uint64_t alignment) const {
  if (tensors.empty()) return;
  const uint64_t begin = (at_ + alignment - 1) / alignment * alignment;
  if (begin > all_.size()) fail("ends before its data");
  const std::string_view data = all_.substr(begin);
  for (size_t i = 0; i < tensors.size(); ++i) {
    GgufTensor& tensor = tensors[i];
    auto refuse = [&](const std::string& what) { fail(cat("tensor '", tensor.name, "' ", what)); };
    const GgufTypeFact& fact = gguf_type_fact(tensor.type);
    const auto size = static_cast<uint64_t>(tensor.elements() / fact.block * fact.bytes);
    if (offsets[i] % alignment != 0) refuse(cat("lies at ", offsets[i], ", which is not aligned"));
    if (offsets[i] > data.size() || size > data.size() - offsets[i]) {
      refuse(cat("needs ", size, " bytes at ", offsets[i], " of ", data.size()));
    }
    tensor.bytes = data.substr(offsets[i], size);
  }
}

}  // namespace reckon
