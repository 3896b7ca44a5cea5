#include "rewards/rational.h"

#include <algorithm>
#include <array>
#include <optional>
#include <string>
#include <utility>

#include "base/text.h"
#include "rewards/builtin.h"

namespace reckon {
namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }
// Part of a word, where digits are no number of their own.
bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }

// A cursor over text; digits of the number at hand are collected and counted.
class Scanner {
 public:
  Scanner(std::string_view text, size_t at) : text_(text), at_(at) {}

  size_t at() const { return at_; }
  char peek(size_t ahead = 0) const {
    return at_ + ahead < text_.size() ? text_[at_ + ahead] : '\0';
  }
  void skip(size_t count = 1) { at_ += count; }

  std::string digits() {
    size_t begin = at_;
    while (is_digit(peek())) ++at_;
    return std::string(text_.substr(begin, at_ - begin));
  }

  // Integer part: 1234567 or 1,234,567 (groups of exactly three behind one to three).
  std::string integer_part() {
    std::string all = digits();
    if (all.empty() || all.size() > 3) return all;
    while (peek() == ',' && is_digit(peek(1)) && is_digit(peek(2)) && is_digit(peek(3)) &&
           !is_digit(peek(4))) {
      skip();
      all += digits();
    }
    return all;
  }

 private:
  std::string_view text_;
  size_t at_;
};

mpz_class power_of_ten(unsigned long exponent) {
  mpz_class power;
  mpz_ui_pow_ui(power.get_mpz_t(), 10, exponent);
  return power;
}

// Exponent behind a mantissa ("e-3"), if one is there.
std::optional<std::string> take_exponent(Scanner& scanner) {
  if (scanner.peek() != 'e' && scanner.peek() != 'E') return std::nullopt;
  bool sign = scanner.peek(1) == '-' || scanner.peek(1) == '+';
  if (!is_digit(scanner.peek(sign ? 2 : 1))) return std::nullopt;
  scanner.skip();
  std::string text = scanner.peek() == '-' ? "-" : "";
  if (sign) scanner.skip();
  return text + scanner.digits();
}

// Unsigned decimal at the scanner: digits with optional fraction and exponent.
FoundNumber take_decimal(Scanner& scanner) {
  std::string whole = scanner.integer_part(), fraction;
  if (scanner.peek() == '.' && is_digit(scanner.peek(1))) {
    scanner.skip();
    fraction = scanner.digits();
  }
  std::string digits = whole + fraction;
  auto exponent_text = take_exponent(scanner);
  if (digits.empty()) return {};
  int64_t exponent = 0;
  if (exponent_text) exponent = parse_int(*exponent_text).value_or(kMaxDigits + 1);
  if (digits.size() > kMaxDigits || exponent > kMaxDigits || exponent < -kMaxDigits)
    return {NumberKind::too_long, {}};
  exponent -= static_cast<int64_t>(fraction.size());
  mpq_class value{mpz_class(digits, 10)};
  mpz_class scale = power_of_ten(static_cast<unsigned long>(exponent < 0 ? -exponent : exponent));
  if (exponent < 0)
    value /= scale;
  else
    value *= scale;
  return {NumberKind::number, std::move(value)};
}

// Decimal or fraction a/b. Three parts ("1/2/2024") are a date or a path, not a fraction: each part
// stands alone.
FoundNumber take_number(Scanner& scanner) {
  FoundNumber left = take_decimal(scanner);
  if (scanner.peek() != '/' || !is_digit(scanner.peek(1)) || left.kind == NumberKind::none)
    return left;
  Scanner ahead = scanner;
  ahead.skip();
  FoundNumber right = take_decimal(ahead);
  if (ahead.peek() == '/' && is_digit(ahead.peek(1))) return left;
  scanner = ahead;
  if (left.kind != NumberKind::number) return left;
  if (right.kind != NumberKind::number) return right;
  if (right.value == 0) return {NumberKind::undefined, {}};
  return {NumberKind::number, left.value / right.value};
}

constexpr std::string_view kMinus = "\xE2\x88\x92";  // U+2212

// -1 when a sign that may begin a number stands right before `at`, else 1.
int sign_before(std::string_view text, size_t at) {
  size_t length = 0;
  if (at >= 1 && text[at - 1] == '-') length = 1;
  if (at >= kMinus.size() && text.substr(at - kMinus.size(), kMinus.size()) == kMinus)
    length = kMinus.size();
  if (length == 0) return 1;
  if (at == length) return -1;
  char before = text[at - length - 1];
  return is_digit(before) || is_letter(before) || before == ')' || before == ']' || before == '}'
             ? 1
             : -1;
}

bool starts_number(std::string_view text, size_t at) {
  char before = at > 0 ? text[at - 1] : ' ';
  if (is_letter(before)) return false;
  if (is_digit(text[at])) return true;
  return text[at] == '.' && !is_digit(before) && at + 1 < text.size() && is_digit(text[at + 1]);
}

void replace_all(std::string& text, std::string_view from, std::string_view to) {
  for (size_t at = text.find(from); at != std::string::npos; at = text.find(from, at + to.size())) {
    text.replace(at, from.size(), to);
  }
}

// "\frac{a}{b}" to "a/b" when it is the whole of `text` behind a sign.
void unfold_fraction(std::string& text) {
  size_t at = text.starts_with('-') || text.starts_with('+') ? 1 : 0;
  for (std::string_view name : {"\\frac{", "\\dfrac{", "\\tfrac{"}) {
    if (text.compare(at, name.size(), name) != 0 || !text.ends_with('}')) continue;
    std::string inner = text.substr(at + name.size(), text.size() - at - name.size() - 1);
    size_t middle = inner.find("}{");
    if (middle == std::string::npos) return;
    text = text.substr(0, at) + inner.replace(middle, 2, "/");
    return;
  }
}

}  // namespace

FoundNumber last_number(std::string_view text) {
  FoundNumber last;
  for (size_t at = 0; at < text.size();) {
    if (!starts_number(text, at)) {
      // Digits that continue a word belong to it, all of them.
      bool in_word = is_digit(text[at]);
      for (++at; in_word && at < text.size() && is_digit(text[at]);) ++at;
      continue;
    }
    Scanner scanner(text, at);
    int sign = sign_before(text, at);
    bool later_part = at >= 2 && text[at - 1] == '/' && is_digit(text[at - 2]);
    last = later_part ? take_decimal(scanner) : take_number(scanner);
    if (sign < 0) last.value = -last.value;
    at = scanner.at();
  }
  return last;
}

FoundNumber whole_number(std::string_view text) {
  std::string plain(text.substr(0, std::min<size_t>(text.size(), 4 * kMaxDigits)));
  if (text.size() > plain.size()) return {NumberKind::too_long, {}};
  for (std::string_view noise : {"\\,", "\\!", "\\;", "\\ ", "\\$", "$", "\\%", "%", " "})
    replace_all(plain, noise, "");
  replace_all(plain, "{,}", ",");
  replace_all(plain, kMinus, "-");
  unfold_fraction(plain);
  int sign = plain.starts_with('-') ? -1 : 1;
  size_t begin = plain.starts_with('-') || plain.starts_with('+') ? 1 : 0;
  if (begin >= plain.size() || !starts_number(plain, begin)) {
    // A leading sign is not a letter, so only a missing number ends here.
    return {};
  }
  Scanner scanner(plain, begin);
  FoundNumber found = take_number(scanner);
  if (scanner.at() != plain.size()) return {};
  if (sign < 0) found.value = -found.value;
  return found;
}

}  // namespace reckon
