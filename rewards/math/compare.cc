#include "rewards/math/compare.h"

#include <algorithm>

#include "rewards/math/compare_comparer.h"
#include "rewards/math/compare_form.h"

namespace reckon::math {

namespace {

bool is_equality(Expr expr) { return expr->kind == Kind::relation && expr->name == "="; }

bool is_approximation(Expr expr) { return expr->kind == Kind::relation && expr->name == "approx"; }

bool is_congruence(Expr expr) {
  return expr->kind == Kind::congruence ||
         (expr->kind == Kind::relation && expr->args[1]->kind == Kind::congruence);
}

bool is_collection(Expr expr) {
  switch (expr->kind) {
    case Kind::list:
    case Kind::tuple:
    case Kind::set:
    case Kind::bracketed:
    case Kind::matrix:
    case Kind::disjunction:
      return true;
    default:
      return contains(expr, Kind::plus_minus);
  }
}

bool mentions_i(Expr expr) {
  return (expr->kind == Kind::constant && expr->name == "i") ||
         std::any_of(expr->args.begin(), expr->args.end(), mentions_i);
}

// The engineers' j, where the gold answer has an i and the prediction none.
Expr with_i_for_j(Arena& arena, Expr expr) {
  if (expr->kind == Kind::symbol && expr->name == "j") {
    Node& i = arena.add(Kind::constant);
    i.name = "i";
    return &i;
  }
  if (!contains_symbol(expr, "j")) return expr;
  std::vector<Expr> args;
  for (Expr arg : expr->args) args.push_back(with_i_for_j(arena, arg));
  Node& copy = arena.add(expr->kind, std::move(args));
  copy.left_open = expr->left_open;
  copy.right_open = expr->right_open;
  copy.rows = expr->rows;
  copy.name = expr->name;
  return &copy;
}

bool is_empty(Expr expr) { return expr->kind == Kind::text && expr->name.empty(); }

}  // namespace

Comparison Comparer::answers(Expr gold, Expr prediction) {
  budget().spend(1);
  if (is_empty(gold) || is_empty(prediction)) return different("nothing there");
  if (gold->kind == Kind::number && prediction->kind == Kind::number) {
    return numbers(gold, prediction);
  }
  if (same_form(gold, prediction)) return equal("the same form");
  if (contains(gold, Kind::ellipsis) || contains(prediction, Kind::ellipsis)) {
    return undecided("an ellipsis has more than one meaning");
  }
  if (is_congruence(gold) || is_congruence(prediction)) return congruences(gold, prediction);
  if (is_approximation(gold) || is_approximation(prediction)) {
    return approximations(gold, prediction);
  }
  if (is_equality(gold) || is_equality(prediction)) return assigned(gold, prediction);
  return by_type(gold, prediction);
}

Comparison Comparer::by_type(Expr gold, Expr prediction) {
  const Kind a = gold->kind, b = prediction->kind;
  if (a == Kind::choice || b == Kind::choice || a == Kind::text || b == Kind::text) {
    return words(gold, prediction);
  }
  if (a == Kind::clock || b == Kind::clock) return clocks(gold, prediction);
  if (a == Kind::ratio || b == Kind::ratio) return ratios(gold, prediction);
  if (a == Kind::date || b == Kind::date) return dates(gold, prediction);
  if (a == Kind::cases || b == Kind::cases) return cases(gold, prediction);
  const bool set_a = is_real_set(gold), set_b = is_real_set(prediction);
  if (set_a || set_b) {
    // Two elements in parentheses are an open interval where the other side is a set of numbers,
    // braces a set of points.
    const auto fits = [](bool set, Expr e) {
      return set || e->kind == Kind::tuple || e->kind == Kind::set;
    };
    const bool bracket = a == Kind::tuple && b == Kind::interval;
    if (fits(set_a, gold) && fits(set_b, prediction) && !bracket) {
      return real_sets(gold, prediction);
    }
    if (bracket && infinity_sign(gold->args[0]) == 0 && infinity_sign(gold->args.back()) == 0) {
      const bool open = prediction->left_open && prediction->right_open;
      if (!open) return different("other brackets");
      return ordered(gold->args, prediction->args);
    }
    if (bracket) return real_sets(gold, prediction);
    if (is_scalar(gold) || is_scalar(prediction)) {
      return different("a number against a set of numbers");
    }
    if (a == Kind::conjunction || a == Kind::disjunction || a == Kind::list) {
      if (b == a || (b == Kind::list && a != Kind::disjunction)) {
        return unordered(gold->args, prediction->args);
      }
    }
    return undecided("a set of numbers against something else");
  }
  if (a == Kind::conjunction || b == Kind::conjunction) {
    const auto fits = [](Kind k) { return k == Kind::conjunction || k == Kind::list; };
    if (fits(a) && fits(b)) return collections(gold, prediction);
    // "x = 1 and x = 2" lists the values of one letter as "x = 1 or x = 2" does.
    const auto lists_values = [&](Expr e) {
      Elements elements = e->args;
      return (fits(e->kind) || e->kind == Kind::disjunction) && !common_variable(elements).empty();
    };
    if (lists_values(gold) && lists_values(prediction)) return collections(gold, prediction);
    return undecided("a system against something else");
  }
  if (is_collection(gold) || (is_collection(prediction) && !is_scalar(gold))) {
    return collections(gold, prediction);
  }
  if (is_scalar(gold) && is_scalar(prediction)) {
    if (is_collection(prediction)) return different("several values against one");
    return scalars(gold, prediction);
  }
  if (is_scalar(gold) && is_collection(prediction)) {
    const bool single = b == Kind::set && prediction->args.size() == 1;
    if (!single) return different("several values against one");
    return granted(answers(gold, prediction->args[0]), "braces around one value");
  }
  if (b == Kind::chain && is_scalar(gold) && !prediction->args.empty()) {
    return granted(answers(gold, prediction->args.back()->args[1]), "a chain of equations");
  }
  return undecided("no rule for these types");
}

Comparison compare(Arena& arena, Expr gold, Expr prediction, Mode mode) {
  if (contains_symbol(prediction, "j") && mentions_i(gold) && !mentions_i(prediction)) {
    prediction = with_i_for_j(arena, prediction);
  }
  Comparison result = Comparer(arena, mode).answers(gold, prediction);
  if (result.verdict == Verdict::equal && mode == Mode::strict && !same_form(gold, prediction)) {
    if (const char* left = unevaluated(prediction, gold)) {
      return {Verdict::different, std::string("unevaluated: ") + left};
    }
  }
  return result;
}

const char* type_of(Expr gold) {
  switch (gold->kind) {
    case Kind::number:
    case Kind::mixed:
    case Kind::based:
      return "number";
    case Kind::constant:
      return gold->name == "infinity" ? "infinity" : "algebraic";
    case Kind::negate:
      return infinity_sign(gold) ? "infinity" : type_of(gold->args[0]);
    case Kind::symbol:
      return gold->name == "emptyset" || gold->name == "R" ? "interval" : "polynomial";
    case Kind::percent:
      return "percent";
    case Kind::degrees:
      return "angle";
    case Kind::quantity:
      return "quantity";
    case Kind::currency:
      return "currency";
    case Kind::list:
    case Kind::plus_minus:
      return "list";
    case Kind::tuple:
      return "tuple";
    case Kind::set:
      return "set";
    case Kind::bracketed:
    case Kind::matrix:
      return "matrix";
    case Kind::interval:
    case Kind::set_union:
    case Kind::intersection:
    case Kind::set_difference:
    case Kind::set_builder:
      return "interval";
    case Kind::relation:
      if (gold->name == "in" || gold->name == "notin") return "interval";
      if (gold->args[1]->kind == Kind::congruence) return "congruence";
      if (gold->name != "=") return "inequality";
      return gold->args[0]->kind == Kind::call ? "function" : "equation";
    case Kind::chain:
      return "inequality";
    case Kind::conjunction:
    case Kind::disjunction:
      return "statement";
    case Kind::cases:
      return "function";
    case Kind::congruence:
      return "congruence";
    case Kind::ratio:
      return "ratio";
    case Kind::clock:
      return "time";
    case Kind::date:
      return "date";
    case Kind::choice:
      return "choice";
    case Kind::text:
      return is_word_like(gold) ? "text" : "raw";
    case Kind::ellipsis:
      return "pattern";
    default:
      break;
  }
  if (contains(gold, Kind::symbol)) return "polynomial";
  const bool rational =
      gold->kind == Kind::quotient && is_number(gold->args[0]) && is_number(gold->args[1]);
  return rational ? "number" : "algebraic";
}

}  // namespace reckon::math
