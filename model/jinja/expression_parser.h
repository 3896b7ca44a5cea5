// The expressions of a template; the statements' parser builds on it. Used by parser.cc alone.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "model/jinja/lexer.h"

namespace reckon::jinja {

class ExpressionParser {
 public:
  explicit ExpressionParser(std::vector<Token> tokens) : tokens_(std::move(tokens)) {}

 protected:
  static constexpr int kMaxDepth = 200;  // of the tree, so that walking it never recurses further

  // Guards the parser's own recursion.
  class Level {
   public:
    explicit Level(ExpressionParser& parser) : parser_(parser) {
      if (++parser.level_ > kMaxDepth) parser.fault("the template nests too deeply");
    }
    ~Level() { --parser_.level_; }

   private:
    ExpressionParser& parser_;
  };

  [[noreturn]] void fault(const std::string& problem,
                          const std::string& remedy = "correct the chat template") const;
  [[noreturn]] void refused(const std::string& what) const;

  const Token& now() const { return tokens_[at_]; }
  const Token& ahead() const { return tokens_[std::min(at_ + 1, tokens_.size() - 1)]; }
  bool is_sign(std::string_view text) const;
  bool is_word(std::string_view text) const;
  bool take_sign(std::string_view text);
  bool take_word(std::string_view text);
  void expect_sign(std::string_view text);
  void expect(Token::Kind kind, const std::string& what);
  std::string expect_name(const std::string& what);

  ExprPtr expression();                                                    // with "a if b else c"
  ExprPtr expressions(bool condition, bool explicit_parentheses = false);  // "a, b" is a tuple
  ExprPtr filters(ExprPtr node,
                  bool starts_inline);  // node | f | g; null stands for a block's text
  ExprPtr unary(bool with_filters = true);
  ExprPtr make(Expr::Kind kind, Spot spot, std::string text, std::vector<ExprPtr> parts) const;

  std::vector<Token> tokens_;
  size_t at_ = 0;
  int level_ = 0;
  int conditions_ = 0;  // around: what may never be reached is refused only when it is

 private:
  using Parse = ExprPtr (ExpressionParser::*)();
  ExprPtr either();
  ExprPtr both();
  ExprPtr negation();
  ExprPtr comparison();
  ExprPtr sum();
  ExprPtr concatenation();
  ExprPtr product();
  ExprPtr power();
  ExprPtr power_operand() { return unary(); }
  ExprPtr left_to_right(Parse operand, std::initializer_list<std::string_view> signs, bool words);
  ExprPtr primary();
  ExprPtr literal();
  ExprPtr list();
  ExprPtr dictionary();
  ExprPtr postfix(ExprPtr node);
  ExprPtr filters_and_tests(ExprPtr node);
  ExprPtr one_filter(ExprPtr node);
  ExprPtr test(ExprPtr node);
  ExprPtr call(ExprPtr node);
  ExprPtr subscript(ExprPtr node);
  void arguments(Expr& node);
};

}  // namespace reckon::jinja
