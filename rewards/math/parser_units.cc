// What stands after a value: units of measure, money, percent in words, counted things.
#include "rewards/math/parser_state.h"
#include "rewards/math/units.h"

namespace reckon::math {

std::string_view money_of(const Token& token) {
  if (token.type == Tok::currency) return token.name;
  if (token.type != Tok::word) return {};
  static constexpr struct {
    std::string_view word, name;
  } kMoney[] = {{"dollar", "$"},  {"dollars", "$"},  {"usd", "$"},      {"us", "$"},
                {"euro", "EUR"},  {"euros", "EUR"},  {"eur", "EUR"},    {"gbp", "GBP"},
                {"yen", "JPY"},   {"jpy", "JPY"},    {"yuan", "CNY"},   {"cny", "CNY"},
                {"rmb", "CNY"},   {"rupee", "INR"},  {"rupees", "INR"}, {"inr", "INR"},
                {"rs", "INR"},    {"peso", "MXN"},   {"pesos", "MXN"},  {"won", "KRW"},
                {"cent", "cent"}, {"cents", "cent"}, {"ruble", "RUB"},  {"rubles", "RUB"}};
  for (auto [word, name] : kMoney)
    if (equals_folded(token.source, word)) return name;
  return {};
}

namespace {

constexpr size_t kMostUnitTokens = 24;  // keeps the whole parse linear

// Two letters that are a unit when they stand in plain text after a number: 5cm. The others of two
// letters need a space before them ("5 in"): 2mi may be twice m times i.
bool is_plain_unit(const Token& token) {
  for (std::string_view unit :
       {"cm", "mm", "km", "kg", "mg", "ml", "mL", "lb", "oz", "yd", "ft", "hr"})
    if (token.source == unit) return true;
  if (!token.space) return false;
  for (std::string_view unit :
       {"sq", "cu", "in", "mi", "ha", "qt", "pt", "dm", "kW", "Hz", "cc", "gm", "kJ", "MW"})
    if (token.source == unit) return true;
  return false;
}

// Words that multiply: $5 million. 0 where the word is none.
long scale_of(const Token& token) {
  static constexpr struct {
    std::string_view word;
    long value;
  } kScales[] = {{"hundred", 100},
                 {"thousand", 1000},
                 {"million", 1'000'000},
                 {"billion", 1'000'000'000},
                 {"trillion", 1'000'000'000'000},
                 {"dozen", 12}};
  for (auto [word, value] : kScales)
    if (equals_folded(token.source, word)) return value;
  return 0;
}

bool is_ordinal(const Token& token) {
  for (std::string_view suffix : {"th", "st", "nd", "rd"})
    if (equals_folded(token.source, suffix)) return true;
  return false;
}

// Words that no counted thing begins with: "7 out of 10".
bool is_no_noun(const Token& token) {
  for (std::string_view word : {"of", "out", "is", "are", "at", "by", "on", "from", "if", "for",
                                "when", "with", "more", "less", "than", "times", "not"})
    if (equals_folded(token.source, word)) return true;
  return false;
}

}  // namespace

// Whether a value may end here: the end, a separator, a closing bracket, a relation.
bool Parser::ends_value(size_t ahead) const {
  const Token& token = peek(ahead);
  switch (token.type) {
    case Tok::end:
    case Tok::close:
    case Tok::comma:
    case Tok::semicolon:
    case Tok::ampersand:
    case Tok::row:
    case Tok::finish:
    case Tok::connective:
      return true;
    case Tok::word:
      return equals_folded(token.source, "and") || equals_folded(token.source, "or");
    default:
      return false;
  }
}

// US\$5, USD 5, Rs. 5
bool Parser::precedes_money() const {
  if (!is_word("us") && !is_word("usd") && !is_word("rs") && !is_word("eur")) return false;
  if (is(Tok::currency, 1)) return is_word("us") || is_word("usd");
  return !is_word("us") && is(Tok::number, is(Tok::dot, 1) ? 2 : 1);
}

// $5, \$5.20, \euro 3
Expr Parser::money() {
  Nested nested(*this);
  std::string_view name = tokens_[at_++].name;
  Expr value = signed_factor();
  if (!value) return nullptr;
  return named(Kind::currency, name, {value});
}

// The value itself, with nothing consumed, where no unit follows; nullptr where the words that
// follow make it neither a quantity nor an expression.
Expr Parser::unit_after(Expr value) {
  const Token& token = peek();
  if (value->kind == Kind::quantity || value->kind == Kind::text) return value;
  if (std::string_view money = money_of(token); !money.empty()) {
    if (token.type == Tok::currency && !ends_value(1)) return value;
    ++at_;
    return price_per(value->kind == Kind::currency ? value : named(Kind::currency, money, {value}));
  }
  if (token.type != Tok::word) return value;
  if (long scale = token.source.size() >= 5 ? scale_of(token) : 0) {
    ++at_;
    bool money = value->kind == Kind::currency;
    Expr scaled = &node(Kind::product, {money ? value->args[0] : value, integer(scale)});
    return money ? named(Kind::currency, value->name, {scaled}) : scaled;
  }
  if (value->kind == Kind::currency) return price_per(value);
  if (is_word("percent") || is_word("pct") || is_word("percentage")) {
    ++at_;
    return &node(Kind::percent, {value});
  }
  WordMeaning meaning = meaning_of(token);
  if (meaning.kind == WordKind::connective || meaning.kind == WordKind::constant) return value;
  if (meaning.kind == WordKind::function && !ends_value(1) && !is(Tok::slash, 1)) return value;
  if (is_word("to") || is_word("mod") || (is_word("in") && !ends_value(1) && is(Tok::open, 1)))
    return value;
  if (is_word("of") && (is_word("a", 1) || is_word("an", 1)) && is(Tok::word, 2)) at_ += 2;
  return unit_phrase(value);
}

// $3 per pound: "$/lb", a currency of its own.
Expr Parser::price_per(Expr currency) {
  if (!is_word("per") || !is(Tok::word, 1) || currency->name.find('/') != std::string_view::npos)
    return currency;
  size_t first = ++at_;
  while (is(Tok::word) && !ends_value(0)) ++at_;
  auto unit = read_unit(between(first, at_));
  std::string below = unit ? unit->name : fold_case(between(first, at_));
  return named(Kind::currency, arena_.keep(std::string(currency->name) + "/" + below),
               {currency->args[0]});
}

// The longest run of tokens that could spell a unit.
size_t Parser::end_of_unit() const {
  size_t end = at_;
  while (end < tokens_.size() && end < at_ + kMostUnitTokens) {
    const Token& token = tokens_[end];
    auto next_is = [&](Tok type, size_t ahead) {
      return end + ahead < tokens_.size() && tokens_[end + ahead].type == type;
    };
    bool after_word = end > at_ && tokens_[end - 1].type == Tok::word;
    if (token.type == Tok::word) {
      if (equals_folded(token.source, "and") || equals_folded(token.source, "or")) break;
      ++end;
    } else if (token.type == Tok::dot && after_word) {
      ++end;
    } else if ((token.type == Tok::slash || token.type == Tok::times) && next_is(Tok::word, 1)) {
      ++end;
    } else if (token.type == Tok::caret && next_is(Tok::number, 1)) {
      end += 2;
    } else if (token.type == Tok::caret && next_is(Tok::minus, 1) && next_is(Tok::number, 2)) {
      end += 3;
    } else if (token.type == Tok::caret && next_is(Tok::open, 1)) {
      size_t sign = next_is(Tok::minus, 2) ? 1 : 0;
      if (!next_is(Tok::number, 2 + sign) || !next_is(Tok::close, 3 + sign)) break;
      end += 4 + sign;
    } else if (token.type == Tok::number && after_word && !token.space &&
               token.source.size() == 1) {
      ++end;  // cm2
    } else {
      break;
    }
  }
  return end;
}

Expr Parser::unit_phrase(Expr value) {
  const Token token = peek();
  size_t end = end_of_unit();
  size_t words_end = at_;
  while (words_end < end &&
         (tokens_[words_end].type == Tok::word || tokens_[words_end].type == Tok::dot))
    ++words_end;
  bool compound = end > words_end && tokens_[words_end].type == Tok::slash && token.space &&
                  !tokens_[words_end].space && value->kind == Kind::number;
  bool long_word = token.source.size() >= 3;
  const Token& before = tokens_[at_ - 1];
  bool article = before.source == "a" || before.source == "an";  // a quarter of a mile
  bool after_letters = before.type == Tok::word && !before.text && !article;
  bool eligible = token.text || long_word || is_plain_unit(token) || compound;
  if (eligible && !after_letters) {
    for (size_t last : {end, words_end}) {
      auto unit = read_unit(between(at_, last));
      if (!unit) continue;
      at_ = last;
      if (unit->name == "deg") return &node(Kind::degrees, {value});
      return named(Kind::quantity, arena_.keep(std::move(unit->name)), {value});
    }
  }
  // Counted things: 65 children tickets, 3 apples/day.
  bool noun = meaning_of(token).kind == WordKind::english && token.source.size() >= 2;
  if (!noun) return value;
  if (is_ordinal(token) || is_no_noun(token)) return fail("words that count nothing");
  size_t last = at_;
  while (last < end && (tokens_[last].type == Tok::word || tokens_[last].type == Tok::slash ||
                        tokens_[last].type == Tok::dot))
    ++last;
  std::string name = fold_case(between(at_, last));
  at_ = last;
  return named(Kind::quantity, arena_.keep(std::move(name)), {value});
}

}  // namespace reckon::math
