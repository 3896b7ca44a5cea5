#include "model/jinja/value.h"

#include <algorithm>
#include <cmath>

#include "base/text.h"
#include "model/jinja/text.h"

namespace reckon::jinja {
namespace {

constexpr int64_t kMaxWeight = int64_t{1} << 40;

int one_deeper(int depth) {
  if (depth >= kMaxValueDepth) fail(cat("a value nests deeper than ", kMaxValueDepth, " levels"));
  return depth + 1;
}

}  // namespace

void fail(std::string problem, std::string remedy) {
  throw Fault{std::move(problem), std::move(remedy)};
}

void refuse(const std::string& what) {
  fail(what + " is not supported in chat templates",
       "rewrite that part of the template; docs/chat_templates.md lists what there is");
}

Value Value::undefined(std::string why) {
  Value value;
  value.held_ = Undefined{std::make_shared<const std::string>(std::move(why))};
  return value;
}

Value Value::list(std::vector<Value> items) {
  return std::make_shared<const Sequence>(Sequence::Kind::list, std::move(items));
}

Value Value::tuple(std::vector<Value> items) {
  return std::make_shared<const Sequence>(Sequence::Kind::tuple, std::move(items));
}

Value Value::generator(std::vector<Value> items) {
  return std::make_shared<const Sequence>(Sequence::Kind::generator, std::move(items));
}

Value Value::markup(std::string text) {
  Value value(std::move(text));
  value.markup_ = true;
  return value;
}

Value Value::from_json(const nlohmann::ordered_json& json, int level) {
  one_deeper(level);
  using Type = nlohmann::ordered_json::value_t;
  switch (json.type()) {
    case Type::null:
      return {};
    case Type::boolean:
      return json.get<bool>();
    case Type::number_integer:
      return json.get<int64_t>();
    case Type::number_unsigned:
      if (json.get<uint64_t>() > INT64_MAX) refuse("an integer beyond 64 bits");
      return json.get<int64_t>();
    case Type::number_float:
      return json.get<double>();
    case Type::string:
      if (!is_utf8(json.get_ref<const std::string&>())) fail("a text is not UTF-8");
      return json.get<std::string>();
    case Type::array: {
      std::vector<Value> items;
      for (const auto& item : json) items.push_back(from_json(item, level + 1));
      return list(std::move(items));
    }
    case Type::object: {
      std::vector<std::pair<std::string, Value>> entries;
      for (const auto& [key, item] : json.items())
        entries.emplace_back(key, from_json(item, level + 1));
      return std::make_shared<const Dictionary>(std::move(entries));
    }
    default:
      refuse("binary data");
  }
}

int64_t Value::integer() const {
  return is_bool() ? std::get<bool>(held_) : std::get<int64_t>(held_);
}

double Value::number() const {
  return is_float() ? std::get<double>(held_) : static_cast<double>(integer());
}

std::string Value::why_undefined() const { return *std::get<Undefined>(held_).why; }

std::string Value::type_name() const {
  static constexpr const char* kSequences[] = {"list", "tuple", "range", "dict view", "generator"};
  if (is_undefined()) return "Undefined";
  if (is_none()) return "NoneType";
  if (is_bool()) return "bool";
  if (is_int()) return "int";
  if (is_float()) return "float";
  if (is_text()) return "str";
  if (sequence()) return kSequences[static_cast<int>(sequence()->kind)];
  if (dictionary()) return "dict";
  if (space()) return "Namespace";
  return loop() ? "LoopContext" : "function";
}

int Value::depth() const {
  if (sequence()) return sequence()->depth;
  if (dictionary()) return dictionary()->depth;
  if (callable()) return one_deeper(callable()->self.depth());
  if (loop()) return one_deeper(loop()->items->depth);
  return 0;
}

int64_t Value::weight() const {
  if (is_text()) return 1 + static_cast<int64_t>(text().size() / 16);
  if (sequence()) return sequence()->weight;
  if (dictionary()) return dictionary()->weight;
  return 1;
}

Sequence::Sequence(Kind kind, std::vector<Value> items_, std::string name)
    : kind(kind), items(std::move(items_)), name(std::move(name)), depth(1), weight(1) {
  for (const Value& item : items) {
    depth = std::max(depth, one_deeper(item.depth()));
    weight = std::min(kMaxWeight, weight + item.weight());
  }
}

std::vector<Value> Sequence::take() const {
  if (kind != Kind::generator) return items;
  size_t from = std::exchange(used, items.size());
  return {items.begin() + static_cast<std::ptrdiff_t>(from), items.end()};
}

Dictionary::Dictionary(std::vector<std::pair<std::string, Value>> entries_) {
  for (auto& [key, value] : entries_) {
    depth = std::max(depth, one_deeper(value.depth()));
    weight =
        std::min(kMaxWeight, weight + 1 + static_cast<int64_t>(key.size() / 16) + value.weight());
    auto [at, is_new] = index.try_emplace(key, entries.size());
    if (is_new) {
      entries.emplace_back(key, std::move(value));
    } else {
      entries[at->second].second = std::move(value);
    }
  }
}

const Value* Dictionary::find(const std::string& key) const {
  auto at = index.find(key);
  return at == index.end() ? nullptr : &entries[at->second].second;
}

bool truth(const Value& value) {
  if (value.is_undefined() || value.is_none()) return false;
  if (value.is_float()) return value.number() != 0;
  if (value.is_integral()) return value.integer() != 0;
  if (value.is_text()) return !value.text().empty();
  if (const Sequence* items = value.sequence())
    return items->kind == Sequence::Kind::generator || !items->items.empty();
  if (const Dictionary* dict = value.dictionary()) return !dict->entries.empty();
  return true;
}

std::string repr_of(const Value& value) {
  if (value.is_text()) return python_quoted(value.text());
  if (value.is_undefined()) return "Undefined";
  return text_of(value);
}

std::string text_of(const Value& value) {
  if (value.is_undefined()) return "";
  if (value.is_none()) return "None";
  if (value.is_bool()) return value.integer() ? "True" : "False";
  if (value.is_int()) return std::to_string(value.integer());
  if (value.is_float()) return float_text(value.number());
  if (value.is_text()) return value.text();
  std::string out;
  if (const Sequence* items = value.sequence()) {
    using Kind = Sequence::Kind;
    if (items->kind == Kind::range) return items->name;
    if (items->kind == Kind::generator) refuse("the text of a generator");
    for (const Value& item : items->items) out += (out.empty() ? "" : ", ") + repr_of(item);
    if (items->kind == Kind::tuple) return "(" + out + (items->items.size() == 1 ? ",)" : ")");
    return items->kind == Kind::view ? items->name + "([" + out + "])" : "[" + out + "]";
  }
  if (const Dictionary* dict = value.dictionary()) {
    for (const auto& [key, item] : dict->entries)
      out += (out.empty() ? "" : ", ") + python_quoted(key) + ": " + repr_of(item);
    return "{" + out + "}";
  }
  refuse("the text of a " + value.type_name());
}

Value joined(const Value& a, const Value& b) {
  if (!a.is_markup() && !b.is_markup()) return a.text() + b.text();
  auto escaped = [](const Value& value) {
    std::string out;
    for (char c : value.text()) {
      static constexpr std::string_view kPlain = "&<>'\"";
      static constexpr const char* kEscaped[] = {"&amp;", "&lt;", "&gt;", "&#39;", "&#34;"};
      size_t at = value.is_markup() ? std::string_view::npos : kPlain.find(c);
      at == std::string_view::npos ? out.append(1, c) : out.append(kEscaped[at]);
    }
    return out;
  };
  return Value::markup(escaped(a) + escaped(b));
}

bool equal(const Value& a, const Value& b) {
  if (a.is_number() && b.is_number()) {
    if (a.is_float() || b.is_float()) return a.number() == b.number();
    return a.integer() == b.integer();
  }
  if (a.is_text() && b.is_text()) return a.text() == b.text();
  if (a.is_none() || a.is_undefined()) return a.is_none() ? b.is_none() : b.is_undefined();
  if (const Sequence* x = a.sequence(), *y = b.sequence(); x && y) {
    if (x == y) return true;
    if (x->kind != y->kind || x->kind == Sequence::Kind::generator) return false;
    return std::equal(x->items.begin(), x->items.end(), y->items.begin(), y->items.end(), equal);
  }
  if (const Dictionary* x = a.dictionary(), *y = b.dictionary(); x && y) {
    if (x->entries.size() != y->entries.size()) return false;
    return std::all_of(x->entries.begin(), x->entries.end(), [&](const auto& entry) {
      const Value* other = y->find(entry.first);
      return other && equal(entry.second, *other);
    });
  }
  return (a.space() && a.space() == b.space()) || (a.loop() && a.loop() == b.loop());
}

int compare(const Value& a, const Value& b) {
  auto order = [](const auto& x, const auto& y) { return x < y ? -1 : y < x ? 1 : 0; };
  if (a.is_integral() && b.is_integral()) return order(a.integer(), b.integer());
  if (a.is_number() && b.is_number()) {
    if (std::isnan(a.number()) || std::isnan(b.number())) refuse("the order of nan");
    return order(a.number(), b.number());
  }
  if (a.is_text() && b.is_text()) return order(a.text(), b.text());  // code points sort as UTF-8
  const Sequence *x = a.sequence(), *y = b.sequence();
  if (x && y && x->kind == y->kind && x->kind <= Sequence::Kind::tuple) {
    size_t shared = std::min(x->items.size(), y->items.size());
    for (size_t i = 0; i < shared; ++i)
      if (!equal(x->items[i], y->items[i])) return compare(x->items[i], y->items[i]);
    return order(x->items.size(), y->items.size());
  }
  for (const Value* side : {&a, &b})
    if (side->is_undefined()) fail(side->why_undefined());
  fail(cat("'", a.type_name(), "' and '", b.type_name(), "' have no order"));
}

bool contains(const Value& container, const Value& item) {
  if (container.is_undefined()) return false;
  if (container.is_text()) {
    if (item.is_undefined()) fail(item.why_undefined());
    if (!item.is_text())
      fail(cat("'in <string>' requires string as left operand, not ", item.type_name()));
    return container.text().find(item.text()) != std::string::npos;
  }
  if (const Dictionary* dict = container.dictionary())
    return item.is_text() && dict->find(item.text());
  if (!container.sequence())
    fail(cat("argument of type '", container.type_name(), "' is not iterable"));
  std::vector<Value> items = container.sequence()->take();
  return std::any_of(items.begin(), items.end(), [&](const Value& x) { return equal(x, item); });
}

std::vector<Value> items_of(const Value& value) {
  std::vector<Value> items;
  if (value.is_undefined()) return items;
  if (value.sequence()) return value.sequence()->take();
  if (value.is_text()) {
    for (char32_t c : code_points(value.text())) items.push_back(to_utf8({&c, 1}));
    return items;
  }
  if (const Dictionary* dict = value.dictionary()) {
    for (const auto& [key, item] : dict->entries) items.push_back(key);
    return items;
  }
  fail(cat("'", value.type_name(), "' object is not iterable"));
}

}  // namespace reckon::jinja
