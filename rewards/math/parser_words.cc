// Answers that are words rather than mathematics: choices, clock times, dates, prose.
#include <algorithm>

#include "rewards/math/parser_state.h"

namespace reckon::math {
namespace {

bool is_choice_letter(const Token& token, char last) {
  if (token.type != Tok::word || token.source.size() != 1) return false;
  char c = token.source[0];
  return (c >= 'A' && c <= last) || (c >= 'a' && c <= last + ('a' - 'A'));
}

constexpr std::string_view kMonths[] = {"january",   "february", "march",    "april",
                                        "may",       "june",     "july",     "august",
                                        "september", "october",  "november", "december"};

// 1 to 12, or 0: a month's name, or its first three letters.
int month_of(const Token& token) {
  if (token.type != Tok::word || token.source.size() < 3) return 0;
  std::string folded = fold_case(token.source);
  for (int month = 0; month < 12; ++month)
    if (folded == kMonths[month] || folded == kMonths[month].substr(0, 3)) return month + 1;
  return 0;
}

bool is_digits(const Token& token, size_t least, size_t most) {
  return token.type == Tok::number && token.source.size() >= least && token.source.size() <= most &&
         std::all_of(token.source.begin(), token.source.end(),
                     [](char c) { return c >= '0' && c <= '9'; });
}

int small_value(const Token& token) {
  int value = 0;
  for (char c : token.source) value = value * 10 + (c - '0');
  return value;
}

std::string_view half_of_day(const Token& token) {
  if (token.type != Tok::word) return {};
  for (std::string_view am : {"am", "a.m.", "a.m"})
    if (equals_folded(token.source, am)) return "am";
  for (std::string_view pm : {"pm", "p.m.", "p.m"})
    if (equals_folded(token.source, pm)) return "pm";
  return {};
}

bool is_text_command(std::string_view name) {
  const Command* command = find_command(name);
  return command && (command->layout == Layout::text || command->layout == Layout::skip ||
                     command->name == "vector");
}

}  // namespace

// Lower case, commands of text and layout gone, white space collapsed, edges trimmed.
std::string fold_case(std::string_view text) {
  std::string folded;
  folded.reserve(text.size());
  auto space = [&] {
    if (!folded.empty() && folded.back() != ' ') folded += ' ';
  };
  for (size_t i = 0; i < text.size(); ++i) {
    char c = text[i];
    if (c == '\\') {
      size_t end = i + 1;
      auto letter = [](char l) { return (l >= 'a' && l <= 'z') || (l >= 'A' && l <= 'Z'); };
      while (end < text.size() && letter(text[end])) ++end;
      std::string_view name = text.substr(i + 1, end - i - 1);
      if (name.empty()) {
        char next = i + 1 < text.size() ? text[i + 1] : ' ';
        if (std::string_view(" ,;:!\\").find(next) != std::string_view::npos) {
          space();
        } else {
          folded += next;
        }
        ++i;
        continue;
      }
      if (is_text_command(name)) {
        if (name == "quad" || name == "qquad") space();
        i = end - 1;
        continue;
      }
    }
    if (c == '{' || c == '}') continue;
    if (c == ' ' || c == '~') {
      space();
    } else {
      folded += c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c;
    }
  }
  auto trims = [](char c) { return c == ' ' || c == '.' || c == ',' || c == '"' || c == ';'; };
  while (!folded.empty() && trims(folded.back())) folded.pop_back();
  size_t first = 0;
  while (first < folded.size() && trims(folded[first]) && folded[first] != '.') ++first;
  return first == 0 ? folded : folded.substr(first);
}

// (C), C), C. text, (C) 42, "option C", and a capital A to H alone. nullptr for anything else.
Expr Parser::choice() {
  size_t start = is_word("option") || is_word("choice") ? 1 : 0;
  bool round = is_open('(', start);
  const Token& letter = peek(start + round);
  if (!is_choice_letter(letter, 'Z')) return nullptr;
  size_t after = start + round + 1;
  bool capital = letter.source[0] <= 'Z';
  bool closed = is_close(')', after);
  if (round && !closed) return nullptr;
  if (closed) ++after;
  bool alone = is(Tok::end, after);
  bool labelled = round || closed || start > 0;
  if (!labelled && !alone &&
      !(is(Tok::dot, after) || (is(Tok::colon, after) && peek(after + 1).space)))
    return nullptr;
  if (!labelled && alone && !(capital && letter.source[0] <= 'H')) return nullptr;
  if (!labelled && !alone) ++after;
  // (x) and (n) are variables in parentheses.
  if (!capital && letter.source[0] > 'h') return nullptr;
  if (!alone) {
    // (C) 42: a label and what it stands for; (A)(B) and (a)+1 are expressions.
    const Token& next = peek(after);
    bool begins = next.space || next.text || next.type == Tok::word;
    bool operand =
        next.type == Tok::number || next.type == Tok::word || next.type == Tok::fraction ||
        next.type == Tok::root || next.type == Tok::currency || next.type == Tok::open ||
        next.type == Tok::constant || (next.type == Tok::minus && !peek(after + 1).space);
    if (is_word("and", after) || is_word("or", after)) return nullptr;
    if (!begins || !operand || !capital || letter.source[0] > 'H') return nullptr;
  }
  char name = capital ? letter.source[0] : static_cast<char>(letter.source[0] - ('a' - 'A'));
  std::string_view kept = arena_.keep(std::string(1, name));
  if (alone) {
    at_ = tokens_.size() - 1;
    return named(Kind::choice, kept);
  }
  // A)B) is two choices.
  if (is(Tok::word, after) && peek(after).source.size() == 1 && is(Tok::close, after + 1))
    return nullptr;
  at_ += after;
  Parser rest(arena_, source_.substr(static_cast<size_t>(peek().source.data() - source_.data())));
  Expr beside = rest.answer(false);
  if (!beside) {
    Node& words = node(Kind::text);
    words.name = words.text = arena_.keep(fold_case(between(at_, tokens_.size() - 1)));
    beside = &words;
  }
  at_ = tokens_.size() - 1;
  return named(Kind::choice, kept, {beside});
}

// 8:34 p.m., 20:34:05, 8 PM. Without a half of the day, 3:04 is a clock (no ratio is written with
// a leading zero) and 3:40 is left to be a ratio.
Expr Parser::clock() {
  if (!is_digits(peek(), 1, 2) || small_value(peek()) > 24) return nullptr;
  std::vector<size_t> fields = {at_};
  size_t ahead = 1;
  while (is(Tok::colon, ahead) && is_digits(peek(ahead + 1), 2, 2) &&
         small_value(peek(ahead + 1)) < 60 && fields.size() < 3) {
    fields.push_back(at_ + ahead + 1);
    ahead += 2;
  }
  std::string_view half = half_of_day(peek(ahead));
  if (!half.empty()) ++ahead;
  if (is(Tok::dot, ahead)) ++ahead;
  if (!is(Tok::end, ahead)) return nullptr;
  bool leading_zero = fields.size() > 1 && tokens_[fields[1]].source[0] == '0';
  if (half.empty() && !leading_zero && tokens_[fields[0]].source[0] != '0') return nullptr;
  if (half.empty() && fields.size() == 1) return nullptr;
  std::vector<Expr> args;
  for (size_t field : fields) args.push_back(literal(tokens_[field]));
  if (args.size() == 1) args.push_back(integer(0));
  at_ += ahead;
  return named(Kind::clock, half, std::move(args));
}

// June 20, 20 June 2020, June 20th, 2020-06-20, 6/20/2020 (the month first where both could be)
Expr Parser::date() {
  int year = 0, month = 0, day = 0;
  size_t ahead = 0;
  if ((month = month_of(peek())) != 0 && is_digits(peek(1), 1, 2)) {
    day = small_value(peek(1));
    ahead = 2;
    if (is_word("th", ahead) || is_word("st", ahead) || is_word("nd", ahead) ||
        is_word("rd", ahead))
      ++ahead;
    if (is(Tok::comma, ahead)) ++ahead;
    if (is_digits(peek(ahead), 4, 4)) year = small_value(peek(ahead++));
  } else if (month != 0 && is_digits(peek(1), 4, 4)) {
    year = small_value(peek(1));
    ahead = 2;
  } else if (is_digits(peek(), 1, 2) && (month = month_of(peek(1))) != 0) {
    day = small_value(peek());
    ahead = 2;
    if (is(Tok::comma, ahead)) ++ahead;
    if (is_digits(peek(ahead), 4, 4)) year = small_value(peek(ahead++));
  } else if (is_digits(peek(), 4, 4) && is(Tok::minus, 1) && is_digits(peek(2), 2, 2) &&
             is(Tok::minus, 3) && is_digits(peek(4), 2, 2) && !peek(1).space) {
    year = small_value(peek());
    month = small_value(peek(2));
    day = small_value(peek(4));
    ahead = 5;
  } else if (is_digits(peek(), 1, 2) && is(Tok::slash, 1) && is_digits(peek(2), 1, 2) &&
             is(Tok::slash, 3) && is_digits(peek(4), 4, 4)) {
    month = small_value(peek());
    day = small_value(peek(2));
    year = small_value(peek(4));
    if (month > 12) std::swap(month, day);
    ahead = 5;
  } else {
    return nullptr;
  }
  if (!is(Tok::end, ahead) || month < 1 || month > 12 || day > 31) return nullptr;
  at_ += ahead;
  return &node(Kind::date, {integer(year), integer(month), integer(day)});
}

// Whether an element of a list begins as prose.
bool Parser::starts_words() const {
  const Token& first = peek();
  if (first.type != Tok::word || is(Tok::under, 1)) return false;
  WordKind kind = meaning_of(first).kind;
  if (kind == WordKind::english) return true;
  if (kind != WordKind::letters) return false;
  // HHT: letters in a row that are no product when nothing else stands beside them
  bool capitals =
      first.source.size() >= 2 && std::all_of(first.source.begin(), first.source.end(),
                                              [](char c) { return c >= 'A' && c <= 'Z'; });
  if (capitals && (ends_value(1) || is(Tok::dot, 1))) return true;
  // "a circle"
  return first.source.size() == 1 && is(Tok::word, 1) && peek(1).space &&
         meaning_of(peek(1)).kind == WordKind::english && peek(1).source.size() >= 3;
}

Expr Parser::words() {
  size_t first = at_;
  while (!ends_value(0)) {
    switch (peek().type) {
      case Tok::word:
      case Tok::number:
      case Tok::dot:
      case Tok::prime:
        break;
      case Tok::minus:
        if (!peek().space && is(Tok::word, 1)) break;
        [[fallthrough]];
      default:
        return fail("words and mathematics mixed");
    }
    ++at_;
  }
  Node& result = node(Kind::text);
  result.name = result.text = arena_.keep(fold_case(between(first, at_)));
  return &result;
}

}  // namespace reckon::math
