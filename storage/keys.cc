#include "storage/keys.h"

#include "base/error.h"

namespace reckon {
namespace {

template <class T>
void append(std::string& out, T value) {
  for (int shift = 8 * (sizeof(T) - 1); shift >= 0; shift -= 8)
    out += static_cast<char>(value >> shift & 0xff);
}

template <class T>
T take(std::string_view& bytes) {
  T value = 0;
  for (size_t i = 0; i < sizeof(T); ++i)
    value = static_cast<T>(value << 8 | static_cast<unsigned char>(bytes[i]));
  bytes.remove_prefix(sizeof(T));
  return value;
}

}  // namespace

std::string encode(PhaseId phase) {
  std::string out;
  append(out, phase.value);
  return out;
}

std::string encode(const GroupKey& key) {
  std::string out = encode(key.phase);
  append(out, key.draw.value);
  append(out, key.version.value);
  return out;
}

std::string encode(const SampleKey& key) {
  std::string out = encode(key.group);
  append(out, key.sample.value);
  return out;
}

std::string body_key(const SampleKey& key, uint32_t chunk) {
  std::string out = encode(key);
  append(out, chunk);
  return out;
}

std::string column_key(const SampleKey& key, std::string_view name) {
  return encode(key).append(name);
}

std::string dead_key(const SampleKey& key, uint64_t ordinal) {
  std::string out = encode(key);
  append(out, ordinal);
  return out;
}

std::string ledger_key(Step step) {
  std::string out;
  append(out, step.value);
  return out;
}

SampleKey decode_sample_key(std::string_view key) {
  if (key.size() < 24) {
    throw Error(Code::store_corrupt, "", "a key of the store is too short",
                "restore the store from a backup");
  }
  SampleKey out;
  out.group.phase.value = take<uint32_t>(key);
  out.group.draw.value = take<uint64_t>(key);
  out.group.version.value = take<uint64_t>(key);
  out.sample.value = take<uint32_t>(key);
  return out;
}

}  // namespace reckon
