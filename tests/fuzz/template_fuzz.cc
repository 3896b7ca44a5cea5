// A chat template, rendered for conversations that reach its usual branches. The limits are smaller
// than those of a run so that more inputs are tried.
#include "model/chat_template.h"
#include "tests/fuzz/fuzz_input.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace reckon;
  refusal_is_well([&] {
    const auto chat = ChatTemplate::from_text(text_of_input(data, size), "input");
    ChatOptions options{.enable_thinking = false,
                        .date = "2024-07-26",
                        .tokens = {{"bos_token", "<s>"}, {"eos_token", "</s>"}},
                        .limits = {.steps = 200000, .output = 1 << 20}};
    refusal_is_well([&] { chat.render({{"user", "What is 2 + 3?"}}, options); });
    options.enable_thinking = true;
    options.add_generation_prompt = false;
    refusal_is_well([&] {
      chat.render({{"system", "Be brief."},
                   {"user", "  2 + 3?\n"},
                   {"assistant", "<think>\n2 + 3\n</think>\n\n5", {{"thinking", "2 + 3"}}},
                   {"user", "\u4e2d\u00e9"}},
                  options);
    });
  });
  return 0;
}
