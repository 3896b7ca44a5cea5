#include <algorithm>
#include <cstring>
#include <limits>

#include "base/error.h"
#include "base/text.h"
#include "model/json_text.h"
#include "model/safetensors.h"

namespace reckon {
namespace {

constexpr uint64_t kMaxHeader = 100'000'000;  // the limit of the format's own library

// Reads the header of one file; `place` is the file, every message about a tensor names it.
class HeaderReader {
 public:
  HeaderReader(const Path& path, std::string_view bytes) : place_(path.string()), bytes_(bytes) {}

  nlohmann::json header() {
    uint64_t length = 0;
    if (bytes_.size() < sizeof length) fail("", "is shorter than its header's length field");
    std::memcpy(&length, bytes_.data(), sizeof length);
    if (length > kMaxHeader) fail("", cat("claims a header of ", length, " bytes"));
    if (length > bytes_.size() - sizeof length) fail("", "ends inside its header");
    nlohmann::json header = parse_json(bytes_.substr(sizeof length, length), place_);
    if (!header.is_object()) fail("", "has a header that is not an object");
    data_ = bytes_.substr(sizeof length + length);
    return header;
  }

  NamedTensor tensor(const std::string& name, const nlohmann::json& entry) const {
    if (!entry.is_object()) fail(name, "is not described by an object");
    NamedTensor tensor{name, type_of(name, entry), shape_of(name, entry), {}};
    uint64_t begin = 0, end = 0;
    offsets_of(name, entry, begin, end);
    uint64_t size = tensor_type_size(tensor.type);
    for (int64_t dim : tensor.shape) {
      if (dim != 0 && size > std::numeric_limits<uint64_t>::max() / static_cast<uint64_t>(dim)) {
        fail(name, "has a shape whose size overflows");
      }
      size *= static_cast<uint64_t>(dim);
    }
    if (size != end - begin)
      fail(name, cat("has ", end - begin, " bytes, but its type and shape need ", size));
    tensor.bytes = data_.substr(begin, end - begin);
    return tensor;
  }

  // The tensors cover the data without holes and without sharing: anything else could hide bytes or
  // alias weights.
  void check_cover(const std::vector<NamedTensor>& in_file_order) const {
    const char* next = data_.data();
    for (const NamedTensor& tensor : in_file_order) {
      if (tensor.bytes.data() < next) fail(tensor.name, "overlaps another tensor");
      if (tensor.bytes.data() > next)
        fail(tensor.name, "lies behind bytes that belong to no tensor");
      next += tensor.bytes.size();
    }
    if (next != data_.data() + data_.size()) fail("", "has bytes behind its last tensor");
  }

  std::map<std::string, std::string> metadata(const nlohmann::json& entry) const {
    std::map<std::string, std::string> result;
    if (!entry.is_object()) fail(kSafetensorsMetadata, "is not an object");
    for (const auto& [key, value] : entry.items()) {
      if (!value.is_string())
        fail(kSafetensorsMetadata, cat("holds '", key, "', which is not text"));
      result[key] = value.get<std::string>();
    }
    return result;
  }

 private:
  [[noreturn]] void fail(const std::string& tensor, const std::string& what) const {
    throw Error(Code::data, place_, tensor.empty() ? what : cat("tensor '", tensor, "' ", what),
                "the safetensors file is damaged or was written wrongly; fetch or export it again");
  }

  const nlohmann::json& field(const std::string& name, const nlohmann::json& entry,
                              const char* key) const {
    if (!entry.contains(key)) fail(name, cat("has no '", key, "'"));
    return entry[key];
  }

  TensorType type_of(const std::string& name, const nlohmann::json& entry) const {
    const nlohmann::json& value = field(name, entry, "dtype");
    if (!value.is_string()) fail(name, "has a dtype that is not text");
    auto type = tensor_type_named(value.get<std::string>());
    if (!type) fail(name, cat("has the unknown dtype '", value.get<std::string>(), "'"));
    return *type;
  }

  std::vector<int64_t> shape_of(const std::string& name, const nlohmann::json& entry) const {
    const nlohmann::json& value = field(name, entry, "shape");
    if (!value.is_array()) fail(name, "has a shape that is not a list");
    std::vector<int64_t> shape;
    for (const nlohmann::json& dim : value) {
      if (!dim.is_number_unsigned() || dim.get<uint64_t>() > uint64_t{1} << 62) {
        fail(name, cat("has the size ", dim.dump(), " in its shape"));
      }
      shape.push_back(dim.get<int64_t>());
    }
    return shape;
  }

  void offsets_of(const std::string& name, const nlohmann::json& entry, uint64_t& begin,
                  uint64_t& end) const {
    const nlohmann::json& value = field(name, entry, "data_offsets");
    if (!value.is_array() || value.size() != 2 || !value[0].is_number_unsigned() ||
        !value[1].is_number_unsigned()) {
      fail(name, "has data_offsets that are not two whole numbers");
    }
    begin = value[0].get<uint64_t>();
    end = value[1].get<uint64_t>();
    if (begin > end) fail(name, "ends before it begins");
    if (end > data_.size()) fail(name, cat("ends at byte ", end, " of ", data_.size()));
  }

  std::string place_;
  std::string_view bytes_, data_;
};

}  // namespace

SafetensorsFile::SafetensorsFile(const Path& path) : path_(path), map_(path) {
  HeaderReader reader(path, map_.bytes());
  const nlohmann::json header = reader.header();
  for (const auto& [name, entry] : header.items()) {
    if (name == kSafetensorsMetadata) {
      metadata_ = reader.metadata(entry);
    } else {
      tensors_.push_back(reader.tensor(name, entry));
    }
  }
  auto position = [](const NamedTensor& t) { return std::pair(t.bytes.data(), t.bytes.size()); };
  std::stable_sort(
      tensors_.begin(), tensors_.end(),
      [&](const NamedTensor& a, const NamedTensor& b) { return position(a) < position(b); });
  reader.check_cover(tensors_);
  for (size_t i = 0; i < tensors_.size(); ++i) index_[tensors_[i].name] = i;
}

const NamedTensor* SafetensorsFile::find(const std::string& name) const {
  auto found = index_.find(name);
  return found == index_.end() ? nullptr : &tensors_[found->second];
}

const NamedTensor& SafetensorsFile::at(const std::string& name) const {
  if (const NamedTensor* tensor = find(name)) return *tensor;
  throw Error(Code::data, path_.string(), cat("has no tensor '", name, "'"),
              "the file is not what its name says");
}

}  // namespace reckon
