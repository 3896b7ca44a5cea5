// The global functions, and what text functions share.
#include <cstdio>

#include "base/text.h"
#include "model/jinja/evaluator.h"
#include "model/jinja/text.h"

namespace reckon::jinja {
namespace {

Value range(const Arguments& arguments, Budget& budget) {
  arguments.check("range", {"start", "stop", "step"});
  int64_t bounds[3] = {0, 0, 1};
  size_t count = arguments.positional.size();
  if (count == 0) fail("range expected at least 1 argument, got 0");
  for (size_t i = 0; i < count; ++i) {
    const Value& value = arguments.positional[i];
    if (value.is_undefined()) fail(value.why_undefined());
    if (!value.is_integral())
      fail(cat("'", value.type_name(), "' object cannot be interpreted as an integer"));
    bounds[count == 1 ? 1 : i] = value.integer();
  }
  auto [start, stop, step] = bounds;
  if (step == 0) fail("range() arg 3 must not be zero");
  std::vector<Value> items;
  for (int64_t at = start; step > 0 ? at < stop : at > stop;) {
    if (items.size() >= 100000) fail("a range is longer than 100000 items");
    items.emplace_back(at);
    if (__builtin_add_overflow(at, step, &at)) break;
  }
  budget.charge(static_cast<int64_t>(items.size()));
  std::string name = cat("range(", start, ", ", stop, step == 1 ? "" : cat(", ", step), ")");
  return std::make_shared<const Sequence>(Sequence::Kind::range, std::move(items), name);
}

std::vector<std::pair<std::string, Value>> entries(const std::string& callee,
                                                   const Arguments& arguments) {
  std::vector<std::pair<std::string, Value>> found;
  if (arguments.positional.size() > 1) fail(cat(callee, " takes at most 1 argument"));
  if (!arguments.positional.empty()) {
    const Dictionary* dict = arguments.positional[0].dictionary();
    if (!dict) refuse(cat(callee, "() of what is no dictionary"));
    found = dict->entries;
  }
  found.insert(found.end(), arguments.named.begin(), arguments.named.end());
  return found;
}

}  // namespace

Value Evaluator::function(const std::string& name, const Arguments& arguments) {
  if (name == "range") return range(arguments, budget_);
  if (name == "dict") return std::make_shared<const Dictionary>(entries(name, arguments));
  if (name == "namespace") {
    Namespace& space = namespaces_.emplace_back();
    for (auto& [key, value] : entries(name, arguments)) {
      if (key.starts_with("_")) refuse("an attribute of a namespace that starts with '_'");
      space.attributes[key] = value;
    }
    return &space;
  }
  if (name == "raise_exception") {
    arguments.check(name, {"message"});
    fail(text(arguments.need(0, "message")), "the template itself refuses these messages");
  }
  arguments.check(name, {"format"});
  Value format = arguments.need(0, "format");
  if (!format.is_text()) fail("strftime_now takes a text");
  budget_.charge_bytes(8 * format.text().size());
  return date_text(*date_, format.text());
}

std::string date_text(const std::string& date, const std::string& format) {
  static constexpr const char* kMonths[] = {"January",   "February", "March",    "April",
                                            "May",       "June",     "July",     "August",
                                            "September", "October",  "November", "December"};
  int year = 0, month = 0, day = 0;
  std::sscanf(date.c_str(), "%4d-%2d-%2d", &year, &month, &day);
  std::string out;
  for (size_t i = 0; i < format.size(); ++i) {
    if (format[i] != '%') {
      out += format[i];
      continue;
    }
    char c = ++i < format.size() ? format[i] : '\0';
    bool plain = c == '-' && i + 1 < format.size();  // without leading zeros, as glibc has it
    if (plain) c = format[++i];
    char digits[16];
    int number = c == 'd' ? day : c == 'm' ? month : c == 'y' ? year % 100 : 0;
    std::snprintf(digits, sizeof digits, plain ? "%d" : "%02d", number);
    if (c == 'd' || c == 'm' || c == 'y') {
      out += digits;
    } else if (c == 'Y' && !plain) {
      out += std::to_string(year);
    } else if ((c == 'B' || c == 'b') && !plain) {
      out += c == 'B' ? kMonths[month - 1] : std::string(kMonths[month - 1], 3);
    } else if (c == '%' && !plain) {
      out += '%';
    } else {
      refuse(cat("'%", plain ? "-" : "", std::string(1, c), "' in strftime_now"));
    }
  }
  return out;
}

std::vector<std::string> lines_of(std::string_view text) {
  std::vector<std::string> lines;
  std::u32string points = code_points(text);
  size_t begin = 0;
  for (size_t i = 0; i < points.size(); ++i) {
    char32_t c = points[i];
    bool ends = (c >= 0xa && c <= 0xd) || (c >= 0x1c && c <= 0x1e) || c == 0x85 || c == 0x2028 ||
                c == 0x2029;
    if (!ends) continue;
    lines.push_back(to_utf8(points.substr(begin, i - begin)));
    if (c == '\r' && i + 1 < points.size() && points[i + 1] == '\n') ++i;
    begin = i + 1;
  }
  if (begin < points.size()) lines.push_back(to_utf8(points.substr(begin)));
  return lines;
}

std::string in_case(const std::string& text, bool upper) {
  std::string out;
  for (char32_t c : code_points(text)) {
    auto changed = upper ? upper_of(c) : lower_of(c);
    if (!changed || (upper && (c == 0xdf || c == 0xff || c == 0xb5)))
      refuse(cat("the case of '", to_utf8({&c, 1}), "'"));
    append_utf8(out, *changed);
  }
  return out;
}

std::string capitalized(const std::string& text) {
  std::u32string points = code_points(text);
  if (points.empty()) return "";
  return in_case(to_utf8(points.substr(0, 1)), true) + in_case(to_utf8(points.substr(1)), false);
}

}  // namespace reckon::jinja
