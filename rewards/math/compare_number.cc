// Values of numbers and of expressions in letters: proofs in the order of their cost.
#include <algorithm>

#include "rewards/math/compare_comparer.h"
#include "rewards/math/compare_form.h"
#include "rewards/math/exact.h"
#include "rewards/math/interval.h"
#include "rewards/math/modular.h"
#include "rewards/math/value.h"

namespace reckon::math {

namespace {

// "004": a string of digits rather than a number.
bool leading_zero(Expr expr) {
  return expr->kind == Kind::number && expr->decimals < 0 && expr->text.size() > 1 &&
         expr->text[0] == '0' && expr->text[1] >= '0' && expr->text[1] <= '9';
}

// The decimal that a gold answer is: its digits after the point and the power of ten behind it.
struct Decimal {
  mpq_class value;
  mpq_class step;  // one unit of the last digit written
};
std::optional<Decimal> decimal(Expr gold, Budget& budget) {
  if (gold->kind == Kind::negate) {
    auto inner = decimal(gold->args[0], budget);
    if (inner) inner->value = -inner->value;
    return inner;
  }
  if (gold->kind == Kind::number) {
    if (gold->decimals < 2 || gold->decimals > 1000) return std::nullopt;
    // 0.\overline{3} is exact: no finite number of digits gives it.
    mpz_class ten;
    mpz_ui_pow_ui(ten.get_mpz_t(), 10, static_cast<unsigned long>(gold->decimals));
    if (!exact::is_integer(gold->value * ten)) return std::nullopt;
    return Decimal{gold->value, mpq_class(1) / ten};
  }
  if (gold->kind != Kind::product || gold->args.size() != 2) return std::nullopt;
  const Expr power = gold->args[1];
  if (power->kind != Kind::power || !is_number(power->args[0]) || power->args[0]->value != 10) {
    return std::nullopt;
  }
  auto mantissa = decimal(gold->args[0], budget);
  if (!mantissa) return std::nullopt;
  const auto scale = exact::value_of(power, budget);
  if (!scale) return std::nullopt;
  return Decimal{mantissa->value * *scale, mantissa->step * *scale};
}

// Letters in the prediction that the gold answer has not: x + 5 - x is the question, not 5.
bool adds_letters(Expr prediction, Expr gold) {
  if (prediction->kind == Kind::symbol) return !contains_symbol(gold, prediction->name);
  return std::any_of(prediction->args.begin(), prediction->args.end(),
                     [&](Expr arg) { return adds_letters(arg, gold); });
}

bool constant_expression(Expr expr) { return !contains(expr, Kind::symbol); }

}  // namespace

Expr Comparer::number_node(const mpq_class& value) {
  Node& node = arena_.add(Kind::number);
  node.value = value;
  return &node;
}

Expr Comparer::scaled(Expr value, const mpq_class& factor) {
  if (factor == 1) return value;
  return &arena_.add(Kind::product, {value, number_node(factor)});
}

// The policy's rounding rule: within half a unit of the gold answer's last digit. A tie may go up
// or to even and proves neither; 0.00 is zero and no rounding of something small.
bool Comparer::rounds_to(Expr gold, Expr prediction) {
  const auto rounded = decimal(gold, budget());
  if (!rounded || sgn(rounded->value) == 0) return false;
  const mpq_class half = rounded->step / 2;
  const mpq_class lower = rounded->value - half, upper = rounded->value + half;
  if (const auto value = exact::value_of(prediction, budget())) {
    return lower < *value && *value < upper;
  }
  return constant_expression(prediction) &&
         interval::strictly_between(prediction, lower, upper, budget());
}

std::optional<int> Comparer::order(Expr a, Expr b) {
  const auto x = exact::value_of(a, budget());
  if (x) {
    if (const auto y = exact::value_of(b, budget())) return cmp(*x, *y);
  }
  if (const auto found = interval::order(a, b, budget())) return found;
  if (numbers(a, b).verdict == Verdict::equal) return 0;
  return std::nullopt;
}

Comparison Comparer::numbers(Expr gold, Expr prediction) {
  if (leading_zero(gold)) {
    if (prediction->kind == Kind::number && prediction->text == gold->text) {
      return equal("the same digits");
    }
    const auto value = exact::value_of(prediction, budget());
    if (value && *value == gold->value) {
      return granted(equal("the same value, other leading zeros"),
                     "leading zeros of a string of digits are missing");
    }
  }
  if (gold->kind == Kind::number && prediction->kind == Kind::number) {
    if (gold->value == prediction->value) return equal("the same number");
    if (rounds_to(gold, prediction)) return equal("rounds to the gold decimal");
    return different("two different numbers");
  }
  if (same_form(gold, prediction)) return equal("the same form");
  if (interval::quickly_apart(gold, prediction, budget())) {
    if (rounds_to(gold, prediction)) return equal("rounds to the gold decimal");
    const Comparison constants = constants_of_integration(gold, prediction);
    if (constants.verdict == Verdict::equal) return constants;
    return different("apart from each other");
  }
  return numbers_in_doubt(gold, prediction);
}

// Exact identity: rational arithmetic, polynomial identity, normal forms. nullopt: no proof.
std::optional<Comparison> Comparer::identity(Expr gold, Expr prediction) {
  if (const auto x = exact::value_of(gold, budget())) {
    if (const auto y = exact::value_of(prediction, budget())) {
      if (*x == *y) return equal("the same rational number");
      if (rounds_to(gold, prediction)) return equal("rounds to the gold decimal");
      return different("two different rational numbers");
    }
  }
  switch (modular::compare(gold, prediction, budget())) {
    case modular::Identity::same:
      return equal("the same rational function");
    case modular::Identity::different:
      return different("different rational functions");
    case modular::Identity::unknown:
      break;
  }
  Algebra algebra(budget());
  const auto x = algebra.value_of(gold);
  if (!x) return std::nullopt;
  const auto y = algebra.value_of(prediction);
  if (!y || !algebra.equal(*x, *y)) return std::nullopt;
  const bool sound = contains(gold, Kind::symbol) || contains(prediction, Kind::symbol) ||
                     (x->bottom.is_one() && y->bottom.is_one()) ||
                     interval::well_defined(prediction, budget());
  return sound ? equal("the same normal form") : undecided("perhaps a division by zero");
}

Comparison Comparer::numbers_in_doubt(Expr gold, Expr prediction) {
  try {
    if (auto found = identity(gold, prediction)) {
      return adds_letters(prediction, gold)
                 ? granted(*found, "letters that cancel and that the gold answer has not")
                 : *found;
    }
  } catch (const OverBudget&) {
    // Too large for exact arithmetic; 2^{99999} and 2^{99998} are still apart.
    if (interval::apart(gold, prediction, budget())) return different("apart from each other");
    throw;
  }
  if (rounds_to(gold, prediction)) return equal("rounds to the gold decimal");
  if (interval::apart(gold, prediction, budget())) return different("apart from each other");
  if (constant_expression(gold) && constant_expression(prediction) &&
      interval::proven_equal(gold, prediction, budget())) {
    return equal("equal by a root bound");
  }
  const Comparison constants = constants_of_integration(gold, prediction);
  if (constants.verdict == Verdict::equal) return constants;
  return undecided("no proof that they are equal or different");
}

namespace {

// The letter and the rest of x^2 + C; the letter alone is no antiderivative.
struct Family {
  std::string_view constant;
  std::vector<Expr> rest;
};
std::optional<Family> family(Expr expr) {
  if (expr->kind != Kind::sum) return std::nullopt;
  Family result;
  for (Expr term : expr->args) {
    const bool letter = term->kind == Kind::symbol && result.constant.empty() &&
                        (term->name == "C" || term->name == "c" || term->name == "K" ||
                         term->name == "k" || term->name == "C_1" || term->name == "c_1");
    if (letter) {
      result.constant = term->name;
    } else {
      result.rest.push_back(term);
    }
  }
  if (result.constant.empty() || result.rest.empty()) return std::nullopt;
  return result;
}

// Adds the letters of a tree; false when one of them is upper case.
bool letters(Expr expr, std::vector<std::string_view>& names) {
  if (expr->kind == Kind::symbol) {
    if (expr->name.empty() || (expr->name[0] >= 'A' && expr->name[0] <= 'Z')) return false;
    for (const std::string_view name : names) {
      if (name == expr->name) return true;
    }
    names.push_back(expr->name);
  }
  for (Expr arg : expr->args) {
    if (!letters(arg, names)) return false;
  }
  return true;
}

}  // namespace

// x^2 + C and x^2 + c: a constant of integration may have another name, and nothing else may. Only
// a gold answer that writes it as C, with one other letter, is taken for an antiderivative.
Comparison Comparer::constants_of_integration(Expr gold, Expr prediction) {
  const Comparison no = undecided("no constants of integration");
  const auto a = family(gold);
  if (!a || a->constant[0] != 'C') return no;
  const auto b = family(prediction);
  if (!b) return no;
  std::vector<std::string_view> names;
  for (Expr term : a->rest) {
    if (!letters(term, names)) return no;
  }
  for (Expr term : b->rest) {
    if (!letters(term, names)) return no;
  }
  if (names.size() != 1 || names[0] == b->constant) return no;
  const auto joined = [&](const std::vector<Expr>& terms) -> Expr {
    return terms.size() == 1 ? terms[0] : &arena_.add(Kind::sum, terms);
  };
  return numbers(joined(a->rest), joined(b->rest));
}

}  // namespace reckon::math
