// Environments: matrices, determinants, cases, systems of statements.
#include "rewards/math/parser_state.h"

namespace reckon::math {
namespace {

bool is_one_of(std::string_view name, std::initializer_list<std::string_view> names) {
  for (std::string_view one : names)
    if (name == one) return true;
  return false;
}

}  // namespace

Expr Parser::environment() {
  Nested nested(*this);
  std::string_view name = peek().name;
  bool after_brace = at_ > 0 && tokens_[at_ - 1].type == Tok::open && tokens_[at_ - 1].kind == 's';
  ++at_;
  if (is_one_of(name, {"cases", "dcases", "rcases"}) ||
      (after_brace && is_one_of(name, {"array", "matrix"})))
    return cases();
  if (is_one_of(name, {"aligned", "align", "gathered", "gather", "split", "eqnarray"}))
    return aligned();
  if (is_one_of(name, {"pmatrix", "bmatrix", "Bmatrix", "vmatrix", "Vmatrix", "matrix",
                       "smallmatrix", "array"}))
    return matrix(name);
  return fail("an unknown environment");
}

Expr Parser::matrix(std::string_view name) {
  std::vector<Expr> cells;
  size_t width = 0, in_row = 0;
  int rows = 0;
  while (!is(Tok::finish) && !is(Tok::end)) {
    Expr cell = item();
    if (!cell) return nullptr;
    cells.push_back(cell);
    ++in_row;
    if (accept(Tok::ampersand)) continue;
    ++rows;
    if (width == 0) width = in_row;
    if (in_row != width) return fail("rows of different lengths");
    in_row = 0;
    if (!accept(Tok::row) && !is(Tok::finish)) return fail("a matrix that is not closed");
  }
  if (!accept(Tok::finish) || cells.empty() || in_row != 0)
    return fail("a matrix that is not closed");
  Node& result = node(Kind::matrix, std::move(cells));
  result.rows = rows;
  result.name = name;
  if (name == "vmatrix") return named(Kind::call, "det", {&result});
  if (name == "Vmatrix") return named(Kind::call, "norm", {&result});
  return &result;
}

// Rows of value & condition; rows of one cell each are a system, all of which holds.
Expr Parser::cases() {
  std::vector<Expr> args;
  bool conditions = false, system = false;
  while (!is(Tok::finish) && !is(Tok::end)) {
    std::vector<Expr> value;
    std::vector<char> separators;
    if (!items(value, separators)) return nullptr;
    args.push_back(joined(std::move(value), separators));
    if (accept(Tok::ampersand)) {
      conditions = true;
      Expr when = condition();
      if (!when) return nullptr;
      args.push_back(when);
    } else {
      system = true;
    }
    if (!accept(Tok::row) && !is(Tok::finish)) return fail("cases that are not closed");
  }
  if (!accept(Tok::finish) || args.empty() || (conditions && system))
    return fail("cases that are not closed");
  if (conditions) return &node(Kind::cases, std::move(args));
  return args.size() == 1 ? args[0] : &node(Kind::conjunction, std::move(args));
}

Expr Parser::condition() {
  for (std::string_view word : {"if", "for", "when", "where"}) {
    if (!is_word(word)) continue;
    ++at_;
    break;
  }
  if (is_word("otherwise") || is_word("else")) {
    ++at_;
    accept(Tok::dot);
    return named(Kind::text, "otherwise");
  }
  std::vector<Expr> items;
  std::vector<char> separators;
  if (!this->items(items, separators)) return nullptr;
  accept(Tok::dot);
  return joined(std::move(items), separators);
}

// Rows of statements; the ampersands only align.
Expr Parser::aligned() {
  int depth = 0;
  size_t kept = at_, i = at_;
  for (; i < tokens_.size(); ++i) {
    if (tokens_[i].type == Tok::begin) ++depth;
    if (tokens_[i].type == Tok::finish && depth-- == 0) break;
    if (tokens_[i].type != Tok::ampersand || depth > 0) tokens_[kept++] = tokens_[i];
  }
  for (; i < tokens_.size(); ++i) tokens_[kept++] = tokens_[i];
  tokens_.resize(kept);
  std::vector<Expr> rows;
  while (!is(Tok::finish) && !is(Tok::end)) {
    std::vector<char> separators;
    if (!items(rows, separators)) return nullptr;
    if (!accept(Tok::row) && !is(Tok::finish)) return fail("an environment that is not closed");
  }
  if (!accept(Tok::finish) || rows.empty()) return fail("an environment that is not closed");
  return joined(rows, std::vector<char>(rows.size() - 1, '&'));
}

}  // namespace reckon::math
