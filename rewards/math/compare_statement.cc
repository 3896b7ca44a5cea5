// Assignments, equations, inequalities in letters, piecewise functions, congruences.
#include <algorithm>

#include "rewards/math/compare_comparer.h"
#include "rewards/math/compare_form.h"
#include "rewards/math/exact.h"
#include "rewards/math/modular.h"
#include "rewards/math/value.h"

namespace reckon::math {

namespace {

bool known_function(std::string_view name) {
  static constexpr std::string_view kKnown[] = {
      "sin",  "cos",  "tan",   "cot",  "sec", "csc",  "arcsin", "arccos", "arctan", "sinh",
      "cosh", "tanh", "log",   "ln",   "exp", "abs",  "det",    "gcd",    "lcm",    "min",
      "max",  "mod",  "floor", "ceil", "cis", "sqrt", "trace",  "Re",     "Im"};
  return std::find(std::begin(kKnown), std::end(kKnown), name) != std::end(kKnown);
}

bool all_letters(const std::vector<Expr>& args) {
  return !args.empty() &&
         std::all_of(args.begin(), args.end(), [](Expr arg) { return arg->kind == Kind::symbol; });
}

// What may stand on the left: x, f(x), (x, y).
bool is_name(Expr expr) {
  switch (expr->kind) {
    case Kind::symbol:
      return true;
    case Kind::call:
      return !known_function(expr->name) && all_letters(expr->args);
    case Kind::tuple:
    case Kind::list:
      return all_letters(expr->args);
    case Kind::product:  // the segment AB
      return std::all_of(expr->args.begin(), expr->args.end(), [](Expr letter) {
        return letter->kind == Kind::symbol && letter->name.size() == 1 && letter->name[0] >= 'A' &&
               letter->name[0] <= 'Z';
      });
    default:
      return false;
  }
}

bool mentions(Expr value, Expr name) {
  if (name->kind == Kind::symbol) return contains_symbol(value, name->name);
  if (name->kind == Kind::call) {
    if (value->kind == Kind::call && value->name == name->name) return true;
    return std::any_of(value->args.begin(), value->args.end(),
                       [&](Expr arg) { return mentions(arg, name); });
  }
  return std::any_of(name->args.begin(), name->args.end(),
                     [&](Expr part) { return mentions(value, part); });
}

}  // namespace

std::optional<Assignment> Comparer::assignment(Expr expr) {
  if (expr->kind != Kind::relation || expr->name != "=") return std::nullopt;
  const Expr left = expr->args[0], right = expr->args[1];
  if (left->kind == Kind::product && contains(right, Kind::symbol)) return std::nullopt;
  if (is_name(left) && !mentions(right, left)) return Assignment{left, right};
  if ((right->kind == Kind::symbol || right->kind == Kind::call) && is_name(right) &&
      !mentions(left, right)) {
    return Assignment{right, left};
  }
  return std::nullopt;
}

// Where one side or both are a relation with "=".
Comparison Comparer::assigned(Expr gold, Expr prediction) {
  const auto a = assignment(gold), b = assignment(prediction);
  const bool gold_relates = gold->kind == Kind::relation && gold->name == "=";
  const bool prediction_relates = prediction->kind == Kind::relation && prediction->name == "=";
  if (gold_relates && prediction_relates) {
    if (a && b && same_form(a->name, b->name)) {
      const Comparison found = answers(a->value, b->value);
      if (found.verdict == Verdict::equal || !contains(a->value, Kind::symbol)) return found;
      return equations(gold, prediction);
    }
    const Comparison found = equations(gold, prediction);
    // 2x = 6 where the gold answer is x = 3: the last step is missing.
    const bool solved = a && !contains(a->value, Kind::symbol);
    if (solved && !b) return granted(found, "an equation that is not solved");
    if (found.verdict == Verdict::equal || !a || !b) return found;
    // f(x) = 2x and y = 2x: another name for the same function.
    const bool functions = a->name->kind == Kind::call || b->name->kind == Kind::call;
    const Comparison values = answers(a->value, b->value);
    return functions && values.verdict == Verdict::equal
               ? granted(values, "another name on the left side")
               : found;
  }
  if (gold_relates) {
    if (a) return answers(a->value, prediction);
    return is_scalar(prediction) ? different("an expression against an equation")
                                 : undecided("no equation");
  }
  if (b) return answers(gold, b->value);
  if (!is_scalar(gold)) return undecided("an equation against something else");
  const Comparison found = answers(gold, prediction->args[1]);
  return granted(found, "an equation where the gold answer is a value");
}

// "sqrt 5 / 5 ~ 0.447": the exact value counts, where the decimal is one of its roundings; a gold
// answer of that form accepts either side.
Comparison Comparer::approximations(Expr gold, Expr prediction) {
  const auto approximate = [](Expr e) { return e->kind == Kind::relation && e->name == "approx"; };
  if (!approximate(prediction)) {
    if (gold->args[0]->kind != Kind::symbol) {  // x ~ 3 has one value
      const Comparison found = answers(gold->args[0], prediction);
      if (found.verdict == Verdict::equal) return found;
    }
    return answers(gold->args[1], prediction);
  }
  if (approximate(gold)) return ordered(gold->args, prediction->args);
  const Expr exact = prediction->args[0], rounded = prediction->args[1];
  const Comparison found = answers(gold, exact);
  if (found.verdict != Verdict::equal) return found;
  const Measure a = measure(exact), b = measure(rounded);
  return rounds_to(b.value, a.value) ? found : undecided("an approximation of something else");
}

// l1 - r1 and l2 - r2 up to a rational factor other than 0.
Comparison Comparer::equations(Expr gold, Expr prediction) {
  for (const Expr side : {gold->args[0], gold->args[1], prediction->args[0], prediction->args[1]}) {
    if (is_scalar(side)) continue;
    const Comparison found = ordered(gold->args, prediction->args);
    return found.verdict == Verdict::equal ? found : undecided("an equation of no numbers");
  }
  Algebra algebra(budget());
  const auto difference = [&](Expr e) -> std::optional<Value> {
    const auto left = algebra.value_of(e->args[0]);
    if (!left) return std::nullopt;
    const auto right = algebra.value_of(e->args[1]);
    if (!right) return std::nullopt;
    return algebra.subtract(*left, *right);
  };
  const auto a = difference(gold), b = difference(prediction);
  if (!a || !b) return undecided("an equation that no rule understands");
  if (a->top.is_zero() || b->top.is_zero()) return undecided("an equation that always holds");
  if (algebra.rational_ratio(*a, *b)) return equal("the same equation up to a factor");
  // A factor such as pi or sqrt 2 is not looked for.
  const auto rational = [](Expr e) {
    return !contains(e, Kind::constant) && !contains(e, Kind::root) && !contains(e, Kind::call);
  };
  if (!rational(gold) || !rational(prediction)) return undecided("no rational factor");
  return different("another equation");
}

namespace {

bool is_strict(std::string_view name) { return name == "<" || name == ">"; }
bool is_less(std::string_view name) { return name == "<" || name == "<="; }

}  // namespace

// Inequalities in letters: the larger side less the smaller one, up to a positive factor.
Comparison Comparer::inequalities(Expr gold, Expr prediction) {
  const auto is_order = [](std::string_view n) {
    return n == "<" || n == "<=" || n == ">" || n == ">=";
  };
  if (gold->name == "!=" && prediction->name == "!=") {
    const Comparison found = equations(gold, prediction);
    return found;
  }
  if (!is_order(gold->name) || !is_order(prediction->name)) return undecided("other relations");
  for (const Expr side : {gold->args[0], gold->args[1], prediction->args[0], prediction->args[1]}) {
    if (!is_scalar(side)) return undecided("an inequality of no numbers");
  }
  Algebra algebra(budget());
  const auto difference = [&](Expr e) -> std::optional<Value> {
    const bool less = is_less(e->name);
    const auto large = algebra.value_of(e->args[less ? 1 : 0]);
    const auto small = algebra.value_of(e->args[less ? 0 : 1]);
    if (!large || !small) return std::nullopt;
    return algebra.subtract(*large, *small);
  };
  const auto a = difference(gold), b = difference(prediction);
  if (!a || !b || a->top.is_zero() || b->top.is_zero()) {
    return undecided("an inequality that no rule understands");
  }
  const auto ratio = algebra.rational_ratio(*a, *b);
  if (!ratio) return undecided("no constant factor between the inequalities");
  if (is_strict(gold->name) != is_strict(prediction->name)) {
    return different("strict against not strict");
  }
  return *ratio > 0 ? equal("the same inequality") : different("the opposite inequality");
}

Comparison Comparer::cases(Expr gold, Expr prediction) {
  if (gold->kind != prediction->kind) return undecided("no definition by cases");
  const auto pairs = [&](Expr e) {
    Elements result;
    for (size_t i = 0; i + 1 < e->args.size(); i += 2) {
      result.push_back(&arena_.add(Kind::tuple, {e->args[i], e->args[i + 1]}));
    }
    return result;
  };
  const Elements a = pairs(gold), b = pairs(prediction);
  if (a.size() != b.size()) return undecided("another number of cases");
  std::vector<bool> taken(b.size(), false);
  bool doubt = false;
  for (Expr x : a) {
    bool found = false;
    for (size_t j = 0; j < b.size() && !found; ++j) {
      if (taken[j] || answers(x->args[1], b[j]->args[1]).verdict != Verdict::equal) continue;
      const Verdict values = answers(x->args[0], b[j]->args[0]).verdict;
      if (values == Verdict::different) return different("another value in a case");
      doubt = doubt || values == Verdict::undecided;
      found = taken[j] = true;
    }
    if (!found) return undecided("no case with the same condition");
  }
  return doubt ? undecided("a case is undecided") : equal("the same cases");
}

namespace {

struct Residue {
  Expr name = nullptr, value = nullptr, modulus = nullptr;
};
std::optional<Residue> residue(Expr expr) {
  Residue result;
  if (expr->kind == Kind::relation && (expr->name == "equiv" || expr->name == "=") &&
      expr->args[1]->kind == Kind::congruence) {
    result.name = expr->args[0];
    expr = expr->args[1];
  }
  if (expr->kind != Kind::congruence) return std::nullopt;
  result.value = expr->args[0];
  result.modulus = expr->args[1];
  return result;
}

}  // namespace

// 3 (mod 7) and 10 (mod 7) are the same class; a bare 3 is one of its numbers.
Comparison Comparer::congruences(Expr gold, Expr prediction) {
  const auto a = residue(gold), b = residue(prediction);
  if (a && b) {
    if (a->name && b->name && !same_form(a->name, b->name)) return different("another variable");
    const Comparison moduli = answers(a->modulus, b->modulus);
    if (moduli.verdict != Verdict::equal) return moduli;
    const auto x = exact::value_of(a->value, budget()), y = exact::value_of(b->value, budget());
    const auto m = exact::value_of(a->modulus, budget());
    if (!x || !y || !m || *m == 0) return answers(a->value, b->value);
    return exact::is_integer((*x - *y) / *m) ? equal("the same class") : different("another class");
  }
  const Expr bare = a ? prediction : gold;
  const Expr value = a ? a->value : b->value;
  if (!is_scalar(bare)) return undecided("a congruence against something else");
  return granted(a ? answers(value, bare) : answers(bare, value), "a modulus on one side alone");
}

}  // namespace reckon::math
