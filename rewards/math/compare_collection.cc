// Sets, bare lists, tuples, nested lists and matrices, element by element.
#include <algorithm>

#include "rewards/math/compare_comparer.h"
#include "rewards/math/compare_form.h"

namespace reckon::math {

namespace {

constexpr size_t kMostSigns = 3;

size_t count_signs(Expr expr) {
  size_t n = expr->kind == Kind::plus_minus ? 1 : 0;
  for (Expr arg : expr->args) n += count_signs(arg);
  return n;
}

// The tree with every \pm read as its upper (or lower) sign, \mp as the other.
Expr with_sign(Arena& arena, Expr expr, bool upper) {
  if (count_signs(expr) == 0) return expr;
  std::vector<Expr> args;
  for (Expr arg : expr->args) args.push_back(with_sign(arena, arg, upper));
  if (expr->kind != Kind::plus_minus) {
    Node& copy = arena.add(expr->kind, std::move(args));
    copy.name = expr->name;
    copy.value = expr->value;
    copy.rows = expr->rows;
    return &copy;
  }
  const bool plus = upper == (expr->name != "\\mp");
  const Expr last = args.back();
  const Expr term = plus ? last : &arena.add(Kind::negate, {last});
  if (args.size() == 1) return term;
  return &arena.add(Kind::sum, {args[0], term});
}

bool is_relation(Expr expr) { return expr->kind == Kind::relation; }

}  // namespace

// False when there is more than one \pm, whose signs may or may not belong together.
bool Comparer::expand_plus_minus(Expr expr, Elements& out) {
  const size_t signs = count_signs(expr);
  if (signs == 0) {
    out.push_back(expr);
    return true;
  }
  if (signs > kMostSigns) return false;
  size_t independent = 0;
  const auto count = [&](auto&& self, Expr e) -> void {
    if (e->kind == Kind::plus_minus && e->name != "\\mp") ++independent;
    for (Expr arg : e->args) self(self, arg);
  };
  count(count, expr);
  if (independent > 1) return false;
  out.push_back(with_sign(arena_, expr, true));
  out.push_back(with_sign(arena_, expr, false));
  return true;
}

// The elements of a set, a bare list, alternatives or a \pm; false for anything else.
bool Comparer::elements_of(Expr expr, Elements& out) {
  switch (expr->kind) {
    case Kind::set:
    case Kind::list:
    case Kind::disjunction:
    case Kind::conjunction:
      return std::all_of(expr->args.begin(), expr->args.end(),
                         [&](Expr arg) { return expand_plus_minus(arg, out); });
    case Kind::symbol:
      return expr->name == "emptyset";
    default:
      return count_signs(expr) > 0 && expand_plus_minus(expr, out);
  }
}

// x = 1, x = 2 becomes 1, 2 and the letter x, (x, y) = (1, 2) the point and "("; "" where the
// elements are not all of that form.
std::string_view Comparer::common_variable(Elements& elements) {
  std::string_view name;
  Elements values;
  for (Expr element : elements) {
    const auto found = assignment(element);
    if (!found) {  // x = 3, 4: the letter goes on
      if (name.empty() || is_relation(element)) return "";
      if (!expand_plus_minus(element, values)) return "";
      continue;
    }
    const Expr left = found->name;
    const bool point = left->kind == Kind::tuple || left->kind == Kind::list;
    if (left->kind != Kind::symbol && !point) return "";
    const std::string_view letter = point ? "(" : left->name;
    if (!name.empty() && letter != name) return "";
    name = letter;
    if (!expand_plus_minus(found->value, values)) return "";
  }
  if (!name.empty()) elements = std::move(values);
  return name;
}

bool Comparer::take_roots(Elements& elements) {
  std::string_view letter;
  Elements values;
  for (Expr element : elements) {
    const auto found = assignment(element);
    if (!found || found->name->kind != Kind::symbol) return false;
    const std::string_view name = found->name->name;
    const size_t mark = name.find('_');
    if (mark == std::string_view::npos) return false;
    if (!letter.empty() && letter != name.substr(0, mark)) return false;
    letter = name.substr(0, mark);
    if (!expand_plus_minus(found->value, values)) return false;
  }
  elements = std::move(values);
  return true;
}

void Comparer::drop_repeats(Elements& elements) {
  for (size_t i = 1; i < elements.size();) {
    bool repeated = false;
    for (size_t j = 0; j < i && !repeated; ++j) {
      repeated = answers(elements[j], elements[i]).verdict == Verdict::equal;
    }
    if (repeated) {
      elements.erase(elements.begin() + static_cast<long>(i));
    } else {
      ++i;
    }
  }
}

Comparison Comparer::ordered(const Elements& gold, const Elements& prediction) {
  if (gold.size() != prediction.size()) return different("another number of elements");
  bool doubt = false;
  for (size_t i = 0; i < gold.size(); ++i) {
    const Verdict verdict = answers(gold[i], prediction[i]).verdict;
    if (verdict == Verdict::different) return different("an element differs");
    doubt = doubt || verdict == Verdict::undecided;
  }
  return doubt ? undecided("an element is undecided") : equal("every element equal");
}

Comparison Comparer::unordered(const Elements& gold, const Elements& prediction) {
  if (gold.size() != prediction.size()) return different("another number of elements");
  std::vector<bool> taken(prediction.size(), false);
  bool missing = false, lost = false;
  for (size_t i = 0; i < gold.size(); ++i) {
    bool found = false, doubt = false;
    // The element at the same place first: most lists are in order.
    for (size_t k = 0; k < prediction.size() && !found; ++k) {
      const size_t j = (i + k) % prediction.size();
      const Verdict verdict = answers(gold[i], prediction[j]).verdict;
      doubt = doubt || verdict == Verdict::undecided || (taken[j] && verdict == Verdict::equal);
      if (taken[j] || verdict != Verdict::equal) continue;
      found = taken[j] = true;
    }
    if (found) continue;
    missing = true;
    lost = lost || !doubt;
    if (lost) break;
  }
  if (!missing) return equal("the same elements");
  return lost ? different("an element is missing") : undecided("an element is undecided");
}

Comparison Comparer::collections(Expr gold, Expr prediction) {
  if (gold->kind == Kind::matrix || prediction->kind == Kind::matrix ||
      gold->kind == Kind::bracketed) {
    return matrices(gold, prediction);
  }
  if (gold->kind == Kind::tuple) return tuples(gold, prediction);
  Elements a, b;
  if (!elements_of(gold, a)) return undecided("signs that may belong together or not");
  const bool set = gold->kind == Kind::set;
  if (prediction->kind == Kind::tuple) {
    if (set) return different("ordered against unordered");
    const Comparison found = ordered(a, prediction->args);
    return found.verdict == Verdict::different
               ? granted(unordered(a, prediction->args), "parentheses around a list")
               : found;
  }
  if (is_scalar(prediction) && !count_signs(prediction) && prediction->name != "emptyset") {
    if (a.size() != 1) return different("one element against several");
    return granted(answers(a[0], prediction), "one element without its braces");
  }
  if (!elements_of(prediction, b)) return undecided("no list of elements");
  const std::string_view x = common_variable(a), y = common_variable(b);
  if (!x.empty() && !y.empty() && x != y) return different("another variable");
  if (x.empty() && std::any_of(a.begin(), a.end(), is_relation)) {
    // Values of several variables: 1, 2 does not say which is which.
    const bool plain = std::none_of(b.begin(), b.end(), is_relation);
    if (plain && y.empty() && take_roots(a)) return unordered(a, b);
    if (!std::all_of(b.begin(), b.end(), is_relation)) {
      // A lenient reader takes them to be in the gold answer's order.
      return plain ? granted(ordered(a, b), "values without their variables")
                   : undecided("values without their variables");
    }
  } else if (y.empty() && std::any_of(b.begin(), b.end(), is_relation)) {
    if (!x.empty() || !take_roots(b)) return undecided("variables that the gold answer has not");
  }
  if (set || prediction->kind == Kind::set) {
    drop_repeats(a);
    drop_repeats(b);
  }
  return unordered(a, b);
}

Comparison Comparer::tuples(Expr gold, Expr prediction) {
  switch (prediction->kind) {
    case Kind::tuple:
    case Kind::list:
      return ordered(gold->args, prediction->args);
    case Kind::bracketed:
      return granted(ordered(gold->args, prediction->args), "square brackets");
    case Kind::set:
      return different("unordered against ordered");
    case Kind::interval:
      return different("an interval against a tuple");
    default:
      return is_scalar(prediction) ? different("a number against a tuple") : undecided("no tuple");
  }
}

namespace {

// Rows and entries of a matrix or of nested lists: 2 x 2 from [[1, 2], [3, 4]].
struct Grid {
  size_t rows = 0;
  std::vector<Expr> entries;
};
std::optional<Grid> grid(Expr expr) {
  Grid result;
  if (expr->kind == Kind::matrix) {
    result.rows = static_cast<size_t>(expr->rows);
    result.entries = expr->args;
    return result;
  }
  if (expr->kind != Kind::bracketed && expr->kind != Kind::tuple) return std::nullopt;
  size_t columns = 0;
  for (Expr row : expr->args) {
    const bool list =
        row->kind == Kind::bracketed || row->kind == Kind::interval || row->kind == Kind::tuple;
    if (!list || row->kind != expr->args[0]->kind) return std::nullopt;
    if (row->kind == Kind::interval && (row->left_open || row->right_open)) return std::nullopt;
    if (result.rows++ == 0) columns = row->args.size();
    if (row->args.size() != columns) return std::nullopt;
    result.entries.insert(result.entries.end(), row->args.begin(), row->args.end());
  }
  if (result.rows == 0) return std::nullopt;
  return result;
}

}  // namespace

Comparison Comparer::matrices(Expr gold, Expr prediction) {
  if (gold->kind == Kind::bracketed && prediction->kind == Kind::bracketed) {
    return ordered(gold->args, prediction->args);
  }
  if (gold->kind == Kind::bracketed && prediction->kind == Kind::tuple) {
    return granted(ordered(gold->args, prediction->args), "parentheses for square brackets");
  }
  const auto a = grid(gold), b = grid(prediction);
  if (a && b) {
    if (a->rows != b->rows) return different("another number of rows");
    return ordered(a->entries, b->entries);
  }
  // A column of numbers written as a tuple.
  const Expr other = a && gold->kind == Kind::matrix ? prediction : gold;
  const auto& column = a && gold->kind == Kind::matrix ? a : b;
  if (column && (other->kind == Kind::tuple || other->kind == Kind::bracketed) &&
      (column->rows == 1 || column->rows == column->entries.size())) {
    const Elements& list = other->args;
    const Comparison found =
        other == prediction ? ordered(column->entries, list) : ordered(list, column->entries);
    return granted(found, "a tuple against a matrix");
  }
  if (is_scalar(prediction) || is_scalar(gold)) return different("a number against a list");
  if (gold->kind == Kind::matrix || prediction->kind == Kind::matrix) {
    return different("a matrix against something else");
  }
  return undecided("no lists of the same shape");
}

}  // namespace reckon::math
