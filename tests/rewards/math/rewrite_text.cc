#include "tests/rewards/math/rewrite_text.h"

#include <algorithm>
#include <cctype>
#include <regex>

namespace reckon::math {
namespace {

bool opens(char c) { return c == '(' || c == '[' || c == '{'; }
bool closes(char c) { return c == ')' || c == ']' || c == '}'; }
bool digit(char c) { return std::isdigit(static_cast<unsigned char>(c)) != 0; }

std::string trimmed(std::string text) {
  while (!text.empty() && text.back() == ' ') text.pop_back();
  size_t first = text.find_first_not_of(' ');
  return first == std::string::npos ? "" : text.substr(first);
}

}  // namespace

std::string replaced(std::string text, const std::string& from, const std::string& to) {
  for (size_t at = 0; (at = text.find(from, at)) != std::string::npos; at += to.size())
    text.replace(at, from.size(), to);
  return text;
}

bool has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

std::string cleaned(std::string text) {
  // Groups of digits: "1,\\! 000" however it is spaced, "1,000" without a blank alone.
  static const std::regex thin(R"((\d), *\\! *(?=\d{3}))");
  text = std::regex_replace(text, thin, "$1");
  text = replaced(replaced(text, "\\left", ""), "\\right", "");
  text = replaced(replaced(text, "\\dfrac", "\\frac"), "\\tfrac", "\\frac");
  for (const char* blank : {"\\!", "\\,", "\\;", "\\:", "~"}) text = replaced(text, blank, "");
  text = replaced(text, "\\ ", " ");
  static const std::regex grouped(R"((\\\$)?-?\d{1,3}(,\d{3})+(\.\d+)?( *\\.*)?)");
  if (std::regex_match(text, grouped)) {
    static const std::regex comma(R"((\d),(?=\d{3}))");
    text = std::regex_replace(text, comma, "$1");
  }
  text = trimmed(text);
  if (text.size() > 1 && text.back() == '.') text.pop_back();
  return text;
}

std::vector<std::string> split_outside(const std::string& text, const std::string& separator) {
  std::vector<std::string> parts(1);
  int depth = 0;
  for (size_t i = 0; i < text.size(); ++i) {
    depth += opens(text[i]);
    depth -= closes(text[i]);
    if (depth == 0 && text.compare(i, separator.size(), separator) == 0) {
      parts.emplace_back();
      i += separator.size() - 1;
    } else {
      parts.back() += text[i];
    }
  }
  for (std::string& part : parts) part = trimmed(part);
  return parts;
}

std::vector<std::string> terms_of(const std::string& text) {
  std::vector<std::string> terms;
  int depth = 0;
  std::string term;
  for (char c : text) {
    depth += opens(c);
    depth -= closes(c);
    bool sign = depth == 0 && (c == '+' || c == '-');
    std::string so_far = trimmed(term);
    if (sign && !so_far.empty() && so_far != "+" && so_far != "-") {
      terms.push_back(so_far);
      term.clear();
    }
    term += c;
  }
  terms.push_back(trimmed(term));
  for (std::string& t : terms)
    if (t[0] != '+' && t[0] != '-') t = "+" + t;
  return terms;
}

std::string sum_of(const std::vector<std::string>& terms) {
  std::string sum;
  for (const std::string& term : terms) sum += term;
  return sum[0] == '+' ? sum.substr(1) : sum;
}

std::optional<mpq_class> fraction_of(const std::string& text) {
  static const std::regex latex(R"((-?) *\\frac *\{ *(-?\d+) *\} *\{ *(-?\d+) *\})");
  static const std::regex digits(R"((-?) *\\frac *(\d) *(\d))");
  static const std::regex first(R"((-?) *\\frac *(\d) *\{ *(\d+) *\})");
  static const std::regex second(R"((-?) *\\frac *\{ *(\d+) *\} *(\d))");
  static const std::regex slash(R"((-?)(\d+) */ *(\d+))");
  std::smatch parts;
  if (!std::regex_match(text, parts, latex) && !std::regex_match(text, parts, digits) &&
      !std::regex_match(text, parts, first) && !std::regex_match(text, parts, second) &&
      !std::regex_match(text, parts, slash))
    return std::nullopt;
  mpz_class numerator(parts[2].str()), denominator(parts[3].str());
  if (denominator == 0) return std::nullopt;
  mpq_class value(numerator, denominator);
  value.canonicalize();
  return parts[1].length() ? mpq_class(-value) : value;
}

std::optional<mpq_class> number_of(const std::string& text) {
  static const std::regex decimal(R"((-?)(\d*)\.(\d+))"), integer(R"(-?\d+)");
  std::smatch parts;
  if (std::regex_match(text, integer)) return mpq_class(mpz_class(text, 10));
  if (std::regex_match(text, parts, decimal)) {
    mpz_class all(parts[2].str() + parts[3].str(), 10), scale;
    mpz_ui_pow_ui(scale.get_mpz_t(), 10, static_cast<unsigned long>(parts[3].length()));
    mpq_class value(all, scale);
    value.canonicalize();
    return parts[1].length() ? mpq_class(-value) : value;
  }
  static const std::regex mixed(R"((-?)(\d+) *(\\frac.*))");
  if (std::regex_match(text, parts, mixed)) {
    auto rest = fraction_of(parts[3]);
    if (!rest || *rest <= 0 || *rest >= 1) return std::nullopt;
    mpq_class value = mpz_class(parts[2].str(), 10) + *rest;
    return parts[1].length() ? mpq_class(-value) : value;
  }
  return fraction_of(text);
}

std::optional<std::string> exact_decimal(const mpq_class& value) {
  mpz_class scaled = abs(value.get_num());
  std::string digits;
  for (int decimals = 0; decimals < 12; ++decimals, scaled *= 10) {
    if (scaled % value.get_den() != 0) continue;
    digits = mpz_class(scaled / value.get_den()).get_str();
    while (static_cast<int>(digits.size()) <= decimals) digits.insert(0, "0");
    if (decimals) digits.insert(digits.size() - static_cast<size_t>(decimals), ".");
    return (value < 0 ? "-" : "") + digits;
  }
  return std::nullopt;
}

std::string latex_fraction(const mpz_class& numerator, const mpz_class& denominator) {
  std::string body =
      "\\frac{" + mpz_class(abs(numerator)).get_str() + "}{" + denominator.get_str() + "}";
  return numerator < 0 ? "-" + body : body;
}

std::string latex_number(const mpq_class& value) {
  return value.get_den() == 1 ? value.get_num().get_str()
                              : latex_fraction(value.get_num(), value.get_den());
}

std::optional<std::string> other_digit(std::string text, Random& random) {
  std::vector<size_t> places;
  for (size_t i = 0; i < text.size(); ++i)
    if (digit(text[i])) places.push_back(i);
  if (places.empty()) return std::nullopt;
  char& c = text[places[random() % places.size()]];
  c = static_cast<char>('0' + (c - '0' + 1 + static_cast<int>(random() % 9)) % 10);
  return text;
}

std::optional<Argument> argument_at(const std::string& text, size_t at) {
  while (at < text.size() && text[at] == ' ') ++at;
  if (at >= text.size() || text[at] == '\\') return std::nullopt;
  if (text[at] != '{') return Argument{text.substr(at, 1), at + 1};
  int depth = 0;
  for (size_t end = at; end < text.size(); ++end) {
    depth += text[end] == '{';
    depth -= text[end] == '}';
    if (depth == 0) return Argument{text.substr(at + 1, end - at - 1), end + 1};
  }
  return std::nullopt;
}

}  // namespace reckon::math
