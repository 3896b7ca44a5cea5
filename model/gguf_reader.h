// The header of a GGUF file, read piece by piece in its order; each piece is checked against the
// bytes that are left before anything is taken for it.
#pragma once

#include <cstring>
#include <utility>

#include "model/gguf.h"

namespace reckon {

class GgufReader {
 public:
  GgufReader(const Path& path, std::string_view bytes) : place_(path.string()), all_(bytes) {}

  struct Counts {
    uint64_t tensors, values;
  };
  uint32_t version();  // after the magic number
  Counts counts();
  std::pair<std::string, GgufValue> entry();
  uint64_t tensor(GgufTensor& tensor);  // fills all but the bytes; gives the offset of the data
  // Behind the last tensor's description: gives each tensor its bytes of the data section.
  void bind(std::vector<GgufTensor>& tensors, const std::vector<uint64_t>& offsets,
            uint64_t alignment) const;
  [[noreturn]] void fail(const std::string& what) const;

 private:
  template <class T>
  T take(const char* what) {
    if (left() < sizeof(T)) fail(std::string("ends inside ") + what);
    T value;
    std::memcpy(&value, all_.data() + at_, sizeof value);
    at_ += sizeof value;
    return value;
  }
  uint64_t left() const { return all_.size() - at_; }
  std::string text(const std::string& what, uint64_t longest);
  GgufValue value(const std::string& key, uint32_t type);
  GgufValue list(const std::string& key);
  int64_t integer(const std::string& key, uint32_t type);
  double real(uint32_t type);

  std::string place_;
  std::string_view all_;
  size_t at_ = 0;
};

}  // namespace reckon
