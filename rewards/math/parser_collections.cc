// Brackets of every kind: groups, tuples, sets, intervals, set builders, absolute values.
#include <utility>

#include "rewards/math/parser_state.h"

namespace reckon::math {
namespace {

bool is_infinite(Expr expr) {
  if (expr->kind == Kind::negate) expr = expr->args[0];
  return expr->kind == Kind::constant && expr->name == "infinity";
}

bool holds_elements(Expr expr) {
  switch (expr->kind) {
    case Kind::tuple:
    case Kind::bracketed:
    case Kind::interval:
    case Kind::matrix:
    case Kind::set:
      return true;
    default:
      return false;
  }
}

}  // namespace

// (a, b) where only an interval makes sense.
Expr Parser::as_interval(Arena& arena, Expr expr) {
  if (expr->kind != Kind::tuple || expr->args.size() != 2 || expr->name != "(") return expr;
  Node& interval = arena.add(Kind::interval, expr->args);
  interval.left_open = interval.right_open = true;
  return &interval;
}

// A [ that closes: ]a, b[ with nothing after it that it could open on.
bool Parser::closes_backwards() const {
  switch (peek(1).type) {
    case Tok::end:
    case Tok::set_operator:
    case Tok::comma:
    case Tok::close:
    case Tok::relation:
    case Tok::connective:
      return true;
    case Tok::word:
      return peek(1).source == "U" || is_word("and", 1) || is_word("or", 1);
    default:
      return false;
  }
}

Expr Parser::bracket() {
  Nested nested(*this);
  Token open = tokens_[at_++];
  bool group = open.kind == '{' || open.kind == 's';
  int bars = std::exchange(bars_, 0), angles = std::exchange(angles_, 0);
  int builders = std::exchange(builders_, open.kind == 's' || open.name == "set" ? 1 : 0);
  std::vector<Expr> elements;
  std::vector<char> separators;
  bool empty = is(Tok::close) || (open.kind == '{' && is(Tok::end));
  bool good = empty || items(elements, separators);
  Expr result = nullptr;
  if (good && builders_ > 0 && group && (is(Tok::bar) || is(Tok::mid) || is(Tok::colon))) {
    result = set_builder(std::move(elements));
  } else if (good) {
    result = close_bracket(open, std::move(elements), separators);
  }
  bars_ = bars;
  angles_ = angles;
  builders_ = builders;
  return result;
}

Expr Parser::close_bracket(const Token& open, std::vector<Expr> items,
                           const std::vector<char>& separators) {
  char close = 0;
  if (is(Tok::close)) {
    close = peek().kind;
  } else if (is_open('[') && closes_backwards()) {
    close = '[';
  } else if (is(Tok::end) && (open.kind == '{' || open.kind == 's')) {
    close = '}';
    --at_;  // the missing brace: the end stays where it is
  } else {
    return fail("a bracket that is not closed");
  }
  bool whole = tokens_[at_ + 1].type == Tok::end && open.source.data() == source_.data();
  ++at_;
  if (open.kind == '.') {  // \left. f \right|_a^b
    if (items.size() != 1 || close != '|' || !is(Tok::under)) return fail("an invisible bracket");
    return evaluated_at(items[0]);
  }
  if (open.kind == '[' && close == ']' && items.size() == 1 && !whole) return items[0];
  return enclosed(open.kind, close, std::move(items), separators);
}

Expr Parser::enclosed(char open, char close, std::vector<Expr> items,
                      const std::vector<char>& separators) {
  size_t count = items.size();
  switch (open) {
    case 'f':
    case 'c':
    case '|':
    case 'n': {
      if (close != open || count != 1) return fail("a bracket that another closes");
      if (items[0]->kind == Kind::matrix && open == '|')
        return named(Kind::call, "det", {items[0]});
      std::string_view name = open == 'f'   ? "floor"
                              : open == 'c' ? "ceil"
                              : open == '|' ? "abs"
                                            : "norm";
      return named(Kind::call, name, std::move(items));
    }
    case '<':
      if (close != '>') return fail("a bracket that another closes");
      return named(Kind::tuple, "<", std::move(items));
    case '{':
      if (close != '}') return fail("a brace that is not closed");
      if (count == 0)
        return is(Tok::under) || is(Tok::caret) ? prescript() : named(Kind::symbol, "emptyset");
      if (count == 1) return items[0];
      for (char separator : separators)
        if (separator == '&' || separator == '|') return joined(std::move(items), separators);
      return &node(Kind::set, std::move(items));
    case 's':
      if (close == '.' && count >= 1)
        return joined(std::move(items), separators);  // \left\{ system
      if (close != 's' && close != '}') return fail("a brace that is not closed");
      if (count == 0) return named(Kind::symbol, "emptyset");
      return &node(Kind::set, std::move(items));
    default:
      break;
  }
  if (close != ')' && close != ']' && close != '[') return fail("a bracket that another closes");
  bool round = open == '(' && close == ')';
  if (count == 1 && round) return items[0];
  if (round && !mixes(separators)) {
    Expr list = joined(items, separators);
    if (list->kind != Kind::list && count != 0) return list;
    if (count != 2 || !(is_infinite(items[0]) || is_infinite(items[1])))
      return named(Kind::tuple, "(", std::move(items));
  }
  bool square = open == '[' && close == ']';
  if (mixes(separators))
    return square ? rows(std::move(items), separators) : fail("commas and semicolons mixed");
  bool nested = square && count > 0;
  for (Expr item : items) nested = nested && holds_elements(item);
  if (square && (nested || count != 2)) {
    for (Expr& item : items)
      if (item->kind == Kind::interval && !item->left_open && !item->right_open)
        item = &node(Kind::bracketed, item->args);
    return &node(Kind::bracketed, std::move(items));
  }
  if (count != 2) return fail("an interval without two ends");
  Node& interval = node(Kind::interval, std::move(items));
  interval.left_open = open != '[';
  interval.right_open = close != ']';
  return &interval;
}

// [1, 2; 3, 4]: a list of rows.
Expr Parser::rows(std::vector<Expr> items, const std::vector<char>& separators) {
  std::vector<Expr> rows, row;
  for (size_t i = 0; i < items.size(); ++i) {
    row.push_back(items[i]);
    if (i + 1 < items.size() && separators[i] != ';') continue;
    rows.push_back(&node(Kind::bracketed, std::move(row)));
    row.clear();
  }
  return &node(Kind::bracketed, std::move(rows));
}

// After the element: the bar, then the conditions.
Expr Parser::set_builder(std::vector<Expr> elements) {
  if (elements.size() != 1) return fail("a set builder without its one element");
  builders_ = 0;
  ++at_;
  std::vector<char> separators;
  if (!items(elements, separators)) return nullptr;
  if (!is_close('s') && !accept_close_brace()) return fail("a set builder that is not closed");
  if (is_close('s')) ++at_;
  return &node(Kind::set_builder, std::move(elements));
}

Expr Parser::absolute(Tok bar) {
  Nested nested(*this);
  ++bars_;
  Expr inner = list();
  --bars_;
  if (!inner) return nullptr;
  if (!accept(bar)) return fail("a bar that is not closed");
  if (inner->kind == Kind::matrix && bar == Tok::bar) return named(Kind::call, "det", {inner});
  return named(Kind::call, bar == Tok::bar ? "abs" : "norm", {inner});
}

// <1, 2, 3>
Expr Parser::angle_tuple() {
  Nested nested(*this);
  ++at_;
  ++angles_;
  std::vector<Expr> elements;
  std::vector<char> separators;
  bool good = items(elements, separators);
  --angles_;
  if (!good) return nullptr;
  if (!is(Tok::relation) || peek().name != ">" || elements.size() < 2)
    return fail("a relation out of place");
  ++at_;
  return named(Kind::tuple, "<", std::move(elements));
}

}  // namespace reckon::math
