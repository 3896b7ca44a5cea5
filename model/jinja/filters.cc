// The filters: what they are called and the plain ones. Those that work through lists are in
// list_filters.cc.
#include "model/jinja/filters.h"

#include <algorithm>
#include <cmath>
#include <cstdio>

#include "base/text.h"
#include "model/jinja/parser.h"
#include "model/jinja/text.h"

namespace reckon::jinja {
namespace {

Value trim(Evaluator& e, const Value& v, const Arguments& a) {
  a.check("trim", {"chars"});
  std::string text = e.text(v);
  e.budget().charge_bytes(4 * text.size());
  Value characters = a.get_or(0, "chars", {});
  if (characters.is_none()) return strip(text, true, true);
  return strip(text, true, true, e.text(characters));
}

Value length(Evaluator&, const Value& v, const Arguments& a) {
  a.check("length", {});
  if (v.is_undefined()) return int64_t{0};
  if (v.is_text()) return static_cast<int64_t>(length_of(v.text()));
  if (v.dictionary()) return static_cast<int64_t>(v.dictionary()->entries.size());
  if (v.loop()) return static_cast<int64_t>(v.loop()->items->items.size());
  if (!v.sequence() || v.sequence()->kind == Sequence::Kind::generator)
    fail(cat("object of type '", v.type_name(), "' has no len()"));
  return static_cast<int64_t>(v.sequence()->items.size());
}

Value to_json(Evaluator& e, const Value& v, const Arguments& a) {
  a.check("tojson", {"ensure_ascii", "indent", "separators", "sort_keys"});
  JsonStyle style;
  style.ascii = truth(a.get_or(0, "ensure_ascii", false));
  style.sorted = truth(a.get_or(3, "sort_keys", false));
  Value indent = a.get_or(1, "indent", {}), separators = a.get_or(2, "separators", {});
  if (!indent.is_none()) {
    if (!indent.is_integral() || indent.integer() > 64) refuse("tojson with that indent");
    style.indent = indent.integer();
    style.item = ",";
  }
  if (!separators.is_none()) {
    std::vector<Value> two = e.items(separators);
    if (two.size() != 2 || !two[0].is_text() || !two[1].is_text())
      fail("tojson: separators are two texts");
    style.item = two[0].text();
    style.key = two[1].text();
    e.budget().charge_bytes(16 * (style.item.size() + style.key.size()));
  }
  auto extra = static_cast<int64_t>((style.item.size() + style.key.size()) / 8);
  e.budget().charge(v.weight() * (4 + extra + std::max<int64_t>(style.indent.value_or(0), 0)));
  return json_text(v, style);
}

Value default_value(Evaluator&, const Value& v, const Arguments& a) {
  a.check("default", {"default_value", "boolean"});
  bool replace = v.is_undefined() || (truth(a.get_or(1, "boolean", false)) && !truth(v));
  return replace ? a.get_or(0, "default_value", "") : v;
}

Value upper(Evaluator& e, const Value& v, const Arguments& a) {
  a.check("upper", {});
  return in_case(e.text(v), true);
}

Value lower(Evaluator& e, const Value& v, const Arguments& a) {
  a.check("lower", {});
  return in_case(e.text(v), false);
}

Value capitalize(Evaluator& e, const Value& v, const Arguments& a) {
  a.check("capitalize", {});
  return capitalized(e.text(v));
}

// Words begin after white space, a hyphen or an opening bracket; not what str.title() does.
Value title(Evaluator& e, const Value& v, const Arguments& a) {
  a.check("title", {});
  std::string out, word;
  auto flush = [&] {
    out += capitalized(word);
    word.clear();
  };
  for (char32_t c : code_points(e.text(v))) {
    bool between = is_space(c) || (c < 0x80 && std::string_view("-({[<").find(
                                                   static_cast<char>(c)) != std::string_view::npos);
    if (between) flush();
    append_utf8(between ? out : word, c);
  }
  flush();
  return out;
}

Value replace(Evaluator& e, const Value& v, const Arguments& a) {
  a.check("replace", {"old", "new", "count"});
  std::string text = e.text(v), from = e.text(a.need(0, "old")), to = e.text(a.need(1, "new"));
  Value limit = a.get_or(2, "count", int64_t{-1});
  if (limit.is_none()) limit = int64_t{-1};
  if (!limit.is_integral()) fail("replace: count is an integer");
  size_t found = from.empty() ? length_of(text) + 1 : 0;
  for (size_t at = 0; !from.empty() && (at = text.find(from, at)) != std::string::npos;
       at += from.size())
    ++found;
  e.budget().charge_bytes(text.size());
  e.budget().charge(static_cast<int64_t>(found) * (1 + static_cast<int64_t>(to.size() / 16)));
  return replaced(text, from, to, limit.integer());
}

Value to_text(Evaluator& e, const Value& v, const Arguments& a) {
  a.check("string", {});
  return e.text(v);
}

// Python's int() and float() of a text allow white space around and "_" between digits.
std::string numeral(const std::string& text) {
  std::string out = strip(text, true, true);
  for (size_t i = 1; i + 1 < out.size(); ++i)
    if (out[i] == '_' && std::isdigit(static_cast<unsigned char>(out[i - 1])) &&
        std::isdigit(static_cast<unsigned char>(out[i + 1])))
      out.erase(i, 1);
  return out.size() > 1 && out[0] == '+' && out[1] != '-' ? out.substr(1) : out;
}

std::optional<double> float_of(const std::string& text) {
  std::string plain = numeral(text);
  std::string lower = plain;
  for (char& c : lower)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + 32);
  if (lower.find("nan(") != std::string::npos) return std::nullopt;
  if (!plain.empty() && plain.back() == '.') plain.pop_back();
  return parse_double(plain);
}

Value integer_of_float(double value) {
  if (!std::isfinite(value)) fail("cannot convert a float without end to an integer");
  value = std::trunc(value);
  if (value < -9.2233720368547e18 || value > 9.2233720368547e18)
    refuse("an integer beyond 64 bits");
  return static_cast<int64_t>(value);
}

Value to_integer(Evaluator& e, const Value& v, const Arguments& a) {
  a.check("int", {"default", "base"});
  Value base = a.get_or(1, "base", int64_t{10});
  if (!base.is_int() || base.integer() != 10) refuse("int with another base than 10");
  if (v.is_undefined()) fail(v.why_undefined());
  if (v.is_float())
    return std::isnan(v.number()) ? a.get_or(0, "default", int64_t{0})
                                  : integer_of_float(v.number());
  if (v.is_integral()) return v.integer();
  if (v.is_text()) {
    std::string text = numeral(e.text(v));
    if (auto number = parse_int(text)) return *number;
    if (auto number = float_of(text); number && !std::isnan(*number))
      return integer_of_float(*number);
  }
  return a.get_or(0, "default", int64_t{0});
}

Value to_float(Evaluator& e, const Value& v, const Arguments& a) {
  a.check("float", {"default"});
  if (v.is_undefined()) fail(v.why_undefined());
  if (v.is_number()) return v.number();
  auto number = v.is_text() ? float_of(e.text(v)) : std::nullopt;
  return number ? Value(*number) : a.get_or(0, "default", 0.0);
}

Value absolute(Evaluator& e, const Value& v, const Arguments& a) {
  a.check("abs", {});
  if (!v.is_number())
    fail(v.is_undefined() ? v.why_undefined()
                          : cat("bad operand type for abs(): '", v.type_name(), "'"));
  if (v.is_float()) return std::fabs(v.number());
  return v.integer() < 0 ? arithmetic("-", int64_t{0}, v, e.budget()) : Value(v.integer());
}

Value round_number(Evaluator&, const Value& v, const Arguments& a) {
  a.check("round", {"precision", "method"});
  Value precision = a.get_or(0, "precision", int64_t{0}), method = a.get_or(1, "method", "common");
  if (!v.is_number())
    fail(v.is_undefined() ? v.why_undefined()
                          : cat("round takes a number, not '", v.type_name(), "'"));
  if (!precision.is_integral() || precision.integer() < 0 || precision.integer() > 15)
    refuse("round with that precision");
  auto digits = static_cast<int>(precision.integer());
  if (!method.is_text()) fail("round: method must be common, ceil or floor");
  if (method.text() == "common") {
    if (!v.is_float()) return v.integer();
    char buffer[400];
    std::snprintf(buffer, sizeof buffer, "%.*f", digits, v.number());
    auto rounded = parse_double(buffer);
    return rounded ? *rounded : v.number();
  }
  double scale = std::pow(10.0, digits);
  if (method.text() == "ceil") return std::ceil(v.number() * scale) / scale;
  if (method.text() == "floor") return std::floor(v.number() * scale) / scale;
  fail("round: method must be common, ceil or floor");
}

Value indent(Evaluator& e, const Value& v, const Arguments& a) {
  a.check("indent", {"width", "first", "blank"});
  Value width = a.get_or(0, "width", int64_t{4});
  if (!width.is_text() && !width.is_integral()) fail("indent: width is a number or a text");
  if (width.is_integral() && width.integer() > 1000) refuse("an indent of more than 1000");
  std::string margin =
      width.is_text()
          ? width.text()
          : std::string(static_cast<size_t>(std::max<int64_t>(width.integer(), 0)), ' ');
  bool blank = truth(a.get_or(2, "blank", false));
  std::vector<std::string> lines = lines_of(e.text(v) + "\n");
  std::string out = truth(a.get_or(1, "first", false)) ? margin : "";
  for (size_t i = 0; i < lines.size(); ++i) {
    e.budget().charge_bytes(16 + margin.size() + lines[i].size());
    if (i > 0) out += '\n';
    if (i > 0 && (blank || !lines[i].empty())) out += margin;
    out += lines[i];
  }
  return out;
}

struct Entry {
  std::string_view name;
  Filter filter;
};

const Entry kFilters[] = {{"trim", trim},
                          {"length", length},
                          {"count", length},
                          {"tojson", to_json},
                          {"default", default_value},
                          {"d", default_value},
                          {"upper", upper},
                          {"lower", lower},
                          {"capitalize", capitalize},
                          {"title", title},
                          {"replace", replace},
                          {"string", to_text},
                          {"safe", to_text},
                          {"int", to_integer},
                          {"float", to_float},
                          {"abs", absolute},
                          {"round", round_number},
                          {"indent", indent},
                          {"join", join_filter},
                          {"first", first_filter},
                          {"last", last_filter},
                          {"list", list_filter},
                          {"map", map_filter},
                          {"select", select_filter},
                          {"reject", reject_filter},
                          {"selectattr", selectattr_filter},
                          {"rejectattr", rejectattr_filter},
                          {"items", items_filter},
                          {"dictsort", dictsort_filter},
                          {"sort", sort_filter},
                          {"unique", unique_filter},
                          {"reverse", reverse_filter},
                          {"sum", sum_filter},
                          {"min", min_filter},
                          {"max", max_filter}};

const Entry* find_filter(const std::string& name) {
  auto at = std::find_if(std::begin(kFilters), std::end(kFilters),
                         [&](const Entry& f) { return f.name == name; });
  return at == std::end(kFilters) ? nullptr : at;
}

}  // namespace

bool is_filter(const std::string& name) { return find_filter(name) != nullptr; }

Value Evaluator::filter(const std::string& name, const Value& input, const Arguments& arguments) {
  const Entry* entry = find_filter(name);
  if (!entry) refuse(cat("the filter '", name, "'"));
  budget_.charge(1);
  Value result = entry->filter(*this, input, arguments);
  static constexpr std::string_view kKeepMarkup[] = {"trim",       "upper",  "lower",
                                                     "capitalize", "string", "indent"};
  bool keeps = input.is_markup() && std::find(std::begin(kKeepMarkup), std::end(kKeepMarkup),
                                              name) != std::end(kKeepMarkup);
  return keeps || name == "safe" ? Value::markup(result.text()) : result;
}

}  // namespace reckon::jinja
