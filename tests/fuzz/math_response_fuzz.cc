// The extraction: every byte string is a response. What it finds is never longer than the response
// and comes with a rule.
#include "rewards/math/extract.h"
#include "tests/fuzz/fuzz_input.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace reckon;
  std::string_view response = text_of_input(data, size);
  for (math::Mode mode : {math::Mode::strict, math::Mode::lenient}) {
    math::Extraction found = math::extract_answer(response, mode);
    const bool is_found = found.outcome == math::Extraction::Outcome::found;
    RECKON_CHECK(is_found == !found.text.empty(), "an answer without a text, or the reverse");
    RECKON_CHECK(!is_found || *found.rule != '\0', "an answer without a rule");
    RECKON_CHECK(is_found || !found.note.empty(), "no answer and no reason");
  }
  return 0;
}
