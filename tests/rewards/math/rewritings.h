// Other spellings of a gold answer that keep its value, and changes that give another value, by
// construction: text and exact arithmetic of the tests' own, so that they say something about the
// verifier. Seeded by the caller.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "tests/rewards/math/rewrite_text.h"

namespace reckon::math {

struct Rewritings {
  std::string category;  // "integer", "fraction", ... "tuple"
  std::vector<std::string> keep, change;
};

// Nothing for answers of other kinds (words, choices, dates, ratios, matrices).
std::optional<Rewritings> rewritings(const std::string& gold, Random& random);

// The parts, one per family of categories; each answers nothing when the gold is not of its family.
std::optional<Rewritings> number_rewritings(const std::string& gold, Random& random);
std::optional<Rewritings> marked_rewritings(const std::string& gold,
                                            Random& random);  // %, $, units
std::optional<Rewritings> collection_rewritings(const std::string& gold, Random& random);
std::optional<Rewritings> equation_rewritings(const std::string& gold, Random& random);
std::optional<Rewritings> expression_rewritings(const std::string& gold, Random& random);

}  // namespace reckon::math
