// Equations, and expressions with radicals, constants or variables in them.
#include <algorithm>
#include <cctype>
#include <regex>

#include "tests/rewards/math/rewritings.h"

namespace reckon::math {
namespace {

using Strings = std::vector<std::string>;

bool letter(char c) { return std::isalpha(static_cast<unsigned char>(c)) != 0; }

// Places of single letters that are no part of a command, i and e left out.
Strings variables_of(const std::string& text) {
  Strings found;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\\') {
      while (i + 1 < text.size() && letter(text[i + 1])) ++i;
    } else if (letter(text[i]) && text[i] != 'i' && text[i] != 'e' &&
               std::find(found.begin(), found.end(), std::string(1, text[i])) == found.end()) {
      found.emplace_back(1, text[i]);
    }
  }
  return found;
}

std::string renamed(const std::string& text, char from, char to) {
  std::string result = text;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\\') {
      while (i + 1 < text.size() && letter(text[i + 1])) ++i;
    } else if (text[i] == from) {
      result[i] = to;
    }
  }
  return result;
}

// The first fraction with its parts exchanged, when they are numbers of different size or differ
// as text in what they consist of.
std::optional<std::string> swapped_fraction(const std::string& text) {
  size_t at = text.find("\\frac");
  if (at == std::string::npos) return std::nullopt;
  auto above = argument_at(text, at + 5);
  auto below = above ? argument_at(text, above->end) : std::nullopt;
  if (!below) return std::nullopt;
  auto a = number_of(above->text), b = number_of(below->text);
  bool differ = a && b ? abs(*a) != abs(*b) : a.has_value() != b.has_value() && !has(text, "^");
  if (!differ || (a && *a == 0)) return std::nullopt;
  return text.substr(0, at) + "\\frac{" + below->text + "}{" + above->text + "}" +
         text.substr(below->end);
}

// \sqrt{...} as a power of one half.
std::optional<std::string> root_as_power(const std::string& text) {
  size_t at = text.find("\\sqrt{");
  if (at == std::string::npos) return std::nullopt;
  auto inside = argument_at(text, at + 5);
  if (!inside) return std::nullopt;
  size_t end = inside->end;
  if (end < text.size() && text[end] == '^') return std::nullopt;
  return text.substr(0, at) + "(" + inside->text + ")^{1/2}" + text.substr(end);
}

Strings kept(const std::string& text, const Strings& terms) {
  Strings keep = {"\\left(" + text + "\\right)",
                  "\\frac{2(" + text + ")}{2}",
                  "-(-(" + text + "))",
                  "1\\cdot(" + text + ")",
                  "$" + text + "$",
                  "\\boxed{" + text + "}"};
  if (terms.size() > 1) {
    keep.push_back(sum_of(Strings(terms.rbegin(), terms.rend())));
    Strings turned = terms;
    std::rotate(turned.begin(), turned.begin() + 1, turned.end());
    keep.push_back(sum_of(turned));
  }
  if (auto power = root_as_power(text)) keep.push_back(*power);
  if (has(text, "\\pi")) keep.push_back(replaced(text, "\\pi", "π"));
  return keep;
}

Strings changed(const std::string& text, const Strings& terms, Random& random) {
  Strings change = {"-(" + text + ")",         "(" + text + ")+1",
                    "100(" + text + ")",       "\\frac{" + text + "}{100}",
                    text + ", " + text + "+1", "(" + text + ")-10^{-9}"};
  if (auto digit = other_digit(text, random)) change.push_back(*digit);
  if (terms.size() > 1) {
    Strings other = terms;
    other.back()[0] = other.back()[0] == '+' ? '-' : '+';
    change.push_back(sum_of(other));
    change.push_back(sum_of(Strings(terms.begin(), terms.end() - 1)));
  }
  for (const std::string& variable : variables_of(text)) {
    change.push_back(renamed(text, variable[0], variable[0] == 'q' ? 'w' : 'q'));
    break;
  }
  if (auto swapped = swapped_fraction(text)) change.push_back(*swapped);
  return change;
}

}  // namespace

std::optional<Rewritings> expression_rewritings(const std::string& gold, Random& random) {
  std::string text = cleaned(gold);
  // A plain expression: known commands alone, no words, no brackets of other kinds.
  static const std::regex command(R"(\\[a-zA-Z]+)"), word("[a-zA-Z]{3,}");
  static const Strings known = {"\\frac", "\\sqrt", "\\pi", "\\cdot", "\\times", "\\theta"};
  for (std::sregex_iterator i(text.begin(), text.end(), command), end; i != end; ++i)
    if (std::find(known.begin(), known.end(), i->str()) == known.end()) return std::nullopt;
  std::string rest = std::regex_replace(text, command, " ");
  if (std::regex_search(rest, word) || has(rest, "\\") || has(rest, ",") || has(rest, "=") ||
      has(rest, "'") || has(rest, "$") || has(rest, "[") || has(rest, "_") || has(rest, "!") ||
      has(rest, "|"))
    return std::nullopt;
  if (text.size() == 1 && std::isupper(static_cast<unsigned char>(text[0]))) return std::nullopt;
  Strings variables = variables_of(text);
  std::string category = !variables.empty()    ? "algebraic"
                         : has(rest, "i")      ? "complex"
                         : has(text, "\\sqrt") ? "radical"
                         : has(text, "\\pi")   ? "multiple of pi"
                                               : "arithmetic";
  Strings terms = terms_of(text);
  Rewritings result{category, kept(text, terms), changed(text, terms, random)};
  // To a plain number that would be a sum that is not worked out.
  if (category != "arithmetic") result.keep.push_back("\\frac{3(" + text + ")+3}{3}-1");
  return result;
}

std::optional<Rewritings> equation_rewritings(const std::string& gold, Random& random) {
  std::string text = cleaned(gold);
  Strings sides = split_outside(text, "=");
  if (sides.size() != 2 || has(text, ",") || has(text, "text") || has(text, "%"))
    return std::nullopt;
  const std::string &left = sides[0], &right = sides[1];
  if (left.empty() || right.empty() || has(left, "(x") || has(left, "f")) return std::nullopt;
  bool single = left.size() == 1 && letter(left[0]);
  Rewritings result{single && variables_of(right).empty() ? "assignment" : "equation", {}, {}};
  result.keep = {right + "=" + left, left + " = " + right, "$" + text + "$",
                 "\\boxed{" + text + "}"};
  result.change = {left + "=" + right + "+1", left + "-10^{-9}=" + right, left + ">" + right,
                   left + "\\ne " + right};
  if (auto digit = other_digit(text, random)) result.change.push_back(*digit);
  if (single) {
    result.keep.insert(result.keep.end(), {right, "(" + right + ")"});
    result.change.insert(result.change.end(), {left, left + "=-(" + right + ")-1"});
  } else {
    auto value = number_of(right);
    std::string twice = value ? latex_number(2 * *value) : "2(" + right + ")";
    std::string minus = value ? latex_number(-*value) : "-(" + right + ")";
    result.keep.insert(result.keep.end(),
                       {"2(" + left + ")=" + twice, "-(" + left + ")=" + minus,
                        value && *value == 0 ? "0=7(" + left + ")" : left + "-(" + right + ")=0"});
    result.change.insert(result.change.end(), {left, "0=0", left + "=" + right + "+q"});
  }
  return result;
}

}  // namespace reckon::math
