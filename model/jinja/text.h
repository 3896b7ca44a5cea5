// Text as Python sees it, for the template interpreter: UTF-8 in memory, positions and lengths in
// code points. Pure functions, thread-safe.
//
//   code_points("a\u00e9") -> {0x61, 0xe9};  strip("  x ") -> "x";  float_text(1e16) -> "1e+16"
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace reckon::jinja {

bool is_utf8(std::string_view text);
size_t length_of(std::string_view utf8);  // in code points
std::u32string code_points(std::string_view utf8);
void append_utf8(std::string& out, char32_t point);
std::string to_utf8(std::u32string_view points);

bool is_space(char32_t point);  // str.isspace()
// str.strip() and its siblings; without `characters`, white space.
std::string strip(std::string_view text, bool left, bool right,
                  const std::optional<std::string>& characters = std::nullopt);

// One code point in the other case, or nothing where this table does not know the letter (it knows
// ASCII, Latin-1, Cyrillic, and scripts and signs without case).
std::optional<char32_t> upper_of(char32_t point);
std::optional<char32_t> lower_of(char32_t point);

std::string float_text(double value);              // repr(float)
std::string python_quoted(std::string_view utf8);  // repr(str)
std::string replaced(std::string_view text, std::string_view from, std::string_view to,
                     int64_t count);  // str.replace; count < 0: all

}  // namespace reckon::jinja
