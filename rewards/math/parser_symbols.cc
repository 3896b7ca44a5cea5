// Letters: symbols with their marks, constants, functions written without a backslash.
#include <algorithm>
#include <array>
#include <utility>

#include "rewards/math/parser_state.h"

namespace reckon::math {
namespace {

struct WordEntry {
  std::string_view word;
  WordKind kind;
  std::string_view name;
};

constexpr auto make_words() {
  constexpr WordKind f = WordKind::function, c = WordKind::constant, e = WordKind::english;
  auto table = std::to_array<WordEntry>({
      {"and", WordKind::connective, "and"},
      {"or", WordKind::connective, "or"},
      {"pi", c, "pi"},
      {"infinity", c, "infinity"},
      {"inf", c, "infinity"},
      {"oo", c, "infinity"},
      {"infty", c, "infinity"},
      {"sin", f, "sin"},
      {"cos", f, "cos"},
      {"tan", f, "tan"},
      {"cot", f, "cot"},
      {"sec", f, "sec"},
      {"csc", f, "csc"},
      {"arcsin", f, "arcsin"},
      {"arccos", f, "arccos"},
      {"arctan", f, "arctan"},
      {"asin", f, "arcsin"},
      {"acos", f, "arccos"},
      {"atan", f, "arctan"},
      {"arccot", f, "arccot"},
      {"sinh", f, "sinh"},
      {"cosh", f, "cosh"},
      {"tanh", f, "tanh"},
      {"arcsec", f, "arcsec"},
      {"arccsc", f, "arccsc"},
      {"arsinh", f, "arsinh"},
      {"arcosh", f, "arcosh"},
      {"artanh", f, "artanh"},
      {"cis", f, "cis"},
      {"log", f, "log"},
      {"ln", f, "ln"},
      {"exp", f, "exp"},
      {"sqrt", f, "sqrt"},
      {"cbrt", f, "cbrt"},
      {"max", f, "max"},
      {"min", f, "min"},
      {"gcd", f, "gcd"},
      {"lcm", f, "lcm"},
      {"gcf", f, "gcd"},
      {"hcf", f, "gcd"},
      {"abs", f, "abs"},
      {"floor", f, "floor"},
      {"ceil", f, "ceil"},
      {"det", f, "det"},
      {"sgn", f, "sgn"},
      {"sign", f, "sgn"},
      {"tr", f, "trace"},
      {"trace", f, "trace"},
      {"binom", f, "binom"},
      {"binomial", f, "binom"},
      {"arg", f, "arg"},
      {"rank", f, "rank"},
      // Short words of English; longer ones are recognised by their length
      {"no", e, ""},
      {"yes", e, ""},
      {"the", e, ""},
      {"is", e, ""},
      {"are", e, ""},
      {"not", e, ""},
      {"of", e, ""},
      {"to", e, ""},
      {"if", e, ""},
      {"for", e, ""},
      {"all", e, ""},
      {"any", e, ""},
      {"odd", e, ""},
      {"one", e, ""},
      {"two", e, ""},
      {"six", e, ""},
      {"ten", e, ""},
      {"red", e, ""},
      {"day", e, ""},
      {"sum", e, ""},
      {"mod", e, ""},
      {"it", e, ""},
      {"he", e, ""},
      {"she", e, ""},
      {"we", e, ""},
      {"at", e, ""},
      {"by", e, ""},
      {"on", e, ""},
      {"from", e, ""},
      {"per", e, ""},
      {"has", e, ""},
      {"can", e, ""},
      {"dne", e, ""},
      {"th", e, ""},
      {"st", e, ""},
      {"nd", e, ""},
      {"rd", e, ""},
      {"boy", e, ""},
      {"may", e, ""},
      {"am", e, ""},
      {"pm", e, ""},
      {"a.m", e, ""},
      {"p.m", e, ""},
      {"a.m.", e, ""},
      {"p.m.", e, ""},
      {"its", e, ""},
      {"was", e, ""},
      {"with", e, ""},
      {"deg", e, ""},
      {"cat", e, ""},
      {"dog", e, ""},
      {"tie", e, ""},
  });
  std::sort(table.begin(), table.end(),
            [](const WordEntry& a, const WordEntry& b) { return a.word < b.word; });
  return table;
}
constexpr auto kWords = make_words();

bool is_upper(char c) { return c >= 'A' && c <= 'Z'; }
bool is_lower(char c) { return c >= 'a' && c <= 'z'; }

// A letter that, followed by a parenthesis, names a function: f(x), and not a factor: x(x + 1).
bool names_function(std::string_view name) {
  return !name.empty() && std::string_view("fghFGH").find(name[0]) != std::string_view::npos &&
         (name.size() == 1 || !is_lower(name[1]));
}

}  // namespace

bool equals_folded(std::string_view word, std::string_view lower_case) {
  if (word.size() != lower_case.size()) return false;
  for (size_t i = 0; i < word.size(); ++i) {
    char c = is_upper(word[i]) ? static_cast<char>(word[i] + ('a' - 'A')) : word[i];
    if (c != lower_case[i]) return false;
  }
  return true;
}

WordMeaning meaning_of(const Token& word) {
  std::string_view source = word.source;
  if (source.size() == 1) return {WordKind::letters, {}};
  char folded[16];
  if (source.size() <= sizeof folded) {
    bool capital = is_upper(source[0]);
    for (size_t i = 0; i < source.size(); ++i)
      folded[i] = is_upper(source[i]) ? static_cast<char>(source[i] + ('a' - 'A')) : source[i];
    std::string_view key(folded, source.size());
    auto found =
        std::lower_bound(kWords.begin(), kWords.end(), key,
                         [](const WordEntry& entry, std::string_view k) { return entry.word < k; });
    // "OR" and "Sin" are these words; "PI" and "LN" are letters, but for English ones.
    if (found != kWords.end() && found->word == key &&
        (word.kind != kSplit || found->kind != WordKind::english))
      if (!capital || found->kind != WordKind::constant || source == "Infinity")
        return {found->kind, found->name};
  }
  if (word.kind == kSplit) return {WordKind::letters, {}};
  if (static_cast<unsigned char>(source[0]) >= 0x80) return {WordKind::english, {}};
  bool capitals = std::all_of(source.begin(), source.end(), is_upper);
  bool name = is_upper(source[0]) && source.size() >= 3 && is_lower(source[1]);  // Bob
  if (word.text || source.size() >= 4 || name) {
    // sinx, cosA; pir
    for (std::string_view prefix : {"sin", "cos", "tan", "cot", "log", "ln"})
      if (!word.text && source.size() == prefix.size() + 1 && source.starts_with(prefix) &&
          std::string_view("xyzuvabABC").find(source.back()) != std::string_view::npos)
        return {WordKind::letters, {}};
    if (!(capitals && source.size() <= 4 && !word.text)) return {WordKind::english, {}};
  }
  return {WordKind::letters, {}};
}

Expr Parser::letters() {
  Token& token = tokens_[at_];
  if (precedes_money()) {
    ++at_;
    accept(Tok::dot);
    if (is(Tok::currency)) return money();
    Expr value = number();
    return named(Kind::currency, money_of(token), {value});
  }
  WordMeaning meaning = meaning_of(token);
  if (meaning.kind == WordKind::function) {
    ++at_;
    return function(meaning.name);
  }
  if (meaning.kind == WordKind::constant) {
    ++at_;
    return named(Kind::constant, meaning.name);
  }
  // A5_{11}, FF_{16}: digits of a base beyond ten
  if (token.source[0] <= 'F')
    if (Expr based = based_number()) return based;
  if (meaning.kind != WordKind::letters) return fail("a word inside an expression");
  // sinx: the function first, then its argument
  if (token.source.size() > 2) {
    for (std::string_view prefix : {"sin", "cos", "tan", "cot", "log", "ln", "pi"}) {
      if (!token.source.starts_with(prefix)) continue;
      token.source.remove_prefix(prefix.size());
      token.space = false;
      token.kind = kSplit;
      if (prefix == "pi") return named(Kind::constant, "pi");
      return function(prefix);
    }
  }
  if (token.source.size() == 1)
    if (Expr expr = counting(token)) return expr;
  if (token.source.size() == 3 && token.source[1] == 'C' && is_lower(token.source[0]) &&
      is_lower(token.source[2])) {  // nCk
    ++at_;
    return &node(Kind::binomial, {named(Kind::symbol, token.source.substr(0, 1)),
                                  named(Kind::symbol, token.source.substr(2))});
  }
  return one_letter();
}

bool Parser::is_constant(char letter) const {
  return (letter == 'e' || letter == 'i') && letter != bound_;
}

// The first letter of a run; the rest of the run stays for the next factor.
Expr Parser::one_letter() {
  Token& token = tokens_[at_];
  std::string_view name = token.source.substr(0, 1);
  if (static_cast<unsigned char>(name[0]) >= 0x80) return fail("a letter beyond the alphabet");
  if (token.source.size() == 1) {
    ++at_;
  } else {
    token.source.remove_prefix(1);
    token.space = false;
    token.kind = kSplit;
    return named(is_constant(name[0]) ? Kind::constant : Kind::symbol, name);
  }
  if (is_constant(name[0]) && !is(Tok::under) && !is(Tok::prime))
    return named(Kind::constant, name);
  return symbol_with_marks(name);
}

// C(n, k), P(n, k), C_5^3; nullptr where the letter is a plain symbol.
Expr Parser::counting(const Token& letter) {
  std::string_view name = letter.source;
  if (name != "C" && name != "P") return nullptr;
  if (is_open('(', 1) && !peek(1).space) {
    // Two elements, looked for without parsing: C(5, 2) and not C(x + 1).
    int depth = 0, commas = 0;
    for (size_t i = at_ + 1; i < tokens_.size() && i < at_ + 40; ++i) {
      if (tokens_[i].type == Tok::open) ++depth;
      if (tokens_[i].type == Tok::comma && depth == 1) ++commas;
      if (tokens_[i].type == Tok::close && --depth == 0) break;
    }
    if (commas != 1) return nullptr;
    ++at_;
    std::vector<Expr> args;
    if (!arguments(args)) return nullptr;
    if (name == "C") return &node(Kind::binomial, std::move(args));
    return named(Kind::call, "permutations", std::move(args));
  }
  if (name == "C" && is(Tok::under, 1) && is(Tok::number, 2) && is(Tok::caret, 3) &&
      is(Tok::number, 4)) {  // C_5^3
    Expr n = literal(tokens_[at_ + 2]);
    Expr k = literal(tokens_[at_ + 4]);
    at_ += 5;
    return &node(Kind::binomial, {n, k});
  }
  return nullptr;
}

// {}_5C_3, {}^5C_3, _nP_r: the prefix, then the letter, then the other number.
Expr Parser::prescript() {
  Nested nested(*this);
  ++at_;
  Expr n = is(Tok::number) ? literal(tokens_[at_++]) : argument();
  if (!n) return nullptr;
  bool choose = is(Tok::word) && peek().source == "C";
  if (!choose && !(is(Tok::word) && peek().source == "P")) return fail("a subscript of nothing");
  if (!is(Tok::under, 1)) return fail("a subscript of nothing");
  at_ += 2;
  Expr k = is(Tok::number) ? literal(tokens_[at_++]) : argument();
  if (!k) return nullptr;
  if (choose) return &node(Kind::binomial, {n, k});
  return named(Kind::call, "permutations", {n, k});
}

// x_1, x_{max}, f', f''(x), f_1(x), f^{-1}(x)
Expr Parser::symbol_with_marks(std::string_view name) {
  std::string marked;
  if (is(Tok::under)) {
    size_t first = ++at_;
    if (is_open('{')) {
      int depth = 0;
      for (; !is(Tok::end); ++at_) {
        if (is_open('{')) ++depth;
        if (is_close('}') && --depth == 0) break;
      }
      if (!is(Tok::end)) ++at_;
    } else if (is(Tok::word) && peek().source.size() > 1 && !peek().text) {
      // a_nb is a_n times b
      Token& run = tokens_[at_];
      marked = "_" + std::string(run.source.substr(0, 1));
      run.source.remove_prefix(1);
      run.kind = kSplit;
    } else if (!is(Tok::end)) {
      ++at_;
    }
    if (marked.empty()) {
      marked = "_";
      for (char c : between(first, at_))
        if (c != '{' && c != '}' && c != ' ' && c != '\\') marked += c;
    }
  }
  for (; is(Tok::prime) && names_function(name); ++at_) marked += peek().kind == '"' ? "''" : "'";
  bool called = names_function(name) && is_open('(') && !peek().space;
  // f^{-1}(x)
  if (!called && names_function(name) && is(Tok::caret) && is_open('{', 1) && is(Tok::minus, 2) &&
      peek(3).source == "1" && is_close('}', 4) && is_open('(', 5)) {
    at_ += 5;
    marked += "^{-1}";
    called = true;
  }
  if (!marked.empty()) name = arena_.keep(std::string(name) + marked);
  // P(x) = ... defines P, though P(x) alone would be a product.
  bool defined = !called && marked.empty() && is_open('(') && is(Tok::word, 1) &&
                 peek(1).source.size() == 1 && is_close(')', 2) && is(Tok::relation, 3) &&
                 at_ == 1 && peek(3).name == "=";
  if (!called && !defined) return named(Kind::symbol, name);
  std::vector<Expr> args;
  if (!arguments(args)) return nullptr;
  return named(Kind::call, name, std::move(args));
}

// (a, b): from the opening parenthesis on.
bool Parser::arguments(std::vector<Expr>& args) {
  Nested nested(*this);
  int bars = std::exchange(bars_, 0), builders = std::exchange(builders_, 0);
  ++at_;
  std::vector<char> separators;
  bool good = items(args, separators) && is_close(')');
  bars_ = bars;
  builders_ = builders;
  if (!good) return fail("a call without its closing parenthesis") != nullptr;
  ++at_;
  return true;
}

Expr Parser::decoration() {
  Nested nested(*this);
  std::string_view name = tokens_[at_++].name;
  bool letters = is_open('{') ? is(Tok::word, 1) && is_close('}', 2) : is(Tok::word);
  std::string_view word = is_open('{') ? peek(1).source : peek().source.substr(0, 1);
  if (name == "set" || (name == "vector" && letters && word.size() == 1)) {
    // \mathbb{R}; \vec{v}, \mathbf{i}: a letter is a symbol there even where it names a constant.
    if (!letters) return fail("a set without a name");
    if (!is_open('{') && peek().source.size() > 1) {
      tokens_[at_].source.remove_prefix(1);
      tokens_[at_].kind = kSplit;
      return named(Kind::symbol, word);
    }
    at_ += is_open('{') ? 3 : 1;
    return symbol_with_marks(word);
  }
  if (letters && word.size() > 1 && is_upper(word[0])) {  // \overline{AB}: a segment
    at_ += 3;
    return named(Kind::symbol, word);
  }
  Expr inner = argument();
  if (!inner || name == "vector") return inner;
  return named(Kind::call, name == "bar" ? "overline" : name, {inner});
}

// \angle ABC, \triangle ABC
Expr Parser::figure() {
  std::string_view name = tokens_[at_++].name;
  if (!is(Tok::word)) return named(Kind::symbol, name);
  std::string_view letters = tokens_[at_++].source;
  return named(Kind::symbol, arena_.keep(std::string(name) + " " + std::string(letters)));
}

}  // namespace reckon::math
