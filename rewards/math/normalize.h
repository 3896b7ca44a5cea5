// Spelling mended before the answer is read: unicode mathematics to its LaTeX, full-width digits,
// superscripts, invisible characters; then what wraps an answer taken off ($..$, \boxed{..},
// **..**, a full stop). One pass; thread-safe.
//
//   mend_characters("x² ≤ ½").text    // "x^{2} \\le \\frac{1}{2}"
//   strip_wrapping("$\\boxed{73}$.")  // "73"
#pragma once

#include <string>
#include <string_view>

namespace reckon::math {

struct Mended {
  std::string text;
  bool clean = true;  // false: control characters or invalid UTF-8 (replaced by '?')
};
Mended mend_characters(std::string_view answer);

std::string_view strip_wrapping(std::string_view answer);

// The next code point of valid UTF-8 and its length; length 0 where the bytes are not valid.
struct CodePoint {
  char32_t value = 0;
  size_t length = 0;
};
CodePoint decode_utf8(std::string_view text);

// What stands for a code point beyond ASCII, or nullptr: the table of normalize_table.cc.
const char* ascii_spelling(char32_t code);

}  // namespace reckon::math
