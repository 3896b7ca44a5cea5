// One GGUF file: the header and its tensors, then the model and the tokenizer that it describes.
#include <vector>

#include "model/gguf.h"
#include "model/gguf_model.h"
#include "model/gguf_quants.h"
#include "model/gguf_tokenizer.h"
#include "model/weights.h"
#include "tests/fuzz/fuzz_input.h"

namespace reckon {
namespace {

void use(const GgufFile& file) {
  for (const GgufTensor& tensor : file.tensors()) {
    std::vector<float> values(static_cast<size_t>(tensor.elements()));
    dequantise(tensor, values.data());
  }
  refusal_is_well([&] {
    const ModelSpec spec = gguf_spec(file);
    const std::vector<float> masters = gguf_masters(file, spec);
    RECKON_CHECK(static_cast<int64_t>(masters.size()) >= spec.parameter_count(),
                 "a model has fewer weights than parameters");
  });
  refusal_is_well([&] {
    auto tokenizer = gguf_tokenizer(read_vocabulary(file), file.path().string());
    for (int32_t id : tokenizer->encode_with_specials("A small test: 12 + 30.\n"))
      RECKON_CHECK(id >= 0 && id < tokenizer->vocab_size(), "an id is out of range");
  });
}

}  // namespace
}  // namespace reckon

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace reckon;
  const InputFile input(text_of_input(data, size));
  refusal_is_well([&] { use(GgufFile(input.path())); });
  return 0;
}
