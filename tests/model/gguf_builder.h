// Builds the bytes of GGUF files for tests, well-formed or not.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace reckon {

template <class T>
std::string raw(T value) {
  return {reinterpret_cast<const char*>(&value), sizeof value};
}

inline std::string gguf_text(const std::string& text) { return raw(uint64_t{text.size()}) + text; }

// The pieces can be replaced by hostile ones before bytes() is called.
struct GgufBuilder {
  uint32_t version = 3;
  std::vector<std::string> entries;
  std::vector<std::string> infos;
  std::string data;
  size_t alignment = 32;
  int64_t more_tensors = 0, more_entries = 0;  // claimed beyond what is there

  template <class T>
  GgufBuilder& value(const std::string& key, uint32_t type, T v) {
    entries.push_back(gguf_text(key) + raw(type) + raw(v));
    return *this;
  }
  GgufBuilder& integer(const std::string& key, uint32_t v) { return value(key, 4, v); }
  GgufBuilder& real(const std::string& key, float v) { return value(key, 6, v); }
  GgufBuilder& text(const std::string& key, const std::string& v) {
    entries.push_back(gguf_text(key) + raw(uint32_t{8}) + gguf_text(v));
    return *this;
  }
  GgufBuilder& list(const std::string& key, uint32_t type, uint64_t count,
                    const std::string& bytes) {
    entries.push_back(gguf_text(key) + raw(uint32_t{9}) + raw(type) + raw(count) + bytes);
    return *this;
  }
  GgufBuilder& texts(const std::string& key, const std::vector<std::string>& all) {
    std::string bytes;
    for (const std::string& each : all) bytes += gguf_text(each);
    return list(key, 8, all.size(), bytes);
  }
  // `sizes` innermost first, as in files.
  GgufBuilder& info(const std::string& name, const std::vector<uint64_t>& sizes, uint32_t type,
                    uint64_t offset) {
    std::string bytes = gguf_text(name) + raw(static_cast<uint32_t>(sizes.size()));
    for (uint64_t size : sizes) bytes += raw(size);
    infos.push_back(bytes + raw(type) + raw(offset));
    return *this;
  }
  GgufBuilder& tensor(const std::string& name, const std::vector<uint64_t>& sizes, uint32_t type,
                      const std::string& bytes) {
    data.resize((data.size() + alignment - 1) / alignment * alignment);
    info(name, sizes, type, data.size());
    data += bytes;
    return *this;
  }

  std::string bytes() const {
    std::string file = "GGUF" + raw(version);
    file += raw(static_cast<uint64_t>(static_cast<int64_t>(infos.size()) + more_tensors));
    file += raw(static_cast<uint64_t>(static_cast<int64_t>(entries.size()) + more_entries));
    for (const std::string& entry : entries) file += entry;
    for (const std::string& each : infos) file += each;
    if (!infos.empty()) file.resize((file.size() + alignment - 1) / alignment * alignment);
    return file + data;
  }
};

}  // namespace reckon
