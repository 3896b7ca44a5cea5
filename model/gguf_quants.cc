#include "model/gguf_quants.h"

#include <algorithm>
#include <array>
#include <cstring>

#include "base/error.h"
#include "kernels/types.h"
#include "model/safetensors.h"

namespace reckon {
namespace {

constexpr std::array<GgufTypeFact, 9> kFacts = {{{GgufType::f32, "F32", 1, 4},
                                                 {GgufType::f16, "F16", 1, 2},
                                                 {GgufType::bf16, "BF16", 1, 2},
                                                 {GgufType::q8_0, "Q8_0", 32, 34},
                                                 {GgufType::q4_0, "Q4_0", 32, 18},
                                                 {GgufType::q4_1, "Q4_1", 32, 20},
                                                 {GgufType::q5_0, "Q5_0", 32, 22},
                                                 {GgufType::q4_k, "Q4_K", 256, 144},
                                                 {GgufType::q6_k, "Q6_K", 256, 210}}};

template <class T>
T load(const uint8_t* at) {
  T value;
  std::memcpy(&value, at, sizeof value);
  return value;
}

float half(const uint8_t* at) { return widen_half(load<uint16_t>(at)); }

// One block each. The low nibbles of 16 bytes are elements 0 to 15, the high ones 16 to 31.
void block_q4_0(const uint8_t* b, float* out) {
  const float d = half(b);
  for (int i = 0; i < 16; ++i) {
    out[i] = d * static_cast<float>((b[2 + i] & 15) - 8);
    out[i + 16] = d * static_cast<float>((b[2 + i] >> 4) - 8);
  }
}

void block_q4_1(const uint8_t* b, float* out) {
  const float d = half(b), m = half(b + 2);
  for (int i = 0; i < 16; ++i) {
    out[i] = d * static_cast<float>(b[4 + i] & 15) + m;
    out[i + 16] = d * static_cast<float>(b[4 + i] >> 4) + m;
  }
}

void block_q5_0(const uint8_t* b, float* out) {
  const float d = half(b);
  const auto fifth = load<uint32_t>(b + 2);
  for (int i = 0; i < 16; ++i) {
    const auto low = static_cast<int>((b[6 + i] & 15u) | (fifth >> i & 1u) << 4);
    const auto high = static_cast<int>((b[6 + i] >> 4) | (fifth >> (i + 16) & 1u) << 4);
    out[i] = d * static_cast<float>(low - 16);
    out[i + 16] = d * static_cast<float>(high - 16);
  }
}

void block_q8_0(const uint8_t* b, float* out) {
  const float d = half(b);
  for (int i = 0; i < 32; ++i) out[i] = d * static_cast<float>(load<int8_t>(b + 2 + i));
}

// Eight sub-blocks of 32, each with its 6-bit scale and minimum in 12 shared bytes.
void block_q4_k(const uint8_t* b, float* out) {
  const float d = half(b), dmin = half(b + 2);
  const uint8_t *packed = b + 4, *nibbles = b + 16;
  for (int sub = 0; sub < 8; ++sub) {
    int scale, minimum;
    if (sub < 4) {
      scale = packed[sub] & 63;
      minimum = packed[sub + 4] & 63;
    } else {
      scale = (packed[sub + 4] & 15) | (packed[sub - 4] >> 6) << 4;
      minimum = (packed[sub + 4] >> 4) | (packed[sub] >> 6) << 4;
    }
    const float step = d * static_cast<float>(scale), low = dmin * static_cast<float>(minimum);
    const uint8_t* q = nibbles + sub / 2 * 32;  // low nibbles: even sub-blocks
    for (int i = 0; i < 32; ++i) {
      const int value = sub % 2 == 0 ? q[i] & 15 : q[i] >> 4;
      out[sub * 32 + i] = step * static_cast<float>(value) - low;
    }
  }
}

// Two halves of 128 in four strides of 32: four low bits in nibbles, two high bits apart, a scale
// for every 16.
void block_q6_k(const uint8_t* b, float* out) {
  const float d = half(b + 208);
  for (int part = 0; part < 2; ++part) {
    const uint8_t *low = b + part * 64, *high = b + 128 + part * 32, *scales = b + 192 + part * 8;
    for (int stride = 0; stride < 4; ++stride) {
      for (int i = 0; i < 32; ++i) {
        const uint8_t nibbles = low[stride % 2 * 32 + i];
        const int value = (stride < 2 ? nibbles & 15 : nibbles >> 4) | (high[i] >> (2 * stride) & 3)
                                                                           << 4;
        const auto scale = static_cast<float>(load<int8_t>(scales + stride * 2 + i / 16));
        out[part * 128 + stride * 32 + i] = d * scale * static_cast<float>(value - 32);
      }
    }
  }
}

void block(GgufType type, const uint8_t* b, float* out) {
  switch (type) {
    case GgufType::f32:
      *out = load<float>(b);
      return;
    case GgufType::f16:
      *out = half(b);
      return;
    case GgufType::bf16:
      *out = to_float(bf16{load<uint16_t>(b)});
      return;
    case GgufType::q4_0:
      return block_q4_0(b, out);
    case GgufType::q4_1:
      return block_q4_1(b, out);
    case GgufType::q5_0:
      return block_q5_0(b, out);
    case GgufType::q8_0:
      return block_q8_0(b, out);
    case GgufType::q4_k:
      return block_q4_k(b, out);
    case GgufType::q6_k:
      return block_q6_k(b, out);
  }
}

}  // namespace

std::optional<GgufTypeFact> gguf_type_fact(uint32_t number) {
  for (const GgufTypeFact& fact : kFacts) {
    if (static_cast<uint32_t>(fact.type) == number) return fact;
  }
  return std::nullopt;
}

const GgufTypeFact& gguf_type_fact(GgufType type) {
  return *std::find_if(kFacts.begin(), kFacts.end(),
                       [&](const GgufTypeFact& fact) { return fact.type == type; });
}

void dequantise(const GgufTensor& tensor, int64_t first, int64_t count, float* out) {
  const GgufTypeFact& fact = gguf_type_fact(tensor.type);
  RECKON_CHECK(first % fact.block == 0 && count % fact.block == 0, "not whole blocks");
  RECKON_CHECK(first >= 0 && count >= 0 && first + count <= tensor.elements(), "not in the tensor");
  const auto* b = reinterpret_cast<const uint8_t*>(tensor.bytes.data());
  for (int64_t i = 0; i < count; i += fact.block)
    block(tensor.type, b + (first + i) / fact.block * fact.bytes, out + i);
}

}  // namespace reckon
