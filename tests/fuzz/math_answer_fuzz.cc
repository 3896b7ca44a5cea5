// The parser and the comparison: the input up to its first line end is the gold answer, the rest
// the prediction. A text is never different from itself (of a gold solution only what follows ####
// counts).
#include "rewards/math/verify.h"
#include "tests/fuzz/fuzz_input.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace reckon;
  std::string_view text = text_of_input(data, size);
  const size_t end = text.find('\n');
  std::string_view gold = text.substr(0, end);
  std::string_view prediction = end == std::string_view::npos ? gold : text.substr(end + 1);
  for (math::Mode mode : {math::Mode::strict, math::Mode::lenient}) {
    math::verify_answer(gold, prediction, mode);
    if (gold.find("####") != std::string_view::npos) continue;
    const bool differs = math::verify_answer(gold, gold, mode).verdict == math::Verdict::different;
    RECKON_CHECK(!differs, "a text differs from itself");
  }
  return 0;
}
