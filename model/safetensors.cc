#include "model/safetensors.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstring>
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "base/text.h"

namespace reckon {
namespace {

static_assert(std::endian::native == std::endian::little, "safetensors files are little-endian");

struct TypeFact {
  TensorType type;
  const char* name;
  size_t size;
};
constexpr std::array<TypeFact, 15> kTypes = {{{TensorType::f64, "F64", 8},
                                              {TensorType::f32, "F32", 4},
                                              {TensorType::f16, "F16", 2},
                                              {TensorType::bf16, "BF16", 2},
                                              {TensorType::f8_e4m3, "F8_E4M3", 1},
                                              {TensorType::f8_e5m2, "F8_E5M2", 1},
                                              {TensorType::i64, "I64", 8},
                                              {TensorType::i32, "I32", 4},
                                              {TensorType::i16, "I16", 2},
                                              {TensorType::i8, "I8", 1},
                                              {TensorType::u64, "U64", 8},
                                              {TensorType::u32, "U32", 4},
                                              {TensorType::u16, "U16", 2},
                                              {TensorType::u8, "U8", 1},
                                              {TensorType::boolean, "BOOL", 1}}};

const TypeFact& fact(TensorType type) {
  return *std::find_if(kTypes.begin(), kTypes.end(),
                       [&](const TypeFact& f) { return f.type == type; });
}

template <class Narrow>
std::string narrow_all(const std::vector<float>& values, Narrow narrow) {
  std::string bytes(values.size() * sizeof(uint16_t), '\0');
  for (size_t i = 0; i < values.size(); ++i) {
    const uint16_t bits = narrow(values[i]);
    std::memcpy(bytes.data() + i * sizeof bits, &bits, sizeof bits);
  }
  return bytes;
}

template <class Bits, class Widen>
void widen_all(std::string_view bytes, float* out, Widen widen) {
  for (size_t i = 0; i < bytes.size() / sizeof(Bits); ++i) {
    Bits bits;
    std::memcpy(&bits, bytes.data() + i * sizeof bits, sizeof bits);
    out[i] = widen(bits);
  }
}

}  // namespace

float widen_half(uint16_t half) {
  uint32_t sign = uint32_t{half & 0x8000u} << 16, exponent = half >> 10 & 0x1F,
           fraction = half & 0x3FF;
  if (exponent == 0x1F) return std::bit_cast<float>(sign | 0x7F800000u | fraction << 13);
  float magnitude = exponent == 0 ? std::ldexp(static_cast<float>(fraction), -24)
                                  : std::bit_cast<float>((exponent + 112) << 23 | fraction << 13);
  return std::bit_cast<float>(sign | std::bit_cast<uint32_t>(magnitude));
}

uint16_t narrow_half(float value) {
  constexpr uint32_t kInfinite = 0x7F800000u, kOverflow = 0x477FF000u, kNormal = 0x38800000u;
  const uint32_t bits = std::bit_cast<uint32_t>(value), magnitude = bits & 0x7FFFFFFFu;
  const uint32_t sign = bits >> 16 & 0x8000u;
  uint32_t half;
  if (magnitude > kInfinite) {
    const uint32_t payload = magnitude >> 13 & 0x3FFu;
    half = 0x7C00u | (payload == 0 ? 0x200u : payload);
  } else if (magnitude >= kOverflow) {
    half = 0x7C00u;
  } else if (magnitude < kNormal) {  // counts of 2^-24
    half = static_cast<uint32_t>(std::nearbyint(std::ldexp(std::bit_cast<float>(magnitude), 24)));
  } else {
    half = (magnitude - 0x38000000u + 0xFFFu + (magnitude >> 13 & 1)) >> 13;
  }
  return static_cast<uint16_t>(sign | half);
}

size_t tensor_type_size(TensorType type) { return fact(type).size; }
const char* tensor_type_name(TensorType type) { return fact(type).name; }
std::optional<TensorType> tensor_type_named(std::string_view name) {
  auto found =
      std::find_if(kTypes.begin(), kTypes.end(), [&](const TypeFact& f) { return f.name == name; });
  return found == kTypes.end() ? std::nullopt : std::optional(found->type);
}

TensorType tensor_type(DType dtype) {
  return dtype == DType::f32 ? TensorType::f32 : TensorType::bf16;
}

int64_t NamedTensor::elements() const {
  return static_cast<int64_t>(bytes.size() / tensor_type_size(type));
}

namespace {

template <class T>
NamedTensor view_of(std::string name, TensorType type, std::vector<int64_t> shape, const T* data) {
  size_t count = 1;
  for (int64_t dim : shape) count *= static_cast<size_t>(dim);
  return {std::move(name),
          type,
          std::move(shape),
          {reinterpret_cast<const char*>(data), count * sizeof(T)}};
}

}  // namespace

NamedTensor tensor_of(std::string name, std::vector<int64_t> shape, const float* data) {
  return view_of(std::move(name), TensorType::f32, std::move(shape), data);
}

NamedTensor tensor_of(std::string name, std::vector<int64_t> shape, const int64_t* data) {
  return view_of(std::move(name), TensorType::i64, std::move(shape), data);
}

void write_safetensors(const Path& path, std::vector<NamedTensor> tensors,
                       const std::map<std::string, std::string>& metadata) {
  // Wider types first keeps every tensor aligned to its own width.
  std::stable_sort(tensors.begin(), tensors.end(), [](const NamedTensor& a, const NamedTensor& b) {
    return tensor_type_size(a.type) > tensor_type_size(b.type);
  });
  nlohmann::ordered_json header;
  header[kSafetensorsMetadata] = {{"format", "pt"}};
  for (const auto& [key, value] : metadata) header[kSafetensorsMetadata][key] = value;
  std::vector<std::string_view> pieces(2);
  uint64_t offset = 0;
  for (const NamedTensor& tensor : tensors) {
    uint64_t size = tensor_type_size(tensor.type);
    for (int64_t dim : tensor.shape) size *= static_cast<uint64_t>(dim);
    RECKON_CHECK(size == tensor.bytes.size(),
                 cat("'", tensor.name, "' has bytes that do not fit its shape"));
    RECKON_CHECK(!header.contains(tensor.name), cat("'", tensor.name, "' is written twice"));
    header[tensor.name] = {{"dtype", tensor_type_name(tensor.type)},
                           {"shape", tensor.shape},
                           {"data_offsets", {offset, offset + size}}};
    offset += size;
    pieces.push_back(tensor.bytes);
  }
  std::string text = header.dump();
  text.append((8 - text.size() % 8) % 8, ' ');
  uint64_t length = text.size();
  pieces[0] = {reinterpret_cast<const char*>(&length), sizeof length};
  pieces[1] = text;
  write_file(path, pieces);
}

void read_floats(const NamedTensor& tensor, float* out) {
  if (tensor.bytes.empty()) return;
  switch (tensor.type) {
    case TensorType::f32:
      std::memcpy(out, tensor.bytes.data(), tensor.bytes.size());
      return;
    case TensorType::bf16:
      widen_all<uint16_t>(tensor.bytes, out, [](uint16_t bits) { return to_float(bf16{bits}); });
      return;
    case TensorType::f16:
      widen_all<uint16_t>(tensor.bytes, out, widen_half);
      return;
    default:
      throw Error(Code::data, cat("tensor '", tensor.name, "'"),
                  cat("is stored as ", tensor_type_name(tensor.type)),
                  "weights are read from F32, BF16 and F16");
  }
}

std::string retyped(const NamedTensor& tensor, TensorType type) {
  std::vector<float> values(static_cast<size_t>(tensor.elements()));
  read_floats(tensor, values.data());
  if (type == TensorType::f16) return narrow_all(values, narrow_half);
  if (type == TensorType::bf16)
    return narrow_all(values, [](float value) { return from_float<bf16>(value).bits; });
  RECKON_CHECK(type == TensorType::f32, "weights are stored as F32, BF16 and F16");
  return {reinterpret_cast<const char*>(values.data()), values.size() * sizeof(float)};
}

}  // namespace reckon
