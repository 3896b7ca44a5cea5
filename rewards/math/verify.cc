#include "rewards/math/verify.h"

#include <new>

#include "rewards/math/compare.h"
#include "rewards/math/extract.h"
#include "rewards/math/normalize.h"
#include "rewards/math/parser.h"

namespace reckon::math {

namespace {

// Nothing but blanks, braces and what wraps an answer: \boxed{}, $$, {}.
bool blank(std::string_view text) {
  return strip_wrapping(text).find_first_not_of(" \t\r\n\f\v${}") == std::string_view::npos;
}

std::string_view trimmed(std::string_view text) {
  const size_t first = text.find_first_not_of(" \t\r\n\f\v");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t\r\n\f\v") - first + 1);
}

// "\approx 4": not said to be the answer, only to be near it. The parser leaves the sign out.
bool hedged(std::string_view text) {
  text = trimmed(strip_wrapping(text));
  for (const std::string_view sign :
       {"\\approx", "\\simeq", "\\sim", "\\cong", "\xe2\x89\x88", "~"}) {
    if (text.starts_with(sign)) return true;
  }
  return false;
}

// The word "or": alternatives, where a list has the same tree with and without it.
bool says_or(std::string_view text) {
  const auto letter = [&](size_t i) {
    return i < text.size() &&
           ((text[i] >= 'a' && text[i] <= 'z') || (text[i] >= 'A' && text[i] <= 'Z'));
  };
  for (size_t at = text.find("or"); at != std::string_view::npos; at = text.find("or", at + 2)) {
    if ((at == 0 || !letter(at - 1)) && !letter(at + 2)) return true;
  }
  return false;
}

// A gold answer as data sets store it: GSM8K ends its solutions with "#### 18".
std::string_view gold_answer(std::string_view gold) {
  const size_t marks = gold.rfind("####");
  return trimmed(marks == std::string_view::npos ? gold : gold.substr(marks + 4));
}

Verification decide(std::string_view gold, std::string_view answer, Mode mode,
                    const Limits& limits) {
  Verification result{Verdict::undecided, std::string(answer), "whole", ""};
  const auto verdict = [&](Verdict v, std::string note) {
    result.verdict = v;
    result.note = std::move(note);
    return result;
  };
  if (blank(gold)) return verdict(Verdict::undecided, "no gold answer");
  if (blank(answer)) return verdict(Verdict::different, "no answer");
  if (gold == answer) return verdict(Verdict::equal, "the same text");
  if (gold.size() > limits.answer_bytes || answer.size() > limits.answer_bytes) {
    return verdict(Verdict::undecided, "a long answer that is another text");
  }
  if (mode == Mode::strict && hedged(answer) && !hedged(gold)) {
    return verdict(Verdict::undecided, "an approximation");
  }
  Budget budget(limits);
  try {
    Arena arena(budget);
    const Parse a = parse_answer(arena, gold);
    const Parse b = parse_answer(arena, answer);
    if (!a.understood || !b.understood) {
      if (a.expr->kind == Kind::text && b.expr->kind == Kind::text && !a.expr->name.empty() &&
          a.expr->name == b.expr->name) {
        return verdict(Verdict::equal, "the same text");
      }
      return verdict(Verdict::undecided, a.understood ? "answer not understood: " + b.problem
                                                      : "gold not understood: " + a.problem);
    }
    if (a.expr->kind == Kind::tuple && b.expr->kind == Kind::list && says_or(answer)) {
      return verdict(Verdict::different, "alternatives against a tuple");
    }
    Comparison found = compare(arena, a.expr, b.expr, mode);
    return verdict(found.verdict, std::move(found.reason));
  } catch (const OverBudget& over) {
    return verdict(Verdict::undecided, "over budget: " + over.what);
  }
}

}  // namespace

const char* verdict_name(Verdict verdict) {
  switch (verdict) {
    case Verdict::equal:
      return "equal";
    case Verdict::different:
      return "different";
    case Verdict::undecided:
      break;
  }
  return "undecided";
}

Verification verify_answer(std::string_view gold, std::string_view answer, Mode mode,
                           const Limits& limits) {
  try {
    return decide(gold_answer(gold), trimmed(answer), mode, limits);
  } catch (const std::bad_alloc&) {
    return {};
  }
}

Verification verify_response(std::string_view gold, std::string_view response, Mode mode,
                             const Limits& limits) {
  try {
    const Extraction extraction = extract_answer(response, mode, limits);
    if (extraction.outcome != Extraction::Outcome::found) {
      const bool rejected = extraction.outcome == Extraction::Outcome::none || mode == Mode::strict;
      return {rejected ? Verdict::different : Verdict::undecided, extraction.text, extraction.rule,
              extraction.note};
    }
    Verification result = verify_answer(gold, extraction.text, mode, limits);
    result.extracted = extraction.text;
    result.rule = extraction.rule;
    return result;
  } catch (const std::bad_alloc&) {
    return {};
  }
}

}  // namespace reckon::math
