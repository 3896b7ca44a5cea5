// Intervals, unions, inequalities, set builders: sets of real numbers with ordered end points.
#include <algorithm>

#include "rewards/math/compare_comparer.h"
#include "rewards/math/compare_form.h"

namespace reckon::math {

namespace {

constexpr size_t kMostParts = 64;

bool is_order(std::string_view name) {
  return name == "<" || name == "<=" || name == ">" || name == ">=" || name == "!=";
}

bool is_inequality(Expr expr) {
  switch (expr->kind) {
    case Kind::relation:
      return is_order(expr->name);
    case Kind::chain:
    case Kind::conjunction:
    case Kind::disjunction:
      return std::any_of(expr->args.begin(), expr->args.end(), is_inequality);
    default:
      return false;
  }
}

bool is_set_notation(Expr expr) {
  switch (expr->kind) {
    case Kind::interval:
    case Kind::set_union:
    case Kind::intersection:
    case Kind::set_difference:
    case Kind::set_builder:
      return true;
    case Kind::relation:
      return expr->name == "in" || expr->name == "notin";
    case Kind::symbol:
      return expr->name == "emptyset" || expr->name == "R";
    default:
      return false;
  }
}

RealPart whole_line() { return {nullptr, nullptr, true, true}; }

}  // namespace

bool Comparer::is_real_set(Expr expr) const { return is_set_notation(expr) || is_inequality(expr); }

// Sorted, merged; nullopt when two end points cannot be put in order.
std::optional<RealSet> Comparer::united(std::vector<RealPart> parts, std::string_view variable) {
  if (parts.size() > kMostParts) return std::nullopt;
  bool known = true;
  const auto less = [&](const RealPart& a, const RealPart& b) {
    if (!a.lower || !b.lower) return !a.lower && b.lower;
    const auto c = order(a.lower, b.lower);
    if (!c) known = false;
    return c ? (*c < 0 || (*c == 0 && !a.left_open && b.left_open)) : false;
  };
  // Insertion: few parts, and an order that fails must not upset a library sort.
  for (size_t i = 1; i < parts.size() && known; ++i) {
    for (size_t j = i; j > 0 && less(parts[j], parts[j - 1]); --j)
      std::swap(parts[j], parts[j - 1]);
  }
  RealSet result{{}, variable};
  for (const RealPart& part : parts) {
    if (!known) return std::nullopt;
    if (part.lower && part.upper) {
      const auto c = order(part.lower, part.upper);
      if (!c) return std::nullopt;
      if (*c > 0 || (*c == 0 && (part.left_open || part.right_open))) continue;  // empty
    }
    if (!result.parts.empty()) {
      RealPart& last = result.parts.back();
      if (!last.upper) continue;
      const auto c = part.lower ? order(part.lower, last.upper) : std::optional(-1);
      if (!c) return std::nullopt;
      if (*c < 0 || (*c == 0 && !(part.left_open && last.right_open))) {
        const auto ends = part.upper ? order(last.upper, part.upper) : std::optional(-1);
        if (!ends) return std::nullopt;
        if (*ends < 0) {
          last.upper = part.upper;
          last.right_open = part.right_open;
        } else if (*ends == 0) {
          last.right_open = last.right_open && part.right_open;
        }
        continue;
      }
    }
    result.parts.push_back(part);
  }
  return result;
}

std::optional<RealSet> Comparer::complement(const RealSet& a) {
  std::vector<RealPart> parts;
  RealPart gap = whole_line();
  for (const RealPart& part : a.parts) {
    if (part.lower) {
      gap.upper = part.lower;
      gap.right_open = !part.left_open;
      parts.push_back(gap);
    }
    gap = {part.upper, nullptr, !part.right_open, true};
    if (!part.upper) return united(std::move(parts), a.variable);
  }
  parts.push_back(gap);
  return united(std::move(parts), a.variable);
}

std::optional<RealSet> Comparer::intersected(const RealSet& a, const RealSet& b) {
  std::vector<RealPart> parts;
  for (const RealPart& x : a.parts) {
    for (const RealPart& y : b.parts) {
      RealPart part = x;
      const auto low =
          !y.lower ? std::optional(1) : (!x.lower ? std::optional(-1) : order(x.lower, y.lower));
      const auto high =
          !y.upper ? std::optional(-1) : (!x.upper ? std::optional(1) : order(x.upper, y.upper));
      if (!low || !high) return std::nullopt;
      if (*low < 0) part.lower = y.lower, part.left_open = y.left_open;
      if (*low == 0) part.left_open = x.left_open || y.left_open;
      if (*high > 0) part.upper = y.upper, part.right_open = y.right_open;
      if (*high == 0) part.right_open = x.right_open || y.right_open;
      parts.push_back(part);
    }
  }
  return united(std::move(parts), a.variable.empty() ? b.variable : a.variable);
}

// x < 3, 3 >= x, x != 1, x in S: one letter against a constant.
std::optional<RealSet> Comparer::relation_set(Expr expr) {
  Expr left = expr->args[0], right = expr->args[1];
  std::string_view name = expr->name;
  if (name == "in" || name == "notin") {
    if (left->kind != Kind::symbol) return std::nullopt;
    auto set = real_set(right);
    if (!set) return std::nullopt;
    if (name == "notin") set = complement(*set);
    if (set) set->variable = left->name;
    return set;
  }
  if (left->kind != Kind::symbol) {
    if (right->kind != Kind::symbol) return std::nullopt;
    std::swap(left, right);
    if (name == "<") {
      name = ">";
    } else if (name == ">") {
      name = "<";
    } else if (name == "<=") {
      name = ">=";
    } else if (name == ">=") {
      name = "<=";
    }
  }
  if (contains(right, Kind::symbol) || !is_scalar(right)) return std::nullopt;
  const std::string_view variable = left->name;
  RealPart part = whole_line();
  if (const int infinite = infinity_sign(right)) {
    const bool everything = (infinite > 0 && name == "<") || (infinite < 0 && name == ">");
    if (!everything) return std::nullopt;
    return RealSet{{part}, variable};
  }
  if (name == "=") return RealSet{{{right, right, false, false}}, variable};
  if (name == "!=") return complement({{{right, right, false, false}}, variable});
  if (name == "<" || name == "<=") {
    part.upper = right;
    part.right_open = name == "<";
  } else if (name == ">" || name == ">=") {
    part.lower = right;
    part.left_open = name == ">";
  } else {
    return std::nullopt;
  }
  return RealSet{{part}, variable};
}

std::optional<RealSet> Comparer::combined(Expr expr, size_t from, bool unite) {
  std::optional<RealSet> result;
  for (size_t i = from; i < expr->args.size(); ++i) {
    auto next = real_set(expr->args[i]);
    if (!next) return std::nullopt;
    if (!result) {
      result = std::move(next);
      continue;
    }
    const std::string_view variable = result->variable.empty() ? next->variable : result->variable;
    if (!next->variable.empty() && next->variable != variable) return std::nullopt;
    if (unite) {
      result->parts.insert(result->parts.end(), next->parts.begin(), next->parts.end());
      result = united(std::move(result->parts), variable);
    } else {
      result = intersected(*result, *next);
    }
    if (!result) return std::nullopt;
  }
  return result;
}

std::optional<RealSet> Comparer::real_set(Expr expr) {
  budget().spend(1);
  switch (expr->kind) {
    case Kind::interval:
    case Kind::tuple: {
      if (expr->args.size() != 2) return std::nullopt;
      const bool bare = expr->kind == Kind::tuple;
      RealPart part{expr->args[0], expr->args[1], bare || expr->left_open,
                    bare || expr->right_open};
      if (const int sign = infinity_sign(part.lower)) {
        if (sign > 0) return std::nullopt;
        part.lower = nullptr, part.left_open = true;  // open, whatever was written
      }
      if (const int sign = infinity_sign(part.upper)) {
        if (sign < 0) return std::nullopt;
        part.upper = nullptr, part.right_open = true;
      }
      // (2, 1) is a point or a slip of the pen, not the empty set.
      if (part.lower && part.upper) {
        const auto ends = order(part.lower, part.upper);
        if (!ends || *ends > 0 || (*ends == 0 && (part.left_open || part.right_open))) {
          return std::nullopt;
        }
      }
      return united({part}, "");
    }
    case Kind::set: {
      std::vector<RealPart> points;
      for (Expr element : expr->args) {
        if (!is_scalar(element)) return std::nullopt;
        points.push_back({element, element, false, false});
      }
      return united(std::move(points), "");
    }
    case Kind::symbol:
      if (expr->name == "R") return RealSet{{whole_line()}, ""};
      if (expr->name == "emptyset") return RealSet{};
      return std::nullopt;
    case Kind::set_union:
    case Kind::disjunction:
      return combined(expr, 0, true);
    case Kind::intersection:
    case Kind::conjunction:
    case Kind::chain:
      return combined(expr, 0, false);
    case Kind::set_difference: {
      const auto a = real_set(expr->args[0]), b = real_set(expr->args[1]);
      if (!a || !b) return std::nullopt;
      const auto rest = complement(*b);
      if (!rest) return std::nullopt;
      return intersected(*a, *rest);
    }
    case Kind::set_builder: {
      if (expr->args.size() < 2) return std::nullopt;
      const Expr element = expr->args[0];
      auto result = combined(expr, 1, false);
      if (!result) return std::nullopt;
      if (element->kind == Kind::relation) {
        const auto ground = real_set(element);
        if (!ground || ground->variable != result->variable) return std::nullopt;
        result = intersected(*result, *ground);
      } else if (element->kind != Kind::symbol || element->name != result->variable) {
        return std::nullopt;
      }
      if (result) result->variable = "";  // a bound letter: its name says nothing
      return result;
    }
    case Kind::relation:
      return relation_set(expr);
    default:
      return std::nullopt;
  }
}

// The same notation with end points that have no order (letters).
Comparison Comparer::intervals_by_form(Expr gold, Expr prediction) {
  if (gold->kind == Kind::relation && prediction->kind == Kind::relation) {
    if (gold->name == "in" && prediction->name == "in") {
      if (!same_form(gold->args[0], prediction->args[0])) return different("another variable");
      return answers(gold->args[1], prediction->args[1]);
    }
    return inequalities(gold, prediction);
  }
  if (gold->kind == Kind::interval && prediction->kind == Kind::interval) {
    const auto open = [](Expr e, bool left) {
      return infinity_sign(e->args[left ? 0 : 1]) != 0 || (left ? e->left_open : e->right_open);
    };
    if (open(gold, true) != open(prediction, true) ||
        open(gold, false) != open(prediction, false)) {
      return different("other brackets");
    }
    return ordered(gold->args, prediction->args);
  }
  if (gold->kind != prediction->kind) return undecided("sets that cannot be put in order");
  switch (gold->kind) {
    case Kind::set_union:
    case Kind::intersection:
    case Kind::conjunction:
    case Kind::disjunction:
      return unordered(gold->args, prediction->args);
    case Kind::chain:
    case Kind::set_builder:
    case Kind::set_difference: {
      const Comparison found = ordered(gold->args, prediction->args);
      return found.verdict == Verdict::equal ? found : undecided("sets of another form");
    }
    default:
      return undecided("sets that cannot be put in order");
  }
}

Comparison Comparer::real_sets(Expr gold, Expr prediction) {
  const auto a = real_set(gold);
  const auto b = a ? real_set(prediction) : std::nullopt;
  if (!a || !b) return intervals_by_form(gold, prediction);
  if (!a->variable.empty() && !b->variable.empty() && a->variable != b->variable) {
    return different("another variable");
  }
  if (a->parts.size() != b->parts.size()) return different("another number of intervals");
  bool doubt = false;
  const auto check = [&](Expr x, Expr y) {
    if (!x != !y) return false;
    if (!x) return true;
    const Verdict verdict = scalars(x, y).verdict;
    doubt = doubt || verdict == Verdict::undecided;
    return verdict != Verdict::different;
  };
  for (size_t i = 0; i < a->parts.size(); ++i) {
    const RealPart &x = a->parts[i], &y = b->parts[i];
    if (x.left_open != y.left_open || x.right_open != y.right_open) {
      return different("other brackets");
    }
    if (!check(x.lower, y.lower) || !check(x.upper, y.upper)) {
      return different("another end point");
    }
  }
  if (doubt) return undecided("an end point is undecided");
  const bool echo = is_inequality(prediction) && !is_inequality(gold);
  const Comparison same = equal("the same set of numbers");
  return echo ? granted(same, "an inequality where the gold answer is a set") : same;
}

}  // namespace reckon::math
