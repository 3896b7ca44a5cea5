#include "model/jinja/evaluator.h"

#include <algorithm>

#include "base/text.h"

namespace reckon::jinja {

// A scope for as long as this lives; longer, if a macro was defined in it.
class Evaluator::ScopeGuard {
 public:
  ScopeGuard(Evaluator& evaluator, Scope* parent)
      : evaluator_(evaluator), scope_(evaluator.scopes_.emplace_back(Scope{.parent = parent})) {}
  ~ScopeGuard() {
    if (!scope_.kept && &evaluator_.scopes_.back() == &scope_) evaluator_.scopes_.pop_back();
  }
  Scope& scope() { return scope_; }

 private:
  Evaluator& evaluator_;
  Scope& scope_;
};

void Scope::set(std::string_view name, Value value) {
  for (auto& [known, held] : names) {
    if (known != name) continue;
    held = std::move(value);
    return;
  }
  names.emplace_back(name, std::move(value));
}

Evaluator::Evaluator(const Limits& limits, const std::optional<std::string>& date)
    : limits_(limits), date_(date), budget_(limits.steps) {
  for (const char* name : {"range", "dict", "namespace", "raise_exception"})
    define(name, std::make_shared<const Callable>(Callable{.name = name, .self = {}}));
  if (date)
    define("strftime_now",
           std::make_shared<const Callable>(Callable{.name = "strftime_now", .self = {}}));
}

std::string Evaluator::run(const Body& body) {
  std::string out;
  out_ = &out;
  Scope& root = scopes_.emplace_back();
  execute(body, root);
  return out;
}

void Evaluator::write(const std::string& text) {
  budget_.charge_bytes(text.size());
  if (out_->size() + text.size() > limits_.output)
    fail(cat("the text is longer than ", limits_.output, " bytes"), "shorten the conversation");
  *out_ += text;
}

Evaluator::Flow Evaluator::execute(const Body& body, Scope& scope) {
  for (const StmtPtr& stmt : body) {
    try {
      Level level(depth_);
      budget_.charge(1);
      Flow flow = execute(*stmt, scope);
      if (flow != Flow::on) return flow;
    } catch (Fault& fault) {
      throw LocatedFault{std::move(fault), stmt->spot};
    }
  }
  return Flow::on;
}

Evaluator::Flow Evaluator::execute(const Stmt& stmt, Scope& scope) {
  switch (stmt.kind) {
    case Stmt::Kind::text:
      write(stmt.text);
      return Flow::on;
    case Stmt::Kind::output:
      write(text(evaluate(*stmt.expressions[0], scope)));
      return Flow::on;
    case Stmt::Kind::branch:
      for (const Branch& branch : stmt.branches)
        if (!branch.condition || truth(evaluate(*branch.condition, scope)))
          return execute(branch.body, scope);
      return Flow::on;
    case Stmt::Kind::loop:
      return loop(stmt, scope);
    case Stmt::Kind::set:
      set(stmt, scope);
      return Flow::on;
    case Stmt::Kind::set_block:
      scope.set(stmt.targets[0],
                through_filters(stmt.expressions[0].get(), captured(stmt.body, scope), scope));
      return Flow::on;
    case Stmt::Kind::macro:
      scope.set(stmt.macro->name, macro_value(*stmt.macro, scope));
      return Flow::on;
    case Stmt::Kind::call:
      call_block(stmt, scope);
      return Flow::on;
    case Stmt::Kind::filter:
      write(text(through_filters(stmt.expressions[0].get(), captured(stmt.body, scope), scope)));
      return Flow::on;
    case Stmt::Kind::with: {
      ScopeGuard inner(*this, &scope);
      for (size_t i = 0; i < stmt.targets.size(); ++i)
        inner.scope().set(stmt.targets[i], evaluate(*stmt.expressions[i], scope));
      return execute(stmt.body, inner.scope());
    }
    case Stmt::Kind::scope: {
      ScopeGuard inner(*this, &scope);
      return execute(stmt.body, inner.scope());
    }
    case Stmt::Kind::leave:
      return Flow::leave;
    case Stmt::Kind::next:
      return Flow::next;
  }
  return Flow::on;
}

// What the loop walks: the items that its condition lets through.
std::shared_ptr<Loop> Evaluator::loop_items(const Stmt& stmt, Scope& scope) {
  std::vector<Value> found = items(evaluate(*stmt.expressions[0], scope));
  if (const Expr* condition = stmt.expressions[1].get()) {
    std::vector<Value> passed;
    for (Value& item : found) {
      ScopeGuard inner(*this, &scope);
      assign(stmt.targets, item, inner.scope());
      if (truth(evaluate(*condition, inner.scope()))) passed.push_back(std::move(item));
    }
    found = std::move(passed);
  }
  auto state = std::make_shared<Loop>();
  state->items = std::make_shared<const Sequence>(Sequence::Kind::list, std::move(found));
  return state;
}

Evaluator::Flow Evaluator::loop(const Stmt& stmt, Scope& scope) {
  std::shared_ptr<Loop> state = loop_items(stmt, scope);
  const std::vector<Value>& found = state->items->items;
  for (size_t i = 0; i < found.size(); ++i) {
    budget_.charge(1);
    ScopeGuard inner(*this, &scope);
    state->index = i;
    inner.scope().set("loop", state);
    assign(stmt.targets, found[i], inner.scope());
    Flow flow = execute(stmt.body, inner.scope());
    if (flow == Flow::leave) return Flow::on;
  }
  if (!found.empty()) return Flow::on;
  ScopeGuard inner(*this, &scope);
  return execute(stmt.otherwise, inner.scope());
}

void Evaluator::assign(const std::vector<std::string>& targets, const Value& value, Scope& scope) {
  if (targets.size() == 1) {
    scope.set(targets[0], value);
    return;
  }
  std::vector<Value> parts = items(value);
  if (parts.size() != targets.size())
    fail(cat(parts.size(), " values for ", targets.size(), " names"));
  for (size_t i = 0; i < parts.size(); ++i) scope.set(targets[i], parts[i]);
}

void Evaluator::set(const Stmt& stmt, Scope& scope) {
  Value value = evaluate(*stmt.expressions[0], scope);
  if (stmt.text.empty()) {
    assign(stmt.targets, value, scope);
    return;
  }
  Namespace* space = lookup(stmt.targets[0], scope).space();
  if (!space) fail("cannot assign attribute on non-namespace object");
  if (stmt.text[0] == '_') refuse("an attribute of a namespace that starts with '_'");
  space->attributes[stmt.text] = std::move(value);
}

Value Evaluator::captured(const Body& body, Scope& scope) {
  std::string text;
  std::string* outer = std::exchange(out_, &text);
  try {
    ScopeGuard inner(*this, &scope);
    execute(body, inner.scope());
  } catch (...) {
    out_ = outer;
    throw;
  }
  out_ = outer;
  return text;
}

Value Evaluator::through_filters(const Expr* filters, Value text, Scope& scope) {
  if (!filters) return text;
  Value outer = std::exchange(block_text_, std::move(text));
  Value result = evaluate(*filters, scope);
  block_text_ = std::move(outer);
  return result;
}

Value Evaluator::macro_value(const Macro& macro, Scope& scope) {
  for (Scope* outer = &scope; outer && !outer->kept; outer = outer->parent) outer->kept = true;
  return std::make_shared<const Callable>(
      Callable{.name = macro.name, .self = {}, .macro = &macro, .home = &scope});
}

Value Evaluator::call_macro(const Callable& callable, const Arguments& arguments) {
  Level level(depth_);
  const Macro& macro = *callable.macro;
  ScopeGuard inner(*this, callable.home);
  Scope& scope = inner.scope();
  if (arguments.positional.size() > macro.parameters.size())
    fail(cat("macro '", macro.name, "' takes not more than ", macro.parameters.size(),
             " argument(s)"));
  for (size_t i = 0; i < macro.parameters.size(); ++i) {
    const std::string& name = macro.parameters[i];
    size_t required = macro.parameters.size() - macro.defaults.size();
    if (auto given = arguments.get(i, name)) {
      scope.set(name, *given);
    } else if (i >= required) {
      scope.set(name, evaluate(*macro.defaults[i - required], scope));
    } else {
      scope.set(name, Value::undefined(cat("parameter '", name, "' was not provided")));
    }
  }
  for (const auto& [name, value] : arguments.named) {
    auto at = std::find(macro.parameters.begin(), macro.parameters.end(), name);
    if (at == macro.parameters.end() && name != "caller")
      fail(cat("macro '", macro.name, "' takes no keyword argument '", name, "'"));
    if (at == macro.parameters.end()) {
      scope.set("caller", value);
    } else if (static_cast<size_t>(at - macro.parameters.begin()) < arguments.positional.size()) {
      fail(cat("macro '", macro.name, "' got two values for '", name, "'"));
    }
  }
  return captured(macro.body, scope);
}

void Evaluator::call_block(const Stmt& stmt, Scope& scope) {
  const Expr& call_expr = *stmt.expressions[0];
  Value callee = evaluate(*call_expr.parts[0], scope);
  Arguments given = arguments(call_expr, scope);
  if (!callee.callable() || !callee.callable()->macro) refuse("a call block of what is no macro");
  given.named.emplace_back("caller", macro_value(*stmt.macro, scope));
  write(text(call(callee, given)));
}

}  // namespace reckon::jinja
