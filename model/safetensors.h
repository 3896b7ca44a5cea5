// safetensors files: named tensors as raw little-endian bytes behind a JSON header
// (docs/checkpoint.md). One file here; model/tensor_folder.h has the sharded form. Reading maps the
// file and trusts nothing in it; any flaw is Error(data) that names the tensor. Writing gives the
// same bytes for the same tensors.
//
//   write_safetensors(dir / "optimizer.safetensors", {tensor_of("m", {n}, m.data()), tensor_of("v",
//   {n}, v.data())}); SafetensorsFile file(dir / "optimizer.safetensors");
//   read_floats(file.at("m"), m.data());         // F32, BF16 or F16, widened exactly
//
// An open file is immutable and thread-safe.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/file.h"
#include "kernels/types.h"

namespace reckon {

enum class TensorType {
  f64,
  f32,
  f16,
  bf16,
  f8_e4m3,
  f8_e5m2,
  i64,
  i32,
  i16,
  i8,
  u64,
  u32,
  u16,
  u8,
  boolean
};

size_t tensor_type_size(TensorType type);
const char* tensor_type_name(TensorType type);  // as in files: "F32", "BF16" ...
std::optional<TensorType> tensor_type_named(std::string_view name);
TensorType tensor_type(DType dtype);

constexpr char kSafetensorsMetadata[] =
    "__metadata__";  // the one entry of a header that is no tensor

// A tensor in memory that belongs to somebody else: the caller when writing, the open file when
// reading.
struct NamedTensor {
  std::string name;
  TensorType type = TensorType::f32;
  std::vector<int64_t> shape;
  std::string_view bytes;  // row-major; in a file not necessarily aligned
  int64_t elements() const;
};

// Views of contiguous arrays for writing.
NamedTensor tensor_of(std::string name, std::vector<int64_t> shape, const float* data);
NamedTensor tensor_of(std::string name, std::vector<int64_t> shape, const int64_t* data);

// Writes `tensors` with write_file; order in the file: wider types first, else as given. `metadata`
// joins {"format":"pt"}.
void write_safetensors(const Path& path, std::vector<NamedTensor> tensors,
                       const std::map<std::string, std::string>& metadata = {});

class SafetensorsFile {
 public:
  explicit SafetensorsFile(const Path& path);
  const Path& path() const { return path_; }
  const std::vector<NamedTensor>& tensors() const { return tensors_; }  // in file order
  const std::map<std::string, std::string>& metadata() const { return metadata_; }
  const NamedTensor* find(const std::string& name) const;
  const NamedTensor& at(const std::string& name) const;  // Error(data) when there is none

 private:
  Path path_;
  MappedFile map_;
  std::vector<NamedTensor> tensors_;
  std::map<std::string, std::string> metadata_;
  std::map<std::string, size_t> index_;
};

// All elements as fp32; the tensor is F32, BF16 or F16. Error(data) that names the tensor
// otherwise.
void read_floats(const NamedTensor& tensor, float* out);

float widen_half(uint16_t half);    // exact
uint16_t narrow_half(float value);  // to nearest, ties to even; a NaN stays a NaN

// The bytes of such a tensor in another of these types, rounded to nearest, ties to even.
std::string retyped(const NamedTensor& tensor, TensorType type);

}  // namespace reckon
