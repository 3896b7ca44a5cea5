// Numbers that carry something: percent, currency, degrees, units, bases.
#include <regex>

#include "tests/rewards/math/rewritings.h"

namespace reckon::math {
namespace {

Rewritings percent(const std::string& number, const mpq_class& p, Random& random) {
  Rewritings result{"percent", {}, {}};
  result.keep = {number + "\\%",
                 number + "%",
                 number,
                 number + "\\,\\%",
                 number + "\\text{ percent}",
                 latex_number(p / 100),
                 "$" + number + "\\%$"};
  if (auto decimal = exact_decimal(p / 100)) result.keep.push_back(*decimal);
  result.change = {latex_number(p + 1) + "\\%", latex_number(p - 1),
                   latex_number(p) + "\\%, " + latex_number(p + 1) + "\\%"};
  if (auto digit = other_digit(number, random)) result.change.push_back(*digit + "\\%");
  if (p != 0)
    result.change.insert(result.change.end(),
                         {latex_number(-p) + "\\%", latex_number(p / 100) + "\\%",
                          latex_number(100 * p), latex_number(p / 10000)});
  return result;
}

Rewritings money(const std::string& number, const mpq_class& p, Random& random) {
  Rewritings result{"currency", {}, {}};
  result.keep = {"\\$" + number,
                 "$" + number,
                 number,
                 number + "\\text{ dollars}",
                 "\\$ " + number,
                 latex_number(p),
                 "\\boxed{\\$" + number + "}"};
  if (!has(number, ".")) result.keep.push_back("\\$" + number + ".00");
  result.change = {"£" + number, "€" + number, number + "\\text{ euros}",
                   "\\$" + latex_number(p + 1), "\\$" + number + ", \\$" + latex_number(p + 1)};
  if (auto digit = other_digit(number, random)) result.change.push_back("\\$" + *digit);
  if (p != 0)
    result.change.insert(result.change.end(),
                         {"\\$" + latex_number(100 * p), latex_number(p / 100), "-\\$" + number});
  return result;
}

Rewritings degrees(const std::string& number, const mpq_class& p, Random& random) {
  Rewritings result{"degrees", {}, {}};
  result.keep = {number + "^{\\circ}",
                 number + "°",
                 number,
                 number + "\\text{ degrees}",
                 "$" + number + "^\\circ$",
                 number + " ^\\circ",
                 "\\theta = " + number + "^\\circ"};
  result.change = {latex_number(p + 1) + "^\\circ",   latex_number(p - 1) + "^\\circ",
                   latex_number(-p) + "^\\circ",      number + "\\text{ radians}",
                   latex_number(100 * p) + "^\\circ", number + "\\text{ cm}"};
  if (auto digit = other_digit(number, random)) result.change.push_back(*digit + "^\\circ");
  return result;
}

// Which other unit would not do: another dimension, or the next size of the same.
std::vector<std::string> wrong_units(const std::string& unit) {
  if (has(unit, "inch") || has(unit, "feet") || has(unit, "foot")) return {"kg", "miles"};
  if (has(unit, "cm") || has(unit, "meter")) return {"kg", "km"};
  if (has(unit, "hour") || has(unit, "minute") || has(unit, "second") || has(unit, "day"))
    return {"kg", "years"};
  return {"kg"};
}

std::optional<Rewritings> with_unit(const std::string& number, const std::string& unit,
                                    const std::string& power, Random& random) {
  Rewritings result{"unit", {}, {}};
  result.keep = {number,
                 number + "\\,\\text{" + unit + "}" + power,
                 number + "\\mbox{ " + unit + "}" + power,
                 number + "\\ \\mathrm{" + replaced(unit, " ", "\\ ") + "}" + power,
                 "$" + number + "\\text{ " + unit + "}" + power + "$",
                 "x = " + number + "\\text{ " + unit + "}" + power};
  if (!has(number, "frac")) result.keep.push_back(number + " " + unit + power);
  std::string tail = "\\text{ " + unit + "}" + power;
  auto value = number_of(number);
  if (value && *value != 0) {
    result.change = {latex_number(100 * *value) + tail, latex_number(*value / 100),
                     latex_number(-*value) + tail,      latex_number(*value + 1) + tail,
                     latex_number(*value - 1),          number + tail + ", " + number + "1"};
  } else {
    result.change = {"100(" + number + ")" + tail, "(" + number + ")+1", "-(" + number + ")" + tail,
                     "-(" + number + ")", "\\frac{" + number + "}{100}"};
  }
  for (const std::string& wrong : wrong_units(unit))
    result.change.push_back(number + "\\text{ " + wrong + "}");
  if (auto digit = other_digit(number, random)) result.change.push_back(*digit + tail);
  return result;
}

Rewritings in_base(const std::string& digits, const std::string& base, Random& random) {
  std::string tail = "_{" + base + "}";
  Rewritings result{"base", {}, {}};
  result.keep = {digits + tail,
                 "(" + digits + ")" + tail,
                 "$" + digits + tail + "$",
                 "0" + digits + tail,
                 digits + tail + ".",
                 "\\boxed{" + digits + tail + "}",
                 "{" + digits + "}" + tail};
  std::string next = std::to_string(std::stoi(base) + 1);
  result.change = {digits,
                   digits + "_{" + next + "}",
                   digits + "0" + tail,
                   "1" + digits + tail,
                   "-" + digits + tail,
                   digits + "." + base};
  if (auto digit = other_digit(digits, random)) result.change.push_back(*digit + tail);
  return result;
}

}  // namespace

std::optional<Rewritings> marked_rewritings(const std::string& gold, Random& random) {
  static const std::regex based(R"((\d+)_\{?(\d+)\}?)");
  static const std::regex unit(
      R"(([^a-zA-Z]*(?:\\(?:frac|sqrt|pi)[^a-zA-Z]*)*?) *\\(?:text|mbox|textrm|mathrm)\{ *([a-zA-Z. ]+?) *\}(\^\{?[23]\}?)?)");
  std::string text = cleaned(gold);
  std::smatch parts;
  if (std::regex_match(text, parts, based)) return in_base(parts[1], parts[2], random);
  for (const char* mark : {"\\%", "%", "^\\circ", "^{\\circ}", "^{\\circ }"}) {
    std::string tail = mark;
    if (text.size() <= tail.size() || !text.ends_with(tail)) continue;
    std::string number = text.substr(0, text.size() - tail.size());
    while (number.ends_with(" ")) number.pop_back();
    if (auto value = number_of(number))
      return tail.ends_with("%") ? percent(number, *value, random)
                                 : degrees(number, *value, random);
  }
  if (text.starts_with("\\$"))
    if (auto value = number_of(text.substr(2))) return money(text.substr(2), *value, random);
  if (std::regex_match(text, parts, unit) && parts[1].length() > 0 && !has(parts[1].str(), ",") &&
      !has(parts[2].str(), " and") && !has(parts[2].str(), ".") && !has(parts[1].str(), "_") &&
      !has(parts[2].str(), "percent") && !has(parts[2].str(), "base"))
    return with_unit(replaced(parts[1].str(), " ", ""), parts[2], parts[3], random);
  return std::nullopt;
}

}  // namespace reckon::math
