#include "model/jinja/text.h"

#include <charconv>
#include <cmath>
#include <cstdio>
#include <cstdlib>

namespace reckon::jinja {
namespace {

// Length of the well-formed sequence at `at`, or 0.
size_t sequence_length(std::string_view text, size_t at) {
  auto byte = [&](size_t i) { return static_cast<unsigned char>(text[i]); };
  unsigned char first = byte(at);
  if (first < 0x80) return 1;
  size_t length = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
  if (first < 0xc2 || first > 0xf4 || at + length > text.size()) return 0;
  for (size_t i = 1; i < length; ++i)
    if ((byte(at + i) & 0xc0) != 0x80) return 0;
  unsigned char second = byte(at + 1);
  if ((first == 0xe0 && second < 0xa0) || (first == 0xed && second > 0x9f) ||
      (first == 0xf0 && second < 0x90) || (first == 0xf4 && second > 0x8f))
    return 0;
  return length;
}

bool within(char32_t point, char32_t first, char32_t last) {
  return point >= first && point <= last;
}

// Scripts and signs whose characters have no case.
bool is_caseless(char32_t c) {
  return within(c, 0x80, 0xa9) || within(c, 0xab, 0xb4) || within(c, 0xb6, 0xb9) ||
         within(c, 0xbb, 0xbf) || c == 0xd7 || c == 0xf7 || within(c, 0x590, 0x109f) ||
         within(c, 0x2000, 0x2070) || within(c, 0x20a0, 0x20bf) || within(c, 0x2190, 0x245f) ||
         within(c, 0x2500, 0x2bff) || within(c, 0x2e80, 0xa63f) || within(c, 0xac00, 0xd7ff) ||
         within(c, 0xff00, 0xff20) || within(c, 0xff5b, 0xffef) || within(c, 0x1f000, 0x1faff) ||
         within(c, 0x20000, 0x323af);
}

bool is_printable(char32_t c) {
  return !(c < 0x20 || within(c, 0x7f, 0xa0) || c == 0xad || c == 0x1680 ||
           within(c, 0x2000, 0x200f) || within(c, 0x2028, 0x202f) || within(c, 0x205f, 0x206f) ||
           c == 0x3000 || within(c, 0xe000, 0xf8ff) || c == 0xfeff || c == 0xfffe || c == 0xffff);
}

}  // namespace

bool is_utf8(std::string_view text) {
  for (size_t at = 0; at < text.size();) {
    size_t length = sequence_length(text, at);
    if (length == 0) return false;
    at += length;
  }
  return true;
}

size_t length_of(std::string_view utf8) {
  size_t count = 0;
  for (char c : utf8) count += (c & 0xc0) != 0x80;
  return count;
}

std::u32string code_points(std::string_view utf8) {
  std::u32string points;
  points.reserve(utf8.size());
  for (size_t at = 0; at < utf8.size();) {
    auto first = static_cast<unsigned char>(utf8[at]);
    size_t length = first < 0x80 ? 1 : first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
    char32_t point = length == 1 ? first : first & (0xff >> (length + 1));
    for (size_t i = 1; i < length && at + i < utf8.size(); ++i)
      point = point << 6 | (static_cast<unsigned char>(utf8[at + i]) & 0x3f);
    points.push_back(point);
    at += length;
  }
  return points;
}

void append_utf8(std::string& out, char32_t c) {
  if (c < 0x80) {
    out += static_cast<char>(c);
    return;
  }
  int extra = c < 0x800 ? 1 : c < 0x10000 ? 2 : 3;
  static constexpr unsigned char kLead[] = {0, 0xc0, 0xe0, 0xf0};
  out += static_cast<char>(kLead[extra] | (c >> (6 * extra)));
  for (int i = extra - 1; i >= 0; --i) out += static_cast<char>(0x80 | ((c >> (6 * i)) & 0x3f));
}

std::string to_utf8(std::u32string_view points) {
  std::string out;
  for (char32_t c : points) append_utf8(out, c);
  return out;
}

bool is_space(char32_t c) {
  return within(c, 0x9, 0xd) || within(c, 0x1c, 0x20) || c == 0x85 || c == 0xa0 || c == 0x1680 ||
         within(c, 0x2000, 0x200a) || c == 0x2028 || c == 0x2029 || c == 0x202f || c == 0x205f ||
         c == 0x3000;
}

std::string strip(std::string_view text, bool left, bool right,
                  const std::optional<std::string>& characters) {
  std::u32string points = code_points(text);
  std::u32string set = characters ? code_points(*characters) : std::u32string();
  auto drop = [&](char32_t c) {
    return characters ? set.find(c) != std::u32string::npos : is_space(c);
  };
  size_t begin = 0, end = points.size();
  while (left && begin < end && drop(points[begin])) ++begin;
  while (right && end > begin && drop(points[end - 1])) --end;
  return to_utf8(std::u32string_view(points).substr(begin, end - begin));
}

std::optional<char32_t> upper_of(char32_t c) {
  if (c < 0x80) return within(c, 'a', 'z') ? c - 32 : c;
  if (within(c, 0xc0, 0xde)) return c;
  if (within(c, 0xe0, 0xfe) && c != 0xf7) return c - 32;
  if (within(c, 0x400, 0x42f)) return c;
  if (within(c, 0x430, 0x44f)) return c - 32;
  if (within(c, 0x450, 0x45f)) return c - 80;
  return is_caseless(c) ? std::optional(c) : std::nullopt;
}

std::optional<char32_t> lower_of(char32_t c) {
  if (c < 0x80) return within(c, 'A', 'Z') ? c + 32 : c;
  if (within(c, 0xc0, 0xde) && c != 0xd7) return c + 32;
  if (within(c, 0xdf, 0xff)) return c;
  if (within(c, 0x400, 0x40f)) return c + 80;
  if (within(c, 0x410, 0x42f)) return c + 32;
  if (within(c, 0x430, 0x45f)) return c;
  return is_caseless(c) ? std::optional(c) : std::nullopt;
}

std::string float_text(double value) {
  if (std::isnan(value)) return "nan";
  if (std::isinf(value)) return value < 0 ? "-inf" : "inf";
  char buffer[40];
  auto [end, error] =
      std::to_chars(buffer, buffer + sizeof buffer, value, std::chars_format::scientific);
  std::string_view text(buffer, end - buffer);
  size_t e = text.find('e');
  int exponent = std::atoi(std::string(text.substr(e + 1)).c_str());
  std::string sign = text[0] == '-' ? "-" : "", digits;
  for (char c : text.substr(0, e))
    if (c >= '0' && c <= '9') digits += c;
  int count = static_cast<int>(digits.size());
  if (exponent < -4 || exponent >= 16) {
    std::string mantissa = digits.substr(0, 1) + (count > 1 ? "." + digits.substr(1) : "");
    char tail[8];
    std::snprintf(tail, sizeof tail, "e%c%02d", exponent < 0 ? '-' : '+', std::abs(exponent));
    return sign + mantissa + tail;
  }
  if (exponent < 0) return sign + "0." + std::string(-exponent - 1, '0') + digits;
  if (count <= exponent + 1) return sign + digits + std::string(exponent + 1 - count, '0') + ".0";
  return sign + digits.substr(0, exponent + 1) + "." + digits.substr(exponent + 1);
}

std::string python_quoted(std::string_view utf8) {
  bool single = utf8.find('\'') != std::string_view::npos;
  char quote = single && utf8.find('"') == std::string_view::npos ? '"' : '\'';
  std::string out(1, quote);
  for (char32_t c : code_points(utf8)) {
    char buffer[16];
    if (c == '\n') {
      out += "\\n";
    } else if (c == '\r') {
      out += "\\r";
    } else if (c == '\t') {
      out += "\\t";
    } else if (c == '\\' || c == static_cast<char32_t>(quote)) {
      out += '\\';
      out += static_cast<char>(c);
    } else if (is_printable(c)) {
      append_utf8(out, c);
    } else {
      std::snprintf(buffer, sizeof buffer, c < 0x100 ? "\\x%02x" : "\\u%04x",
                    static_cast<unsigned>(c));
      out += buffer;
    }
  }
  return out + quote;
}

std::string replaced(std::string_view text, std::string_view from, std::string_view to,
                     int64_t count) {
  std::string out;
  size_t at = 0;
  if (from.empty()) {  // between all characters, as Python does
    for (char32_t c : code_points(text)) {
      if (count-- != 0) {
        out += to;
      } else {
        count = 0;
      }
      append_utf8(out, c);
    }
    return count != 0 ? out.append(to) : out;
  }
  while (count-- != 0) {
    size_t found = text.find(from, at);
    if (found == std::string_view::npos) break;
    out.append(text, at, found - at).append(to);
    at = found + from.size();
  }
  return out.append(text, at, std::string_view::npos);
}

}  // namespace reckon::jinja
