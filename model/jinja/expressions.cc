#include <algorithm>

#include "base/text.h"
#include "model/jinja/evaluator.h"

namespace reckon::jinja {

using Kind = Expr::Kind;

std::optional<Value> Arguments::get(size_t at, std::string_view name) const {
  if (at < positional.size()) return positional[at];
  for (const auto& [known, value] : named)
    if (known == name) return value;
  return std::nullopt;
}

Value Arguments::get_or(size_t at, std::string_view name, Value otherwise) const {
  auto value = get(at, name);
  return value ? *value : std::move(otherwise);
}

Value Arguments::need(size_t at, std::string_view name) const {
  auto value = get(at, name);
  if (!value) fail(cat("the argument '", name, "' is missing"));
  return *value;
}

void Arguments::check(const std::string& callee,
                      std::initializer_list<std::string_view> names) const {
  if (positional.size() > names.size())
    fail(cat(callee, " takes at most ", names.size(), " argument(s)"));
  for (const auto& [name, value] : named) {
    auto at = std::find(names.begin(), names.end(), name);
    if (at == names.end()) fail(cat(callee, " takes no argument '", name, "'"));
    if (static_cast<size_t>(at - names.begin()) < positional.size())
      fail(cat(callee, " got two values for '", name, "'"));
  }
}

std::vector<Value> Evaluator::items(const Value& value) {
  if (value.loop()) refuse("walking through 'loop'");
  budget_.charge(value.is_text() ? static_cast<int64_t>(value.text().size()) : 1);
  std::vector<Value> found = items_of(value);
  budget_.charge(static_cast<int64_t>(found.size()));
  return found;
}

std::string Evaluator::text(const Value& value) {
  budget_.charge(value.weight());
  return text_of(value);
}

// Places a fault at the innermost expression that it concerns.
Value Evaluator::evaluate(const Expr& expr, Scope& scope) {
  try {
    Level level(depth_);
    budget_.charge(1);
    return evaluate_node(expr, scope);
  } catch (Fault& fault) {
    throw LocatedFault{std::move(fault), expr.spot};
  }
}

Value Evaluator::evaluate_node(const Expr& expr, Scope& scope) {
  auto part = [&](size_t i) { return evaluate(*expr.parts[i], scope); };
  switch (expr.kind) {
    case Kind::constant:
      return expr.value;
    case Kind::name:
      return lookup(expr.text, scope);
    case Kind::list:
    case Kind::tuple: {
      std::vector<Value> items;
      for (size_t i = 0; i < expr.parts.size(); ++i) items.push_back(part(i));
      return expr.kind == Kind::list ? Value::list(std::move(items))
                                     : Value::tuple(std::move(items));
    }
    case Kind::dict:
      return dictionary(expr, scope);
    case Kind::attribute:
      return attribute(part(0), expr.text);
    case Kind::item: {
      Value value = part(0);
      return item(value, part(1));
    }
    case Kind::slice:
      return slice(expr, scope);
    case Kind::call: {
      Value callee = part(0);
      return call(callee, arguments(expr, scope));
    }
    case Kind::filter: {
      Value input = expr.parts[0] ? part(0) : block_text_;
      return filter(expr.text, input, arguments(expr, scope));
    }
    case Kind::test: {
      Value input = part(0);
      return test(expr.text, input, arguments(expr, scope));
    }
    case Kind::unary: {
      Value value = part(0);
      if (expr.text == "not") return !truth(value);
      if (value.is_undefined()) fail(value.why_undefined());
      if (!value.is_number())
        fail(cat("bad operand type for unary ", expr.text, ": '", value.type_name(), "'"));
      return expr.text == "-" ? arithmetic("-", value.is_float() ? Value(-0.0) : Value(int64_t{0}),
                                           value, budget_)
                              : arithmetic("+", value, Value(int64_t{0}), budget_);
    }
    case Kind::binary:
      return binary(expr, scope);
    case Kind::comparison:
      return comparison(expr, scope);
    case Kind::condition:
      if (truth(part(1))) return part(0);
      return expr.parts[2] ? part(2)
                           : Value::undefined(
                                 "the inline if-expression evaluated to false and no else "
                                 "section was defined");
  }
  return {};
}

Value Evaluator::lookup(const std::string& name, Scope& scope) {
  for (const Scope* at = &scope; at; at = at->parent)
    for (const auto& [known, value] : at->names)
      if (known == name) return value;
  auto global = globals_.find(name);
  if (global != globals_.end()) return global->second;
  for (const char* other : {"lipsum", "cycler", "joiner", "varargs", "kwargs"})
    if (name == other) refuse(cat("'", name, "'"));
  return Value::undefined(cat("'", name, "' is undefined"));
}

Value Evaluator::binary(const Expr& expr, Scope& scope) {
  Value a = evaluate(*expr.parts[0], scope);
  if (expr.text == "and") return truth(a) ? evaluate(*expr.parts[1], scope) : a;
  if (expr.text == "or") return truth(a) ? a : evaluate(*expr.parts[1], scope);
  Value b = evaluate(*expr.parts[1], scope);
  if (expr.text == "~") {
    std::string x = text(a), y = text(b);
    budget_.charge_bytes(x.size() + y.size());
    return x + y;
  }
  return arithmetic(expr.text, a, b, budget_);
}

Value Evaluator::comparison(const Expr& expr, Scope& scope) {
  Value left = evaluate(*expr.parts[0], scope);
  for (size_t i = 0; i < expr.names.size(); ++i) {
    const std::string& sign = expr.names[i];
    Value right = evaluate(*expr.parts[i + 1], scope);
    bool holds;
    budget_.charge(std::min(left.weight(), right.weight()));
    if (sign == "==" || sign == "!=") {
      holds = equal(left, right) == (sign == "==");
    } else if (sign == "in" || sign == "not in") {
      budget_.charge(right.dictionary() ? 1 : right.weight());
      holds = contains(right, left) == (sign == "in");
    } else {
      int order = compare(left, right);
      holds = sign == "<"    ? order < 0
              : sign == "<=" ? order <= 0
              : sign == ">"  ? order > 0
                             : order >= 0;
    }
    if (!holds) return false;
    left = std::move(right);
  }
  return true;
}

Value Evaluator::slice(const Expr& expr, Scope& scope) {
  Value value = evaluate(*expr.parts[0], scope);
  Value bounds[3];
  for (size_t i = 0; i < 3; ++i)
    if (expr.parts[i + 1]) bounds[i] = evaluate(*expr.parts[i + 1], scope);
  budget_.charge(value.is_text() ? static_cast<int64_t>(value.text().size() / 4) : 1);
  if (const Sequence* sequence = value.sequence())
    budget_.charge(static_cast<int64_t>(sequence->items.size()));
  return item_of_slice(value, bounds[0], bounds[1], bounds[2]);
}

Value Evaluator::dictionary(const Expr& expr, Scope& scope) {
  std::vector<std::pair<std::string, Value>> entries;
  for (size_t i = 0; i < expr.parts.size(); i += 2) {
    Value key = evaluate(*expr.parts[i], scope);
    if (!key.is_text()) refuse("a dictionary key that is no string");
    entries.emplace_back(key.text(), evaluate(*expr.parts[i + 1], scope));
  }
  return std::make_shared<const Dictionary>(std::move(entries));
}

Arguments Evaluator::arguments(const Expr& expr, Scope& scope) {
  Arguments found;
  size_t positional = expr.parts.size() - expr.names.size();
  for (size_t i = 1; i < positional; ++i)
    found.positional.push_back(evaluate(*expr.parts[i], scope));
  for (size_t i = 0; i < expr.names.size(); ++i)
    found.named.emplace_back(expr.names[i], evaluate(*expr.parts[positional + i], scope));
  return found;
}

Value Evaluator::call(const Value& callee, const Arguments& arguments) {
  if (callee.is_undefined()) fail(callee.why_undefined());
  const Callable* callable = callee.callable();
  if (!callable) fail(cat("'", callee.type_name(), "' object is not callable"));
  if (callable->macro) return call_macro(*callable, arguments);
  if (!callable->self.is_none())
    return call_method(*this, callable->self, callable->name, arguments);
  return function(callable->name, arguments);
}

}  // namespace reckon::jinja
