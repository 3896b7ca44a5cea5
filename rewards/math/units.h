// Units of measure: one canonical name per spelling, and what each is worth in base units, exactly.
// Money is no unit here. Thread-safe (a table built at first use, read only afterwards).
//
//   read_unit("\\text{ square feet}")->name;             // "ft^2"
//   read_unit("miles per hour")->name;                   // "mi/h"
//   find_unit("km/h")->factor;                           // 5/18, metres per second
//   find_unit("cm")->dimension == find_unit("ft")->dimension
#pragma once

#include <gmpxx.h>

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace reckon::math {

// Powers of the base units: metre, kilogram, second, ampere, kelvin, mole, candela, radian, bit,
// month (a month is no fixed number of seconds; a year is 12 of them), and "unit" as in "square
// units".
struct Dimension {
  enum Base {
    length,
    mass,
    time,
    current,
    temperature,
    amount,
    light,
    angle,
    information,
    month,
    unit,
    bases
  };
  std::array<int16_t, bases> powers{};
  bool operator==(const Dimension&) const = default;
};

// A quantity of q such units is (q + offset) * factor * pi^pi base units.
struct Unit {
  Dimension dimension;
  mpq_class factor = 1;
  int pi = 0;            // a degree of arc is pi / 180 radians
  mpq_class offset = 0;  // degrees Celsius and Fahrenheit, when they stand alone
};

struct NamedUnit {
  std::string name;  // "cm", "ft^2", "kg*m/s^2": factors sorted, powers after ^, divisors after /
  Unit unit;
};

// nullopt when some part of the spelling is no unit in the table ("apples"). Takes LaTeX and plain
// text: "\\text{ cm}^2", "km/h", "sq. ft.", "cubic inches", "m s^{-1}", "^\\circ C".
std::optional<NamedUnit> read_unit(std::string_view spelling);

// The unit of a canonical name (or of any other spelling).
std::optional<Unit> find_unit(std::string_view name);

}  // namespace reckon::math
