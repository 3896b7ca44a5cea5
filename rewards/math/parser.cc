#include "rewards/math/parser.h"

#include "rewards/math/normalize.h"
#include "rewards/math/parser_state.h"

namespace reckon::math {
namespace {

bool is_lower(char c) { return c >= 'a' && c <= 'z'; }

// Letters of any language; pictures and signs are no words.
bool is_letter_beyond_ascii(char32_t code) {
  return (code >= 0xC0 && code < 0x2000) || (code >= 0x3040 && code < 0xA000) ||
         (code >= 0xAC00 && code < 0xD7B0);
}

// Words, numbers and the punctuation of prose; at least one word. `folded` is fold_case's work.
bool is_plain_words(std::string_view folded) {
  bool word = false;
  while (!folded.empty()) {
    CodePoint point = decode_utf8(folded);
    if (point.length == 0) return false;
    char c = point.length == 1 ? folded[0] : 0;
    if (is_lower(c) || is_letter_beyond_ascii(point.value)) {
      word = true;
    } else if (!(c >= '0' && c <= '9') &&
               std::string_view(" .,;:'-!?()/&%$\"").find(c) == std::string_view::npos) {
      return false;
    }
    folded.remove_prefix(point.length);
  }
  return word;
}

Expr as_text(Arena& arena, std::string_view source) {
  Node& node = arena.add(Kind::text);
  node.name = node.text = arena.keep(fold_case(source));
  return &node;
}

}  // namespace

Parse parse_answer(Arena& arena, std::string_view answer) {
  Parse parse;
  Mended mended = mend_characters(answer);
  std::string_view source = strip_wrapping(arena.keep(std::move(mended.text)));
  if (!mended.clean) {
    parse.problem = "control characters or invalid UTF-8";
  } else if (source.empty()) {
    parse.problem = "an empty answer";
  } else {
    Parser parser(arena, source);
    parse.expr = parser.answer();
    parse.problem = parser.problem();
  }
  parse.understood = parse.expr != nullptr;
  if (parse.expr) return parse;
  parse.expr = as_text(arena, source);
  parse.understood = mended.clean && is_plain_words(parse.expr->name);
  return parse;
}

Expr Parser::answer(bool forms) {
  while (tokens_.size() > 1 && tokens_[tokens_.size() - 2].type == Tok::dot)
    tokens_.erase(tokens_.end() - 2);
  if (forms)
    for (Expr (Parser::*form)() : {&Parser::choice, &Parser::clock, &Parser::date})
      if (Expr expr = (this->*form)()) return expr;
  Expr expr = list();
  if (!expr) return fail("no rule for it");
  while (is_close('}')) ++at_;  // one brace too many at the end
  if (!is(Tok::end)) return fail("something follows the expression");
  return expr;
}

bool Parser::accept_close_brace() {
  if (is_close('}')) {
    ++at_;
    return true;
  }
  return is(Tok::end);
}

std::string_view Parser::between(size_t first, size_t last) const {
  if (first >= last) return {};
  const char* begin = tokens_[first].source.data();
  std::string_view final = tokens_[last - 1].source;
  return {begin, static_cast<size_t>(final.data() + final.size() - begin)};
}

}  // namespace reckon::math
