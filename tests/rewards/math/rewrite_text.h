// Cutting and changing answers as text, for the generated pairs. Knows nothing of the verifier.
#pragma once

#include <gmpxx.h>

#include <optional>
#include <random>
#include <string>
#include <vector>

namespace reckon::math {

using Random = std::mt19937_64;

std::string replaced(std::string text, const std::string& from, const std::string& to);
bool has(const std::string& text, const std::string& part);

// Without sizes of brackets, thin blanks and kinds of \frac; digits of one number joined.
std::string cleaned(std::string text);

// Parts between `separator`s outside all brackets, blanks at their ends dropped.
std::vector<std::string> split_outside(const std::string& text, const std::string& separator);

// Terms of a sum with their signs: "-a", "+b". One term when there is no sum at the top.
std::vector<std::string> terms_of(const std::string& text);
std::string sum_of(const std::vector<std::string>& terms);

// {numerator, denominator} when `text` is one fraction of integers (\frac{a}{b}, \frac12, a/b).
std::optional<mpq_class> fraction_of(const std::string& text);
// An integer, a decimal, a fraction of integers or a mixed fraction.
std::optional<mpq_class> number_of(const std::string& text);

// Decimal digits of a number whose decimals end; nothing for others.
std::optional<std::string> exact_decimal(const mpq_class& value);
std::string latex_fraction(const mpz_class& numerator, const mpz_class& denominator);
std::string latex_number(const mpq_class& value);  // an integer or \frac

// One digit made another; nothing where there is no digit.
std::optional<std::string> other_digit(std::string text, Random& random);

// The first group or character after `at`: [begin, end) of its content, and where it ends.
struct Argument {
  std::string text;
  size_t end = 0;
};
std::optional<Argument> argument_at(const std::string& text, size_t at);

}  // namespace reckon::math
