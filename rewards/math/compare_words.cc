// What is not arithmetic: text, choices, yes and no, dates, clock times, ratios.
#include <algorithm>

#include "rewards/math/compare_comparer.h"
#include "rewards/math/compare_form.h"
#include "rewards/math/exact.h"

namespace reckon::math {

namespace {

char folded(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

// The letter of an option: a choice, or a single letter standing alone. (a) is read as a choice, so
// that a gold answer "a" may be either.
char option_letter(Expr expr) {
  const bool letter =
      expr->kind == Kind::choice ||
      ((expr->kind == Kind::symbol || expr->kind == Kind::text) && expr->name.size() == 1);
  return letter && !expr->name.empty() ? folded(expr->name[0]) : '\0';
}

// Other options behind the letter: (A) (B) (C) is three answers.
bool names_options(Expr beside) {
  const bool option =
      beside->kind == Kind::choice || (beside->kind == Kind::symbol && beside->name.size() == 1 &&
                                       beside->name[0] >= 'A' && beside->name[0] <= 'H');
  if (option || beside->args.empty()) return option;
  return (beside->kind == Kind::product || beside->kind == Kind::list) &&
         std::all_of(beside->args.begin(), beside->args.end(), names_options);
}

// 1 for yes, 2 for true; negative for their opposites; 0 for other words.
int truth(std::string_view name) {
  if (name == "yes") return 1;
  if (name == "no") return -1;
  if (name == "true") return 2;
  if (name == "false") return -2;
  return 0;
}

}  // namespace

// Letters of any alphabet, digits, blanks and light punctuation: words, not broken mathematics.
bool is_word_like(Expr expr) {
  if (expr->kind != Kind::text || expr->name.empty()) return false;
  for (const char c : expr->name) {
    const bool fine = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                      static_cast<unsigned char>(c) >= 0x80 || c == ' ' || c == '-' || c == '\'' ||
                      c == '.' || c == ',' || c == '&' || c == '/';
    if (!fine) return false;
  }
  const char first = expr->name[0];
  return (first >= 'a' && first <= 'z') || (first >= 'A' && first <= 'Z') ||
         static_cast<unsigned char>(first) >= 0x80;
}

Comparison Comparer::words(Expr gold, Expr prediction) {
  if (gold->kind == Kind::choice || prediction->kind == Kind::choice) {
    const char a = option_letter(gold), b = option_letter(prediction);
    if (prediction->kind == Kind::choice && !prediction->args.empty() &&
        names_options(prediction->args[0])) {
      return undecided("several options");
    }
    if (a && b) return a == b ? equal("the same option") : different("another option");
    return gold->kind == Kind::text || prediction->kind == Kind::text
               ? undecided("an option against words")
               : different("an option against something else");
  }
  if (gold->kind == Kind::text && prediction->kind == Kind::text) {
    if (gold->name == prediction->name) return equal("the same words");
    const int a = truth(gold->name), b = truth(prediction->name);
    if (a && b) {
      if (a * b < 0) return different("yes against no");
      return granted(equal("the same answer"), "yes against true");
    }
    return is_word_like(gold) && is_word_like(prediction) ? different("other words")
                                                          : undecided("text of no known form");
  }
  const Expr text = gold->kind == Kind::text ? gold : prediction;
  return is_word_like(text) ? different("words against mathematics")
                            : undecided("text of no known form");
}

namespace {

struct Time {
  long seconds = 0;
  bool marked = false;  // am or pm, or an hour that needs none
};
std::optional<Time> time_of(Expr clock, Budget& budget) {
  Time result;
  long unit = 3600;
  if (clock->args.size() < 2 && clock->name.empty()) return std::nullopt;
  for (size_t i = 0; i < clock->args.size(); ++i, unit /= 60) {
    const auto value = exact::value_of(clock->args[i], budget);
    const auto n = value ? exact::small_integer(*value) : std::nullopt;
    if (!n || *n < 0 || *n > (i == 0 ? 24 : 59) || unit == 0) return std::nullopt;
    long part = *n;
    if (i == 0 && !clock->name.empty()) {
      if (part < 1 || part > 12) return std::nullopt;
      part = part % 12 + (clock->name == "pm" ? 12 : 0);
      result.marked = true;
    } else if (i == 0) {
      result.marked = part == 0 || part > 12;
    }
    result.seconds += part * unit;
  }
  return result;
}

}  // namespace

Comparison Comparer::clocks(Expr gold, Expr prediction) {
  // 20:34 alone is read as a ratio.
  const auto fits = [](Expr e) { return e->kind == Kind::clock || e->kind == Kind::ratio; };
  if (!fits(gold) || !fits(prediction)) {
    return is_scalar(prediction) || is_scalar(gold) ? different("a time against a number")
                                                    : undecided("no time of day");
  }
  const auto a = time_of(gold, budget()), b = time_of(prediction, budget());
  if (!a || !b) return undecided("no time of day");
  if (a->marked == b->marked) {
    return a->seconds == b->seconds ? equal("the same time") : different("another time");
  }
  constexpr long kHalfDay = 12 * 3600;
  if (a->seconds % kHalfDay != b->seconds % kHalfDay) return different("another time");
  return granted(equal("the same time on the dial"), "a.m. or p.m. on one side alone");
}

Comparison Comparer::ratios(Expr gold, Expr prediction) {
  if (gold->kind != prediction->kind) {
    return is_scalar(gold) || is_scalar(prediction) ? different("a ratio against a number")
                                                    : undecided("no ratio");
  }
  if (gold->args.size() != prediction->args.size()) {
    // 9:15 and 9:15:00 are times of day.
    const Expr last = std::max(gold, prediction, [](Expr a, Expr b) {
                        return a->args.size() < b->args.size();
                      })->args.back();
    return last->kind == Kind::number && last->text == "00" ? clocks(gold, prediction)
                                                            : different("another number of terms");
  }
  bool doubt = false;
  for (size_t i = 1; i < gold->args.size(); ++i) {
    const Expr x = &arena_.add(Kind::product, {gold->args[0], prediction->args[i]});
    const Expr y = &arena_.add(Kind::product, {gold->args[i], prediction->args[0]});
    const Verdict verdict = numbers(x, y).verdict;
    if (verdict == Verdict::different) return different("another ratio");
    doubt = doubt || verdict == Verdict::undecided;
  }
  const auto first = exact::value_of(gold->args[0], budget());
  const auto other = exact::value_of(prediction->args[0], budget());
  if (first && other && (*first == 0 || *other == 0)) return ordered(gold->args, prediction->args);
  return doubt ? undecided("a term is undecided") : equal("the same ratio");
}

Comparison Comparer::dates(Expr gold, Expr prediction) {
  if (gold->kind != prediction->kind) return undecided("no date");
  bool doubt = false;
  for (size_t i = 0; i < gold->args.size() && i < prediction->args.size(); ++i) {
    const auto a = exact::value_of(gold->args[i], budget());
    const auto b = exact::value_of(prediction->args[i], budget());
    if (!a || !b) return undecided("no date");
    if (*a == *b) continue;
    if (*a != 0 && *b != 0) return different("another date");
    doubt = true;
  }
  if (!doubt) return equal("the same date");
  return granted(equal("the same date as far as written"), "a part of the date on one side alone");
}

}  // namespace reckon::math
