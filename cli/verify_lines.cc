#include "cli/verify_lines.h"

#include <nlohmann/json.hpp>

#include "base/text.h"
#include "rewards/columns.h"

namespace reckon {
namespace {

using nlohmann::json;

constexpr char kReplacement[] = "\xef\xbf\xbd";

// The length of the character of UTF-8 at `at`, 0 when there is none.
size_t character_length(std::string_view text, size_t at) {
  auto byte = [&](size_t i) {
    return at + i < text.size() ? static_cast<unsigned char>(text[at + i]) : 0u;
  };
  unsigned first = byte(0), second = byte(1);
  if (first < 0x80) return 1;
  size_t length = first >= 0xc2 && first <= 0xdf   ? 2
                  : (first & 0xf0) == 0xe0         ? 3
                  : first >= 0xf0 && first <= 0xf4 ? 4
                                                   : 0;
  for (size_t i = 1; i < length; ++i) {
    if ((byte(i) & 0xc0) != 0x80) return 0;
  }
  bool overlong = (first == 0xe0 && second < 0xa0) || (first == 0xf0 && second < 0x90);
  bool outside = (first == 0xed && second > 0x9f) || (first == 0xf4 && second > 0x8f);
  return overlong || outside ? 0 : length;
}

// The value of \uXXXX at `at`, or -1.
int unit_at(std::string_view text, size_t at) {
  if (text.substr(at, 2) != "\\u" || at + 6 > text.size()) return -1;
  int value = 0;
  for (char c : text.substr(at + 2, 4)) {
    int digit = c >= '0' && c <= '9'   ? c - '0'
                : c >= 'a' && c <= 'f' ? c - 'a' + 10
                : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                       : -1;
    if (digit < 0) return -1;
    value = value * 16 + digit;
  }
  return value;
}

std::string text_of(const json& row, const char* name) {
  auto found = row.find(name);
  if (found == row.end()) throw std::invalid_argument(cat("there is no \"", name, "\""));
  auto text = plain_text(*found);
  if (!text) throw std::invalid_argument(cat("\"", name, "\" must be a text or a number"));
  return *text;
}

bool flag_of(const json& row, const char* name) {
  auto found = row.find(name);
  if (found == row.end() || found->is_null()) return false;
  if (!found->is_boolean())
    throw std::invalid_argument(cat("\"", name, "\" must be true or false"));
  return found->get<bool>();
}

json parsed(std::string_view line) {
  json row = json::parse(line, nullptr, false);
  return row.is_discarded() ? json::parse(mended_json(line)) : row;
}

std::string written(const nlohmann::ordered_json& value) {
  return value.dump(-1, ' ', false, json::error_handler_t::replace);
}

}  // namespace

std::string mended_json(std::string_view line) {
  std::string out;
  for (size_t i = 0; i < line.size();) {
    size_t length = character_length(line, i);
    int unit = line[i] == '\\' ? unit_at(line, i) : -1;
    bool high = unit >= 0xd800 && unit <= 0xdbff, low = unit >= 0xdc00 && unit <= 0xdfff;
    if (high) {
      int next = unit_at(line, i + 6);
      low = next < 0xdc00 || next > 0xdfff;  // alone
      length = 12;
    }
    if (length == 0 || low) {
      out += kReplacement;
      i += low ? 6 : 1;
      continue;
    }
    if (line[i] == '\\' && !high) length = std::min<size_t>(2, line.size() - i);  // \\ and \" too
    out += line.substr(i, length);
    i += length;
  }
  return out;
}

LineVerdict verify_line(std::string_view line, math::Mode mode) {
  nlohmann::ordered_json out = {{"id", nullptr}};
  try {
    json row = parsed(line);
    if (!row.is_object()) throw std::invalid_argument("the line is not a JSON object");
    if (row.contains("id")) out["id"] = row["id"];
    std::string gold = text_of(row, "gold"), prediction = text_of(row, "prediction");
    bool extract = flag_of(row, "extract");
    math::Verification verification = extract ? math::verify_response(gold, prediction, mode)
                                              : math::verify_answer(gold, prediction, mode);
    out["verdict"] = math::verdict_name(verification.verdict);
    out["extracted"] = verification.extracted;
    out["rule"] = verification.rule;
    out["note"] = verification.note;
    return {written(out), false};
  } catch (const std::exception& error) {  // of parsing, or of a field
    std::string problem = error.what();
    if (problem.starts_with('['))
      problem.erase(0, problem.find("] ") + 2);  // the parser's own name
    out["error"] = problem;
    return {written(out), true};
  }
}

}  // namespace reckon
