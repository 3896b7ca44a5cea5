// Attributes, items and the methods of text, lists and dictionaries.
#include <algorithm>

#include "base/text.h"
#include "model/jinja/evaluator.h"
#include "model/jinja/text.h"

namespace reckon::jinja {
namespace {

using Names = std::initializer_list<std::string_view>;

bool is_one_of(const std::string& name, const Names& names) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

const Names kTextMethods = {
    "capitalize",   "casefold",    "center",    "count",      "encode",       "endswith",
    "expandtabs",   "find",        "format",    "format_map", "index",        "isalnum",
    "isalpha",      "isascii",     "isdecimal", "isdigit",    "isidentifier", "islower",
    "isnumeric",    "isprintable", "isspace",   "istitle",    "isupper",      "join",
    "ljust",        "lower",       "lstrip",    "maketrans",  "partition",    "removeprefix",
    "removesuffix", "replace",     "rfind",     "rindex",     "rjust",        "rpartition",
    "rsplit",       "rstrip",      "split",     "splitlines", "startswith",   "strip",
    "swapcase",     "title",       "translate", "upper",      "zfill"};
const Names kListMethods = {"append", "clear", "copy",   "count",   "extend", "index",
                            "insert", "pop",   "remove", "reverse", "sort"};
const Names kDictionaryMethods = {"clear", "copy",    "fromkeys",   "get",    "items", "keys",
                                  "pop",   "popitem", "setdefault", "update", "values"};

Value method(const Value& self, const std::string& name) {
  return std::make_shared<const Callable>(Callable{.name = name, .self = self});
}

Value of_loop(const Value& value, const std::string& name) {
  const Loop& loop = *value.loop();
  auto index = static_cast<int64_t>(loop.index);
  auto length = static_cast<int64_t>(loop.items->items.size());
  auto neighbour = [&](int64_t at, const char* which) {
    if (at < 0 || at >= length) return Value::undefined(cat("there is no ", which, " item"));
    return loop.items->items[static_cast<size_t>(at)];
  };
  if (name == "index") return index + 1;
  if (name == "index0") return index;
  if (name == "revindex") return length - index;
  if (name == "revindex0") return length - index - 1;
  if (name == "first") return index == 0;
  if (name == "last") return index + 1 == length;
  if (name == "length") return length;
  if (name == "previtem") return neighbour(index - 1, "previous");
  if (name == "nextitem") return neighbour(index + 1, "next");
  if (name == "cycle") return method(value, name);
  refuse(cat("'loop.", name, "'"));
}

std::string need_text(const Arguments& arguments, size_t at, std::string_view name) {
  Value value = arguments.need(at, name);
  if (value.is_undefined()) fail(value.why_undefined());
  if (!value.is_text()) fail(cat("a text is expected, not '", value.type_name(), "'"));
  return value.text();
}

int64_t integer_or(const Arguments& arguments, size_t at, std::string_view name,
                   int64_t otherwise) {
  Value value = arguments.get_or(at, name, otherwise);
  if (!value.is_integral()) fail(cat("an integer is expected, not '", value.type_name(), "'"));
  return value.integer();
}

std::optional<std::string> text_if_given(const Arguments& arguments, size_t at,
                                         std::string_view name) {
  auto value = arguments.get(at, name);
  if (!value || value->is_none()) return std::nullopt;
  return need_text(arguments, at, name);
}

Value texts(std::vector<std::string> parts) {
  std::vector<Value> items;
  for (std::string& part : parts) items.emplace_back(std::move(part));
  return Value::list(std::move(items));
}

// split() and rsplit() at a separator; `limit` < 0: everywhere.
std::vector<std::string> split_at(std::string_view text, std::string_view separator, int64_t limit,
                                  bool right) {
  if (separator.empty()) fail("empty separator");
  std::vector<std::string> parts;
  while (limit-- != 0) {
    size_t at = right ? text.rfind(separator) : text.find(separator);
    if (at == std::string_view::npos) break;
    size_t after = at + separator.size();
    parts.emplace_back(right ? text.substr(after) : text.substr(0, at));
    text = right ? text.substr(0, at) : text.substr(after);
  }
  parts.emplace_back(text);
  if (right) std::reverse(parts.begin(), parts.end());
  return parts;
}

// split() at white space.
std::vector<std::string> words_of(std::string_view text, int64_t limit) {
  std::u32string points = code_points(text);
  std::vector<std::string> parts;
  for (size_t at = 0; at < points.size();) {
    if (is_space(points[at])) {
      ++at;
    } else if (limit-- == 0) {
      parts.push_back(to_utf8(points.substr(at)));
      break;
    } else {
      size_t end = at;
      while (end < points.size() && !is_space(points[end])) ++end;
      parts.push_back(to_utf8(points.substr(at, end - at)));
      at = end;
    }
  }
  return parts;
}

Value split_method(const std::string& text, const std::string& name, const Arguments& arguments) {
  arguments.check(name, {"sep", "maxsplit"});
  int64_t limit = integer_or(arguments, 1, "maxsplit", -1);
  auto separator = text_if_given(arguments, 0, "sep");
  if (!separator && name == "rsplit" && limit >= 0) refuse("rsplit at white space with a limit");
  return texts(separator ? split_at(text, *separator, limit, name == "rsplit")
                         : words_of(text, limit));
}

Value has_affix(const std::string& text, const std::string& name, const Arguments& arguments) {
  arguments.check(name, {"prefix"});
  Value affix = arguments.need(0, "prefix");
  std::vector<Value> choices = {affix};
  if (affix.sequence() && affix.sequence()->kind == Sequence::Kind::tuple)
    choices = items_of(affix);
  for (const Value& choice : choices) {
    std::string part = need_text({{choice}, {}}, 0, "prefix");
    if (name == "startswith" ? text.starts_with(part) : text.ends_with(part)) return true;
  }
  return false;
}

// find, rfind, index, rindex, count.
Value search_method(const std::string& text, const std::string& name, const Arguments& arguments) {
  arguments.check(name, {"sub"});
  std::string part = need_text(arguments, 0, "sub");
  if (name == "count") {
    if (part.empty()) return static_cast<int64_t>(length_of(text) + 1);
    int64_t count = 0;
    for (size_t at = 0; (at = text.find(part, at)) != std::string::npos; at += part.size()) ++count;
    return count;
  }
  size_t at = name[0] == 'r' ? text.rfind(part) : text.find(part);
  if (at != std::string::npos)
    return static_cast<int64_t>(length_of(std::string_view(text).substr(0, at)));
  if (name == "index" || name == "rindex") fail("substring not found");
  return int64_t{-1};
}

Value join_method(Evaluator& evaluator, const std::string& separator, const Arguments& arguments) {
  arguments.check("join", {"iterable"});
  std::string out;
  bool first = true;
  for (const Value& item : evaluator.items(arguments.need(0, "iterable"))) {
    if (!first) out += separator;
    first = false;
    if (!item.is_text()) fail(cat("join: expected str instance, ", item.type_name(), " found"));
    evaluator.budget().charge_bytes(separator.size() + item.text().size());
    out += item.text();
  }
  return out;
}

// str.title(): a letter after no letter begins a word.
std::string title_of(const std::string& text) {
  std::string out;
  bool in_word = false;
  for (char32_t c : code_points(text)) {
    auto up = upper_of(c), low = lower_of(c);
    if (!up || !low) refuse(cat("the case of '", to_utf8({&c, 1}), "'"));
    append_utf8(out, in_word ? *low : *up);
    in_word = *up != *low;
    if (c >= 0x80 && !in_word && c != 0xd7 && c != 0xf7 && c >= 0x590)
      refuse(cat("title() of '", to_utf8({&c, 1}), "'"));
  }
  return out;
}

Value text_method(Evaluator& evaluator, const std::string& text, const std::string& name,
                  const Arguments& arguments) {
  evaluator.budget().charge_bytes(4 * text.size());
  if (name == "strip" || name == "lstrip" || name == "rstrip") {
    arguments.check(name, {"chars"});
    return strip(text, name != "rstrip", name != "lstrip", text_if_given(arguments, 0, "chars"));
  }
  if (name == "split" || name == "rsplit") {
    evaluator.budget().charge(static_cast<int64_t>(text.size()));
    return split_method(text, name, arguments);
  }
  if (name == "startswith" || name == "endswith") return has_affix(text, name, arguments);
  if (is_one_of(name, {"find", "rfind", "index", "rindex", "count"}))
    return search_method(text, name, arguments);
  if (name == "join") return join_method(evaluator, text, arguments);
  if (name == "replace") return evaluator.filter("replace", text, arguments);
  if (name == "removeprefix" || name == "removesuffix") {
    arguments.check(name, {"affix"});
    std::string part = need_text(arguments, 0, "affix");
    if (name == "removeprefix") return text.starts_with(part) ? text.substr(part.size()) : text;
    return text.ends_with(part) ? text.substr(0, text.size() - part.size()) : text;
  }
  if (is_one_of(name,
                {"upper", "lower", "capitalize", "title", "splitlines", "isdigit", "isspace"}))
    arguments.check(name, {});
  if (name == "upper" || name == "lower") return in_case(text, name == "upper");
  if (name == "capitalize") return capitalized(text);
  if (name == "title") return title_of(text);
  if (name == "splitlines") return texts(lines_of(text));
  std::u32string points = code_points(text);
  if (name == "isspace")
    return !points.empty() && std::all_of(points.begin(), points.end(), is_space);
  if (name == "isdigit") {
    if (std::any_of(points.begin(), points.end(), [](char32_t c) { return c >= 0x80; }))
      refuse("isdigit of a text that is not ASCII");
    return !points.empty() && std::all_of(points.begin(), points.end(),
                                          [](char32_t c) { return c >= '0' && c <= '9'; });
  }
  refuse(cat("the method '", name, "' of a text"));
}

Value dictionary_method(const Dictionary& dict, const std::string& name,
                        const Arguments& arguments) {
  if (name == "get") {
    arguments.check(name, {"key", "default"});
    Value key = arguments.need(0, "key");
    const Value* found = key.is_text() ? dict.find(key.text()) : nullptr;
    return found ? *found : arguments.get_or(1, "default", {});
  }
  if (name != "items" && name != "keys" && name != "values")
    refuse(cat("the method '", name, "' of a dictionary"));
  arguments.check(name, {});
  std::vector<Value> items;
  for (const auto& [key, value] : dict.entries)
    items.push_back(name == "keys"     ? Value(key)
                    : name == "values" ? value
                                       : Value::tuple({key, value}));
  return std::make_shared<const Sequence>(Sequence::Kind::view, std::move(items), "dict_" + name);
}

Value list_method(const Sequence& list, const std::string& name, const Arguments& arguments) {
  if (name != "count" && name != "index") refuse(cat("the method '", name, "' of a list"));
  arguments.check(name, {"value"});
  Value wanted = arguments.need(0, "value");
  int64_t count = 0;
  for (size_t i = 0; i < list.items.size(); ++i) {
    if (!equal(list.items[i], wanted)) continue;
    if (name == "index") return static_cast<int64_t>(i);
    ++count;
  }
  if (name == "index") fail("the value is not in the list");
  return count;
}

}  // namespace

Value Evaluator::attribute(const Value& value, const std::string& name) {
  if (value.is_undefined()) fail(value.why_undefined());
  if (const Dictionary* dict = value.dictionary()) {
    if (is_one_of(name, kDictionaryMethods)) return method(value, name);
    if (const Value* found = dict->find(name)) return *found;
    return Value::undefined(cat("'dict object' has no attribute '", name, "'"));
  }
  if (name.starts_with("_")) refuse(cat("the attribute '", name, "'"));
  if (value.loop()) return of_loop(value, name);
  if (const Namespace* space = value.space()) {
    auto found = space->attributes.find(name);
    if (found != space->attributes.end()) return found->second;
  }
  if (value.is_text() && is_one_of(name, kTextMethods)) return method(value, name);
  if (value.sequence() && value.sequence()->kind <= Sequence::Kind::tuple &&
      is_one_of(name, kListMethods))
    return method(value, name);
  return Value::undefined(cat("'", value.type_name(), " object' has no attribute '", name, "'"));
}

Value Evaluator::item(const Value& value, const Value& key) {
  if (value.is_undefined()) fail(value.why_undefined());
  if (key.is_text()) {
    if (const Dictionary* dict = value.dictionary())
      if (const Value* found = dict->find(key.text())) return *found;
    return attribute(value, key.text());
  }
  auto missing = [&] {
    return Value::undefined(
        cat("'", value.type_name(), " object' has no element ",
            key.is_integral() ? std::to_string(key.integer()) : key.type_name()));
  };
  if (!key.is_integral()) return missing();
  auto place = [&](size_t size) {
    int64_t at = key.integer();
    if (at < 0) at += static_cast<int64_t>(size);
    return at < 0 || at >= static_cast<int64_t>(size) ? size : static_cast<size_t>(at);
  };
  if (value.is_text()) {
    budget_.charge_bytes(value.text().size());
    std::u32string points = code_points(value.text());
    size_t at = place(points.size());
    return at == points.size() ? missing() : Value(to_utf8({&points[at], 1}));
  }
  const Sequence* sequence = value.sequence();
  if (!sequence || sequence->kind > Sequence::Kind::range) return missing();
  size_t at = place(sequence->items.size());
  return at == sequence->items.size() ? missing() : sequence->items[at];
}

Value call_method(Evaluator& evaluator, const Value& self, const std::string& name,
                  const Arguments& arguments) {
  if (self.is_markup()) refuse("a method of what 'safe' gives");
  if (self.is_text()) return text_method(evaluator, self.text(), name, arguments);
  evaluator.budget().charge(self.weight());
  if (self.dictionary()) return dictionary_method(*self.dictionary(), name, arguments);
  if (self.sequence()) return list_method(*self.sequence(), name, arguments);
  if (arguments.positional.empty()) fail("no items for cycling given");
  return arguments.positional[self.loop()->index % arguments.positional.size()];
}

}  // namespace reckon::jinja
