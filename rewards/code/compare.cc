#include "rewards/code/compare.h"

#include <cmath>
#include <optional>
#include <string>

#include "base/text.h"

namespace reckon {
namespace {

using nlohmann::json;

constexpr std::string_view kBlank = " \t\r\n\f\v";
constexpr int kMostDepth = 200;

std::string_view without_end(std::string_view text, std::string_view characters) {
  size_t last = text.find_last_not_of(characters);
  return last == std::string_view::npos ? std::string_view{} : text.substr(0, last + 1);
}

bool same_lines(std::string_view a, std::string_view b) {
  a = without_end(a, kBlank);
  b = without_end(b, kBlank);
  for (;;) {
    size_t end_a = std::min(a.find('\n'), a.size()), end_b = std::min(b.find('\n'), b.size());
    if (without_end(a.substr(0, end_a), kBlank) != without_end(b.substr(0, end_b), kBlank))
      return false;
    if (end_a == a.size() || end_b == b.size()) return end_a == a.size() && end_b == b.size();
    a.remove_prefix(end_a + 1);
    b.remove_prefix(end_b + 1);
  }
}

std::optional<std::string_view> next_word(std::string_view& text) {
  size_t begin = text.find_first_not_of(kBlank);
  if (begin == std::string_view::npos) return std::nullopt;
  size_t end = std::min(text.find_first_of(kBlank, begin), text.size());
  std::string_view word = text.substr(begin, end - begin);
  text.remove_prefix(end);
  return word;
}

bool near(double a, double b, double tolerance) {
  if (a == b) return true;
  return std::isfinite(a) && std::isfinite(b) &&
         std::abs(a - b) <= tolerance * std::max(1.0, std::abs(b));
}

bool same_words(std::string_view a, std::string_view b, bool numbers, double tolerance) {
  for (;;) {
    auto word_a = next_word(a), word_b = next_word(b);
    if (!word_a || !word_b) return !word_a && !word_b;
    if (*word_a == *word_b) continue;
    auto number_a = numbers ? parse_double(*word_a) : std::nullopt,
         number_b = numbers ? parse_double(*word_b) : std::nullopt;
    if (!number_a || !number_b || !near(*number_a, *number_b, tolerance)) return false;
  }
}

// Booleans count as numbers, as they do in the language that the values come from.
bool is_number(const json& value) { return value.is_number() || value.is_boolean(); }

double to_double(const json& value) {
  return value.is_boolean() ? (value.get<bool>() ? 1 : 0) : value.get<double>();
}

bool same_numbers(const json& a, const json& b, double tolerance) {
  bool whole = !a.is_number_float() && !b.is_number_float();
  if (whole && a.is_boolean() == b.is_boolean()) return a == b;  // exact for 64 bits
  return tolerance > 0 && !whole ? near(to_double(a), to_double(b), tolerance)
                                 : to_double(a) == to_double(b);
}

const json* tagged(const json& value, std::string* tag) {
  if (!value.is_object() || !value.contains("t") || !value.contains("v") || !value["t"].is_string())
    return nullptr;
  *tag = value["t"].get<std::string>();
  return &value["v"];
}

bool match(const json& actual, const json& expected, double tolerance, int depth);

bool same_lists(const json& a, const json& b, double tolerance, int depth) {
  if (!a.is_array() || !b.is_array() || a.size() != b.size()) return false;
  for (size_t i = 0; i < a.size(); ++i)
    if (!match(a[i], b[i], tolerance, depth)) return false;
  return true;
}

bool same_key(const json& key, const std::string& expected) {
  if (key.is_string()) return key.get_ref<const std::string&>() == expected;
  return (key.is_number() || key.is_boolean() || key.is_null()) && key.dump() == expected;
}

// `pairs`: [[key, value], ...] of a dictionary, whose keys are distinct.
bool same_dictionaries(const json& pairs, const json& expected, double tolerance, int depth) {
  if (!pairs.is_array() || !expected.is_object() || pairs.size() != expected.size()) return false;
  for (const auto& [key, value] : expected.items()) {
    const json* found = nullptr;
    for (const json& pair : pairs)
      if (pair.is_array() && pair.size() == 2 && same_key(pair[0], key)) found = &pair[1];
    if (found == nullptr || !match(*found, value, tolerance, depth)) return false;
  }
  return true;
}

bool match(const json& actual, const json& expected, double tolerance, int depth) {
  if (depth > kMostDepth) return false;
  std::string tag;
  if (const json* value = tagged(actual, &tag)) {
    if (tag == "tuple") return same_lists(*value, expected, tolerance, depth + 1);
    if (tag == "dict") return same_dictionaries(*value, expected, tolerance, depth + 1);
    if (tag == "int" && value->is_string()) {  // larger than 2^53
      std::string text = value->get<std::string>();
      bool negative = text.starts_with("-");
      if (expected.is_number_unsigned() && !negative) {
        char* end = nullptr;
        errno = 0;
        uint64_t number = std::strtoull(text.c_str(), &end, 16);
        return errno == 0 && *end == 0 && number == expected.get<uint64_t>();
      }
      if (expected.is_number_integer()) {
        char* end = nullptr;
        errno = 0;
        int64_t number = std::strtoll(text.c_str(), &end, 16);
        return errno == 0 && *end == 0 && number == expected.get<int64_t>();
      }
      return false;
    }
    return false;  // sets, bytes, objects, infinities: no JSON says what they should be
  }
  if (is_number(actual) && is_number(expected)) return same_numbers(actual, expected, tolerance);
  if (actual.is_array()) return same_lists(actual, expected, tolerance, depth + 1);
  return !actual.is_object() && actual.type() == expected.type() && actual == expected;
}

}  // namespace

bool outputs_match(std::string_view actual, std::string_view expected, OutputMatch match,
                   double tolerance) {
  switch (match) {
    case OutputMatch::exact:
      return actual == expected;
    case OutputMatch::lines:
      return same_lines(actual, expected);
    case OutputMatch::tokens:
      return same_words(actual, expected, false, 0);
    case OutputMatch::numbers:
      return same_words(actual, expected, true, tolerance);
  }
  return false;
}

bool values_match(const json& actual, const json& expected, double tolerance) {
  return match(actual, expected, tolerance, 0);
}

}  // namespace reckon
