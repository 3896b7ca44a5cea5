// One safetensors file: opened, and every tensor of weights read and narrowed.
#include <vector>

#include "model/safetensors.h"
#include "tests/fuzz/fuzz_input.h"

namespace reckon {
namespace {

void read_all(const SafetensorsFile& file) {
  for (const NamedTensor& tensor : file.tensors()) {
    RECKON_CHECK(file.find(tensor.name) == &tensor, "a tensor is not found by its name");
    refusal_is_well([&] {
      std::vector<float> values(static_cast<size_t>(tensor.elements()));
      read_floats(tensor, values.data());
      for (TensorType type : {TensorType::bf16, TensorType::f16}) {
        const std::string bytes = retyped(tensor, type);
        RECKON_CHECK(bytes.size() == values.size() * 2, "a narrowed tensor has another size");
      }
    });
  }
}

}  // namespace
}  // namespace reckon

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace reckon;
  const InputFile input(text_of_input(data, size));
  refusal_is_well([&] { read_all(SafetensorsFile(input.path())); });
  return 0;
}
