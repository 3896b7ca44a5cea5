// A tokenizer.json, and behind a zero byte a text to encode with it.
#include "model/json_text.h"
#include "model/text_tokenizer.h"
#include "model/tokenizer_json.h"
#include "tests/fuzz/fuzz_input.h"

namespace reckon {
namespace {

void use(const Tokenizer& tokenizer, std::string_view text) {
  for (bool specials : {false, true}) {
    const auto ids = specials ? tokenizer.encode_with_specials(text) : tokenizer.encode(text);
    StreamDecoder stream(tokenizer);
    std::string streamed;
    for (int32_t id : ids) {
      RECKON_CHECK(id >= 0 && id < tokenizer.vocab_size(), "an id is out of range");
      tokenizer.token_text(id);
      streamed += stream.push(id);
    }
    streamed += stream.finish();
    RECKON_CHECK(streamed == tokenizer.decode(ids), "a stream decodes to another text");
  }
}

}  // namespace
}  // namespace reckon

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace reckon;
  const std::string_view all = text_of_input(data, size), json = all.substr(0, all.find('\0'));
  const std::string_view text =
      json.size() < all.size() ? all.substr(json.size() + 1) : "It's 12 + 30, \u00e9\u4e2d \n\n x";
  refusal_is_well([&] {
    TextTokenizerParts parts = read_tokenizer_json(parse_json(json, "input"), "input");
    if (parts.names.empty()) return;
    use(TextTokenizer(std::move(parts)), text);
  });
  return 0;
}
