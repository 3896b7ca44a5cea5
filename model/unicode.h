// UTF-8 and the Unicode facts that tokenizers need: validity, character classes, normal forms, and
// GPT-2's printable stand-ins for bytes. Pure functions, thread-safe.
//
//   size_t n = valid_prefix(text);        // bytes up to the first that is not UTF-8
//   std::string c = normal_form("e\u0301", NormalForm::nfc);  // "\u00e9"
#pragma once

#include <array>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace reckon {

struct Character {
  char32_t code = 0;
  size_t size = 0;  // bytes; 0: what stands there is not UTF-8
};

Character character_at(std::string_view text, size_t at);
// The character that ends at `end`, in text that is UTF-8 up to there.
Character character_before(std::string_view text, size_t end);

size_t valid_prefix(std::string_view text);
// Length of `text` without an unfinished character at its end, which more bytes could complete.
// Bytes that nothing can complete count as finished.
size_t finished_prefix(std::string_view text);

bool is_space(char32_t code);        // White_Space
bool is_numeric(char32_t code);      // N
bool is_punctuation(char32_t code);  // P, or any sign of ASCII
bool is_word(char32_t code);         // letters, marks, digits, connectors

enum class NormalForm { nfc, nfd, nfkc, nfkd };
std::string normal_form(std::string_view valid, NormalForm form);

// The character, as UTF-8, that stands for each byte in a byte-level vocabulary.
const std::array<std::string, 256>& byte_characters();
// The bytes that such characters stand for, or nothing when one of them stands for none.
std::optional<std::string> bytes_of_characters(std::string_view text);

}  // namespace reckon
