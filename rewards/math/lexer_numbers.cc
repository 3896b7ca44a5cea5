// Where a number literal ends: separators of thousands, the point, repeating digits, an exponent.
#include <algorithm>
#include <initializer_list>

#include "rewards/math/lexer.h"

namespace reckon::math {
namespace {

constexpr int kMostGroups = 64;  // keeps the whole pass linear

bool is_digit(char c) { return c >= '0' && c <= '9'; }

class NumberScan {
 public:
  NumberScan(std::string_view text, size_t at, bool bracketed)
      : text_(text), at_(at), bracketed_(bracketed) {}

  size_t run() {
    size_t first = at_;
    at_ = skip_digits(at_);
    if (size_t groups = end_of_groups(first, at_)) at_ = groups;
    if (char_at(at_) == '.' && is_fraction(at_ + 1)) {
      size_t digits = at_ + 1;
      at_ = skip_digits(digits);
      at_ = end_of_repetition(digits, at_);
    }
    at_ = end_of_exponent(at_);
    return at_;
  }

 private:
  char char_at(size_t at) const { return at < text_.size() ? text_[at] : '\0'; }
  size_t skip_digits(size_t at) const {
    while (is_digit(char_at(at))) ++at;
    return at;
  }
  bool starts(size_t at, std::string_view what) const {
    return at <= text_.size() && text_.substr(at, what.size()) == what;
  }

  bool is_fraction(size_t at) const {
    if (is_digit(char_at(at))) return true;
    for (std::string_view mark : {"\\overline", "\\bar", "\\dot{", "("})
      if (starts(at, mark)) return mark != "(" || repetition_in_parentheses(at);
    return false;
  }

  // The separator at `at`: its length (0: none) and its kind, the first character that counts.
  size_t separator(size_t at, char& kind) const {
    static constexpr struct {
      std::string_view spelling;
      char kind;
    } kSeparators[] = {{"{,}\\!", 'g'}, {"{,}", 'g'},   {"{, }", 'g'}, {" {, }", 'g'},
                       {", \\! ", 'g'}, {",\\! ", 'g'}, {",\\!", 'g'}, {", \\!", 'g'},
                       {",\\", 0},      {",", ','},     {"\\,", 't'},  {"\\!", 't'},
                       {"\\ ", 't'},    {"\\;", 't'},   {"~", 't'},    {"'", '\''},
                       {" ", ' '},      {".", '.'}};
    for (const auto& [spelling, k] : kSeparators)
      if (starts(at, spelling)) {
        kind = k;
        return kind ? spelling.size() : 0;
      }
    return 0;
  }

  // The end of groups of thousands (1,234,567 or 12,34,567), or 0 where there are none.
  size_t end_of_groups(size_t first, size_t end) const {
    size_t lead = end - first;
    char kind = 0, next_kind = 0;
    if (lead == 0 || lead > 3 || char_at(first) == '0' || !separator(end, kind)) return 0;
    int groups = 0;
    bool threes = true, twos = lead <= 2;  // Indian: pairs, then three at the end
    size_t last = 0;
    while (size_t length = separator(end, next_kind)) {
      if (next_kind != kind || !is_digit(char_at(end + length))) break;
      if (last != 0) {
        threes = threes && last == 3;
        twos = twos && last == 2;
      }
      size_t begin = end + length;
      end = skip_digits(begin);
      last = end - begin;
      if ((last != 2 && last != 3) || ++groups > kMostGroups) return 0;
    }
    if (groups == 0 || last != 3 || !(threes || (twos && (kind == ',' || kind == 'g')))) return 0;
    return accepts(kind, groups, threes, first, end) ? finish_groups(kind, end) : 0;
  }

  bool accepts(char kind, int groups, bool threes, size_t first, size_t end) const {
    switch (kind) {
      case ',':
        return !bracketed_ || spaced_element(first, end);
      case ' ':
        return threes && char_at(end) != '/' && char_at(first - 1) != ' ';
      case '.':
        return !bracketed_ && (groups >= 2 || decimal_comma(end));
      case '\'':
        return threes;
      default:
        return true;
    }
  }
  // 1.234.567,89: the comma is the decimal point there; the literal keeps both as spelled.
  size_t finish_groups(char kind, size_t end) const {
    return kind == '.' && decimal_comma(end) ? skip_digits(end + 1) : end;
  }
  bool decimal_comma(size_t end) const {
    if (char_at(end) != ',') return false;
    size_t digits = skip_digits(end + 1) - end - 1;
    char after = char_at(end + 1 + digits);
    return (digits == 1 || digits == 2) && after != ',' && after != '.';
  }
  // Inside brackets a comma groups digits only where the elements are set apart by ", ".
  bool spaced_element(size_t first, size_t end) const {
    bool before = first >= 2 && text_[first - 1] == ' ' && text_[first - 2] == ',';
    bool after = starts(end, ", ");
    char next = char_at(end);
    return (before || after) &&
           (after || next == ')' || next == ']' || next == '}' || next == '\\');
  }

  bool repetition_in_parentheses(size_t at) const {
    size_t end = skip_digits(at + 1);
    return char_at(at) == '(' && end > at + 1 && char_at(end) == ')' && char_at(end + 1) != '^' &&
           char_at(end + 1) != '(' && char_at(end + 1) != '!';
  }

  // After the decimals: \overline{3}, \bar3, \dot{1}4285\dot{7}, (3), or dots where the decimals
  // repeat already (the reader of the literal looks at that).
  size_t end_of_repetition(size_t digits, size_t end) const {
    for (std::string_view mark : {"\\overline", "\\bar"}) {
      if (!starts(end, mark)) continue;
      size_t at = end + mark.size();
      while (char_at(at) == ' ') ++at;
      bool braced = char_at(at) == '{';
      size_t begin = at + braced;
      size_t last = braced ? skip_digits(begin) : begin + is_digit(char_at(begin));
      if (last == begin) return end;
      if (braced && char_at(last) != '}' && last < text_.size()) return end;
      return after_dots(std::min(last + braced, text_.size()));
    }
    if (starts(end, "\\dot{")) {
      size_t at = end;
      while (starts(at, "\\dot{") && is_digit(char_at(at + 5)) && char_at(at + 6) == '}')
        at = skip_digits(at + 7);
      return at;
    }
    if (repetition_in_parentheses(end)) return skip_digits(end + 1) + 1;
    return end - digits >= 2 ? after_dots(end) : end;
  }
  size_t after_dots(size_t end) const {
    if (starts(end, "...")) return end + 3;
    for (std::string_view dots : {"\\ldots", "\\dots", "\\cdots"})
      if (starts(end, dots)) return end + dots.size();
    return end;
  }

  size_t end_of_exponent(size_t end) const {
    char e = char_at(end);
    if (e != 'e' && e != 'E') return end;
    size_t at = end + 1;
    bool sign = char_at(at) == '+' || char_at(at) == '-';
    at += sign;
    if (!is_digit(char_at(at))) return end;
    at = skip_digits(at);
    char after = char_at(at);
    bool letter = (after >= 'a' && after <= 'z') || (after >= 'A' && after <= 'Z');
    return sign && letter ? end : at;  // 4e+7p is a sum with Euler's number
  }

  std::string_view text_;
  size_t at_;
  bool bracketed_;
};

}  // namespace

size_t end_of_number(std::string_view text, size_t at, bool bracketed) {
  return NumberScan(text, at, bracketed).run();
}

}  // namespace reckon::math
