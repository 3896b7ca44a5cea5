// Numbers with what stands around them: units, money, percent, degrees, bases.
#include <algorithm>

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

// 5 feet 3 inches: a sum of lengths in the first one's unit; nullptr where it is no such sum.
Expr Comparer::joined_units(Expr sum) {
  Elements parts;
  std::optional<Unit> first;
  for (Expr part : sum->args) {
    const auto unit = part->kind == Kind::quantity ? find_unit(part->name) : std::nullopt;
    if (!unit || unit->offset != 0) return nullptr;
    if (!first) first = unit;
    if (!(unit->dimension == first->dimension) || unit->pi != first->pi) return nullptr;
    parts.push_back(scaled(part->args[0], unit->factor / first->factor));
  }
  Node& result = arena_.add(Kind::quantity, {&arena_.add(Kind::sum, std::move(parts))});
  result.name = sum->args[0]->name;
  return &result;
}

// One mark at most: a second one (5 degrees of degrees) stays in the value, which no rule knows.
Measure Comparer::measure(Expr expr) {
  Measure result;
  bool minus = false, marked = false;
  if (expr->kind == Kind::sum && expr->args[0]->kind == Kind::quantity) {
    if (const Expr joined = joined_units(expr)) expr = joined;
  }
  const auto is_mark = [](Kind kind) {
    return kind == Kind::currency || kind == Kind::quantity || kind == Kind::percent ||
           kind == Kind::degrees;
  };
  for (;;) {
    const Kind kind = expr->kind;
    if (is_mark(kind) && !marked) {
      marked = true;
      if (kind == Kind::currency) result.currency = expr->name;
      if (kind == Kind::quantity) result.unit = expr->name;
      result.percent = kind == Kind::percent;
      result.degrees = kind == Kind::degrees;
    } else if (kind == Kind::negate &&
               (is_mark(expr->args[0]->kind) || expr->args[0]->kind == Kind::negate ||
                expr->args[0]->kind == Kind::based)) {
      minus = !minus;
    } else {
      break;
    }
    expr = expr->args[0];
  }
  if (expr->kind == Kind::based) result.based = expr;
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

namespace {

// What stands around a number: one of these at most can be left out on one side, none exchanged.
enum class Mark { none, currency, unit, percent, degrees };
Mark mark_of(const Measure& m) {
  if (!m.currency.empty()) return Mark::currency;
  if (!m.unit.empty()) return Mark::unit;
  if (m.percent) return Mark::percent;
  return m.degrees ? Mark::degrees : Mark::none;
}

}  // namespace

Comparison Comparer::measures(const Measure& gold, const Measure& prediction) {
  if (gold.based || prediction.based) return bases(gold, prediction);
  const Mark a = mark_of(gold), b = mark_of(prediction);
  if (a != Mark::none && b != Mark::none && a != b) {
    const bool angle =
        (a == Mark::degrees && b == Mark::unit) || (a == Mark::unit && b == Mark::degrees);
    return angle ? undecided("degrees against another unit") : different("different kinds of unit");
  }
  switch (a != Mark::none ? a : b) {
    case Mark::currency:
      if (a == b && gold.currency != prediction.currency) return different("different currencies");
      break;
    case Mark::percent:
      return percents(gold, prediction);
    case Mark::unit:
      return units(gold, prediction);
    case Mark::degrees:
      return angles(gold, prediction);
    case Mark::none:
      break;
  }
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

namespace {

// Words behind a number that say more than what is counted: 5 squared, 5 pairs, 5 or more.
bool changes_value(std::string_view unit) {
  static constexpr std::string_view kWords[] = {
      "squared",    "cubed",    "factorial",  "plus",       "minus",
      "times",      "divided",  "over",       "mod",        "modulo",
      "hundred",    "hundreds", "thousand",   "thousands",  "million",
      "millions",   "billion",  "billions",   "trillion",   "trillions",
      "half",       "halves",   "third",      "thirds",     "quarter",
      "quarters",   "fourths",  "fifth",      "fifths",     "sixths",
      "eighths",    "tenth",    "tenths",     "hundredths", "thousandths",
      "percent",    "root",     "roots",      "choose",     "or",
      "and",        "not",      "if",         "when",       "unless",
      "except",     "infinity", "less",       "more",       "fewer",
      "greater",    "least",    "most",       "about",      "roughly",
      "almost",     "nearly",   "below",      "above",      "negative",
      "positive",   "maybe",    "perhaps",    "probably",   "dozen",
      "dozens",     "pair",     "pairs",      "couple",     "couples",
      "score",      "gross",    "double",     "doubled",    "triple",
      "tripled",    "twice",    "thrice",     "power",      "log",
      "base",       "pi",       "to",         "than",       "approximately",
      "percentage", "basis",    "fold",       "mille",      "ones",
      "tens",       "wait",     "false",      "true",       "wrong",
      "rounded",    "correct",  "incorrect",  "no",         "yes",
      "actually",   "sorry",    "oops",       "instead",    "but",
      "multiplied", "inverse",  "reciprocal", "square",     "cube",
      "by"};
  for (const char c : unit) {
    if (static_cast<unsigned char>(c) >= 0x80) return true;  // a sign such as that of per mille
  }
  while (!unit.empty()) {
    const size_t end = std::min(unit.find_first_of(" -*/^,.()"), unit.size());
    if (std::find(std::begin(kWords), std::end(kWords), unit.substr(0, end)) != std::end(kWords)) {
      return true;
    }
    unit.remove_prefix(std::min(end + 1, unit.size()));
  }
  return false;
}

}  // namespace

Comparison Comparer::units(const Measure& gold, const Measure& prediction) {
  if (gold.unit.empty() || prediction.unit.empty()) {
    const std::string_view unit = gold.unit.empty() ? prediction.unit : gold.unit;
    const Comparison values = numbers(gold.value, prediction.value);
    if (values.verdict == Verdict::equal && changes_value(unit) && !find_unit(unit)) {
      return granted(values, "words that may change the number");
    }
    return values;
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
    value = &arena_.add(Kind::product,
                        {value, &arena_.add(Kind::power, {&pi, number_node(from->pi - to->pi)})});
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
