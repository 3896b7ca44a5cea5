// Numbers in text as exact rationals: integers, decimals, fractions a/b, thousands separators,
// sign, exponent. Bounded: a number with more than kMaxDigits digits, or such an exponent, is
// `too_long`, never computed. Pure functions.
//
//   FoundNumber last = last_number("so 12.50 or 25/2");   // last.value == 25/2
//   A percent sign, a unit or a currency sign beside the number is not part of it: "50%" is 50.
#pragma once

#include <gmpxx.h>

#include <string_view>

namespace reckon {

constexpr int kMaxDigits = 200;

enum class NumberKind { none, number, too_long, undefined };  // undefined: division by zero

struct FoundNumber {
  NumberKind kind = NumberKind::none;
  mpq_class value;
};

// The last number in `text`. Digits that continue a word ("x1", "v2") are no number; a minus sign
// counts only where a number may begin ("5-3" ends in 3).
FoundNumber last_number(std::string_view text);

// `text` as one number from end to end, LaTeX spaces, dollar signs and \frac{a}{b} understood;
// `none` otherwise.
FoundNumber whole_number(std::string_view text);

}  // namespace reckon
