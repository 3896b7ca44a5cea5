#include "rewards/math/extract_text.h"

#include <array>
#include <vector>

namespace reckon::math {
namespace {

constexpr size_t kNone = std::string_view::npos;

// Taken off both ends of an answer.
constexpr std::array<std::string_view, 8> kDecorations = {
    "**", "__", "`", "\"", "\xe2\x80\x9c", "*", "\xe2\x80\x9d", "_"};

bool drop_around(std::string_view& text, std::string_view decoration) {
  bool front = text.starts_with(decoration);
  if (front) text.remove_prefix(decoration.size());
  bool back = text.ends_with(decoration);
  // x_ and x* may be answers that go on; only a pair, or what begins the text, is markdown.
  if (back && (front || decoration.size() > 1)) text.remove_suffix(decoration.size());
  return front || (back && decoration.size() > 1);
}

bool drop_stop(std::string_view& text) {
  if (text.empty() || std::string_view(".,;:").find(text.back()) == kNone) return false;
  size_t size = text.size();
  if (text.ends_with("\\right.") || text.ends_with("\\left.")) return false;
  if (text.ends_with("..")) return false;                                             // an ellipsis
  if (size >= 4 && text[size - 3] == '.' && is_letter(text[size - 2])) return false;  // "p.m."
  if (size >= 2 && text[size - 2] == '\\') return false;  // a space of LaTeX
  text.remove_suffix(1);
  return true;
}

bool drop_delimiters(std::string_view& text) {
  size_t length = MathSpans::delimiter_length(text, 0);
  if (length == 0 || text.size() < 2 * length || MathSpans(text).end_at(0) != text.size())
    return false;
  text = text.substr(length, text.size() - 2 * length);
  return true;
}

// Spacing and sizing: without a meaning.
constexpr std::array<std::string_view, 19> kSilent = {"\\displaystyle",
                                                      "\\textstyle",
                                                      "\\left",
                                                      "\\right",
                                                      "\\qquad",
                                                      "\\quad",
                                                      "\\bigg",
                                                      "\\Bigg",
                                                      "\\big",
                                                      "\\Big",
                                                      "\\,",
                                                      "\\;",
                                                      "\\:",
                                                      "\\!",
                                                      "\\ ",
                                                      "\\(",
                                                      "\\)",
                                                      "\\[",
                                                      "\\]"};
constexpr std::array<std::string_view, 8> kWrappers = {"\\textbf{", "\\textrm{", "\\text{",
                                                       "\\mathrm{", "\\mathbf{", "\\mbox{",
                                                       "\\boxed{",  "\\fbox{"};

template <size_t N>
size_t length_of_one(const std::array<std::string_view, N>& words, std::string_view text) {
  for (std::string_view word : words) {
    if (!text.starts_with(word)) continue;
    bool command = is_letter(word.back());
    if (!command || text.size() == word.size() || !is_letter(text[word.size()])) return word.size();
  }
  return 0;
}

}  // namespace

bool is_blank(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }
bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

std::string_view strip_blanks(std::string_view text) {
  while (!text.empty() && is_blank(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_blank(text.back())) text.remove_suffix(1);
  return text;
}

std::string lower_case(std::string_view text) {
  std::string low(text);
  for (char& c : low) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return low;
}

std::string_view tidy(std::string_view text) {
  for (bool changed = true; changed;) {
    text = strip_blanks(text);
    changed = drop_stop(text);
    for (std::string_view decoration : kDecorations)
      changed = drop_around(text, decoration) || changed;
    changed = drop_delimiters(text) || changed;
  }
  return text;
}

std::string normal_form(std::string_view text) {
  text = tidy(text);
  std::string out;
  std::vector<bool> silent_braces;
  for (size_t i = 0; i < text.size();) {
    std::string_view rest = text.substr(i);
    size_t length = 0;
    if (is_blank(rest[0]) || rest[0] == '~' || rest[0] == '$' || rest[0] == '*') {
      length = 1;
    } else if (rest[0] == '\\') {
      length = length_of_one(kSilent, rest);
      if (length == 0 && (length = length_of_one(kWrappers, rest)) > 0)
        silent_braces.push_back(true);
      if (rest.starts_with("\\dfrac") || rest.starts_with("\\tfrac")) {
        out += "\\frac";
        length = 6;
      }
      if (length == 0) {
        out += rest.substr(0, 2);
        length = 2;
      }
    } else if (rest[0] == '{' && rest.size() > 2 && rest[2] == '}' && rest[1] != '}') {
      out += rest[1];
      length = 3;
    } else {
      length = 1;
      bool dropped = false;
      if (rest[0] == '{') silent_braces.push_back(false);
      if (rest[0] == '}' && !silent_braces.empty()) {
        dropped = silent_braces.back();
        silent_braces.pop_back();
      }
      if (!dropped) out += rest[0];
    }
    i += length;
  }
  return out;
}

std::string shown(std::string_view text) {
  constexpr size_t kLength = 60;
  text = strip_blanks(text);
  if (text.size() <= kLength) return std::string(text);
  size_t end = kLength;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xc0) == 0x80) --end;
  return std::string(text.substr(0, end)) + "...";
}

size_t MathSpans::delimiter_length(std::string_view text, size_t at) {
  std::string_view rest = text.substr(at, 2);
  if (rest == "$$" || rest == "\\(" || rest == "\\[") return 2;
  return rest.starts_with('$') ? 1 : 0;
}

size_t MathSpans::end_at(size_t at) {
  std::string_view two = text_.substr(at, 2);
  Closer* closer = two == "\\("   ? &paren_
                   : two == "\\[" ? &bracket_
                   : two == "$$"  ? &dollars_
                                  : nullptr;
  if (closer != nullptr) {
    size_t found = find(*closer, at + 2);
    return found == kNone ? kNone : found + 2;
  }
  return two.starts_with('$') ? dollar_end(at) : kNone;
}

size_t MathSpans::find(Closer& closer, size_t from) {
  bool known = closer.from <= from && from <= closer.found;
  if (!known) {
    closer.from = from;
    closer.found = text_.find(closer.text, from);
  }
  return closer.found;
}

size_t MathSpans::dollar_end(size_t at) const {
  size_t begin = at + 1, end = begin;
  for (; end < text_.size() && text_[end] != '$'; ++end) {
    if (text_[end] == '\\') ++end;
    if (end + 1 < text_.size() && text_[end] == '\n' && text_[end + 1] == '\n') return kNone;
  }
  if (end >= text_.size() || end == begin) return kNone;
  bool closes = !is_blank(text_[end - 1]) && (end + 1 == text_.size() || !is_digit(text_[end + 1]));
  return is_digit(text_[begin]) && !closes ? kNone : end + 1;
}

}  // namespace reckon::math
