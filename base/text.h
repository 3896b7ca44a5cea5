// Small helpers for text: joining values into a message, numbers that parse whole or not at all,
// nearest names.
#pragma once

#include <cstdint>
#include <optional>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

namespace reckon {

// cat("row ", 3, " of ", name): every argument through operator<<.
template <class... Args>
std::string cat(const Args&... args) {
  std::ostringstream out;
  (out << ... << args);
  return out.str();
}

// The whole text as a number, or nothing (no blanks, no trailing characters, no overflow).
std::optional<int64_t> parse_int(std::string_view text);
std::optional<double> parse_double(std::string_view text);

// Shortest text that reads back as the same double.
std::string shortest(double value);

// The entry of `names` nearest to `name` by edit distance, if it is near enough to be a slip of the
// hand.
std::optional<std::string> nearest(std::string_view name, const std::vector<std::string>& names);

std::vector<std::string> split(std::string_view text, char separator);
std::string join(const std::vector<std::string>& parts, std::string_view separator);

// Lower-case hexadecimal of bytes.
std::string hex(std::string_view bytes);

}  // namespace reckon
