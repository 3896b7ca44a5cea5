#include "rewards/math/compare_form.h"

#include <algorithm>
#include <array>

namespace reckon::math {

bool same_form(Expr a, Expr b) {
  if (a == b) return true;
  if (a->kind != b->kind || a->name != b->name || a->args.size() != b->args.size() ||
      a->rows != b->rows || a->left_open != b->left_open || a->right_open != b->right_open) {
    return false;
  }
  if (a->kind == Kind::number && a->value != b->value) return false;
  for (size_t i = 0; i < a->args.size(); ++i) {
    if (!same_form(a->args[i], b->args[i])) return false;
  }
  return true;
}

bool contains(Expr expr, Kind kind) {
  return expr->kind == kind || std::any_of(expr->args.begin(), expr->args.end(),
                                           [&](Expr arg) { return contains(arg, kind); });
}

bool contains_symbol(Expr expr, std::string_view name) {
  return (expr->kind == Kind::symbol && expr->name == name) ||
         std::any_of(expr->args.begin(), expr->args.end(),
                     [&](Expr arg) { return contains_symbol(arg, name); });
}

bool is_number(Expr expr) {
  return expr->kind == Kind::number ||
         (expr->kind == Kind::negate && expr->args[0]->kind == Kind::number);
}

namespace {

// Operators and functions that are found in a tree, as a set of bits.
struct Work {
  enum Bit : unsigned {
    big = 1 << 0,
    chain = 1 << 1,
    arithmetic_call = 1 << 2,
    function_call = 1 << 3,
    rational_sum = 1 << 4,
    literal_product = 1 << 5,
    intersection = 1 << 6,
    imaginary = 1 << 7,
    absolute = 1 << 8,
  };
};

bool rational_literal(Expr expr) {
  switch (expr->kind) {
    case Kind::number:
    case Kind::mixed:
      return true;
    case Kind::negate:
    case Kind::percent:
      return rational_literal(expr->args[0]);
    case Kind::quotient:
      return rational_literal(expr->args[0]) && rational_literal(expr->args[1]);
    default:
      return false;
  }
}

// Rational by plain arithmetic, seen from the form alone.
bool rational_by_form(Expr expr) {
  switch (expr->kind) {
    case Kind::number:
    case Kind::mixed:
      return true;
    case Kind::negate:
    case Kind::percent:
    case Kind::sum:
    case Kind::product:
    case Kind::quotient:
    case Kind::power:
    case Kind::factorial:
    case Kind::binomial:
      // A power with a fraction as exponent is a root: exponents are looked at for whole numbers.
      if (expr->kind == Kind::power && !is_number(expr->args[1])) return false;
      return std::all_of(expr->args.begin(), expr->args.end(), rational_by_form);
    default:
      return false;
  }
}

bool one_of(std::string_view name, std::initializer_list<std::string_view> names) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

bool letters_in(Expr expr) {
  return expr->kind == Kind::symbol ||
         std::any_of(expr->args.begin(), expr->args.end(), letters_in);
}

unsigned call_bit(Expr expr) {
  const std::string_view name = expr->name;
  if (one_of(name, {"gcd", "lcm", "min", "max", "mod", "floor", "ceil", "det", "trace"})) {
    return Work::arithmetic_call;
  }
  // |x| may be the answer, |-5| and |3 - 4i| are not.
  if (name == "abs") return letters_in(expr) ? 0 : static_cast<unsigned>(Work::absolute);
  if (name.starts_with("arc") || one_of(name, {"sin", "cos", "tan", "cot", "sec", "csc", "sinh",
                                               "cosh", "tanh", "log", "ln"})) {
    return Work::function_call;
  }
  return 0;
}

unsigned product_bit(Expr expr) {
  size_t literals = 0;
  bool ten = false;
  for (Expr factor : expr->args) {
    if (rational_literal(factor)) ++literals;
    if (factor->kind == Kind::power && is_number(factor->args[0]) && factor->args[0]->value == 10) {
      ten = true;
    }
  }
  const bool work = literals > 1 || (literals == 1 && ten && expr->args.size() > 2);
  return work ? static_cast<unsigned>(Work::literal_product) : 0;
}

unsigned work_of(Expr expr) {
  unsigned bits = 0;
  switch (expr->kind) {
    case Kind::big_operator:
    case Kind::eval_at:
      bits = Work::big;
      break;
    case Kind::chain:
      bits = Work::chain;
      break;
    case Kind::intersection:
      bits = Work::intersection;
      break;
    case Kind::call:
      bits = call_bit(expr);
      break;
    case Kind::constant:
      if (expr->name == "i") bits = Work::imaginary;
      break;
    case Kind::sum:
      if (std::count_if(expr->args.begin(), expr->args.end(), rational_by_form) > 1) {
        bits = Work::rational_sum;
      }
      break;
    case Kind::product:
      bits = product_bit(expr);
      break;
    default:
      break;
  }
  for (Expr arg : expr->args) {
    // Minutes and seconds of arc are written as a sum: no work left undone.
    if (expr->kind == Kind::degrees || expr->kind == Kind::mixed) {
      bits |= work_of(arg) & ~static_cast<unsigned>(Work::rational_sum);
    } else {
      bits |= work_of(arg);
    }
  }
  return bits;
}

bool only_order_chains(Expr expr) {
  if (expr->kind == Kind::chain) {
    return std::all_of(expr->args.begin(), expr->args.end(), [](Expr relation) {
      return relation->name != "=" && relation->name != "equiv" && relation->name != "approx";
    });
  }
  return std::all_of(expr->args.begin(), expr->args.end(), only_order_chains);
}

}  // namespace

const char* unevaluated(Expr prediction, Expr gold) {
  unsigned left = work_of(prediction);
  if (!left) return nullptr;
  const unsigned own = work_of(gold);
  if ((left & Work::chain) && only_order_chains(prediction)) {
    left &= ~static_cast<unsigned>(Work::chain);  // a < x < b is an interval, not work
  }
  if ((left & Work::function_call) && (left & Work::imaginary)) {
    left &= ~static_cast<unsigned>(Work::function_call);  // r (cos t + i sin t)
  }
  left &= ~own;
  if (left & Work::big) return "a sum, product, integral, limit or derivative not worked out";
  if (left & Work::chain) return "a chain of equations";
  if (left & Work::arithmetic_call) return "a function of numbers not worked out";
  if (left & Work::absolute) return "an absolute value not worked out";
  if (left & Work::function_call) return "a function not worked out";
  if (left & Work::intersection) return "an intersection not worked out";
  if (left & Work::rational_sum) return "a sum of numbers not worked out";
  if (left & Work::literal_product) return "a product of numbers not worked out";
  return nullptr;
}

}  // namespace reckon::math
