// The typed comparison behind compare(): one class, its rules in the files compare_*.cc by topic.
// Internal. Every method takes the gold side first: the rules are not symmetric.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "rewards/math/compare.h"

namespace reckon::math {

// Decorations of a number, taken off.
struct Measure {
  Expr value = nullptr;
  std::string_view currency, unit;
  bool percent = false, degrees = false;
  Expr based = nullptr;
};

// name = value, where name is a letter, a function of letters or a tuple of letters.
struct Assignment {
  Expr name = nullptr, value = nullptr;
};

// Sets of real numbers whose end points can be put in order: sorted, disjoint, not touching.
struct RealPart {
  Expr lower = nullptr, upper = nullptr;  // nullptr: infinite
  bool left_open = true, right_open = true;
};
struct RealSet {
  std::vector<RealPart> parts;
  std::string_view variable;  // "" where the set was written without one
};

class Comparer {
 public:
  Comparer(Arena& arena, Mode mode) : arena_(arena), lenient_(mode == Mode::lenient) {}

  Comparison answers(Expr gold, Expr prediction);  // the top: assignments, then by type

 private:
  using Elements = std::vector<Expr>;

  static Comparison equal(const char* why) { return {Verdict::equal, why}; }
  static Comparison different(const char* why) { return {Verdict::different, why}; }
  static Comparison undecided(const char* why) { return {Verdict::undecided, why}; }
  // What a reader would grant and a reward does not.
  Comparison granted(const Comparison& found, const char* why) const {
    if (found.verdict != Verdict::equal || lenient_) return found;
    return undecided(why);
  }
  Budget& budget() { return arena_.budget(); }

  // compare.cc
  Comparison by_type(Expr gold, Expr prediction);

  // compare_scalar.cc: numbers with and without units
  Comparison scalars(Expr gold, Expr prediction);
  Measure measure(Expr expr);
  Expr joined_units(Expr sum);
  Comparison measures(const Measure& gold, const Measure& prediction);
  Comparison units(const Measure& gold, const Measure& prediction);
  Comparison percents(const Measure& gold, const Measure& prediction);
  Comparison angles(const Measure& gold, const Measure& prediction);
  Comparison bases(const Measure& gold, const Measure& prediction);

  // compare_number.cc: values alone
  Comparison numbers(Expr gold, Expr prediction);
  std::optional<Comparison> identity(Expr gold, Expr prediction);
  Comparison numbers_in_doubt(Expr gold, Expr prediction);
  bool rounds_to(Expr gold, Expr prediction);
  Comparison constants_of_integration(Expr gold, Expr prediction);
  std::optional<int> order(Expr a, Expr b);
  Expr number_node(const mpq_class& value);
  Expr scaled(Expr value, const mpq_class& factor);

  // compare_collection.cc
  Comparison collections(Expr gold, Expr prediction);
  Comparison unordered(const Elements& gold, const Elements& prediction);
  Comparison ordered(const Elements& gold, const Elements& prediction);
  Comparison tuples(Expr gold, Expr prediction);
  Comparison matrices(Expr gold, Expr prediction);
  bool elements_of(Expr expr, Elements& out);
  bool expand_plus_minus(Expr expr, Elements& out);
  void drop_repeats(Elements& elements);
  std::string_view common_variable(Elements& elements);
  // x_1 = a, x_2 = b: the roots of one unknown become a, b, where the other answer is a plain list.
  // False, and nothing changed, where the elements are not of that form.
  bool take_roots(Elements& elements);

  // compare_realset.cc
  bool is_real_set(Expr expr) const;
  Comparison real_sets(Expr gold, Expr prediction);
  Comparison intervals_by_form(Expr gold, Expr prediction);
  std::optional<RealSet> real_set(Expr expr);
  std::optional<RealSet> relation_set(Expr expr);
  std::optional<RealSet> united(std::vector<RealPart> parts, std::string_view variable);
  std::optional<RealSet> combined(Expr expr, size_t from, bool unite);
  std::optional<RealSet> intersected(const RealSet& a, const RealSet& b);
  std::optional<RealSet> complement(const RealSet& a);

  // compare_statement.cc
  Comparison statements(Expr gold, Expr prediction);
  Comparison equations(Expr gold, Expr prediction);
  Comparison inequalities(Expr gold, Expr prediction);
  Comparison cases(Expr gold, Expr prediction);
  Comparison congruences(Expr gold, Expr prediction);
  Comparison approximations(Expr gold, Expr prediction);
  Comparison assigned(Expr gold, Expr prediction);
  static std::optional<Assignment> assignment(Expr expr);

  // compare_words.cc
  Comparison words(Expr gold, Expr prediction);
  Comparison clocks(Expr gold, Expr prediction);
  Comparison ratios(Expr gold, Expr prediction);
  Comparison dates(Expr gold, Expr prediction);

  Arena& arena_;
  const bool lenient_;
};

// Numbers, letters, functions of them, with or without unit.
bool is_scalar(Expr expr);
// 1 for infinity, -1 for its negative, 0 for anything else.
int infinity_sign(Expr expr);
bool is_word_like(Expr expr);

}  // namespace reckon::math
