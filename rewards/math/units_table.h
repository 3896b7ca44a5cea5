// The table behind units.cc: atoms of units with their spellings and exact worth.
#pragma once

#include <span>

#include "rewards/math/units.h"

namespace reckon::math {

struct UnitAtom {
  const char* name;       // the canonical symbol
  const char* spellings;  // others, separated by "|"; a plural "s" is understood
  bool prefixes;          // takes SI prefixes: "k" before a symbol, "kilo" before a word
  Unit unit;
};
std::span<const UnitAtom> unit_atoms();

struct UnitAlias {  // spellings that stand for a compound
  const char* spelling;
  const char* meaning;
};
std::span<const UnitAlias> unit_aliases();

struct UnitPrefix {
  const char* symbol;
  const char* word;
  int exponent;  // of 10
};
std::span<const UnitPrefix> unit_prefixes();

}  // namespace reckon::math
