// What answers parse into, rule by rule, as describe() prints it.
#include "rewards/math/parser.h"

#include <gtest/gtest.h>

#include <optional>

#include "base/text.h"
#include "tests/rewards/math/golds.h"

namespace reckon::math {
namespace {

struct Row {
  const char* answer;
  const char* tree;
};

void expect(std::initializer_list<Row> rows) {
  for (const Row& row : rows) {
    Budget budget;
    Arena arena(budget);
    Parse parse = parse_answer(arena, row.answer);
    EXPECT_EQ(describe(parse.expr), row.tree) << row.answer << " " << parse.problem;
    EXPECT_TRUE(parse.understood) << row.answer << " " << parse.problem;
  }
}

TEST(Parser, ReadsSeparatorsOfThousands) {
  expect({{"1,234", "1234"},
          {"1{,}234{,}567", "1234567"},
          {"1,\\!296,\\!540", "1296540"},
          {"111, \\! 111, \\! 111", "111111111"},
          {"1\\,000\\,000", "1000000"},
          {"1 000 000", "1000000"},
          {"1\u202f000", "1000"},
          {"12,34,567", "1234567"},
          {"1.234.567,89", "123456789/100"},
          {"1'234'567", "1234567"},
          {"-1,234.5", "negate(2469/2)"},
          {"12,34", "list(12, 34)"},
          {"10,100,1000", "list(10, 100, 1000)"},
          {"(1,234)", "tuple(1, 234)"},
          {"(1,000, 2,000)", "tuple(1000, 2000)"},
          {"\\frac{12}{5,\\!525}", "quotient(12, 5525)"}});
}

TEST(Parser, ReadsDecimalsExponentsAndRepetitions) {
  expect({{"0.5", "1/2"},
          {".5", "1/2"},
          {"1.5e3", "1500"},
          {"1e-5", "1/100000"},
          {"1.5\\times10^{-3}", "product(3/2, power(10, negate(3)))"},
          {"5 x 10^3", "product(5, power(10, 3))"},
          {"0.\\overline{3}", "1/3"},
          {"0.1\\overline{6}", "1/6"},
          {".\\overline{27}", "3/11"},
          {"0.\\bar 6", "2/3"},
          {"0.\\dot{1}4285\\dot{7}", "1/7"},
          {"0.(3)", "1/3"},
          {"0.333...", "1/3"},
          {"0.1212\\ldots", "4/33"},
          {"3.14159...", "314159/100000"},
          {"2.718281828...", "679570457/250000000"}});
}

TEST(Parser, KeepsTheSpellingAndTheDecimalsOfANumber) {
  Budget budget;
  Arena arena(budget);
  Expr number = parse_answer(arena, "004").expr;
  EXPECT_EQ(number->text, "004");
  EXPECT_EQ(number->decimals, -1);
  EXPECT_EQ(parse_answer(arena, "2.50").expr->decimals, 2);
  EXPECT_EQ(parse_answer(arena, "1.5e-3").expr->decimals, 4);
  EXPECT_EQ(parse_answer(arena, "1.5e3").expr->decimals, 0);
  EXPECT_EQ(parse_answer(arena, "0.\\overline{3}").expr->decimals, -1);
}

TEST(Parser, TellsMixedNumbersFromProducts) {
  expect({{"3\\frac12", "mixed(3, quotient(1, 2))"},
          {"-3\\frac{1}{2}", "negate(mixed(3, quotient(1, 2)))"},
          {"3 1/2", "mixed(3, quotient(1, 2))"},
          {"2\u00bd", "mixed(2, quotient(1, 2))"},
          {"2\\frac{\\sqrt3}{2}", "product(2, quotient(root(3, 2), 2))"},
          {"3\\frac{x}{2}", "product(3, quotient(x, 2))"},
          {"12\\frac12\\%", "percent(mixed(12, quotient(1, 2)))"}});
}

TEST(Parser, MendsMalformedSpellings) {
  expect({{"\\frac12", "quotient(1, 2)"},
          {"\\frac1{72}", "quotient(1, 72)"},
          {"\\frac 74", "quotient(7, 4)"},
          {"\\frac\\pi4", "quotient(pi, 4)"},
          {"\\dfrac{3}{4}x", "product(quotient(3, 4), x)"},
          {"\\sqrt3", "root(3, 2)"},
          {"\\sqrt{3", "root(3, 2)"},
          {"\\sqrt 12", "root(12, 2)"},
          {"\\frac{1}{2}}", "quotient(1, 2)"},
          {"x\u00b2 \u2264 \u00bd", "relation <=(power(x, 2), quotient(1, 2))"},
          {"\u22125", "negate(5)"},
          {"2\u221a3", "product(2, root(3, 2))"},
          {"\u221a(x+1)", "root(sum(x, 1), 2)"},
          {"\uff11\uff12", "12"},
          {"**73**", "73"},
          {"$\\boxed{73}$.", "73"},
          {"\\(x = 5\\).", "relation =(x, 5)"},
          {"\\left(1,\\,\\dfrac{9}{2}\\right)", "tuple(1, quotient(9, 2))"},
          {"x^10", "power(x, 10)"},
          {"2**3", "power(2, 3)"}});
}

TEST(Parser, ReadsArithmeticAsWritten) {
  expect({{"-x^2", "negate(power(x, 2))"},
          {"2^3^4", "power(2, power(3, 4))"},
          {"1/2x", "product(quotient(1, 2), x)"},
          {"a/b/c", "quotient(quotient(a, b), c)"},
          {"2(3)(4)", "product(2, 3, 4)"},
          {"x(x+1)", "product(x, sum(x, 1))"},
          {"2\u03c0r", "product(2, pi, r)"},
          {"3 - 2i", "sum(3, negate(product(2, i)))"},
          {"e^{i\\pi}", "power(e, product(i, pi))"},
          {"(2n)!", "factorial(product(2, n))"},
          {"5!!", "factorial !!(5)"},
          {"2 \\pm \\sqrt{3}", "plus_minus \\pm(2, root(3, 2))"},
          {"\\pm 2", "plus_minus \\pm(2)"},
          {"7 \\bmod 3", "mod(7, 3)"},
          {"x_{12} + x_1", "sum(x_12, x_1)"},
          {"3x_1", "product(3, x_1)"},
          {"50\\%", "percent(50)"},
          {"100/3 %", "percent(quotient(100, 3))"}});
}

TEST(Parser, ReadsFunctionsWithAndWithoutABackslash) {
  expect({{"\\sin^2 x", "power(sin(x), 2)"},
          {"\\sin 2x \\cos x", "product(sin(product(2, x)), cos(x))"},
          {"\\sin^{-1}(1/2)", "arcsin(quotient(1, 2))"},
          {"sin pi/4", "sin(quotient(pi, 4))"},
          {"sinx", "sin(x)"},
          {"\\log_2 8", "log(8, 2)"},
          {"\\ln|x| + C", "sum(ln(abs(x)), C)"},
          {"sqrt(2)/2", "quotient(root(2, 2), 2)"},
          {"\\sqrt[3]{x}", "root(x, 3)"},
          {"\\lfloor x \\rfloor", "floor(x)"},
          {"\\max\\{a,b\\}", "max(a, b)"},
          {"\\gcd(12, 18)", "gcd(12, 18)"},
          {"f^{-1}(x)", "f^{-1}(x)"},
          {"||x|-1|", "abs(sum(abs(x), negate(1)))"},
          {"\\|v\\|", "norm(v)"},
          {"\\binom{5}{2}", "binomial(5, 2)"},
          {"C(5,2)", "binomial(5, 2)"},
          {"5C3", "binomial(5, 3)"},
          {"{}_5C_3", "binomial(5, 3)"},
          {"n \\choose k", "binomial(n, k)"}});
}

TEST(Parser, ReadsBigOperators) {
  expect({{"\\sum_{k=1}^{n} k^2", "big sum(power(k, 2), k, 1, n)"},
          {"\\prod_{i=1}^n i + i", "sum(big product(i, i, 1, n), i)"},
          {"\\int_0^1 x^2\\,dx", "big integral(power(x, 2), x, 0, 1)"},
          {"\\int \\frac{1}{x} \\mathrm{d}x", "big integral(quotient(1, x), x)"},
          {"\\lim_{x \\to 0} \\frac{\\sin x}{x}", "big limit(quotient(sin(x), x), x, 0)"},
          {"\\frac{d}{dx} x^2", "big derivative(power(x, 2), x)"},
          {"\\left. x^2 \\right|_0^1", "eval_at(power(x, 2), 0, 1)"}});
}

TEST(Parser, ReadsUnitsAnglesAndMoney) {
  expect({{"5\\text{ cm}^2", "quantity cm^2(5)"},
          {"10cm", "quantity cm(10)"},
          {"5 m/s", "quantity m/s(5)"},
          {"5 m", "product(5, m)"},
          {"5 miles per hour", "quantity mi/h(5)"},
          {"12\\text{ square units}", "quantity unit^2(12)"},
          {"3 + 4\\sqrt{2}\\text{ feet}", "quantity ft(sum(3, product(4, root(2, 2))))"},
          {"5 feet 6 inches", "sum(quantity ft(5), quantity in(6))"},
          {"5 hours and 30 minutes", "sum(quantity h(5), quantity min(30))"},
          {"65 \\text{ children tickets }", "quantity children tickets(65)"},
          {"30^\\circ", "degrees(30)"},
          {"\\frac{270}7\\text{ degrees}", "degrees(quotient(270, 7))"},
          {"30\u00b015'20''", "degrees(sum(30, quotient(15, 60), quotient(20, 3600)))"},
          {"20^\\circ C", "quantity degC(20)"},
          {"$5", "currency $(5)"},
          {"-\\$5.20", "negate(currency $(26/5))"},
          {"US\\$5 million", "currency $(product(5, 1000000))"},
          {"5 dollars", "currency $(5)"},
          {"50 cents", "currency cent(50)"},
          {"\u20ac3", "currency EUR(3)"},
          {"\\frac{1}{4} \\text{ of a mile}", "quantity mi(quotient(1, 4))"},
          {"\\$3.00 per pound", "currency $/lb(3)"},
          {"7 out of 10", "'7 out of 10'"},
          {"5 pounds", "quantity lb(5)"}});
}

TEST(Parser, ReadsBases) {
  expect({{"101_2", "based 101(2)"},
          {"1323_{4}", "based 1323(4)"},
          {"101_{two}", "based 101(2)"},
          {"\\text{A5}_{11}", "based A5(11)"},
          {"1A5_{16}", "based 1A5(16)"},
          {"(1010)_2", "based 1010(2)"}});
}

TEST(Parser, ReadsIntervalsSetsAndTuples) {
  expect({{"(0,1]", "interval(0, 1]"},
          {"[0; 1]", "interval[0, 1]"},
          {"]1,2[", "interval(1, 2)"},
          {"[1,2[", "interval[1, 2)"},
          {"(1,2)", "tuple(1, 2)"},
          {"(0,\\infty)", "interval(0, infinity)"},
          {"\\left(-\\infty, 0\\right]", "interval(negate(infinity), 0]"},
          {"(-1,0) \\cup (0,1)", "union(interval(negate(1), 0), interval(0, 1))"},
          {"(-1,0) U (0,1)", "union(interval(negate(1), 0), interval(0, 1))"},
          {"\\mathbb{R} \\setminus \\{0\\}", "set_difference(R, set(0))"},
          {"A \\cap B", "intersection(A, B)"},
          {"\\{1,2,3\\}", "set(1, 2, 3)"},
          {"{1, 2}", "set(1, 2)"},
          {"\\emptyset", "emptyset"},
          {"\\{x \\mid x > 3\\}", "set_builder(x, relation >(x, 3))"},
          {"{x | x > 3}", "set_builder(x, relation >(x, 3))"},
          {"\\langle 1, 2\\rangle", "tuple <(1, 2)"},
          {"<1, 2>", "tuple <(1, 2)"},
          {"[[1,2],[3,4]]", "bracketed(bracketed(1, 2), bracketed(3, 4))"},
          {"[1, 2; 3, 4]", "bracketed(bracketed(1, 2), bracketed(3, 4))"},
          {"[1,2,3]", "bracketed(1, 2, 3)"},
          {"1, 2, \\ldots", "list(1, 2, ...)"},
          {"3, 5, or 7", "list(3, 5, 7)"},
          {"(1,2) \\text{ and } (3,4)", "list(tuple(1, 2), tuple(3, 4))"}});
}

TEST(Parser, ReadsMatricesCasesAndSystems) {
  expect({{"\\begin{pmatrix} 1 & 2 \\\\ 3 & 4 \\end{pmatrix}", "matrix 2(1, 2, 3, 4)"},
          {"\\begin{pmatrix} 1 \\\\ \\phantom -2 \\\\ \\end{pmatrix}", "matrix 2(1, 2)"},
          {"\\begin{vmatrix} 1 & 2 \\\\ 3 & 4 \\end{vmatrix}", "det(matrix 2(1, 2, 3, 4))"},
          {"\\left| \\begin{array}{cc} 1 & 2 \\end{array} \\right|", "det(matrix 1(1, 2))"},
          {"\\begin{bmatrix}1&2\\end{bmatrix}^T", "transpose(matrix 1(1, 2))"},
          {"f(x)=\\begin{cases} x & \\text{if } x>0 \\\\ -x & \\text{otherwise} \\end{cases}",
           "relation =(f(x), cases(x, relation >(x, 0), negate(x), 'otherwise'))"},
          {"\\left\\{\\begin{array}{l} x=1 \\\\ y=2 \\end{array}\\right.",
           "and(relation =(x, 1), relation =(y, 2))"},
          {"\\begin{aligned} x &= 1 \\\\ y &= 2 \\end{aligned}",
           "and(relation =(x, 1), relation =(y, 2))"}});
}

TEST(Parser, ReadsStatements) {
  expect({{"1 < x \\le 3", "chain(relation <(1, x), relation <=(x, 3))"},
          {"x=1, 2", "or(relation =(x, 1), relation =(x, 2))"},
          {"x = 1 or x = 2", "or(relation =(x, 1), relation =(x, 2))"},
          {"x=1, y=2", "and(relation =(x, 1), relation =(y, 2))"},
          {"x>1 and x<2", "and(relation >(x, 1), relation <(x, 2))"},
          {"x=1, y=2; x=3, y=4",
           "or(and(relation =(x, 1), relation =(y, 2)), and(relation =(x, 3), relation =(y, 4)))"},
          {"x \\neq 1, 2", "and(relation !=(x, 1), relation !=(x, 2))"},
          {"x < 1 or x > 3", "or(relation <(x, 1), relation >(x, 3))"},
          {"x \\in (0, 1)", "relation in(x, interval(0, 1))"},
          {"x \\not\\in A", "relation notin(x, A)"},
          {"x \\equiv 3 \\pmod 7", "relation equiv(x, congruence(3, 7))"},
          {"x \\equiv 1, 2 \\pmod 7",
           "or(relation equiv(x, congruence(1, 7)), relation equiv(x, congruence(2, 7)))"},
          {"3 (mod 7)", "congruence(3, 7)"},
          {"f(x) = x^2", "relation =(f(x), power(x, 2))"},
          {"P(x) = x", "relation =(P(x), x)"},
          {"= 5", "5"}});
}

TEST(Parser, ReadsRatiosTimesAndDates) {
  expect({{"3:4", "ratio(3, 4)"},
          {"1 : 2 : 3", "ratio(1, 2, 3)"},
          {"3 to 4", "ratio(3, 4)"},
          {"3:04", "clock(3, 4)"},
          {"8\\!:\\!34 \\text{ p.m.}", "clock pm(8, 34)"},
          {"\\text{1:03 PM}", "clock pm(1, 3)"},
          {"8 AM", "clock am(8, 0)"},
          {"June 20", "date(0, 6, 20)"},
          {"20 June, 2020", "date(2020, 6, 20)"},
          {"2020-06-20", "date(2020, 6, 20)"},
          {"6/20/2020", "date(2020, 6, 20)"}});
}

TEST(Parser, ReadsChoicesAndWords) {
  expect({{"(C)", "choice C"},
          {"\\text{(E)}", "choice E"},
          {"\\mathbf{(C)}", "choice C"},
          {"C", "choice C"},
          {"(b)", "choice B"},
          {"(C) 42", "choice C(42)"},
          {"B: none of these", "choice B('none of these')"},
          {"option B", "choice B"},
          {"(x)", "x"},
          {"(A)(B)", "product(A, B)"},
          {"A, B", "list(A, B)"},
          {"b", "b"},
          {"yes", "'yes'"},
          {"\\text{No}", "'no'"},
          {"CBAD", "'cbad'"},
          {"\\text{two lines}", "'two lines'"},
          {"Softball, Kickball", "list('softball', 'kickball')"},
          {"all real numbers", "'all real numbers'"},
          {"the answer is 5", "'the answer is 5'"}});
}

TEST(Parser, SaysSoWhereNoRuleApplies) {
  for (const char* junk :
       {"", "  ", "\\frac", "x + ", "(1, 2", "1,2;3,4", "]]][", "1 2", "\\sum k",
        "a = ", "\\begin{pmatrix} 1 & 2 \\\\ 3 \\end{pmatrix}", "x\x01y", "\xff\xfe",
        "x \\Rightarrow y", "\\lim_{x \\to 0^+} x", "$", "\xe2\x88"}) {
    Budget budget;
    Arena arena(budget);
    Parse parse = parse_answer(arena, junk);
    EXPECT_FALSE(parse.understood) << junk << ": " << describe(parse.expr);
    EXPECT_EQ(parse.expr->kind, Kind::text) << junk;
    EXPECT_NE(parse.problem, "") << junk;
  }
}

// The parse of `answer`: the steps it took, or none where it went over a limit.
std::optional<uint64_t> steps_of(std::string_view answer) {
  Budget budget;
  Arena arena(budget);
  try {
    parse_answer(arena, answer);
    return budget.used();
  } catch (const OverBudget&) {
    return std::nullopt;
  }
}

std::string repeat(std::string_view part, size_t bytes) {
  std::string text;
  while (text.size() < bytes) text += part;
  return text;
}

TEST(Parser, RefusesWhatIsTooDeepTooLongOrTooLarge) {
  for (const char* opening :
       {"(", "\\sqrt{", "\\frac{1}{", "|", "\\sin ", "\\left\\{", "x^{", "2^", "\\vec ", "<",
        "\\int ", "\\begin{matrix}", "_", "f(", "1/", "1\\pm "})
    EXPECT_EQ(steps_of(repeat(opening, 4000) + "1"), std::nullopt) << opening;
  EXPECT_EQ(steps_of(std::string(6000, '7')), std::nullopt);
  EXPECT_EQ(steps_of("1e999999999999999999999"), std::nullopt);
  EXPECT_EQ(steps_of("1e-99999"), std::nullopt);
  EXPECT_EQ(steps_of("5" + std::string(3000, '!')), std::nullopt);
  EXPECT_EQ(steps_of(repeat("x+", 200'000)), std::nullopt);
  EXPECT_NE(steps_of("1e300"), std::nullopt);
  EXPECT_NE(steps_of(std::string(20, '(') + "1" + std::string(20, ')')), std::nullopt);
}

TEST(Parser, TakesStepsInProportionToTheLength) {
  for (const char* part :
       {"x+",    "1,",      "12,345,", "cm ", "5 ft ", "(1,2),",   "C)",    "\\text{a} ",
        "2x",    "x_1",     "1:",      "23 ", "-",     "apples, ", "x=1, ", "\\frac12",
        "5\\%+", "\\cup A", "a_2b",    "'",   ".",     "\u00b2"}) {
    auto once = steps_of(repeat(part, 1000) + "1"), twice = steps_of(repeat(part, 2000) + "1");
    if (!once || !twice) continue;
    EXPECT_LE(*twice, 2 * *once + 200) << part;
  }
}

using ParserGolds = WithGolds;

TEST_F(ParserGolds, AllButAFewInAThousandFollowARule) {
  size_t raw = 0;
  std::string first;
  std::vector<Gold> golds = all_golds();
  for (const Gold& gold : golds) {
    Budget budget;
    Arena arena(budget);
    if (parse_answer(arena, gold.text).understood) continue;
    ++raw;
    first += cat("\n  ", gold.place, ": ", gold.text);
  }
  EXPECT_LE(raw, golds.size() * 7 / 1000) << first;
}

}  // namespace
}  // namespace reckon::math
