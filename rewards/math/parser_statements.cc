// Lists, statements and relations, unions of sets.
#include "rewards/math/parser_state.h"
#include "rewards/math/units.h"

namespace reckon::math {
namespace {

bool is_statement(Expr expr) {
  switch (expr->kind) {
    case Kind::relation:
    case Kind::chain:
    case Kind::conjunction:
    case Kind::disjunction:
      return true;
    default:
      return false;
  }
}

bool is_set_like(Expr expr) {
  switch (expr->kind) {
    case Kind::interval:
    case Kind::tuple:
    case Kind::set:
    case Kind::set_union:
    case Kind::intersection:
    case Kind::set_difference:
    case Kind::set_builder:
      return true;
    case Kind::symbol:
      return expr->name == "R" || expr->name == "Z" || expr->name == "emptyset";
    default:
      return false;
  }
}

// What may be united: no number.
bool may_be_set(Expr expr) {
  return is_set_like(expr) || expr->kind == Kind::symbol || expr->kind == Kind::choice ||
         expr->kind == Kind::call || expr->kind == Kind::big_operator ||
         expr->kind == Kind::power || expr->kind == Kind::product || expr->kind == Kind::ellipsis;
}

// 5 hours and 30 minutes
bool is_one_measure(const std::vector<Expr>& items, const std::vector<char>& separators) {
  std::optional<Unit> last;
  for (size_t i = 0; i < items.size(); ++i) {
    if (items[i]->kind != Kind::quantity || (i > 0 && separators[i - 1] != '&')) return false;
    std::optional<Unit> unit = find_unit(items[i]->name);
    if (!unit) return false;
    if (last && !(unit->dimension == last->dimension && unit->factor < last->factor)) return false;
    last = std::move(unit);
  }
  return true;
}

// The same spelling of a left side: enough to tell "x = 1, x = 2" from "x = 1, y = 2".
bool same_symbol(Expr a, Expr b) {
  if (a->kind != b->kind || a->args.size() != b->args.size() || a->name != b->name) return false;
  for (size_t i = 0; i < a->args.size(); ++i)
    if (a->args[i]->kind != Kind::symbol || !same_symbol(a->args[i], b->args[i])) return false;
  return a->kind == Kind::symbol || a->kind == Kind::tuple;
}

}  // namespace

bool Parser::mixes(const std::vector<char>& separators) {
  bool comma = false, semicolon = false;
  for (char separator : separators) {
    comma = comma || separator == ',';
    semicolon = semicolon || separator == ';';
  }
  return comma && semicolon;
}

Expr Parser::list() {
  std::vector<Expr> items;
  std::vector<char> separators;
  if (!this->items(items, separators)) return nullptr;
  return joined(std::move(items), separators);
}

// ',' ';' '&' (and) '|' (or), 0 for none. ", and" is one separator.
char Parser::accept_separator() {
  char found = 0;
  if (is(Tok::comma) || is(Tok::semicolon)) found = is(Tok::comma) ? ',' : ';';
  if (found) ++at_;
  if (is(Tok::connective)) {
    found = peek().name == "and" ? '&' : '|';
    ++at_;
  } else if (is(Tok::word) && (is_word("and") || is_word("or"))) {
    found = is_word("and") ? '&' : '|';
    ++at_;
  }
  return found;
}

bool Parser::items(std::vector<Expr>& items, std::vector<char>& separators) {
  while (true) {
    Expr expr = item();
    if (!expr) return false;
    items.push_back(expr);
    size_t before = at_;
    char separator = accept_separator();
    if (separator == 0) return true;
    if (separator == ',' && (is(Tok::ampersand) || is(Tok::row))) {  // the comma of a cell
      at_ = before + 1;
      return true;
    }
    separators.push_back(separator);
  }
}

Expr Parser::joined(std::vector<Expr> items, const std::vector<char>& separators) {
  if (items.size() == 1) return items[0];
  for (Expr expr : items)
    if (is_statement(expr)) return joined_statements(std::move(items), separators);
  if (mixes(separators)) return fail("commas and semicolons mixed");
  if (is_one_measure(items, separators)) return &node(Kind::sum, std::move(items));
  return &node(Kind::list, std::move(items));
}

Expr Parser::joined_statements(std::vector<Expr> items, const std::vector<char>& separators) {
  Expr first = items[0];
  if (first->kind != Kind::relation) {
    for (Expr expr : items)
      if (!is_statement(expr)) return &node(Kind::list, std::move(items));
  }
  // x = 1, 2: the left side holds for the bare values too.
  bool solutions = first->kind == Kind::relation && (first->name == "=" || first->name == "equiv");
  if (first->kind == Kind::relation) {
    for (Expr& expr : items) {
      if (is_statement(expr)) continue;
      expr = named(Kind::relation, first->name, {first->args[0], expr});
    }
  }
  // x \equiv 1, 2 \pmod 7: the modulus is written once.
  Expr last = items.back();
  if (last->kind == Kind::relation && last->args[1]->kind == Kind::congruence) {
    for (Expr& expr : items) {
      if (expr->kind != Kind::relation || expr->name != last->name ||
          expr->args[1]->kind == Kind::congruence)
        continue;
      Expr value = &node(Kind::congruence, {expr->args[1], last->args[1]->args[1]});
      expr = named(Kind::relation, expr->name, {expr->args[0], value});
    }
  }
  for (Expr expr : items)
    solutions = solutions && expr->kind == Kind::relation && expr->name == first->name &&
                same_symbol(expr->args[0], first->args[0]);
  bool conjunction = false;
  for (char separator : separators) conjunction = conjunction || separator == '&';
  if (solutions && !conjunction) return &node(Kind::disjunction, std::move(items));
  std::vector<Expr> alternatives, group;
  bool mixed = mixes(separators);  // x = 1, y = 2; x = 3, y = 4
  for (size_t i = 0; i < items.size(); ++i) {
    group.push_back(items[i]);
    if (i + 1 < items.size() && separators[i] != '|' && !(mixed && separators[i] == ';')) continue;
    alternatives.push_back(group.size() == 1 ? group[0] : &node(Kind::conjunction, group));
    group.clear();
  }
  if (alternatives.size() == 1) return alternatives[0];
  return &node(Kind::disjunction, std::move(alternatives));
}

Expr Parser::item() {
  if (starts_words()) return words();
  return statement();
}

std::optional<std::string_view> Parser::accept_relation() {
  if (is(Tok::negation) && is(Tok::relation, 1)) {
    std::string_view name = peek(1).name;
    if (name != "=" && name != "in") return std::nullopt;
    at_ += 2;
    return name == "=" ? "!=" : "notin";
  }
  if (is(Tok::relation)) {
    if (angles_ > 0 && peek().name == ">") return std::nullopt;
    return tokens_[at_++].name;
  }
  // x in [0, 1]
  if (is_word("in") && (is(Tok::open, 1) || is(Tok::decoration, 1) || is(Tok::symbol, 1))) {
    ++at_;
    return "in";
  }
  return std::nullopt;
}

Expr Parser::statement() {
  // "= 5" and "\approx 5": the left side was left out.
  if (is(Tok::relation) && (peek().name == "=" || peek().name == "approx")) ++at_;
  Expr left = operand();
  if (!left) return nullptr;
  left = modulus_after(left);
  if (!left) return nullptr;
  std::vector<Expr> relations;
  while (auto name = accept_relation()) {
    Expr right = operand();
    if (!right) return fail("a relation without its right side");
    right = modulus_after(right);
    if (!right) return nullptr;
    if (*name == "in" || *name == "notin" || *name == "subset") right = as_interval(arena_, right);
    relations.push_back(named(Kind::relation, *name, {left, right}));
    left = right;
  }
  if (relations.empty()) return left;
  if (relations.size() == 1) return relations[0];
  return &node(Kind::chain, std::move(relations));
}

// 3 \pmod 7, 3 (mod 7), 3 mod 7
Expr Parser::modulus_after(Expr value) {
  bool parenthesis = is_open('(') && (is_word("mod", 1) || is(Tok::modulo, 1));
  if (!parenthesis && !is_word("mod") && !(is(Tok::modulo) && peek().name == "pmod")) return value;
  at_ += parenthesis ? 2 : 1;
  Expr modulus = sum();
  if (!modulus) return nullptr;
  if (parenthesis && !is_close(')')) return fail("an open parenthesis");
  if (parenthesis) ++at_;
  return &node(Kind::congruence, {value, modulus});
}

Expr Parser::operand() {
  Expr first = set_expression(false);
  if (!first) return nullptr;
  bool to = first->kind == Kind::number && is_word("to") && is(Tok::number, 1);
  if (!to && (!is(Tok::colon) || builders_ > 0)) return first;
  std::vector<Expr> parts = {first};
  while (is(Tok::colon) || (to && is_word("to"))) {
    ++at_;
    Expr part = set_expression(false);
    if (!part) return nullptr;
    parts.push_back(part);
  }
  return &node(Kind::ratio, std::move(parts));
}

Expr Parser::set_expression(bool intersections) {
  Expr left = intersections ? sum() : set_expression(true);
  if (!left) return nullptr;
  std::vector<Expr> parts = {left};
  auto accepts = [&](std::string_view name) {
    if (name == "cup" && is(Tok::word) && peek().source == "U" && is_set_like(parts.back()))
      return true;
    return is(Tok::set_operator) && peek().name == name;
  };
  Kind kind = intersections ? Kind::intersection : Kind::set_union;
  while (accepts(intersections ? "cap" : "cup") || (!intersections && accepts("setminus"))) {
    bool difference = is(Tok::set_operator) && peek().name == "setminus";
    ++at_;
    Expr right = intersections ? sum() : set_expression(true);
    if (!right) return nullptr;
    right = as_interval(arena_, right);
    parts.back() = as_interval(arena_, parts.back());
    if (!may_be_set(right) || !may_be_set(parts.back())) return fail("a union of no sets");
    if (difference) {
      Expr whole = parts.size() == 1 ? parts[0] : &node(kind, std::move(parts));
      parts = {&node(Kind::set_difference, {whole, right})};
    } else {
      parts.push_back(right);
    }
  }
  return parts.size() == 1 ? parts[0] : &node(kind, std::move(parts));
}

}  // namespace reckon::math
