// The values of a template: Python's, as far as templates meet them. A value is immutable except
// for a namespace's attributes and a generator's position; both belong to one rendering. Lists and
// dictionaries know their depth, so that no code that walks them recurses too far.
//
//   Value list = Value::list({Value("a"), Value(int64_t{1})});   text_of(list) == "['a', 1]"
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace reckon::jinja {

class Value;
struct Sequence;
struct Dictionary;
struct Namespace;
struct Callable;
struct Loop;

inline constexpr int kMaxValueDepth = 100;

// What a template did wrong; the evaluator adds the place and turns it into an Error.
struct Fault {
  std::string problem, remedy;
};
[[noreturn]] void fail(std::string problem, std::string remedy = "correct the chat template");
[[noreturn]] void refuse(const std::string& what);  // legal Jinja that is not supported

struct Undefined {
  std::shared_ptr<const std::string> why;
};
struct None {};

class Value {
 public:
  Value() : held_(None{}) {}
  Value(bool value) : held_(value) {}
  Value(int64_t value) : held_(value) {}
  Value(double value) : held_(value) {}
  Value(std::string text) : held_(std::make_shared<const std::string>(std::move(text))) {}
  Value(const char* text) : Value(std::string(text)) {}
  Value(std::shared_ptr<const Sequence> items) : held_(std::move(items)) {}
  Value(std::shared_ptr<const Dictionary> dict) : held_(std::move(dict)) {}
  Value(std::shared_ptr<const Callable> callable) : held_(std::move(callable)) {}
  Value(std::shared_ptr<Loop> loop) : held_(std::move(loop)) {}
  Value(Namespace* space) : held_(space) {}

  static Value undefined(std::string why);
  static Value list(std::vector<Value> items);
  static Value tuple(std::vector<Value> items);
  static Value generator(std::vector<Value> items);
  // Text that jinja2 holds for HTML (what `safe` gives): texts joined to it are escaped.
  static Value markup(std::string text);
  static Value from_json(const nlohmann::ordered_json& json, int level = 0);

  bool is_undefined() const { return std::holds_alternative<Undefined>(held_); }
  bool is_none() const { return std::holds_alternative<None>(held_); }
  bool is_bool() const { return std::holds_alternative<bool>(held_); }
  bool is_int() const { return std::holds_alternative<int64_t>(held_); }
  bool is_float() const { return std::holds_alternative<double>(held_); }
  bool is_number() const { return is_bool() || is_int() || is_float(); }
  bool is_integral() const { return is_bool() || is_int(); }
  bool is_markup() const { return markup_; }
  bool is_text() const { return std::holds_alternative<std::shared_ptr<const std::string>>(held_); }
  const Sequence* sequence() const { return get<std::shared_ptr<const Sequence>>(); }
  const Dictionary* dictionary() const { return get<std::shared_ptr<const Dictionary>>(); }
  const Callable* callable() const { return get<std::shared_ptr<const Callable>>(); }
  Loop* loop() const { return get<std::shared_ptr<Loop>>(); }
  Namespace* space() const {
    auto* held = std::get_if<Namespace*>(&held_);
    return held ? *held : nullptr;
  }

  const std::string& text() const {
    return **std::get_if<std::shared_ptr<const std::string>>(&held_);
  }
  int64_t integer() const;  // of a bool or an integer
  double number() const;    // of any number
  std::string why_undefined() const;
  std::string type_name() const;  // as Python names it
  int depth() const;
  int64_t weight() const;  // roughly the steps that walking it takes; shared parts count each time

 private:
  template <class Pointer>
  auto get() const -> decltype(std::declval<Pointer>().get()) {
    auto* held = std::get_if<Pointer>(&held_);
    return held ? held->get() : nullptr;
  }

  std::variant<None, Undefined, bool, int64_t, double, std::shared_ptr<const std::string>,
               std::shared_ptr<const Sequence>, std::shared_ptr<const Dictionary>,
               std::shared_ptr<const Callable>, std::shared_ptr<Loop>, Namespace*>
      held_;
  bool markup_ = false;
};

struct Sequence {
  enum class Kind { list, tuple, range, view, generator };
  Sequence(Kind kind, std::vector<Value> items, std::string name = "");
  std::vector<Value> take() const;  // the items that remain; a generator is then used up

  Kind kind;
  std::vector<Value> items;
  std::string name;  // how Python shows a range or a view
  int depth;
  int64_t weight;
  mutable size_t used = 0;  // of a generator
};

struct Dictionary {
  explicit Dictionary(std::vector<std::pair<std::string, Value>> entries);  // later ones win
  const Value* find(const std::string& key) const;

  std::vector<std::pair<std::string, Value>> entries;
  std::map<std::string, size_t> index;
  int depth = 1;
  int64_t weight = 1;
};

struct Namespace {
  std::map<std::string, Value> attributes;
};

struct Loop {
  std::shared_ptr<const Sequence> items;
  size_t index = 0;
};

struct Macro;  // of the syntax tree
struct Scope;  // of the evaluator

struct Callable {
  std::string name;  // of a function or method
  Value self;        // of a method
  const Macro* macro = nullptr;
  Scope* home = nullptr;  // where the macro was defined
};

bool truth(const Value& value);
std::string text_of(const Value& value);       // str()
Value joined(const Value& a, const Value& b);  // two texts, escaped beside markup
std::string repr_of(const Value& value);
bool equal(const Value& a, const Value& b);
int compare(const Value& a, const Value& b);  // -1, 0, 1; fails for types without an order
bool contains(const Value& container, const Value& item);
std::vector<Value> items_of(const Value& value);  // what iterating gives

struct JsonStyle {
  bool ascii = false, sorted = false;
  std::optional<int64_t> indent;
  std::string item = ", ", key = ": ";
};
std::string json_text(const Value& value, const JsonStyle& style);  // json.dumps

}  // namespace reckon::jinja
