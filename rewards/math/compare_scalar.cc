// Numbers with what stands around them: units, money, percent, degrees, bases.
#include "rewards/math/compare_comparer.h"
#include "rewards/math/compare_form.h"
#include "rewards/math/exact.h"
#include "rewards/math/units.h"

namespace reckon::math {

bool is_scalar(Expr expr) {
  switch (expr->kind) {
    case Kind::number:
    case Kind::constant:
    case Kind::symbol:
    case Kind::sum:
    case Kind::negate:
    case Kind::product:
    case Kind::quotient:
    case Kind::mixed:
    case Kind::power:
    case Kind::root:
    case Kind::call:
    case Kind::factorial:
    case Kind::binomial:
    case Kind::percent:
    case Kind::degrees:
    case Kind::quantity:
    case Kind::currency:
    case Kind::based:
    case Kind::big_operator:
    case Kind::eval_at:
      return true;
    default:
      return false;
  }
}

int infinity_sign(Expr expr) {
  if (expr->kind == Kind::negate) return -infinity_sign(expr->args[0]);
  return expr->kind == Kind::constant && expr->name == "infinity" ? 1 : 0;
}

Measure Comparer::measure(Expr expr) {
  Measure result;
  bool minus = false;
  for (bool more = true; more;) {
    switch (expr->kind) {
      case Kind::negate: {
        const Kind inner = expr->args[0]->kind;
        more = inner == Kind::currency || inner == Kind::quantity || inner == Kind::percent ||
               inner == Kind::degrees || inner == Kind::negate;
        if (more) minus = !minus;
        break;
      }
      case Kind::currency:
        result.currency = expr->name;
        break;
      case Kind::quantity:
        result.unit = expr->name;
        break;
      case Kind::percent:
        result.percent = true;
        break;
      case Kind::degrees:
        result.degrees = true;
        break;
      case Kind::based:
        result.based = expr;
        [[fallthrough]];
      default:
        more = false;
    }
    if (more) expr = expr->args[0];
  }
  result.value = minus ? &arena_.add(Kind::negate, {expr}) : expr;
  return result;
}

Comparison Comparer::scalars(Expr gold, Expr prediction) {
  if (gold->kind == Kind::number && prediction->kind == Kind::number) {
    return numbers(gold, prediction);
  }
  const int a = infinity_sign(gold), b = infinity_sign(prediction);
  if (a != 0 || b != 0) {
    if (a == b) return equal("both infinite");
    if (a != 0 && b != 0) return different("infinities of different sign");
    return is_number(a ? prediction : gold) ? different("finite against infinite")
                                            : undecided("infinity against an expression");
  }
  return measures(measure(gold), measure(prediction));
}

Comparison Comparer::measures(const Measure& gold, const Measure& prediction) {
  if (gold.based || prediction.based) return bases(gold, prediction);
  if (!gold.currency.empty() && !prediction.currency.empty() &&
      gold.currency != prediction.currency) {
    return different("different currencies");
  }
  if ((!gold.currency.empty() && !prediction.unit.empty()) ||
      (!gold.unit.empty() && !prediction.currency.empty())) {
    return undecided("money against another unit");
  }
  if (gold.percent || prediction.percent) return percents(gold, prediction);
  if (!gold.unit.empty() || !prediction.unit.empty()) return units(gold, prediction);
  if (gold.degrees || prediction.degrees) return angles(gold, prediction);
  return numbers(gold.value, prediction.value);
}

// 50% is 0.5, and 50 too where the gold answer carries the sign.
Comparison Comparer::percents(const Measure& gold, const Measure& prediction) {
  if (gold.percent && prediction.percent) return numbers(gold.value, prediction.value);
  if (prediction.percent) {
    return numbers(gold.value, scaled(prediction.value, mpq_class(1, 100)));
  }
  const Comparison bare = numbers(gold.value, prediction.value);
  if (bare.verdict == Verdict::equal) return bare;
  const Comparison fraction = numbers(gold.value, scaled(prediction.value, 100));
  return fraction.verdict == Verdict::different ? bare : fraction;
}

Comparison Comparer::units(const Measure& gold, const Measure& prediction) {
  if (gold.unit.empty() || prediction.unit.empty()) {
    if (gold.degrees || prediction.degrees) return undecided("degrees against another unit");
    return numbers(gold.value, prediction.value);
  }
  if (gold.unit == prediction.unit) return numbers(gold.value, prediction.value);
  const auto from = find_unit(prediction.unit), to = find_unit(gold.unit);
  if (!from || !to) {
    const Comparison values = numbers(gold.value, prediction.value);
    return values.verdict == Verdict::different ? values : undecided("units that are not known");
  }
  if (!(from->dimension == to->dimension)) return different("units of different dimension");
  // (p + offset) * factor in the gold answer's unit.
  Expr value = prediction.value;
  if (from->offset != 0) value = &arena_.add(Kind::sum, {value, number_node(from->offset)});
  value = scaled(value, from->factor / to->factor);
  if (from->pi != to->pi) {
    Node& pi = arena_.add(Kind::constant);
    pi.name = "pi";
    value = &arena_.add(
        Kind::product, {value, &arena_.add(Kind::power, {&pi, number_node(from->pi - to->pi)})});
  }
  if (to->offset != 0) value = &arena_.add(Kind::sum, {value, number_node(-to->offset)});
  return numbers(gold.value, value);
}

// The degree sign may be left out; radians are meant only where pi is written.
Comparison Comparer::angles(const Measure& gold, const Measure& prediction) {
  if (gold.degrees == prediction.degrees) return numbers(gold.value, prediction.value);
  const auto radians = [&](const Measure& m) {
    if (!m.degrees) return m.value;
    return static_cast<Expr>(&arena_.add(Kind::degrees, {m.value}));
  };
  const Expr bare = gold.degrees ? prediction.value : gold.value;
  const auto has_pi = [](auto&& self, Expr e) -> bool {
    if (e->kind == Kind::constant && e->name == "pi") return true;
    for (Expr arg : e->args) {
      if (self(self, arg)) return true;
    }
    return false;
  };
  if (has_pi(has_pi, bare)) return numbers(radians(gold), radians(prediction));
  return numbers(gold.value, prediction.value);
}

namespace {

std::string_view without_zeros(std::string_view digits) {
  while (digits.size() > 1 && digits[0] == '0' && digits[1] != '.') digits.remove_prefix(1);
  return digits;
}

}  // namespace

// Digits and base, both: 101_2 is neither 101 nor 5.
Comparison Comparer::bases(const Measure& gold, const Measure& prediction) {
  if (gold.based && prediction.based) {
    const auto a = exact::value_of(gold.based->args[0], budget());
    const auto b = exact::value_of(prediction.based->args[0], budget());
    if (!a || !b) return undecided("a base that is no number");
    const bool minus = gold.value->kind == Kind::negate;
    if (minus != (prediction.value->kind == Kind::negate)) return different("signs differ");
    if (*a != *b) return different("different bases");
    return without_zeros(gold.based->name) == without_zeros(prediction.based->name)
               ? equal("the same digits and base")
               : different("different digits");
  }
  const Expr based = gold.based ? gold.based : prediction.based;
  const Expr bare = gold.based ? prediction.value : gold.value;
  const bool same_digits = bare->kind == Kind::number && bare->text == based->name;
  if (same_digits) return granted(equal("the same digits"), "a base on one side alone");
  return different("a base on one side alone");
}

}  // namespace reckon::math
