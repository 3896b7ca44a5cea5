#include "rewards/math/units_table.h"

#include <utility>
#include <vector>

namespace reckon::math {
namespace {

using Powers = std::initializer_list<std::pair<Dimension::Base, int>>;

Unit unit(const char* factor, Powers powers, int pi = 0, const char* offset = "0") {
  Unit unit;
  for (auto [base, power] : powers) unit.dimension.powers[base] = static_cast<int16_t>(power);
  unit.factor = mpq_class(factor);
  unit.factor.canonicalize();
  unit.offset = mpq_class(offset);
  unit.offset.canonicalize();
  unit.pi = pi;
  return unit;
}

std::vector<UnitAtom> make_atoms() {
  using D = Dimension;
  const Powers metre = {{D::length, 1}}, area = {{D::length, 2}}, volume = {{D::length, 3}};
  const Powers mass = {{D::mass, 1}}, time = {{D::time, 1}}, month = {{D::month, 1}};
  const Powers angle = {{D::angle, 1}}, heat = {{D::temperature, 1}}, bit = {{D::information, 1}};
  const Powers energy = {{D::mass, 1}, {D::length, 2}, {D::time, -2}};
  const Powers pressure = {{D::mass, 1}, {D::length, -1}, {D::time, -2}};
  return {
      // Length, area, volume
      {"m", "meter|metre", true, unit("1", metre)},
      {"in", "inch|inches", false, unit("254/10000", metre)},
      {"ft", "foot|feet", false, unit("3048/10000", metre)},
      {"yd", "yard", false, unit("9144/10000", metre)},
      {"mi", "mile", false, unit("1609344/1000", metre)},
      {"nmi", "nautical-mile", false, unit("1852", metre)},
      {"acre", "ac", false, unit("40468564224/10000000", area)},
      {"ha", "hectare", false, unit("10000", area)},
      {"L", "l|liter|litre", true, unit("1/1000", volume)},
      {"gal", "gallon", false, unit("3785411784/1000000000000", volume)},
      {"qt", "quart", false, unit("3785411784/4000000000000", volume)},
      {"pt", "pint", false, unit("3785411784/8000000000000", volume)},
      {"cup", "", false, unit("3785411784/16000000000000", volume)},
      {"tbsp", "tablespoon", false, unit("3785411784/256000000000000", volume)},
      {"tsp", "teaspoon", false, unit("3785411784/768000000000000", volume)},
      // Mass
      {"g", "gram|gramme|gm", true, unit("1/1000", mass)},
      {"lb", "pound|lbs", false, unit("45359237/100000000", mass)},
      {"oz", "ounce", false, unit("45359237/1600000000", mass)},
      {"ton", "", false, unit("90718474/100000", mass)},
      {"tonne", "metric-ton", false, unit("1000", mass)},
      // Time
      {"s", "sec|second", true, unit("1", time)},
      {"min", "minute", false, unit("60", time)},
      {"h", "hr|hour", false, unit("3600", time)},
      {"day", "", false, unit("86400", time)},
      {"week", "wk", false, unit("604800", time)},
      {"month", "mo", false, unit("1", month)},
      {"year", "yr", false, unit("12", month)},
      {"decade", "", false, unit("120", month)},
      {"century", "centuries", false, unit("1200", month)},
      // Angle
      {"rad", "radian", false, unit("1", angle)},
      {"deg", "degree", false, unit("1/180", angle, 1)},
      {"arcmin", "arcminute", false, unit("1/10800", angle, 1)},
      {"arcsec", "arcsecond", false, unit("1/648000", angle, 1)},
      {"rev", "revolution", false, unit("2", angle, 1)},
      // Temperature
      {"K", "kelvin", false, unit("1", heat)},
      {"degC", "celsius|Celsius|centigrade", false, unit("1", heat, 0, "27315/100")},
      {"degF", "fahrenheit|Fahrenheit", false, unit("5/9", heat, 0, "45967/100")},
      // Electricity, energy and the rest
      {"A", "amp|ampere", true, unit("1", {{D::current, 1}})},
      {"C", "coulomb", true, unit("1", {{D::current, 1}, {D::time, 1}})},
      {"V", "volt", true,
       unit("1", {{D::mass, 1}, {D::length, 2}, {D::time, -3}, {D::current, -1}})},
      {"ohm", "", true, unit("1", {{D::mass, 1}, {D::length, 2}, {D::time, -3}, {D::current, -2}})},
      {"F", "farad", true,
       unit("1", {{D::mass, -1}, {D::length, -2}, {D::time, 4}, {D::current, 2}})},
      {"T", "tesla", true, unit("1", {{D::mass, 1}, {D::time, -2}, {D::current, -1}})},
      {"Wb", "weber", true,
       unit("1", {{D::mass, 1}, {D::length, 2}, {D::time, -2}, {D::current, -1}})},
      {"N", "newton", true, unit("1", {{D::mass, 1}, {D::length, 1}, {D::time, -2}})},
      {"J", "joule", true, unit("1", energy)},
      {"cal", "calorie", true, unit("4184/1000", energy)},
      {"eV", "electronvolt", true, unit("1602176634/10000000000000000000000000000", energy)},
      {"W", "watt", true, unit("1", {{D::mass, 1}, {D::length, 2}, {D::time, -3}})},
      {"Pa", "pascal", true, unit("1", pressure)},
      {"atm", "atmosphere", false, unit("101325", pressure)},
      {"bar", "", true, unit("100000", pressure)},
      {"Hz", "hertz", true, unit("1", {{D::time, -1}})},
      {"mol", "mole", true, unit("1", {{D::amount, 1}})},
      {"cd", "candela", false, unit("1", {{D::light, 1}})},
      {"bit", "", true, unit("1", bit)},
      {"B", "byte", true, unit("8", bit)},
      {"unit", "", false, unit("1", {{D::unit, 1}})},
  };
}

}  // namespace

std::span<const UnitAtom> unit_atoms() {
  static const std::vector<UnitAtom> atoms = make_atoms();
  return atoms;
}

std::span<const UnitAlias> unit_aliases() {
  static constexpr UnitAlias kAliases[] = {
      {"mph", "mi/h"},  {"kph", "km/h"}, {"kmh", "km/h"},    {"kmph", "km/h"},
      {"mps", "m/s"},   {"fps", "ft/s"}, {"mpg", "mi/gal"},  {"cc", "cm^3"},
      {"sqft", "ft^2"}, {"kWh", "kW*h"}, {"rpm", "rev/min"}, {"molar", "mol/L"},
  };
  return kAliases;
}

std::span<const UnitPrefix> unit_prefixes() {
  static constexpr UnitPrefix kPrefixes[] = {
      {"n", "nano", -9},  {"\u00b5", "micro", -6}, {"\u03bc", "micro", -6}, {"u", "micro", -6},
      {"m", "milli", -3}, {"c", "centi", -2},      {"d", "deci", -1},       {"", "deca", 1},
      {"", "hecto", 2},   {"k", "kilo", 3},        {"M", "mega", 6},        {"G", "giga", 9},
      {"T", "tera", 12},
  };
  return kPrefixes;
}

}  // namespace reckon::math
