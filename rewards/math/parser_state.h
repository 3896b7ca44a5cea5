// The recursive descent behind parse_answer, for the parser_*.cc files alone. One method per rule,
// each in the file of its topic; a method returns nullptr where its rule does not hold, which ends
// the parse (no second attempts but where a method says so, and those look at a few tokens only).
// Every recursion passes through `Nested`, so that depth is bounded before it is used.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "rewards/math/expression.h"
#include "rewards/math/lexer.h"

namespace reckon::math {

// What a run of letters means where no other rule claims it.
enum class WordKind : uint8_t {
  letters,     // symbols side by side: xy
  function,    // sin, sqrt ... without a backslash
  constant,    // pi, infinity
  connective,  // and, or
  english,     // a word of a language
};
struct WordMeaning {
  WordKind kind;
  std::string_view name;
};
constexpr char kSplit = 's';  // Token::kind of a run of letters whose first ones are taken already
WordMeaning meaning_of(const Token& word);
std::string_view money_of(const Token& token);  // "$", "EUR" ...; empty for no money
bool equals_folded(std::string_view word, std::string_view lower_case);
std::string fold_case(std::string_view text);

class Parser {
 public:
  Parser(Arena& arena, std::string_view source)
      : arena_(arena), source_(source), tokens_(lex(source)) {}

  // The whole answer, or nullptr where some part of it follows no rule. `forms`: it may be a
  // choice, a time or a date.
  Expr answer(bool forms = true);
  const std::string& problem() const { return problem_; }

 private:
  class Nested {
   public:
    explicit Nested(Parser& parser) : parser_(parser) {
      parser_.arena_.budget().require_nesting(++parser_.depth_);
    }
    ~Nested() { --parser_.depth_; }

   private:
    Parser& parser_;
  };

  // Tokens
  const Token& peek(size_t ahead = 0) const {
    return tokens_[at_ + ahead < tokens_.size() ? at_ + ahead : tokens_.size() - 1];
  }
  bool is(Tok type, size_t ahead = 0) const { return peek(ahead).type == type; }
  bool is_open(char kind, size_t ahead = 0) const {
    return is(Tok::open, ahead) && peek(ahead).kind == kind;
  }
  bool is_close(char kind, size_t ahead = 0) const {
    return is(Tok::close, ahead) && peek(ahead).kind == kind;
  }
  bool is_word(std::string_view lower_case, size_t ahead = 0) const {
    return is(Tok::word, ahead) && equals_folded(peek(ahead).source, lower_case);
  }
  bool accept(Tok type) {
    if (!is(type)) return false;
    ++at_;
    return true;
  }
  bool accept_close_brace();  // a missing last brace is forgiven
  Expr fail(const char* problem) {
    if (problem_.empty()) problem_ = problem;
    return nullptr;
  }
  std::string_view between(size_t first, size_t last) const;  // source of tokens [first, last)

  // Nodes
  Node& node(Kind kind, std::vector<Expr> args = {}) { return arena_.add(kind, std::move(args)); }
  Expr named(Kind kind, std::string_view name, std::vector<Expr> args = {}) {
    Node& result = node(kind, std::move(args));
    result.name = name;
    return &result;
  }
  Expr integer(long value);

  // parser_statements.cc: lists, statements, relations, unions
  Expr list();
  bool items(std::vector<Expr>& items, std::vector<char>& separators);
  char accept_separator();
  Expr joined(std::vector<Expr> items, const std::vector<char>& separators);
  Expr joined_statements(std::vector<Expr> items, const std::vector<char>& separators);
  static bool mixes(const std::vector<char>& separators);
  Expr item();
  Expr statement();
  Expr operand();
  Expr set_expression(bool intersections);
  std::optional<std::string_view> accept_relation();
  Expr modulus_after(Expr value);

  // parser_arithmetic.cc: from sums down to what a factor begins with
  Expr sum();
  Expr product();
  Expr signed_factor();
  Expr factor();
  Expr postfix(Expr base);
  Expr power(Expr base);
  bool is_transpose(size_t ahead) const;
  Expr exponent();
  Expr argument();
  Expr primary();
  Expr degrees(Expr value);
  bool is_cross() const;
  bool may_be_unit() const;
  bool starts_factor() const;

  // parser_numbers.cc
  Expr number();
  Expr literal(const Token& token);
  Expr based_number();
  Expr base_below(Expr digits);
  Expr mixed_number();

  // parser_symbols.cc: letters, decorated letters, calls of named functions
  Expr letters();
  Expr one_letter();
  bool is_constant(char letter) const;
  Expr symbol_with_marks(std::string_view name);
  Expr decoration();
  Expr figure();
  Expr counting(const Token& letter);
  Expr prescript();
  bool arguments(std::vector<Expr>& args);

  // parser_functions.cc: what a command or a function's name begins
  Expr function(std::string_view name);
  Expr function_argument(bool trigonometric);
  Expr fraction();
  Expr root();
  Expr binomial();
  Expr big_operator();
  Expr big_body(std::string_view name, Expr lower, Expr upper);
  Expr integral(std::vector<Expr> bounds);
  Expr limit();
  Expr derivative();
  Expr evaluated_at(Expr body);
  bool bounds(Expr& lower, Expr& upper);

  // parser_collections.cc: brackets of every kind, matrices
  Expr bracket();
  Expr close_bracket(const Token& open, std::vector<Expr> items,
                     const std::vector<char>& separators);
  Expr enclosed(char open, char close, std::vector<Expr> items,
                const std::vector<char>& separators);
  Expr rows(std::vector<Expr> items, const std::vector<char>& separators);
  Expr set_builder(std::vector<Expr> items);
  Expr absolute(Tok bar);
  Expr angle_tuple();
  bool closes_backwards() const;
  static Expr as_interval(Arena& arena, Expr expr);

  // parser_matrices.cc
  Expr environment();
  Expr matrix(std::string_view name);
  Expr cases();
  Expr aligned();
  Expr condition();

  // parser_words.cc: answers that are words rather than mathematics
  Expr choice();
  Expr clock();
  Expr date();
  Expr words();
  bool starts_words() const;

  // parser_units.cc
  Expr unit_after(Expr value);
  bool precedes_money() const;
  Expr money();
  Expr unit_phrase(Expr value);
  Expr price_per(Expr currency);
  size_t end_of_unit() const;
  bool ends_value(size_t ahead) const;

  Arena& arena_;
  std::string_view source_;
  std::vector<Token> tokens_;
  size_t at_ = 0;
  int depth_ = 0;
  int bars_ = 0;       // open |, within the innermost bracket
  int builders_ = 0;   // set braces whose bar has not come yet
  int angles_ = 0;     // open <
  char bound_ = 0;     // the letter i or e, where a sum or product runs over it
  int integrals_ = 0;  // integrals whose differential has not come yet
  std::string problem_;
};

}  // namespace reckon::math
