#include <algorithm>

#include "base/text.h"
#include "model/jinja/filters.h"
#include "model/jinja/parser.h"
#include "model/jinja/text.h"

namespace reckon::jinja {
namespace {

// The part of an item that "attribute" names: "a", "a.b" or a position.
Value part_of(Evaluator& e, const Value& item, const Value& path) {
  if (path.is_none()) return item;
  if (path.is_integral()) return e.item(item, path);
  if (!path.is_text()) fail("an attribute is a text or an integer");
  if (path.text().find(',') != std::string::npos) refuse("several attributes at once");
  Value part = item;
  for (const std::string& name : split(path.text(), '.')) {
    auto number = parse_int(name);
    part = e.item(part, number && *number >= 0 ? Value(*number) : Value(name));
  }
  return part;
}

Value folded(const Value& value, bool case_sensitive) {
  return value.is_text() && !case_sensitive ? Value(in_case(value.text(), false)) : value;
}

// What items are sorted and compared by.
std::vector<Value> keys_of(Evaluator& e, const std::vector<Value>& items, const Value& path,
                           bool case_sensitive) {
  std::vector<Value> keys;
  for (const Value& item : items) {
    keys.push_back(folded(part_of(e, item, path), case_sensitive));
    e.budget().charge(keys.back().weight());
  }
  return keys;
}

std::vector<Value> sorted(Evaluator& e, const std::vector<Value>& items,
                          const std::vector<Value>& keys, bool reverse) {
  std::vector<size_t> order(items.size());
  for (size_t i = 0; i < order.size(); ++i) order[i] = i;
  std::stable_sort(order.begin(), order.end(), [&](size_t a, size_t b) {
    e.budget().charge(1 + std::min(keys[a].weight(), keys[b].weight()));
    return compare(keys[a], keys[b]) * (reverse ? -1 : 1) < 0;
  });
  std::vector<Value> out;
  for (size_t i : order) out.push_back(items[i]);
  return out;
}

Arguments without(const Arguments& a, size_t count) {
  Arguments rest = a;
  rest.positional.erase(rest.positional.begin(),
                        rest.positional.begin() + static_cast<std::ptrdiff_t>(count));
  return rest;
}

std::string name_in(const Arguments& a, size_t at, const char* what) {
  if (at >= a.positional.size() || !a.positional[at].is_text())
    fail(cat("the name of a ", what, " is missing"));
  return a.positional[at].text();
}

// select, reject, selectattr, rejectattr.
// As Jinja2's map and select do: whatever is not true counts as an empty sequence.
std::vector<Value> items_if_any(Evaluator& e, const Value& v) {
  return truth(v) ? e.items(v) : std::vector<Value>();
}

Value chosen(Evaluator& e, const Value& v, const Arguments& a, bool by_attribute, bool keep) {
  size_t at = by_attribute ? 1 : 0;
  Value path;
  if (by_attribute) {
    if (a.positional.empty()) fail("the name of an attribute is missing");
    path = a.positional[0];
  }
  bool tests = a.positional.size() > at;
  std::string name = tests ? name_in(a, at, "test") : "";
  if (tests && !is_test(name)) refuse(cat("the test '", name, "'"));
  Arguments rest = tests ? without(a, at + 1) : Arguments();
  std::vector<Value> out;
  for (const Value& item : items_if_any(e, v)) {
    Value part = part_of(e, item, path);
    if ((tests ? e.test(name, part, rest) : truth(part)) == keep) out.push_back(item);
  }
  return Value::generator(std::move(out));
}

Value extreme(Evaluator& e, const Value& v, const Arguments& a, const char* name, int sign) {
  a.check(name, {"case_sensitive", "attribute"});
  std::vector<Value> items = e.items(v);
  if (items.empty()) return Value::undefined("No aggregated item, sequence was empty.");
  std::vector<Value> keys =
      keys_of(e, items, a.get_or(1, "attribute", {}), truth(a.get_or(0, "case_sensitive", false)));
  size_t best = 0;
  for (size_t i = 1; i < items.size(); ++i)
    if (compare(keys[i], keys[best]) * sign > 0) best = i;
  return items[best];
}

}  // namespace

Value join_filter(Evaluator& e, const Value& v, const Arguments& a) {
  a.check("join", {"d", "attribute"});
  std::string separator = e.text(a.get_or(0, "d", "")), out;
  Value path = a.get_or(1, "attribute", {});
  bool first = true;
  for (const Value& item : e.items(v)) {
    if (!first) out += separator;
    first = false;
    out += e.text(part_of(e, item, path));
    e.budget().charge_bytes(separator.size());
  }
  return out;
}

Value first_filter(Evaluator& e, const Value& v, const Arguments& a) {
  a.check("first", {});
  const Sequence* sequence = v.sequence();
  if (sequence && sequence->kind == Sequence::Kind::generator &&
      sequence->used < sequence->items.size())
    return sequence->items[sequence->used++];
  std::vector<Value> items = e.items(v);
  return items.empty() ? Value::undefined("No first item, sequence was empty.") : items.front();
}

Value last_filter(Evaluator& e, const Value& v, const Arguments& a) {
  a.check("last", {});
  if (v.sequence() && v.sequence()->kind == Sequence::Kind::generator)
    fail("'generator' object is not reversible");
  std::vector<Value> items = e.items(v);
  return items.empty() ? Value::undefined("No last item, sequence was empty.") : items.back();
}

Value list_filter(Evaluator& e, const Value& v, const Arguments& a) {
  a.check("list", {});
  return Value::list(e.items(v));
}

Value map_filter(Evaluator& e, const Value& v, const Arguments& a) {
  std::vector<Value> out;
  if (a.positional.empty() && a.get(0, "attribute")) {
    Arguments named{{}, a.named};
    named.check("map", {"attribute", "default"});
    auto otherwise = a.get(1, "default");
    for (const Value& item : items_if_any(e, v)) {
      Value part = part_of(e, item, *a.get(0, "attribute"));
      out.push_back(part.is_undefined() && otherwise ? *otherwise : part);
    }
    return Value::generator(std::move(out));
  }
  std::string name = name_in(a, 0, "filter");
  if (!is_filter(name)) refuse(cat("the filter '", name, "'"));
  Arguments rest = without(a, 1);
  for (const Value& item : items_if_any(e, v)) out.push_back(e.filter(name, item, rest));
  return Value::generator(std::move(out));
}

Value select_filter(Evaluator& e, const Value& v, const Arguments& a) {
  return chosen(e, v, a, false, true);
}
Value reject_filter(Evaluator& e, const Value& v, const Arguments& a) {
  return chosen(e, v, a, false, false);
}
Value selectattr_filter(Evaluator& e, const Value& v, const Arguments& a) {
  return chosen(e, v, a, true, true);
}
Value rejectattr_filter(Evaluator& e, const Value& v, const Arguments& a) {
  return chosen(e, v, a, true, false);
}

Value items_filter(Evaluator& e, const Value& v, const Arguments& a) {
  a.check("items", {});
  std::vector<Value> out;
  if (v.is_undefined()) return Value::generator({});
  if (!v.dictionary()) fail("Can only get item pairs from a mapping.");
  e.budget().charge(static_cast<int64_t>(v.dictionary()->entries.size()));
  for (const auto& [key, value] : v.dictionary()->entries)
    out.push_back(Value::tuple({key, value}));
  return Value::generator(std::move(out));
}

Value dictsort_filter(Evaluator& e, const Value& v, const Arguments& a) {
  a.check("dictsort", {"case_sensitive", "by", "reverse"});
  std::string by = e.text(a.get_or(1, "by", "key"));
  if (by != "key" && by != "value") fail("dictsort: by is \"key\" or \"value\"");
  if (!v.dictionary()) fail(cat("dictsort takes a mapping, not '", v.type_name(), "'"));
  std::vector<Value> items;
  for (const auto& [key, value] : v.dictionary()->entries)
    items.push_back(Value::tuple({key, value}));
  Value path(int64_t{by == "value"});
  std::vector<Value> keys = keys_of(e, items, path, truth(a.get_or(0, "case_sensitive", false)));
  return Value::list(sorted(e, items, keys, truth(a.get_or(2, "reverse", false))));
}

Value sort_filter(Evaluator& e, const Value& v, const Arguments& a) {
  a.check("sort", {"reverse", "case_sensitive", "attribute"});
  std::vector<Value> items = e.items(v);
  std::vector<Value> keys =
      keys_of(e, items, a.get_or(2, "attribute", {}), truth(a.get_or(1, "case_sensitive", false)));
  return Value::list(sorted(e, items, keys, truth(a.get_or(0, "reverse", false))));
}

Value unique_filter(Evaluator& e, const Value& v, const Arguments& a) {
  a.check("unique", {"case_sensitive", "attribute"});
  std::vector<Value> items = e.items(v), out, seen;
  std::vector<Value> keys =
      keys_of(e, items, a.get_or(1, "attribute", {}), truth(a.get_or(0, "case_sensitive", false)));
  for (size_t i = 0; i < items.size(); ++i) {
    e.budget().charge(static_cast<int64_t>(seen.size()));
    if (keys[i].dictionary() ||
        (keys[i].sequence() && keys[i].sequence()->kind == Sequence::Kind::list))
      fail(cat("unhashable type: '", keys[i].type_name(), "'"));
    if (std::any_of(seen.begin(), seen.end(),
                    [&](const Value& other) { return equal(other, keys[i]); }))
      continue;
    seen.push_back(keys[i]);
    out.push_back(items[i]);
  }
  return Value::generator(std::move(out));
}

Value reverse_filter(Evaluator& e, const Value& v, const Arguments& a) {
  a.check("reverse", {});
  std::vector<Value> items = e.items(v);
  std::reverse(items.begin(), items.end());
  if (!v.is_text()) return Value::generator(std::move(items));
  std::string text;
  for (const Value& item : items) text += item.text();
  return text;
}

Value sum_filter(Evaluator& e, const Value& v, const Arguments& a) {
  a.check("sum", {"attribute", "start"});
  Value total = a.get_or(1, "start", int64_t{0}), path = a.get_or(0, "attribute", {});
  for (const Value& item : e.items(v))
    total = arithmetic("+", total, part_of(e, item, path), e.budget());
  return total;
}

Value min_filter(Evaluator& e, const Value& v, const Arguments& a) {
  return extreme(e, v, a, "min", -1);
}
Value max_filter(Evaluator& e, const Value& v, const Arguments& a) {
  return extreme(e, v, a, "max", 1);
}

}  // namespace reckon::jinja
