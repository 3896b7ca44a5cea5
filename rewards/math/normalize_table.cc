// Unicode mathematics and the LaTeX that stands for it.
#include <algorithm>
#include <array>

#include "rewards/math/normalize.h"

namespace reckon::math {
namespace {

struct Spelling {
  char32_t code;
  const char* text;
};

constexpr auto make_table() {
  auto table = std::to_array<Spelling>({
      // Spaces: thin and no-break ones may group digits; the rest are plain; invisible ones vanish
      {0xA0, "\\,"}, {0x2007, "\\,"}, {0x2009, "\\,"}, {0x202F, "\\,"}, {0x200A, "\\,"},
      {0x2002, " "}, {0x2003, " "}, {0x2004, " "}, {0x2005, " "}, {0x2006, " "}, {0x2008, " "},
      {0x205F, " "}, {0x3000, " "}, {0x200B, ""}, {0x200C, ""}, {0x200D, ""}, {0x2060, ""},
      {0x2061, ""}, {0x2062, ""}, {0x2063, ","}, {0xFEFF, ""}, {0xAD, ""}, {0x200E, ""},
      {0x200F, ""}, {0xFE0F, ""}, {0x2028, " "}, {0x2029, " "},
      // Signs
      {0x2212, "-"}, {0x2010, "-"}, {0x2011, "-"}, {0x2012, "-"}, {0x2013, "-"}, {0x2014, "-"},
      {0xFE63, "-"}, {0xD7, "\\times "}, {0xB7, "\\cdot "}, {0x22C5, "\\cdot "},
      {0x2219, "\\cdot "}, {0x2022, "\\cdot "}, {0xF7, "\\div "}, {0x2215, "/"}, {0x2044, "/"},
      {0x2217, "*"}, {0xB1, "\\pm "}, {0x2213, "\\mp "}, {0x2218, "\\circ "}, {0xB0, "^\\circ "},
      {0xBA, "^\\circ "}, {0x2103, "^\\circ C"}, {0x2109, "^\\circ F"}, {0x2032, "'"},
      {0x2033, "''"}, {0x2018, "'"}, {0x2019, "'"}, {0x201C, "\""}, {0x201D, "\""},
      {0x2026, "\\ldots "}, {0x22EF, "\\cdots "}, {0x2016, "\\|"}, {0x2223, "|"}, {0x2236, ":"},
      {0x3001, ","}, {0x3002, "."}, {0x3010, "["}, {0x3011, "]"},
      {0x221A, "\\sqrt "}, {0x221B, "\\sqrt[3]"}, {0x221C, "\\sqrt[4]"}, {0x2211, "\\sum "},
      {0x220F, "\\prod "}, {0x222B, "\\int "}, {0x2202, "\\partial "}, {0x2207, "\\nabla "},
      {0x2308, "\\lceil "}, {0x2309, "\\rceil "}, {0x230A, "\\lfloor "},
      {0x230B, "\\rfloor "}, {0x27E8, "\\langle "}, {0x27E9, "\\rangle "},
      {0x2329, "\\langle "}, {0x232A, "\\rangle "}, {0x2192, "\\to "}, {0x21A6, "\\to "},
      {0x2220, "\\angle "}, {0x25B3, "\\triangle "}, {0x2206, "\\Delta "},
      // Relations, sets, logic
      {0x2260, "\\ne "}, {0x2264, "\\le "}, {0x2265, "\\ge "}, {0x2A7D, "\\le "},
      {0x2A7E, "\\ge "}, {0x2266, "\\le "}, {0x2267, "\\ge "}, {0x2248, "\\approx "},
      {0x2243, "\\approx "}, {0x2245, "\\approx "}, {0x223C, "\\approx "}, {0x2261, "\\equiv "},
      {0x2208, "\\in "}, {0x2209, "\\notin "}, {0x2282, "\\subset "}, {0x2286, "\\subset "},
      {0x222A, "\\cup "}, {0x2229, "\\cap "}, {0x22C3, "\\cup "}, {0x22C2, "\\cap "},
      {0x2216, "\\setminus "}, {0x2205, "\\emptyset "}, {0x2227, "\\land "}, {0x2228, "\\lor "},
      {0x221E, "\\infty "}, {0x2102, "\\mathbb{C}"}, {0x2115, "\\mathbb{N}"},
      {0x211A, "\\mathbb{Q}"}, {0x211D, "\\mathbb{R}"}, {0x2124, "\\mathbb{Z}"},
      {0x210E, "h"}, {0x2113, "\\ell "}, {0x2147, "e"}, {0x2148, "i"},
      // Money and units
      {0x20AC, "\\euro "}, {0xA3, "\\pounds "}, {0xA5, "\\yen "}, {0xA2, "\\cent "},
      {0x20B9, "\\rupee "}, {0x20A9, "\\won "}, {0xB5, "\\mu "},
      // Vulgar fractions (braced: a digit before them makes a mixed number)
      {0xBC, "\\frac{1}{4}"}, {0xBD, "\\frac{1}{2}"}, {0xBE, "\\frac{3}{4}"},
      {0x2150, "\\frac{1}{7}"}, {0x2151, "\\frac{1}{9}"}, {0x2152, "\\frac{1}{10}"},
      {0x2153, "\\frac{1}{3}"}, {0x2154, "\\frac{2}{3}"}, {0x2155, "\\frac{1}{5}"},
      {0x2156, "\\frac{2}{5}"}, {0x2157, "\\frac{3}{5}"}, {0x2158, "\\frac{4}{5}"},
      {0x2159, "\\frac{1}{6}"}, {0x215A, "\\frac{5}{6}"}, {0x215B, "\\frac{1}{8}"},
      {0x215C, "\\frac{3}{8}"}, {0x215D, "\\frac{5}{8}"}, {0x215E, "\\frac{7}{8}"},
      // Greek
      {0x393, "\\Gamma "}, {0x394, "\\Delta "}, {0x398, "\\Theta "}, {0x39B, "\\Lambda "},
      {0x39E, "\\Xi "}, {0x3A0, "\\Pi "}, {0x3A3, "\\Sigma "}, {0x3A6, "\\Phi "},
      {0x3A8, "\\Psi "}, {0x3A9, "\\Omega "}, {0x2126, "\\Omega "}, {0x3B1, "\\alpha "},
      {0x3B2, "\\beta "}, {0x3B3, "\\gamma "}, {0x3B4, "\\delta "}, {0x3B5, "\\epsilon "},
      {0x3F5, "\\epsilon "}, {0x3B6, "\\zeta "}, {0x3B7, "\\eta "}, {0x3B8, "\\theta "},
      {0x3D1, "\\theta "}, {0x3B9, "\\iota "}, {0x3BA, "\\kappa "}, {0x3BB, "\\lambda "},
      {0x3BC, "\\mu "}, {0x3BD, "\\nu "}, {0x3BE, "\\xi "}, {0x3C0, "\\pi "}, {0x3C1, "\\rho "},
      {0x3C3, "\\sigma "}, {0x3C4, "\\tau "}, {0x3C5, "\\upsilon "}, {0x3C6, "\\phi "},
      {0x3D5, "\\phi "}, {0x3C7, "\\chi "}, {0x3C8, "\\psi "}, {0x3C9, "\\omega "},
  });
  std::sort(table.begin(), table.end(),
            [](const Spelling& a, const Spelling& b) { return a.code < b.code; });
  return table;
}
constexpr auto kTable = make_table();

}  // namespace

const char* ascii_spelling(char32_t code) {
  auto found = std::lower_bound(kTable.begin(), kTable.end(), code,
                                [](const Spelling& a, char32_t key) { return a.code < key; });
  return found != kTable.end() && found->code == code ? found->text : nullptr;
}

}  // namespace reckon::math
