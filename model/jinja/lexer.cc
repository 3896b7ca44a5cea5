#include "model/jinja/lexer.h"

#include <algorithm>
#include <optional>

#include "base/text.h"
#include "model/jinja/text.h"

namespace reckon::jinja {
namespace {

using Kind = Token::Kind;

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_name_start(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }
bool is_name(char c) { return is_name_start(c) || is_digit(c); }

// Line ends become "\n" and one at the very end goes, as Jinja does.
std::string normalized(std::string_view source) {
  std::string text;
  for (size_t i = 0; i < source.size(); ++i) {
    if (source[i] != '\r') {
      text += source[i];
    } else if (text += '\n'; i + 1 < source.size() && source[i + 1] == '\n') {
      ++i;
    }
  }
  if (!text.empty() && text.back() == '\n') text.pop_back();
  return text;
}

class Lexer {
 public:
  explicit Lexer(std::string_view source) : source_(normalized(source)) {}

  std::vector<Token> run() {
    while (at_ < source_.size()) text_part();
    add(Kind::end, "", at_);
    return std::move(tokens_);
  }

 private:
  [[noreturn]] void fault(std::string problem, size_t at,
                          std::string remedy = "correct the chat template") {
    throw LocatedFault{{std::move(problem), std::move(remedy)}, spot(at)};
  }

  Spot spot(size_t at) {  // positions are asked for in rising order, but for faults
    if (at < counted_) counted_ = 0, counted_spot_ = {};
    for (; counted_ < at; ++counted_) {
      if (source_[counted_] == '\n') {
        ++counted_spot_.line;
        counted_spot_.column = 1;
      } else if ((source_[counted_] & 0xc0) != 0x80) {
        ++counted_spot_.column;
      }
    }
    return counted_spot_;
  }

  void add(Kind kind, std::string text, size_t at) {
    tokens_.push_back({kind, std::move(text), spot(at)});
  }

  bool starts(std::string_view what, size_t at) const {
    return std::string_view(source_).substr(at, what.size()) == what;
  }

  // Template text up to the next tag, then the tag.
  void text_part() {
    size_t begin = at_, tag = at_;
    for (;; ++tag) {
      tag = source_.find('{', tag);
      if (tag == std::string::npos || tag + 1 >= source_.size()) tag = source_.size();
      if (tag == source_.size() ||
          std::string_view("{%#").find(source_[tag + 1]) != std::string::npos)
        break;
    }
    std::string text = source_.substr(begin, tag - begin);
    bool line_start = begin == 0 || source_[begin - 1] == '\n';
    if (tag == source_.size()) {
      if (!text.empty()) add(Kind::text, text, begin);
      at_ = tag;
      return;
    }
    char kind = source_[tag + 1];
    at_ = tag + 2;
    char marker = at_ < source_.size() ? source_[at_] : ' ';
    if (marker == '-' || marker == '+') {
      ++at_;
    } else {
      marker = ' ';
    }
    trim_before(text, kind, marker, line_start);
    if (!text.empty()) add(Kind::text, text, begin);
    if (kind == '#') {
      comment(tag);
    } else if (kind == '{') {
      add(Kind::output_begin, "{{", tag);
      expression_part(Kind::output_end, "}}", tag);
    } else if (auto after = raw_begins()) {
      raw(tag, *after);
    } else {
      add(Kind::block_begin, "{%", tag);
      expression_part(Kind::block_end, "%}", tag);
    }
  }

  static void trim_before(std::string& text, char kind, char marker, bool line_start) {
    if (marker == '-') {
      text = strip(text, false, true);
    } else if (marker != '+' && kind != '{') {
      size_t line = text.rfind('\n') + 1;  // npos + 1 == 0
      if ((line > 0 || line_start) && strip(text.substr(line), true, true).empty())
        text.resize(line);
    }
  }

  void skip_space() {
    while (at_ < source_.size()) {
      size_t length = 1;
      while (at_ + length < source_.size() && (source_[at_ + length] & 0xc0) == 0x80) ++length;
      if (!is_space(code_points(source_.substr(at_, length))[0])) return;
      at_ += length;
    }
  }

  // The end of a tag at `at_`: "-" drops the white space after it, else a block's line end goes.
  bool ends(std::string_view end, bool trims_line) {
    if (starts(end, at_)) {
      at_ += 2;
      if (trims_line && at_ < source_.size() && source_[at_] == '\n') ++at_;
      return true;
    }
    if (at_ >= source_.size() || !starts(end, at_ + 1)) return false;
    if (source_[at_] == '-') {
      at_ += 3;
      skip_space();
      return true;
    }
    if (source_[at_] != '+' || end == "}}") return false;
    at_ += 3;
    return true;
  }

  void comment(size_t tag) {
    for (; at_ < source_.size(); ++at_)
      if (ends("#}", true)) return;
    fault("a comment is not closed", tag);
  }

  // Where the text of a raw block starts, when `at_` stands at one.
  std::optional<size_t> raw_begins() {
    size_t before = at_;
    skip_space();
    bool is_raw = starts("raw", at_);
    at_ += 3;
    if (is_raw) skip_space();
    if (is_raw && ends("%}", false)) return std::exchange(at_, before);
    at_ = before;
    return std::nullopt;
  }

  void raw(size_t tag, size_t begin) {
    for (size_t open = begin; (open = source_.find("{%", open)) != std::string::npos; ++open) {
      at_ = open + 2;
      char marker = at_ < source_.size() && (source_[at_] == '-' || source_[at_] == '+')
                        ? source_[at_++]
                        : ' ';
      skip_space();
      if (!starts("endraw", at_)) continue;
      at_ += 6;
      skip_space();
      if (!ends("%}", true)) continue;
      std::string text = source_.substr(begin, open - begin);
      trim_before(text, '%', marker, source_[begin - 1] == '\n');
      if (!text.empty()) add(Kind::text, text, begin);
      return;
    }
    fault("a raw block is not closed", tag);
  }

  void expression_part(Kind end_kind, std::string_view end, size_t tag) {
    std::string open;  // brackets that wait for their partner
    for (;;) {
      skip_space();
      if (at_ >= source_.size()) fault(cat("'", source_.substr(tag, 2), "' is not closed"), tag);
      size_t begin = at_;
      if (open.empty() && ends(end, end_kind == Kind::block_end)) {
        add(end_kind, std::string(end), begin);
        return;
      }
      char c = source_[at_];
      if (is_name_start(c)) {
        while (at_ < source_.size() && is_name(source_[at_])) ++at_;
        add(Kind::name, source_.substr(begin, at_ - begin), begin);
      } else if (is_digit(c)) {
        number();
      } else if (c == '"' || c == '\'') {
        string();
      } else {
        sign(open);
      }
    }
  }

  void digits() {
    while (at_ < source_.size() &&
           (is_digit(source_[at_]) ||
            (source_[at_] == '_' && at_ + 1 < source_.size() && is_digit(source_[at_ + 1]))))
      ++at_;
  }

  void number() {
    size_t begin = at_;
    digits();
    bool real = false;
    if (at_ + 1 < source_.size() && source_[at_] == '.' && is_digit(source_[at_ + 1])) {
      real = true;
      ++at_;
      digits();
    }
    size_t mark = at_;
    if (at_ < source_.size() && (source_[at_] == 'e' || source_[at_] == 'E')) {
      ++at_;
      if (at_ < source_.size() && (source_[at_] == '+' || source_[at_] == '-')) ++at_;
      size_t exponent = at_;
      digits();
      if (at_ > exponent) {
        real = true;
      } else {
        at_ = mark;
      }
    }
    std::string text = source_.substr(begin, at_ - begin);
    std::erase(text, '_');
    bool other_base = text == "0" && at_ < source_.size() && is_name_start(source_[at_]);
    if (other_base || (!real && text.size() > 1 && text[0] == '0' &&
                       text.find_first_not_of('0') != std::string::npos))
      fault("a number that is not plainly decimal is not supported", begin,
            "write the number in decimal, without leading zeros");
    add(real ? Kind::real : Kind::integer, text, begin);
  }

  void string() {
    size_t begin = at_;
    char quote = source_[at_++];
    std::string value;
    while (at_ < source_.size() && source_[at_] != quote) {
      if (source_[at_] == '\\') {
        escape(value);
      } else {
        value += source_[at_++];
      }
    }
    if (at_ >= source_.size()) fault("a string is not closed", begin);
    ++at_;
    add(Kind::string, value, begin);
  }

  // A backslash in a string, as Python's unicode-escape reads it.
  void escape(std::string& value) {
    static constexpr std::string_view kNames = "\\'\"abfnrtv", kPlain = "\\'\"\a\b\f\n\r\t\v";
    size_t begin = at_++;
    char c = at_ < source_.size() ? source_[at_] : '\0';
    size_t digits = c == 'x' ? 2 : c == 'u' ? 4 : c == 'U' ? 8 : 0;
    if (size_t named = kNames.find(c); named != std::string_view::npos) {
      value += kPlain[named];
      ++at_;
    } else if (c == '\n') {
      ++at_;
    } else if (digits > 0) {
      value_of_digits(value, begin, ++at_, digits, 16);
    } else if (c >= '0' && c <= '7') {
      size_t count = 1;
      while (count < 3 && at_ + count < source_.size() && source_[at_ + count] >= '0' &&
             source_[at_ + count] <= '7')
        ++count;
      value_of_digits(value, begin, at_, count, 8);
    } else if (c == 'N') {
      fault("a character by name (\\N) is not supported", begin, "write the character itself");
    } else {
      value += '\\';
    }
  }

  void value_of_digits(std::string& value, size_t begin, size_t from, size_t count, int base) {
    static constexpr std::string_view kDigits = "0123456789abcdef";
    uint64_t point = 0;
    for (size_t i = from; i < from + count; ++i) {
      char c = i < source_.size() ? source_[i] : ' ';
      size_t digit = kDigits.find(c >= 'A' && c <= 'F' ? static_cast<char>(c + 32) : c);
      if (digit == std::string_view::npos) fault("a bad escape in a string", begin);
      point = point * base + digit;
    }
    if (point > 0x10ffff || (point >= 0xd800 && point <= 0xdfff))
      fault("an escape that is no character", begin);
    append_utf8(value, static_cast<char32_t>(point));
    at_ = from + count;
  }

  void sign(std::string& open) {
    static constexpr std::string_view kSigns[] = {"//", "**", "==", "!=", ">=", "<=", ">", "<", "=",
                                                  "+",  "-",  "*",  "/",  "%",  "~",  "|", ".", ",",
                                                  ":",  "(",  ")",  "[",  "]",  "{",  "}"};
    for (std::string_view sign : kSigns) {
      if (!starts(sign, at_)) continue;
      size_t opens = std::string_view("([{").find(sign),
             closes = std::string_view(")]}").find(sign);
      if (opens != std::string_view::npos) open += ")]}"[opens];
      if (closes != std::string_view::npos) {
        if (open.empty() || open.back() != sign[0])
          fault(open.empty() ? cat("unexpected '", sign, "'")
                             : cat("unexpected '", sign, "', expected '", open.back(), "'"),
                at_);
        open.pop_back();
      }
      add(Kind::sign, std::string(sign), at_);
      at_ += sign.size();
      return;
    }
    size_t length = 1;
    while (at_ + length < source_.size() && (source_[at_ + length] & 0xc0) == 0x80) ++length;
    fault(cat("unexpected character '", source_.substr(at_, length), "'"), at_);
  }

  std::string source_;
  size_t at_ = 0, counted_ = 0;
  Spot counted_spot_;
  std::vector<Token> tokens_;
};

}  // namespace

std::vector<Token> tokens_of(std::string_view source) {
  if (!is_utf8(source))
    throw LocatedFault{{"the template is not UTF-8", "convert the file to UTF-8"}, {}};
  return Lexer(source).run();
}

}  // namespace reckon::jinja
