#include "rewards/math/units.h"

#include <gtest/gtest.h>

namespace reckon::math {
namespace {

std::string name_of(std::string_view spelling) {
  auto unit = read_unit(spelling);
  return unit ? unit->name : "none";
}

TEST(Units, HaveOneNameForEverySpelling) {
  for (const char* spelling : {"\\text{ cm}^2", "cm^{2}", "square centimeters", "sq. cm", "cm2",
                               "centimetres squared", "cm\u00b2"})
    EXPECT_EQ(name_of(spelling), "cm^2") << spelling;
  for (const char* spelling : {"mph", "miles per hour", "mi/h", "Miles/Hr", "mi h^{-1}"})
    EXPECT_EQ(name_of(spelling), "mi/h") << spelling;
  EXPECT_EQ(name_of("m/s/s"), "m/s^2");
  EXPECT_EQ(name_of("s^{-1}"), "1/s");
  EXPECT_EQ(name_of("kg*m/s^2"), "kg*m/s^2");
  EXPECT_EQ(name_of("J/(kg K)"), "J/K/kg");
  EXPECT_EQ(name_of("\\mu m"), "um");
  EXPECT_EQ(name_of("^\\circ C"), "degC");
  EXPECT_EQ(name_of("degrees Fahrenheit"), "degF");
  EXPECT_EQ(name_of("metric tons"), "tonne");
  EXPECT_EQ(name_of("square units"), "unit^2");
}

TEST(Units, AreExact) {
  EXPECT_EQ(find_unit("km/h")->factor, mpq_class(5, 18));
  EXPECT_EQ(find_unit("in")->factor, mpq_class(127, 5000));
  EXPECT_EQ(find_unit("gal")->factor / find_unit("in^3")->factor, 231);
  EXPECT_EQ(find_unit("year")->factor, 12);
  EXPECT_EQ(find_unit("deg")->factor, mpq_class(1, 180));
  EXPECT_EQ(find_unit("deg")->pi, 1);
  EXPECT_EQ(find_unit("N")->dimension, find_unit("kg*m/s^2")->dimension);
  EXPECT_EQ(find_unit("N")->factor, 1);
  EXPECT_EQ(find_unit("L")->dimension, find_unit("cm^3")->dimension);
  // 212 F is 100 C
  Unit f = *find_unit("degF"), c = *find_unit("degC");
  EXPECT_EQ((212 + f.offset) * f.factor, (100 + c.offset) * c.factor);
}

TEST(Units, ReadBackTheirOwnNames) {
  for (const char* spelling : {"square feet", "m s^{-2}", "1/s", "kWh", "g/cm^3", "rpm"}) {
    auto unit = read_unit(spelling);
    ASSERT_TRUE(unit) << spelling;
    auto again = read_unit(unit->name);
    ASSERT_TRUE(again) << unit->name;
    EXPECT_EQ(again->name, unit->name);
    EXPECT_EQ(again->unit.factor, unit->unit.factor);
    EXPECT_EQ(again->unit.dimension, unit->unit.dimension);
  }
}

TEST(Units, RefuseWhatIsNone) {
  for (const char* spelling : {"", " ", "/", "per", "apples", "cm^", "cm^99", "(m", "m)", "^2", "a",
                               "m^{999999999999}", "xm", "\xff"})
    EXPECT_EQ(name_of(spelling), "none") << spelling;
}

}  // namespace
}  // namespace reckon::math
