#include "rewards/math/lexer.h"

#include <string>

namespace reckon::math {
namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
bool is_wide(char c) { return static_cast<unsigned char>(c) >= 0x80; }

// An odd number of dollar signs cannot be pairs of delimiters: they are money.
bool dollars_are_money(std::string_view text) {
  int count = 0;
  for (size_t i = 0; i < text.size(); ++i)
    if (text[i] == '$' && (i == 0 || text[i - 1] != '\\')) ++count;
  return count % 2 == 1;
}

class Lexer {
 public:
  explicit Lexer(std::string_view text) : text_(text), money_(dollars_are_money(text)) {
    tokens_.reserve(text.size() / 2 + 2);
  }

  std::vector<Token> run() {
    while (at_ < text_.size()) step();
    emit(Tok::end, 0);
    return std::move(tokens_);
  }

 private:
  char peek(size_t ahead = 0) const {
    return at_ + ahead < text_.size() ? text_[at_ + ahead] : '\0';
  }
  void skip_spaces() {
    while (at_ < text_.size() && text_[at_] == ' ') ++at_;
  }
  Token& emit(Tok type, size_t length, std::string_view name = {}, char kind = 0) {
    Token& token = tokens_.emplace_back();
    token.type = type;
    token.kind = kind;
    token.space = space_;
    token.text = !text_groups_.empty();
    token.source = text_.substr(at_, length);
    token.name = name;
    at_ += length;
    space_ = false;
    side_ = 0;
    return token;
  }
  void space(size_t length) {
    space_ = true;
    at_ += length;
  }

  void step() {
    char c = text_[at_];
    bool repeating = c == '.' && (peek(1) == '\\' || peek(1) == '(');  // .\overline{27}
    if (is_digit(c) || (c == '.' && is_digit(peek(1)) && side_ == 0) ||
        (repeating && side_ == 0 && end_of_number(text_, at_, false) > at_)) {
      emit(Tok::number, end_of_number(text_, at_, !brackets_.empty()) - at_);
    } else if (is_letter(c) || is_wide(c)) {
      word();
    } else if (c == '\\') {
      command();
    } else {
      sign(c);
    }
  }

  // A run of letters; "p.m." and "U.S." keep their points.
  void word() {
    size_t end = at_;
    while (end < text_.size() && (is_letter(text_[end]) || is_wide(text_[end]))) ++end;
    if (end == at_ + 1)
      while (end + 1 < text_.size() && text_[end] == '.' && is_letter(text_[end + 1]) &&
             (end + 2 >= text_.size() || !is_letter(text_[end + 2])))
        end += 2;
    emit(Tok::word, end - at_);
  }

  // The distance to the next row of a matrix, in brackets behind the two backslashes: [1ex].
  void row_distance() {
    size_t end = at_ + 1;
    if (peek() != '[') return;
    while (end < text_.size() && (is_digit(text_[end]) || text_[end] == '.' || text_[end] == '-'))
      ++end;
    std::string_view unit = text_.substr(end, 3);
    for (std::string_view known : {"ex]", "em]", "pt]", "mm]", "cm]", "in]"})
      if (unit == known) return space(end + 3 - at_);
  }

  void open(char kind, size_t length) {
    brackets_ += kind;
    emit(Tok::open, length, {}, kind);
  }
  void close(char kind, size_t length) {
    if (!brackets_.empty()) brackets_.pop_back();
    emit(Tok::close, length, {}, kind);
  }

  void sign(char c) {
    bool right = side_ == 'r';
    switch (c) {
      case ' ':
        return space(1);
      case '~':
        return space(1);
      case '(':
        return open('(', 1);
      case ')':
        return close(')', 1);
      case '[':
        return right ? close('[', 1) : open('[', 1);
      case ']':
        return side_ == 'l' ? open(']', 1) : close(']', 1);
      case '{':
        return open_brace();
      case '}':
        return close_brace();
      case '|':
        return bar(1, Tok::bar, '|');
      case ',':
        emit(Tok::comma, 1);
        return;
      case ';':
        emit(Tok::semicolon, 1);
        return;
      case '+':
        peek(1) == '-' ? emit(Tok::plus_minus, 2, "\\pm") : emit(Tok::plus, 1);
        return;
      case '-':
        emit(Tok::minus, 1);
        return;
      case '*':
        peek(1) == '*' ? emit(Tok::caret, 2) : emit(Tok::times, 1);
        return;
      case '/':
        emit(Tok::slash, 1, "/");
        return;
      case '^':
        emit(Tok::caret, 1);
        return;
      case '_':
        emit(Tok::under, 1);
        return;
      case '!':
        peek(1) == '=' ? emit(Tok::relation, 2, "!=") : emit(Tok::bang, 1);
        return;
      case '%':
        emit(Tok::percent, 1);
        return;
      case '\'':
        peek(1) == '\'' ? emit(Tok::prime, 2, {}, '"') : emit(Tok::prime, 1, {}, '\'');
        return;
      case '"':
        emit(Tok::prime, 1, {}, '"');
        return;
      case '&':
        emit(Tok::ampersand, 1);
        return;
      case '=':
        emit(Tok::relation, peek(1) == '=' ? 2 : 1, "=");
        return;
      case ':':
        peek(1) == '=' ? emit(Tok::relation, 2, "=") : emit(Tok::colon, 1);
        return;
      case '<':
        if (side_ == 'l') return open('<', 1);
        peek(1) == '=' ? emit(Tok::relation, 2, "<=") : emit(Tok::relation, 1, "<");
        return;
      case '>':
        if (right) return close('>', 1);
        peek(1) == '=' ? emit(Tok::relation, 2, ">=") : emit(Tok::relation, 1, ">");
        return;
      case '.':
        return point();
      case '$':
        if (money_) {
          emit(Tok::currency, 1, "$");
        } else {
          ++at_;
        }
        return;
      default:
        emit(Tok::junk, 1);
    }
  }

  void point() {
    if (side_ == 'l') return void(emit(Tok::open, 1, {}, '.'));
    if (side_ == 'r') return void(emit(Tok::close, 1, {}, '.'));
    size_t end = at_;
    while (end < text_.size() && text_[end] == '.') ++end;
    emit(end - at_ >= 2 ? Tok::ellipsis : Tok::dot, end - at_);
  }

  void bar(size_t length, Tok type, char kind) {
    if (side_ == 'l') {
      open(kind, length);
    } else if (side_ == 'r') {
      close(kind, length);
    } else if (side_ == 'm') {
      emit(Tok::mid, length);
    } else {
      emit(type, length);
    }
  }

  // A plain-text set holds elements; the braces of a command's argument hold one expression.
  void open_brace() {
    if (text_.substr(at_, 3) == "{:}") return void(emit(Tok::colon, 3));
    Tok last = tokens_.empty() ? Tok::relation : tokens_.back().type;
    bool holds_elements = last == Tok::relation || last == Tok::comma || last == Tok::open ||
                          last == Tok::set_operator || last == Tok::connective;
    braces_.push_back(holds_elements);
    if (holds_elements) brackets_ += '{';
    emit(Tok::open, 1, holds_elements ? "set" : "", '{');
  }
  void close_brace() {
    if (!text_groups_.empty() && text_groups_.back() == braces_.size()) {
      text_groups_.pop_back();
      return space_after_text();
    }
    if (!braces_.empty()) {
      if (braces_.back() && !brackets_.empty()) brackets_.pop_back();
      braces_.pop_back();
    }
    emit(Tok::close, 1, {}, '}');
  }
  void space_after_text() { ++at_; }

  void command() {
    char next = peek(1);
    if (!is_letter(next)) return escaped(next);
    size_t end = at_ + 1;
    while (end < text_.size() && is_letter(text_[end])) ++end;
    std::string_view spelling = text_.substr(at_ + 1, end - at_ - 1);
    const Command* command = find_command(spelling);
    if (!command)  // \quadx: the space before the letter forgotten
      for (std::string_view prefix : {"qquad", "quad", "cdot", "times"})
        if (!command && spelling.starts_with(prefix)) {
          command = find_command(prefix);
          end = at_ + 1 + prefix.size();
        }
    if (!command) return void(emit(Tok::junk, end - at_));
    size_t length = end - at_;
    switch (command->layout) {
      case Layout::skip:
        return space(length);
      case Layout::skip_argument:
        return skip_argument(end);
      case Layout::text:
        return begin_text(end);
      case Layout::bracket_prefix:
        return size_prefix(spelling, end);
      case Layout::none:
        break;
    }
    switch (command->type) {
      case Tok::open:
        return side_ == 'r' ? close(command->kind, length) : open(command->kind, length);
      case Tok::close:
        return side_ == 'l' ? open(command->kind, length) : close(command->kind, length);
      case Tok::bar:
        return bar(length, Tok::bar, '|');
      case Tok::norm_bar:
        return bar(length, Tok::norm_bar, 'n');
      case Tok::begin:
      case Tok::finish:
        return environment(command->type, end);
      default:
        emit(command->type, length, command->name, command->kind);
    }
  }

  void escaped(char next) {
    switch (next) {
      case '{':
        return open('s', 2);
      case '}':
        return close('s', 2);
      case '|':
        return bar(2, Tok::norm_bar, 'n');
      case '\\':
        emit(Tok::row, 2);
        return row_distance();
      case '%':
        emit(Tok::percent, 2);
        return;
      case '$':
        emit(Tok::currency, 2, "$");
        return;
      case '&':
        emit(Tok::connective, 2, "and");
        return;
      case ',':
      case ';':
      case ':':
      case '!':
      case ' ':
      case '/':
      case '>':
      case '(':
      case ')':
      case '[':
      case ']':
        return space(2);
      case '\0':
        return space(1);
      default:
        emit(Tok::junk, 2);
    }
  }

  void size_prefix(std::string_view spelling, size_t end) {
    at_ = end;
    skip_spaces();
    char last = spelling.back();
    side_ = spelling == "left" || last == 'l' ? 'l' : spelling == "right" || last == 'r' ? 'r' : 0;
    if (spelling == "middle" || last == 'm') side_ = 'm';
  }

  // \text{...}: the tokens inside, marked. Without braces the next letter alone would be text.
  void begin_text(size_t end) {
    at_ = end;
    skip_spaces();
    if (peek() != '{') return;
    ++at_;
    text_groups_.push_back(braces_.size());
  }

  void skip_argument(size_t end) {
    at_ = end;
    skip_spaces();
    if (peek() != '{') return space(at_ < text_.size() ? 1 : 0);
    int depth = 0;
    for (; at_ < text_.size(); ++at_) {
      if (text_[at_] == '{') ++depth;
      if (text_[at_] == '}' && --depth == 0) break;
    }
    space(at_ < text_.size() ? 1 : 0);
  }

  // \begin{array}{cc}: the name becomes the token's; a specification of columns leaves nothing.
  void environment(Tok type, size_t end) {
    size_t begin = end;
    while (begin < text_.size() && text_[begin] == ' ') ++begin;
    size_t finish = text_.find('}', begin);
    if (begin >= text_.size() || text_[begin] != '{' || finish == text_.npos)
      return void(emit(Tok::junk, end - at_));
    std::string_view name = text_.substr(begin + 1, finish - begin - 1);
    if (!name.empty() && name.back() == '*') name.remove_suffix(1);
    // A comma in a cell separates nothing that is grouped: treated like a bracket.
    if (type == Tok::begin) brackets_ += 'b';
    if (type == Tok::finish && !brackets_.empty()) brackets_.pop_back();
    emit(type, finish + 1 - at_, name);
    if (type == Tok::begin && (name == "array" || name == "tabular")) {
      skip_spaces();
      if (peek() == '{') skip_argument(at_);
    }
  }

  std::string_view text_;
  const bool money_;
  size_t at_ = 0;
  bool space_ = false;
  char side_ = 0;  // after \left 'l', \right 'r', \middle 'm'
  std::string brackets_;
  std::vector<bool> braces_;
  std::vector<size_t> text_groups_;  // the depth of braces at which each \text{ began
  std::vector<Token> tokens_;
};

}  // namespace

std::vector<Token> lex(std::string_view text) { return Lexer(text).run(); }

}  // namespace reckon::math
