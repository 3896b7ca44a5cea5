// Intervals, unions, sets, tuples and bare lists.
#include <algorithm>
#include <cctype>
#include <regex>

#include "tests/rewards/math/rewritings.h"

namespace reckon::math {
namespace {

using Strings = std::vector<std::string>;

std::string joined(const Strings& parts, const std::string& between) {
  std::string text;
  for (const std::string& part : parts) text += (text.empty() ? "" : between) + part;
  return text;
}

// A point far out where the set is bounded; nothing where it has no end on either side.
std::optional<std::string> with_far_point(const std::string& set) {
  if (!has(set, "-\\infty")) return set + "\\cup\\{-1000003\\}";
  if (!has(replaced(set, "-\\infty", ""), "\\infty")) return set + "\\cup\\{1000003\\}";
  return std::nullopt;
}

bool infinite(const std::string& text) { return has(text, "\\infty"); }

// The same element written otherwise; nothing where that is not plain.
std::optional<std::string> same_element(const std::string& element) {
  auto value = number_of(element);
  if (!value)
    return infinite(element) ? std::nullopt : std::optional("\\left(" + element + "\\right)");
  mpq_class q = *value;
  return (q < 0 ? "-" : "") + ("\\frac{" + mpz_class(2 * abs(q.get_num())).get_str() + "}{" +
                               mpz_class(2 * q.get_den()).get_str() + "}");
}

std::string negated(const std::string& element) {
  auto value = number_of(element);
  return value ? latex_number(-*value) : "-(" + element + ")";
}

bool zero(const std::string& element) {
  auto value = number_of(element);
  return value && *value == 0;
}

// One element after the other replaced by what `other` gives for it, at most three of them.
template <class Other>
void with_one_changed(const Strings& elements, Other other, const std::string& open,
                      const std::string& close, Strings& to) {
  for (size_t i = 0; i < std::min<size_t>(3, elements.size()); ++i) {
    std::optional<std::string> element = other(elements[i]);
    if (!element) continue;
    Strings changed = elements;
    changed[i] = *element;
    to.push_back(open + joined(changed, ",") + close);
  }
}

void element_changes(const Strings& elements, const std::string& open, const std::string& close,
                     Random& random, Strings& change) {
  with_one_changed(
      elements,
      [](const std::string& e) {
        return zero(e) || infinite(e) ? std::nullopt : std::optional(negated(e));
      },
      open, close, change);
  with_one_changed(
      elements,
      [&](const std::string& e) { return infinite(e) ? std::nullopt : other_digit(e, random); },
      open, close, change);
  with_one_changed(
      Strings(elements.begin(), elements.begin() + 1),
      [](const std::string& e) {
        return infinite(e) ? std::nullopt : std::optional("(" + e + ")+1");
      },
      open, close + "", change);
}

Rewritings interval(const std::string& text, Random& random) {
  std::string open = text.substr(0, 1), close = text.substr(text.size() - 1);
  Strings ends = split_outside(text.substr(1, text.size() - 2), ",");
  Rewritings result{"interval", {}, {}};
  result.keep = {"\\left" + open + ends[0] + "," + ends[1] + "\\right" + close,
                 open + " " + ends[0] + " , " + ends[1] + " " + close,
                 "x \\in " + text,
                 "x\\in\\left" + open + ends[0] + ", " + ends[1] + "\\right" + close,
                 "$" + text + "$",
                 "\\boxed{" + text + "}"};
  with_one_changed(ends, same_element, open, close, result.keep);
  if (infinite(text)) result.keep.push_back(replaced(text, "\\infty", "∞"));
  std::string inside = text.substr(1, text.size() - 2);
  if (!infinite(ends[0])) result.change.push_back((open == "(" ? "[" : "(") + inside + close);
  if (!infinite(ends[1])) result.change.push_back(open + inside + (close == ")" ? "]" : ")"));
  result.change.push_back(open + ends[1] + "," + ends[0] + close);
  result.change.push_back(infinite(ends[0]) ? ends[1] : ends[0]);
  result.change.push_back("\\{" + inside + "\\}");
  if (auto more = with_far_point(text)) result.change.push_back(*more);
  if (infinite(text)) result.change.push_back("(-\\infty,\\infty)");
  element_changes(ends, open, close, random, result.change);
  return result;
}

Rewritings union_of(const Strings& parts, Random& random) {
  Rewritings result{"union", {}, {}};
  Strings turned(parts.rbegin(), parts.rend());
  std::string text = joined(parts, "\\cup ");
  result.keep = {joined(turned, " \\cup "), joined(parts, "∪"), joined(parts, " U "),
                 "x \\in " + text,          "$" + text + "$",   replaced(text, "\\infty", "∞")};
  Strings fewer(parts.begin(), parts.end() - 1), others = parts;
  result.change = {joined(fewer, "\\cup "), parts.back(), joined(parts, "\\cap "), "\\emptyset",
                   "(-\\infty,\\infty)"};
  if (auto more = with_far_point(text)) result.change.push_back(*more);
  if (auto digit = other_digit(parts[0], random)) {
    others[0] = *digit;
    result.change.push_back(joined(others, "\\cup "));
  }
  for (auto [from, to] : {std::pair("[", "("), std::pair("]", ")")})
    if (size_t at = text.find(from); at != std::string::npos) {
      std::string changed = text;
      result.change.push_back(changed.replace(at, 1, to));
    }
  return result;
}

Rewritings set(const Strings& elements, Random& random) {
  Rewritings result{"set", {}, {}};
  Strings turned(elements.rbegin(), elements.rend());
  std::string inside = joined(elements, ",");
  result.keep = {"\\{" + joined(turned, ",") + "\\}",        "\\left\\{" + inside + "\\right\\}",
                 "\\{ " + joined(elements, " , ") + " \\}",  "\\lbrace " + inside + "\\rbrace",
                 "\\{" + inside + "," + elements[0] + "\\}", "$\\{" + inside + "\\}$"};
  with_one_changed(elements, same_element, "\\{", "\\}", result.keep);
  Strings fewer(elements.begin() + 1, elements.end());
  result.change = {"\\{" + inside + ",1000003\\}", "(" + inside + ",1000003)", elements[0] + "+1"};
  if (!fewer.empty()) result.change.push_back("\\{" + joined(fewer, ",") + "\\}");
  element_changes(elements, "\\{", "\\}", random, result.change);
  return result;
}

Rewritings tuple(const Strings& elements, Random& random) {
  Rewritings result{"tuple", {}, {}};
  std::string inside = joined(elements, ",");
  result.keep = {"\\left(" + inside + "\\right)", "( " + joined(elements, " , ") + " )",
                 "$(" + inside + ")$", "\\boxed{(" + inside + ")}",
                 "\\left( " + joined(elements, ", ") + " \\right)."};
  with_one_changed(elements, same_element, "(", ")", result.keep);
  if (elements.size() == 2) result.keep.push_back("(x,y)=(" + inside + ")");
  Strings turned = elements, fewer(elements.begin(), elements.end() - 1);
  std::swap(turned[0], turned[1]);
  auto plain = number_of(elements[0]), other = number_of(elements[1]);
  if (plain && other && *plain != *other) result.change.push_back("(" + joined(turned, ",") + ")");
  result.change.push_back("(" + joined(fewer, ",") + ")");
  result.change.push_back("(" + inside + "," + elements[0] + ")");
  if (elements.size() == 2) result.change.push_back("[" + inside + "]");
  result.change.push_back("\\{" + inside + "\\}");
  element_changes(elements, "(", ")", random, result.change);
  return result;
}

Rewritings list(const Strings& elements, Random& random) {
  Rewritings result{"list", {}, {}};
  Strings turned(elements.rbegin(), elements.rend());
  std::string text = joined(elements, ",");
  Strings first(elements.begin(), elements.end() - 1);
  result.keep = {joined(turned, ", "),
                 joined(elements, ",\\ "),
                 "$" + joined(elements, ", ") + "$",
                 joined(first, ", ") + "\\text{ and }" + elements.back(),
                 joined(first, ", ") + " and " + elements.back(),
                 "\\boxed{" + joined(elements, ", ") + "}"};
  with_one_changed(elements, same_element, "", "", result.keep);
  result.change = {joined(first, ","), elements.back(), text + ",1000003", joined(elements, "+")};
  if (std::all_of(elements.begin(), elements.end(),
                  [](const std::string& e) { return number_of(e).has_value(); }))
    result.change.push_back(joined(elements, "\\cdot ") + "+1000003");
  element_changes(elements, "", "", random, result.change);
  return result;
}

bool plain_elements(const Strings& elements) {
  return std::none_of(elements.begin(), elements.end(), [](const std::string& e) {
    return e.empty() || has(e, "=") || has(e, "text") || has(e, "\\$") || has(e, "%") ||
           has(e, "mbox") || has(e, "$") || has(e, "^\\circ") ||
           (e.size() == 1 && std::isupper(static_cast<unsigned char>(e[0])));
  });
}

// `text` is one bracketed group, not two of them beside each other.
bool one_group(const std::string& text) {
  int depth = 0;
  for (size_t i = 0; i < text.size(); ++i) {
    depth += text[i] == '(' || text[i] == '[' || text[i] == '{';
    depth -= text[i] == ')' || text[i] == ']' || text[i] == '}';
    if (depth == 0 && i + 1 < text.size()) return false;
  }
  return depth == 0;
}

}  // namespace

std::optional<Rewritings> collection_rewritings(const std::string& gold, Random& random) {
  std::string text = cleaned(gold);
  if (text.size() < 3 || has(text, "=") || has(text, "\\in ") || has(text, "\\setminus"))
    return std::nullopt;
  if (Strings parts = split_outside(text, "\\cup"); parts.size() > 1)
    return union_of(parts, random);
  if (text.starts_with("\\{") && text.ends_with("\\}")) {
    Strings elements = split_outside(text.substr(2, text.size() - 4), ",");
    if (plain_elements(elements)) return set(elements, random);
    return std::nullopt;
  }
  char open = text.front(), close = text.back();
  bool group = (open == '(' || open == '[') && (close == ')' || close == ']') && one_group(text);
  if (group) {
    Strings elements = split_outside(text.substr(1, text.size() - 2), ",");
    if (elements.size() < 2 || !plain_elements(elements)) return std::nullopt;
    bool square = open == '[' || close == ']';
    if (elements.size() == 2 && infinite(elements[0]) && infinite(elements[1])) return std::nullopt;
    if (elements.size() == 2 && (square || infinite(text))) return interval(text, random);
    if (!square) return tuple(elements, random);
    return std::nullopt;
  }
  Strings elements = split_outside(text, ",");
  bool letters = std::any_of(elements.begin(), elements.end(), [](const std::string& e) {
    return e.size() == 1 && std::isalpha(static_cast<unsigned char>(e[0]));
  });
  if (elements.size() < 2 || letters || !plain_elements(elements)) return std::nullopt;
  return list(elements, random);
}

}  // namespace reckon::math
