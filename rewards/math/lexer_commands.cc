// The table of LaTeX commands.
#include <algorithm>
#include <array>
#include <iterator>

#include "rewards/math/lexer.h"

namespace reckon::math {
namespace {

constexpr Command skip(std::string_view spelling) {
  return {spelling, Tok::junk, "", 0, Layout::skip};
}
constexpr Command skip_argument(std::string_view spelling) {
  return {spelling, Tok::junk, "", 0, Layout::skip_argument};
}
constexpr Command text(std::string_view spelling) {
  return {spelling, Tok::junk, "", 0, Layout::text};
}
constexpr Command size(std::string_view spelling) {
  return {spelling, Tok::junk, "", 0, Layout::bracket_prefix};
}
constexpr Command same(Tok type, std::string_view spelling) { return {spelling, type, spelling}; }
constexpr Command function(std::string_view spelling) { return same(Tok::function, spelling); }
constexpr Command greek(std::string_view spelling) { return same(Tok::symbol, spelling); }
constexpr Command relation(std::string_view spelling, std::string_view name) {
  return {spelling, Tok::relation, name};
}

constexpr auto make_table() {
  auto table = std::to_array<Command>({
      // Layout
      skip("displaystyle"), skip("textstyle"), skip("scriptstyle"), skip("limits"),
      skip("nolimits"), skip("quad"), skip("qquad"), skip("thinspace"), skip("enspace"),
      skip("space"), skip("hfill"), skip("hline"), skip("strut"), skip("mathstrut"), skip("rm"),
      skip("bf"), skip("it"), skip("sf"), skip("tt"), skip("nonumber"), skip("notag"),
      skip("negthinspace"), skip("medspace"), skip("thickspace"), skip("boxed"), skip("fbox"),
      skip("mathit"), skip("mathsf"), skip("mathcal"), skip("mathscr"), skip("mathfrak"),
      skip("mathop"), skip("mathbin"), skip("mathrel"), skip("ensuremath"), skip("underline"),
      skip("large"), skip("Large"), skip("small"), skip("normalsize"), skip("centering"),
      skip("cancel"), skip("par"), skip("newline"),
      skip_argument("phantom"), skip_argument("hspace"), skip_argument("vspace"),
      skip_argument("hphantom"), skip_argument("vphantom"), skip_argument("color"),
      skip_argument("label"), skip_argument("tag"), skip_argument("textcolor"),
      text("text"), text("mbox"), text("hbox"), text("textbf"), text("textit"), text("textrm"),
      text("textnormal"), text("textsf"), text("texttt"), text("textsc"), text("mathrm"),
      text("operatorname"), text("emph"), text("unit"), text("mathtt"), text("textup"),
      text("textmd"), text("bold"),
      size("left"), size("right"), size("big"), size("Big"), size("bigg"), size("Bigg"),
      size("bigl"), size("bigr"), size("Bigl"), size("Bigr"), size("biggl"), size("biggr"),
      size("Biggl"), size("Biggr"), size("middle"), size("bigm"), size("Bigm"),
      // Brackets
      {"lbrace", Tok::open, "", 's'}, {"rbrace", Tok::close, "", 's'},
      {"lbrack", Tok::open, "", '['}, {"rbrack", Tok::close, "", ']'},
      {"langle", Tok::open, "", '<'}, {"rangle", Tok::close, "", '>'},
      {"lfloor", Tok::open, "", 'f'}, {"rfloor", Tok::close, "", 'f'},
      {"lceil", Tok::open, "", 'c'}, {"rceil", Tok::close, "", 'c'},
      {"lvert", Tok::open, "", '|'}, {"rvert", Tok::close, "", '|'},
      {"lVert", Tok::open, "", 'n'}, {"rVert", Tok::close, "", 'n'},
      {"vert", Tok::bar, ""}, {"Vert", Tok::norm_bar, ""}, {"mid", Tok::mid, ""},
      // Arithmetic
      {"pm", Tok::plus_minus, "\\pm"}, {"mp", Tok::plus_minus, "\\mp"},
      {"times", Tok::times, ""}, {"cdot", Tok::times, ""}, {"ast", Tok::times, ""},
      {"bullet", Tok::times, ""}, {"div", Tok::slash, "div"}, {"over", Tok::slash, "over"},
      {"frac", Tok::fraction, ""}, {"dfrac", Tok::fraction, ""}, {"tfrac", Tok::fraction, ""},
      {"cfrac", Tok::fraction, ""}, {"sfrac", Tok::fraction, ""}, {"nicefrac", Tok::fraction, ""},
      {"binom", Tok::binomial, ""}, {"tbinom", Tok::binomial, ""}, {"dbinom", Tok::binomial, ""},
      {"choose", Tok::binomial, "infix"}, {"sqrt", Tok::root, ""}, {"surd", Tok::root, ""},
      {"circ", Tok::circle, ""}, {"degree", Tok::circle, ""}, {"textdegree", Tok::circle, ""},
      {"prime", Tok::prime, "", '\''}, {"colon", Tok::colon, ""},
      {"ldots", Tok::ellipsis, ""}, {"dots", Tok::ellipsis, ""}, {"cdots", Tok::ellipsis, ""},
      {"dotsc", Tok::ellipsis, ""}, {"dotsb", Tok::ellipsis, ""}, {"vdots", Tok::ellipsis, ""},
      {"ddots", Tok::ellipsis, ""}, {"textellipsis", Tok::ellipsis, ""},
      {"pmod", Tok::modulo, "pmod"}, {"mod", Tok::modulo, "pmod"}, {"bmod", Tok::modulo, "bmod"},
      // Relations
      relation("eq", "="), relation("ne", "!="), relation("neq", "!="), relation("lt", "<"),
      relation("gt", ">"), relation("le", "<="), relation("leq", "<="), relation("leqslant", "<="),
      relation("leqq", "<="), relation("ge", ">="), relation("geq", ">="),
      relation("geqslant", ">="), relation("geqq", ">="), relation("approx", "approx"),
      relation("approxeq", "approx"), relation("simeq", "approx"), relation("sim", "approx"),
      relation("cong", "approx"), relation("doteq", "approx"), relation("equiv", "equiv"),
      relation("in", "in"), relation("notin", "notin"), relation("subset", "subset"),
      relation("subseteq", "subset"), relation("subsetneq", "subset"), {"not", Tok::negation, ""},
      // Sets and logic
      {"cup", Tok::set_operator, "cup"}, {"bigcup", Tok::set_operator, "cup"},
      {"cap", Tok::set_operator, "cap"}, {"bigcap", Tok::set_operator, "cap"},
      {"setminus", Tok::set_operator, "setminus"}, {"backslash", Tok::set_operator, "setminus"},
      {"smallsetminus", Tok::set_operator, "setminus"},
      {"land", Tok::connective, "and"}, {"wedge", Tok::connective, "and"},
      {"lor", Tok::connective, "or"}, {"vee", Tok::connective, "or"},
      {"emptyset", Tok::symbol, "emptyset"}, {"varnothing", Tok::symbol, "emptyset"},
      {"R", Tok::symbol, "R"}, {"N", Tok::symbol, "N"}, {"Z", Tok::symbol, "Z"},
      {"Q", Tok::symbol, "Q"}, {"reals", Tok::symbol, "R"}, {"to", Tok::arrow, ""},
      {"rightarrow", Tok::arrow, ""}, {"longrightarrow", Tok::arrow, ""},
      // Constants and letters
      {"pi", Tok::constant, "pi"}, {"infty", Tok::constant, "infinity"},
      {"imath", Tok::constant, "i"}, {"jmath", Tok::symbol, "j"}, {"ell", Tok::symbol, "l"},
      greek("alpha"), greek("beta"), greek("gamma"), greek("delta"), greek("epsilon"),
      {"varepsilon", Tok::symbol, "epsilon"}, greek("zeta"), greek("eta"), greek("theta"),
      {"vartheta", Tok::symbol, "theta"}, greek("iota"), greek("kappa"), greek("lambda"),
      greek("mu"), greek("nu"), greek("xi"), greek("rho"), greek("sigma"), greek("tau"),
      greek("upsilon"), greek("phi"), {"varphi", Tok::symbol, "phi"}, greek("chi"), greek("psi"),
      greek("omega"), greek("Gamma"), greek("Delta"), greek("Theta"), greek("Lambda"), greek("Xi"),
      greek("Pi"), greek("Sigma"), greek("Upsilon"), greek("Phi"), greek("Psi"), greek("Omega"),
      greek("partial"), greek("nabla"), greek("hbar"), greek("star"),
      // Functions
      function("sin"), function("cos"), function("tan"), function("cot"), function("sec"),
      function("csc"), {"cosec", Tok::function, "csc"}, {"tg", Tok::function, "tan"},
      {"ctg", Tok::function, "cot"}, function("arcsin"), function("arccos"), function("arctan"),
      function("arccot"), function("arcsec"), function("arccsc"), {"arctg", Tok::function, "arctan"},
      function("sinh"), function("cosh"), function("tanh"), function("coth"), function("log"),
      function("ln"), function("lg"), function("exp"), function("max"), function("min"),
      function("gcd"), function("lcm"), function("det"), function("arg"), function("deg"),
      function("dim"), function("ker"), function("sup"), function("inf"), {"Re", Tok::function, "re"},
      {"Im", Tok::function, "im"}, function("Pr"),
      function("cis"), function("sgn"), function("rank"), {"tr", Tok::function, "trace"},
      {"Tr", Tok::function, "trace"}, function("arsinh"), function("arcosh"), function("artanh"),
      function("abs"), function("floor"), {"ceil", Tok::function, "ceil"},
      // Big operators
      {"sum", Tok::big_operator, "sum"}, {"prod", Tok::big_operator, "product"},
      {"int", Tok::big_operator, "integral"}, {"lim", Tok::big_operator, "limit"},
      // Decorations
      {"vec", Tok::decoration, "vector"}, {"hat", Tok::decoration, "vector"},
      {"widehat", Tok::decoration, "vector"}, {"mathbf", Tok::decoration, "vector"},
      {"boldsymbol", Tok::decoration, "vector"}, {"bm", Tok::decoration, "vector"},
      {"pmb", Tok::decoration, "vector"}, {"overrightarrow", Tok::decoration, "vector"},
      {"bar", Tok::decoration, "bar"}, {"overline", Tok::decoration, "bar"},
      {"tilde", Tok::decoration, "tilde"}, {"widetilde", Tok::decoration, "tilde"},
      {"dot", Tok::decoration, "dot"}, {"mathbb", Tok::decoration, "set"},
      {"mathds", Tok::decoration, "set"}, {"Bbb", Tok::decoration, "set"},
      same(Tok::figure, "angle"), same(Tok::figure, "triangle"),
      {"measuredangle", Tok::figure, "angle"},
      // Environments, rows, money
      {"begin", Tok::begin, ""}, {"end", Tok::finish, ""}, {"cr", Tok::row, ""},
      {"euro", Tok::currency, "EUR"}, {"pounds", Tok::currency, "GBP"},
      {"yen", Tok::currency, "JPY"}, {"cent", Tok::currency, "cent"},
      {"rupee", Tok::currency, "INR"}, {"won", Tok::currency, "KRW"},
      {"textdollar", Tok::currency, "$"},
  });
  std::sort(table.begin(), table.end(),
            [](const Command& a, const Command& b) { return a.spelling < b.spelling; });
  return table;
}
constexpr auto kTable = make_table();

}  // namespace

const Command* find_command(std::string_view spelling) {
  auto found = std::lower_bound(
      kTable.begin(), kTable.end(), spelling,
      [](const Command& command, std::string_view key) { return command.spelling < key; });
  return found != kTable.end() && found->spelling == spelling ? &*found : nullptr;
}

}  // namespace reckon::math
