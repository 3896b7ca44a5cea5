// Literals: their exact value, the base below them, mixed numbers.
#include <algorithm>

#include "rewards/math/parser_state.h"

namespace reckon::math {
namespace {

constexpr double kBitsPerDigit = 3.3219281;
constexpr size_t kLongestRepetition = 64;  // decimals looked at for a period before "..."

bool is_digit(char c) { return c >= '0' && c <= '9'; }

bool all_digits(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), is_digit);
}

bool all_hexadecimal(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return c >= 'A' && c <= 'F'; });
}

// A literal taken apart: digits before and after the point, those that repeat, the exponent.
struct Literal {
  std::string whole, decimals, period;
  bool point = false;
  bool dots = false;
  long exponent = 0;
};

constexpr long kHugeExponent = 1'000'000'000;

Literal take_apart(std::string_view source) {
  Literal literal;
  size_t points = static_cast<size_t>(std::count(source.begin(), source.end(), '.'));
  size_t comma = source.rfind(',');
  bool dots = source.ends_with("...") || source.find("dots") != source.npos;
  if (source.ends_with("...")) points -= 3;
  // 1.234.567,89: points group, the comma is the decimal one.
  bool european = points >= 2 || (points == 1 && comma != source.npos && comma > source.find('.'));
  char point = european ? ',' : '.';
  literal.dots = dots;
  std::string* target = &literal.whole;
  for (size_t i = 0; i < source.size(); ++i) {
    char c = source[i];
    if (is_digit(c)) {
      *target += c;
    } else if (c == point && !literal.point) {
      literal.point = true;
      target = &literal.decimals;
    } else if (c == 'e' || c == 'E') {
      bool negative = source[i + 1] == '-';
      for (char digit : source.substr(i + 1))
        if (is_digit(digit))
          literal.exponent = std::min(literal.exponent * 10 + (digit - '0'), kHugeExponent);
      if (negative) literal.exponent = -literal.exponent;
      break;
    } else if (c == '(' || (c == '\\' &&
                            (source.substr(i, 4) == "\\ove" || source.substr(i, 4) == "\\bar" ||
                             source.substr(i, 4) == "\\dot") &&
                            source.substr(i, 5) != "\\dots")) {
      target = &literal.period;
      while (i + 1 < source.size() && !is_digit(source[i + 1])) ++i;
    } else if (c == '\\') {
      // A separator or an ellipsis: its letters hold no digits but may hold an e.
      while (i + 1 < source.size() && !is_digit(source[i + 1])) ++i;
    }
  }
  return literal;
}

// Before an ellipsis: the period of 0.333 and 0.142857142857. It must be seen at least twice from
// the point on, or three times over a tail; two cycles and less are no proof (2.718281828...).
void find_period(Literal& literal) {
  const std::string& digits = literal.decimals;
  size_t n = digits.size();
  if (n > kLongestRepetition) return;
  for (size_t period = 1; period * 2 <= n; ++period) {
    size_t tail = period;
    while (tail < n && digits[n - 1 - tail] == digits[n - 1 - tail + period]) ++tail;
    if (tail < period * 3 && !(tail == n && tail >= period * 2)) continue;
    literal.period = digits.substr(n - tail, period);
    literal.decimals = digits.substr(0, n - tail);
    return;
  }
}

mpz_class power_of_ten(unsigned long exponent) {
  mpz_class result;
  mpz_ui_pow_ui(result.get_mpz_t(), 10, exponent);
  return result;
}

mpz_class from_digits(const std::string& digits) {
  if (digits.empty()) return 0;
  return mpz_class(digits, 10);
}

mpq_class value_of(const Literal& literal) {
  mpq_class value(from_digits(literal.whole + literal.decimals));
  if (!literal.period.empty()) {
    mpq_class repeated(from_digits(literal.period), power_of_ten(literal.period.size()) - 1);
    repeated.canonicalize();
    value += repeated;
  }
  long shift = literal.exponent - static_cast<long>(literal.decimals.size());
  if (shift > 0) value *= power_of_ten(static_cast<unsigned long>(shift));
  if (shift < 0) value /= power_of_ten(static_cast<unsigned long>(-shift));
  return value;
}

}  // namespace

Expr Parser::integer(long value) {
  Node& result = node(Kind::number);
  result.value = value;
  result.text = arena_.keep(std::to_string(value));
  return &result;
}

Expr Parser::literal(const Token& token) {
  std::string_view source = token.source;
  Node& result = node(Kind::number);
  result.text = source;
  if (source.size() <= 18 && all_digits(source)) {
    unsigned long value = 0;
    for (char c : source) value = value * 10 + static_cast<unsigned long>(c - '0');
    result.value = value;
    return &result;
  }
  arena_.budget().require_bits(static_cast<double>(source.size()) * kBitsPerDigit, "a long number");
  Literal literal = take_apart(source);
  arena_.budget().require_bits(
      static_cast<double>(source.size() + static_cast<size_t>(std::abs(literal.exponent))) *
          kBitsPerDigit,
      "a large exponent");
  bool repeats = !literal.period.empty();
  if (literal.dots && !repeats) find_period(literal);
  repeats = !literal.period.empty();
  result.value = value_of(literal);
  if (literal.point && !repeats)
    result.decimals = static_cast<int32_t>(
        std::max(0L, static_cast<long>(literal.decimals.size()) - literal.exponent));
  return &result;
}

Expr Parser::number() {
  if (Expr based = based_number()) return based;
  if (Expr mixed = mixed_number()) return mixed;
  const Token& token = tokens_[at_++];
  // 5C3
  if (is(Tok::word) && peek().source == "C" && !peek().space && is(Tok::number, 1) &&
      !peek(1).space) {
    Expr n = literal(token);
    Expr k = literal(tokens_[at_ + 1]);
    at_ += 2;
    return &node(Kind::binomial, {n, k});
  }
  return literal(token);
}

namespace {
long named_base(const Token& token) {
  static constexpr struct {
    std::string_view name;
    long value;
  } kBases[] = {{"two", 2},  {"three", 3},   {"four", 4},    {"five", 5},
                {"six", 6},  {"seven", 7},   {"eight", 8},   {"nine", 9},
                {"ten", 10}, {"twelve", 12}, {"sixteen", 16}};
  for (auto [name, value] : kBases)
    if (equals_folded(token.source, name)) return value;
  return 0;
}

// Digits of a number in some base: separators go, letters count.
std::string base_digits(std::string_view source) {
  std::string digits;
  for (char c : source)
    if (is_digit(c) || c == '.' || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z')) digits += c;
  return digits;
}
}  // namespace

// 101_2, 1A5_{16}, A5_{11}: a run of digits and letters that a base stands below.
Expr Parser::based_number() {
  size_t first = at_, last = at_;
  bool letters_first = tokens_[first].type == Tok::word;
  while (last < tokens_.size() && last < first + 16) {
    const Token& token = tokens_[last];
    bool fits = token.type == Tok::number || (token.type == Tok::word && token.source.size() <= 8);
    if (!fits || (last > first && token.space)) break;
    ++last;
  }
  if (last >= tokens_.size() || tokens_[last].type != Tok::under) return nullptr;
  // 3x_1 is three times x_1 and A_{12} a name: letters are digits as capitals A to F alone.
  for (size_t i = first; i < last; ++i)
    if (tokens_[i].type == Tok::word && !all_hexadecimal(tokens_[i].source)) return nullptr;
  if (letters_first && last == first + 1 && tokens_[first].source.size() == 1) return nullptr;
  size_t at = last + 1;
  bool braced = at < tokens_.size() && tokens_[at].type == Tok::open && tokens_[at].kind == '{';
  if (braced) ++at;
  bool round = at < tokens_.size() && tokens_[at].type == Tok::open && tokens_[at].kind == '(';
  if (round) ++at;
  if (at >= tokens_.size()) return nullptr;
  Token base = tokens_[at];
  long value = base.type == Tok::word ? named_base(base) : 0;
  if (value == 0 &&
      (base.type != Tok::number || base.source.size() > 2 || !all_digits(base.source)))
    return nullptr;
  if (letters_first && value < 11 &&
      (base.type == Tok::word || base.source.size() < 2 || base.source == "10"))
    return nullptr;
  at += 1;
  if (round && at < tokens_.size() && tokens_[at].type == Tok::close) ++at;
  if (braced && at < tokens_.size() && tokens_[at].type == Tok::close) ++at;
  std::string digits = base_digits(between(first, last));
  Expr below = value != 0 ? integer(value) : literal(base);
  at_ = at;
  return named(Kind::based, arena_.keep(std::move(digits)), {below});
}

// (1010)_2
Expr Parser::base_below(Expr digits) {
  if (digits->kind != Kind::number) return fail("a subscript of no symbol");
  ++at_;
  Expr below = is(Tok::number) ? literal(tokens_[at_++]) : argument();
  if (!below || below->kind != Kind::number) return fail("a base that is no number");
  return named(Kind::based, arena_.keep(base_digits(digits->text)), {below});
}

// 3\frac12, 3 \frac{1}{2} and 3 1/2: whole numbers alone; anything else beside a fraction is a
// product. Returns nullptr, with nothing consumed, where it is none.
Expr Parser::mixed_number() {
  if (!all_digits(peek().source)) return nullptr;
  auto plain = [&](size_t ahead) {
    return is(Tok::number, ahead) && all_digits(peek(ahead).source);
  };
  if (is(Tok::fraction, 1)) {
    size_t ahead = 2;
    for (int part = 0; part < 2; ++part) {
      if (is_open('{', ahead)) {
        if (!plain(ahead + 1) || !is_close('}', ahead + 2)) return nullptr;
        ahead += 3;
      } else if (plain(ahead)) {
        // \frac12: one token holds both digits
        if (part == 0 && peek(ahead).source.size() == 2) ++part;
        ahead += 1;
      } else {
        return nullptr;
      }
    }
    Expr whole = literal(tokens_[at_++]);
    Expr part = fraction();
    if (!part) return nullptr;
    return &node(Kind::mixed, {whole, part});
  }
  if (plain(1) && peek(1).space && is(Tok::slash, 2) && !peek(2).space && plain(3) &&
      !peek(3).space) {
    Expr whole = literal(tokens_[at_]);
    Expr above = literal(tokens_[at_ + 1]);
    Expr below = literal(tokens_[at_ + 3]);
    at_ += 4;
    return &node(Kind::mixed, {whole, &node(Kind::quotient, {above, below})});
  }
  return nullptr;
}

}  // namespace reckon::math
