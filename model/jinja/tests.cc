// What may follow "is".
#include <algorithm>
#include <cmath>

#include "base/text.h"
#include "model/jinja/evaluator.h"
#include "model/jinja/parser.h"

namespace reckon::jinja {
namespace {

using Kind = Sequence::Kind;
using Test = bool (*)(Evaluator&, const Value&, const Arguments&);

int order(Evaluator& evaluator, const Value& value, const Arguments& arguments) {
  evaluator.budget().charge(value.weight());
  return compare(value, arguments.need(0, "other"));
}

int64_t rest(const Value& value, int64_t divisor) {
  if (value.is_undefined()) fail(value.why_undefined());
  if (value.is_float()) refuse("a test of divisibility of a float");
  if (!value.is_integral()) fail(cat("an integer is expected, not '", value.type_name(), "'"));
  if (divisor == 0) fail("integer modulo by zero");
  return divisor == -1 ? 0 : value.integer() % divisor;
}

bool same_as(Evaluator&, const Value& value, const Arguments& arguments) {
  Value other = arguments.need(0, "other");
  if (!other.is_none() && !other.is_bool()) refuse("the test 'sameas' with other than a constant");
  return other.is_none() ? value.is_none() : value.is_bool() && value.integer() == other.integer();
}

bool is_equal(Evaluator& evaluator, const Value& value, const Arguments& arguments) {
  evaluator.budget().charge(value.weight());
  return equal(value, arguments.need(0, "other"));
}

bool is_in(Evaluator& evaluator, const Value& value, const Arguments& arguments) {
  Value container = arguments.need(0, "seq");
  evaluator.budget().charge(container.weight());
  return contains(container, value);
}

bool is_divisible(Evaluator&, const Value& value, const Arguments& arguments) {
  Value divisor = arguments.need(0, "num");
  if (!divisor.is_integral()) fail("divisibleby takes an integer");
  return rest(value, divisor.integer()) == 0;
}

struct Entry {
  std::string_view name;
  size_t arguments;
  Test test;
};

#define RECKON_PLAIN(expression) \
  [](Evaluator&, const Value& v, const Arguments&) -> bool { return expression; }
#define RECKON_ORDER(condition) \
  [](Evaluator& e, const Value& v, const Arguments& a) { return order(e, v, a) condition; }

const Entry kTests[] = {
    {"defined", 0, RECKON_PLAIN(!v.is_undefined())},
    {"undefined", 0, RECKON_PLAIN(v.is_undefined())},
    {"none", 0, RECKON_PLAIN(v.is_none())},
    {"string", 0, RECKON_PLAIN(v.is_text())},
    {"mapping", 0, RECKON_PLAIN(v.dictionary() != nullptr)},
    {"iterable", 0,
     RECKON_PLAIN(v.is_text() || v.sequence() || v.dictionary() || v.is_undefined() || v.loop())},
    {"sequence", 0,
     RECKON_PLAIN(v.is_text() || v.dictionary() || v.is_undefined() ||
                  (v.sequence() && v.sequence()->kind <= Kind::range))},
    {"number", 0, RECKON_PLAIN(v.is_number())},
    {"integer", 0, RECKON_PLAIN(v.is_int())},
    {"float", 0, RECKON_PLAIN(v.is_float())},
    {"boolean", 0, RECKON_PLAIN(v.is_bool())},
    {"true", 0, RECKON_PLAIN(v.is_bool() && v.integer())},
    {"false", 0, RECKON_PLAIN(v.is_bool() && !v.integer())},
    {"callable", 0, RECKON_PLAIN(v.callable() || v.is_undefined())},
    {"odd", 0, RECKON_PLAIN(rest(v, 2) != 0)},
    {"even", 0, RECKON_PLAIN(rest(v, 2) == 0)},
    {"divisibleby", 1, is_divisible},
    {"sameas", 1, same_as},
    {"in", 1, is_in},
    {"eq", 1, is_equal},
    {"equalto", 1, is_equal},
    {"==", 1, is_equal},
    {"ne", 1, [](Evaluator& e, const Value& v, const Arguments& a) { return !is_equal(e, v, a); }},
    {"!=", 1, [](Evaluator& e, const Value& v, const Arguments& a) { return !is_equal(e, v, a); }},
    {"lt", 1, RECKON_ORDER(< 0)},
    {"lessthan", 1, RECKON_ORDER(< 0)},
    {"<", 1, RECKON_ORDER(< 0)},
    {"le", 1, RECKON_ORDER(<= 0)},
    {"<=", 1, RECKON_ORDER(<= 0)},
    {"gt", 1, RECKON_ORDER(> 0)},
    {"greaterthan", 1, RECKON_ORDER(> 0)},
    {">", 1, RECKON_ORDER(> 0)},
    {"ge", 1, RECKON_ORDER(>= 0)},
    {">=", 1, RECKON_ORDER(>= 0)}};

#undef RECKON_PLAIN
#undef RECKON_ORDER

const Entry* find_test(const std::string& name) {
  auto at = std::find_if(std::begin(kTests), std::end(kTests),
                         [&](const Entry& e) { return e.name == name; });
  return at == std::end(kTests) ? nullptr : at;
}

}  // namespace

bool is_test(const std::string& name) { return find_test(name) != nullptr; }

bool Evaluator::test(const std::string& name, const Value& input, const Arguments& arguments) {
  const Entry* entry = find_test(name);
  if (!entry) refuse(cat("the test '", name, "'"));
  budget_.charge(1);
  if (arguments.positional.size() != entry->arguments || !arguments.named.empty())
    fail(cat("the test '", name, "' takes ", entry->arguments, " argument(s)"));
  return entry->test(*this, input, arguments);
}

}  // namespace reckon::jinja
