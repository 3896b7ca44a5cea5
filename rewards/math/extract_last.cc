// Without a mark, for a lenient reader: a text that is an answer as it stands, or the last math or
// number.
#include <algorithm>

#include "rewards/math/extract_steps.h"
#include "rewards/math/extract_text.h"

namespace reckon::math {
namespace {

constexpr size_t kNone = std::string_view::npos;

// Behind a number with separators, decimals, a slash and a percent sign: "1,234.5", "3/4", "50%".
size_t number_end(std::string_view text, size_t begin) {
  size_t at = begin;
  while (at < text.size()) {
    bool joined = std::string_view(".,/").find(text[at]) != kNone && at + 1 < text.size() &&
                  is_digit(text[at + 1]);
    if (!is_digit(text[at]) && !joined) break;
    ++at;
  }
  return text.substr(at, 2) == "\\%" ? at + 2 : text.substr(at, 1) == "%" ? at + 1 : at;
}

// Words of a sentence, never of an answer.
constexpr const char* kProse[] = {"so",  "thus", "hence", "then", "therefore", "is",
                                  "are", "we",   "it",    "get",  "have",      "answer"};

// With the sign and the currency before it: "-3" and "= -3", but "5-3" ends in 3.
size_t number_begin(std::string_view text, size_t digit) {
  size_t at = digit;
  if (at > 0 && text[at - 1] == '.') --at;
  if (at > 0 && text[at - 1] == '$') --at;
  if (at > 0 && text[at - 1] == '-') {
    bool sign = at == 1 || is_blank(text[at - 2]) ||
                std::string_view("=(:,[{$").find(text[at - 2]) != kNone;
    if (sign) --at;
  }
  return at;
}

}  // namespace

std::optional<Candidate> whole_answer(std::string_view text) {
  constexpr size_t kLongest = 128;
  constexpr int kWords = 3;
  std::string_view line = strip_blanks(text);
  if (line.empty() || line.size() > kLongest || line.find('\n') != kNone) return std::nullopt;
  int words = 0;
  for (size_t i = 0; i < line.size(); ++i) {
    bool command = i > 0 && line[i - 1] == '\\';
    size_t begin = i;
    while (i < line.size() && is_letter(line[i])) ++i;
    if (i - begin < 2 || command) continue;
    ++words;
    std::string word = lower_case(line.substr(begin, i - begin));
    for (const char* prose : kProse) {
      if (word == prose) return std::nullopt;
    }
  }
  bool answer = std::any_of(line.begin(), line.end(), [](char c) {
    return is_letter(c) || is_digit(c) || static_cast<unsigned char>(c) >= 0x80;
  });
  bool sentence = line.find(". ") != kNone;
  if (words > kWords || sentence || !answer) return std::nullopt;
  size_t begin = static_cast<size_t>(line.data() - text.data());
  return Candidate{line, begin, begin + line.size()};
}

std::optional<Candidate> last_expression(std::string_view text) {
  std::optional<Candidate> last;
  MathSpans spans(text);
  size_t covered = 0;
  for (size_t at = 0; at < text.size();) {
    size_t delimiter = MathSpans::delimiter_length(text, at);
    size_t end = delimiter > 0 ? spans.end_at(at) : kNone;
    size_t begin = at;
    if (end == kNone && is_digit(text[at])) {
      bool in_word = at > covered && (is_letter(text[at - 1]) || text[at - 1] == '_');
      end = number_end(text, at);
      if (in_word) {
        at = end;
        continue;
      }
      begin = number_begin(text, at);
    }
    if (end == kNone) {
      at += text[at] == '\\' && at + 1 < text.size() && !is_digit(text[at + 1]) &&
                    MathSpans::delimiter_length(text, at + 1) == 1
                ? 2
                : 1;
      continue;
    }
    last = Candidate{text.substr(begin, end - begin), begin, end};
    covered = at = end;
  }
  return last;
}

}  // namespace reckon::math
