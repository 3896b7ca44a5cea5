#include "cli/arguments.h"

#include <cmath>
#include <cstdio>

#include "base/error.h"
#include "base/text.h"

namespace reckon {
namespace {

std::string bounds_text(const std::string& low, const std::string& high, bool bounded) {
  return bounded ? cat("from ", low, " to ", high) : cat("of at least ", low);
}

nlohmann::json value_of(const std::string& text) {
  if (text == "true" || text == "false") return text == "true";
  if (auto whole = parse_int(text)) return *whole;
  if (auto real = parse_double(text)) return *real;
  return text;
}

// A whole character of UTF-8 at `at` that a terminal only shows: its length, else 0.
size_t shown_length(std::string_view text, size_t at) {
  auto byte = [&](size_t i) -> unsigned {
    return at + i < text.size() ? static_cast<unsigned char>(text[at + i]) : 0u;
  };
  unsigned first = byte(0);
  if (first < 0x80) return (first >= 0x20 && first != 0x7F) || first == '\n' || first == '\t';
  size_t length = first >= 0xF0 ? 4 : first >= 0xE0 ? 3 : 2;
  if (first < 0xC2 || first > 0xF4) return 0;
  unsigned character = first & (0x7Fu >> length);
  for (size_t i = 1; i < length; ++i) {
    if ((byte(i) & 0xC0) != 0x80) return 0;
    character = character << 6 | (byte(i) & 0x3F);
  }
  static constexpr unsigned kLeast[] = {0, 0, 0x80, 0x800, 0x10000};
  bool surrogate = character >= 0xD800 && character <= 0xDFFF;
  bool control = character < 0xA0;
  bool turns_text =
      (character >= 0x202A && character <= 0x202E) || (character >= 0x2066 && character <= 0x2069);
  bool fits = character >= kLeast[length] && character <= 0x10FFFF;
  return fits && !surrogate && !control && !turns_text ? length : 0;
}

}  // namespace

CLI::Validator whole_number(int64_t low, int64_t high) {
  bool bounded = high != std::numeric_limits<int64_t>::max();
  auto check = [=](const std::string& text) {
    auto value = parse_int(text);
    if (value && *value >= low && *value <= high) return std::string();
    return cat("'", text, "' is not a whole number ", bounds_text(cat(low), cat(high), bounded));
  };
  return CLI::Validator(check, "");
}

CLI::Validator number_between(double low, double high) {
  auto check = [=](const std::string& text) {
    auto value = parse_double(text);
    if (value && *value >= low && *value <= high) return std::string();
    return cat("'", text, "' is not a number ", bounds_text(shortest(low), shortest(high), true));
  };
  return CLI::Validator(check, "");
}

RewardSpec parse_reward(const std::string& text) {
  size_t mark = text.find('?');
  RewardSpec spec{.use = text.substr(0, mark), .weight = 1, .shaping = false, .options = {}};
  if (mark == std::string::npos) return spec;
  for (const std::string& part : split(text.substr(mark + 1), '&')) {
    size_t equals = part.find('=');
    if (equals == std::string::npos || equals == 0) {
      throw Error(Code::usage, text, cat("'", part, "' is not an option"),
                  "write NAME?option=value&option=value");
    }
    spec.options[part.substr(0, equals)] = value_of(part.substr(equals + 1));
  }
  return spec;
}

std::string printable(std::string_view text) {
  std::string shown;
  for (size_t at = 0; at < text.size();) {
    size_t length = shown_length(text, at);
    if (length > 0) {
      shown += text.substr(at, length);
      at += length;
      continue;
    }
    char escape[8];
    std::snprintf(escape, sizeof escape, "\\x%02x", static_cast<unsigned char>(text[at++]));
    shown += escape;
  }
  return shown;
}

}  // namespace reckon
