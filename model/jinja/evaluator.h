// Runs a parsed template once. Every step, every byte made and every level of nesting is charged to
// a budget, so that no template runs for long or takes much memory. One object per rendering, one
// thread.
//
//   Evaluator evaluator({.steps = 1000000, .output = 1 << 20}, date);
//   evaluator.define("messages", ...);   std::string text = evaluator.run(body);
#pragma once

#include <deque>
#include <initializer_list>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "model/jinja/lexer.h"
#include "model/jinja/syntax.h"

namespace reckon::jinja {

struct Limits {
  int64_t steps = 5000000;           // nodes visited, items walked, 16 bytes of text made
  size_t output = size_t{16} << 20;  // bytes
};

class Budget {
 public:
  explicit Budget(int64_t steps) : left_(steps) {}
  void charge(int64_t steps) {
    if (steps > left_) fail("the template does too much work", "look for an endless or huge loop");
    left_ -= steps;
  }
  void charge_bytes(size_t bytes) { charge(static_cast<int64_t>(bytes / 16)); }

 private:
  int64_t left_;
};

struct Arguments {
  std::vector<Value> positional;
  std::vector<std::pair<std::string, Value>> named;

  std::optional<Value> get(size_t at, std::string_view name) const;
  Value get_or(size_t at, std::string_view name, Value otherwise) const;
  Value need(size_t at, std::string_view name) const;
  // Fails unless every argument is one of `names`, given once.
  void check(const std::string& callee, std::initializer_list<std::string_view> names) const;
};

struct Scope {
  Scope* parent = nullptr;
  bool kept = false;  // a macro refers to it
  std::vector<std::pair<std::string_view, Value>> names = {};

  void set(std::string_view name, Value value);
};

class Evaluator {
 public:
  // `date`: year-month-day that strftime_now tells; without it there is no such function.
  Evaluator(const Limits& limits, const std::optional<std::string>& date);

  void define(const std::string& name, Value value) { globals_[name] = std::move(value); }
  std::string run(const Body& body);

  // For filters, tests, methods and functions.
  Budget& budget() { return budget_; }
  Value call(const Value& callee, const Arguments& arguments);
  Value filter(const std::string& name, const Value& input, const Arguments& arguments);
  bool test(const std::string& name, const Value& input, const Arguments& arguments);
  Value attribute(const Value& value, const std::string& name);
  Value item(const Value& value, const Value& key);
  std::vector<Value> items(const Value& value);  // items_of, charged
  std::string text(const Value& value);          // text_of, charged

 private:
  enum class Flow { on, leave, next };
  class ScopeGuard;
  class Level {
   public:
    explicit Level(int& depth) : depth_(depth) {
      if (depth_ >= kMaxDepth)
        fail("the template nests too deeply", "look for a macro that calls itself without end");
      ++depth_;
    }
    ~Level() { --depth_; }

   private:
    int& depth_;
  };
  // Of statements, expressions and macro calls within each other.
  static constexpr int kMaxDepth = 500;

  Flow execute(const Body& body, Scope& scope);
  Flow execute(const Stmt& stmt, Scope& scope);
  Flow loop(const Stmt& stmt, Scope& scope);
  std::shared_ptr<Loop> loop_items(const Stmt& stmt, Scope& scope);
  void set(const Stmt& stmt, Scope& scope);
  void assign(const std::vector<std::string>& targets, const Value& value, Scope& scope);
  void call_block(const Stmt& stmt, Scope& scope);
  Value captured(const Body& body, Scope& scope);  // its output as text, in a scope of its own
  Value through_filters(const Expr* filters, Value text, Scope& scope);
  void write(const std::string& text);

  Value evaluate(const Expr& expr, Scope& scope);
  Value evaluate_node(const Expr& expr, Scope& scope);
  Value binary(const Expr& expr, Scope& scope);
  Value comparison(const Expr& expr, Scope& scope);
  Value slice(const Expr& expr, Scope& scope);
  Value dictionary(const Expr& expr, Scope& scope);
  Value lookup(const std::string& name, Scope& scope);
  Arguments arguments(const Expr& expr, Scope& scope);
  Value call_macro(const Callable& callable, const Arguments& arguments);
  Value macro_value(const Macro& macro, Scope& scope);
  Value function(const std::string& name, const Arguments& arguments);

  const Limits limits_;
  const std::optional<std::string> date_;
  Budget budget_;
  int depth_ = 0;
  std::string* out_ = nullptr;
  Value block_text_;  // what the innermost filter block filters
  std::map<std::string, Value> globals_;
  std::deque<Scope> scopes_;
  std::deque<Namespace> namespaces_;
};

// a <sign> b for the arithmetic signs and "~".
Value arithmetic(const std::string& sign, const Value& a, const Value& b, Budget& budget);
Value call_method(Evaluator& evaluator, const Value& self, const std::string& name,
                  const Arguments& arguments);
Value item_of_slice(const Value& value, const Value& start, const Value& stop, const Value& step);
std::vector<std::string> lines_of(std::string_view text);  // str.splitlines()
std::string in_case(const std::string& text, bool upper);  // str.upper(), str.lower()
std::string capitalized(const std::string& text);          // str.capitalize()
std::string date_text(const std::string& date, const std::string& format);

}  // namespace reckon::jinja
