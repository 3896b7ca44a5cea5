#include "tests/rewards/math/rewritings.h"

#include <regex>

namespace reckon::math {
namespace {

void add_wrappings(const std::string& gold, std::vector<std::string>& keep) {
  keep.push_back("$" + gold + "$");
  keep.push_back("\\boxed{" + gold + "}");
  keep.push_back("\\displaystyle " + gold);
}

std::vector<std::string> integer_keep(const mpz_class& n, const std::string& text) {
  std::vector<std::string> keep = {text + ".0",
                                   "x = " + text,
                                   text + ".",
                                   "\\mathbf{" + text + "}",
                                   "\\frac{" + mpz_class(2 * n).get_str() + "}{2}",
                                   "\\frac{" + mpz_class(-3 * n).get_str() + "}{-3}"};
  std::string digits = mpz_class(abs(n)).get_str(), comma, latex;
  for (size_t i = 0; i < digits.size(); ++i) {
    if (i && (digits.size() - i) % 3 == 0) {
      comma += ",";
      latex += "{,}";
    }
    comma += digits[i];
    latex += digits[i];
  }
  std::string sign = n < 0 ? "-" : "";
  if (digits.size() > 3) keep.insert(keep.end(), {sign + comma, sign + latex});
  if (n < 0) keep.push_back("−" + digits);
  return keep;
}

std::vector<std::string> fraction_keep(const mpq_class& q) {
  const mpz_class &a = q.get_num(), &b = q.get_den();
  std::string above = a.get_str(), below = b.get_str();
  std::vector<std::string> keep = {
      above + "/" + below,
      "\\dfrac{" + above + "}{" + below + "}",
      "\\frac{" + mpz_class(7 * a).get_str() + "}{" + mpz_class(7 * b).get_str() + "}",
      "\\frac{" + mpz_class(-a).get_str() + "}{-" + below + "}",
      "x=" + latex_number(q),
      "\\frac{ " + above + " }{ " + below + " }",
      "\\left(" + latex_number(q) + "\\right)"};
  if (auto decimal = exact_decimal(q)) keep.push_back(*decimal);
  mpz_class size = abs(a), whole = size / b, rest = size % b;
  if (whole > 0) keep.push_back((a < 0 ? "-" : "") + whole.get_str() + latex_fraction(rest, b));
  if (size < 10 && b < 10) keep.push_back((a < 0 ? "-" : "") + ("\\frac" + size.get_str()) + below);
  return keep;
}

std::vector<std::string> decimal_keep(const mpq_class& q, const std::string& text) {
  std::vector<std::string> keep = {text + "0", "x=" + text, latex_number(q),
                                   "\\frac{" + mpz_class(5 * q.get_num()).get_str() + "}{" +
                                       mpz_class(5 * q.get_den()).get_str() + "}"};
  if (auto tenth = exact_decimal(q / 10)) keep.push_back(*tenth + "\\times 10^1");
  if (text.rfind("0.", 0) == 0) keep.push_back(text.substr(1));
  return keep;
}

std::vector<std::string> number_change(const mpq_class& q, const std::string& text,
                                       Random& random) {
  std::vector<std::string> change = {latex_number(q + 1), latex_number(q - 1),
                                     text + "," + latex_number(q + 1), text + "+x"};
  if (auto digit = other_digit(text, random)) change.push_back(*digit);
  if (q == 0) {
    change.insert(change.end(), {"\\frac{1}{100}", "\\frac12", "10^{-9}"});
    return change;
  }
  for (const mpq_class& other : {mpq_class(-q), mpq_class(100 * q), mpq_class(q / 100)})
    change.push_back(latex_number(other));
  change.push_back(text + "\\%");
  if (abs(q) != 1) change.push_back(latex_number(1 / q));
  // A rounded value is not the exact one.
  mpq_class nudged = q + mpq_class(1, 1'000'000'007);
  change.push_back(latex_number(nudged));
  return change;
}

}  // namespace

std::optional<Rewritings> number_rewritings(const std::string& gold, Random& random) {
  std::string text = cleaned(gold);
  auto value = number_of(text);
  if (!value) return std::nullopt;
  Rewritings result;
  static const std::regex mixed(R"(-?\d+ *\\frac.*)");
  if (std::regex_match(text, mixed)) {
    result.category = "mixed fraction";
    result.keep = fraction_keep(*value);
  } else if (has(text, "frac") || has(text, "/")) {
    result.category = "fraction";
    result.keep = value->get_den() == 1 ? integer_keep(value->get_num(), latex_number(*value))
                                        : fraction_keep(*value);
  } else if (has(text, ".")) {
    result.category = "decimal";
    result.keep = decimal_keep(*value, text);
  } else {
    result.category = "integer";
    result.keep = integer_keep(value->get_num(), value->get_num().get_str());
  }
  result.change = number_change(*value, text, random);
  if (result.category == "decimal") {
    // The gold's own rounding rule may accept what is very near.
    result.change.pop_back();
  }
  add_wrappings(gold, result.keep);
  return result;
}

std::optional<Rewritings> rewritings(const std::string& gold, Random& random) {
  for (const char* other : {"\\begin", "\\pm", "\\mp", ":", "\\le", "\\ge", "<", ">", "\\pmod",
                            "\\ldots", "\\dots", "\\cdots", "\\ne", "or ", "...", "\\emptyset"})
    if (has(gold, other)) return std::nullopt;
  static const std::regex digit_string(R"(0\d+)"), capitals("[A-Z]{2,}.*");
  std::string text = cleaned(gold);
  if (std::regex_match(text, digit_string) || std::regex_match(text, capitals)) return std::nullopt;
  for (auto* family : {number_rewritings, marked_rewritings, collection_rewritings,
                       equation_rewritings, expression_rewritings})
    if (auto result = family(gold, random)) return result;
  return std::nullopt;
}

}  // namespace reckon::math
