// What the steps of the extraction share: blanks, markdown and math delimiters around an answer,
// and the spans of math in a text. Everything is linear in the length of the text, whatever the
// number of calls. Pure functions; a MathSpans belongs to one thread.
//
//   tidy("**$\\frac12$**.")            // "\\frac12"
//   MathSpans spans(text);
//   size_t end = spans.end_at(at);     // behind the `$` that closes the one at `at`
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace reckon::math {

bool is_blank(char c);
bool is_digit(char c);
bool is_letter(char c);  // of ASCII

std::string_view strip_blanks(std::string_view text);

// Lower case of ASCII letters; every byte keeps its place.
std::string lower_case(std::string_view text);

// Without blanks, markdown, quotes, a closing full stop, and math delimiters around the whole.
std::string_view tidy(std::string_view text);

// Two answers with the same normal form are the same text but for spelling: blanks, delimiters,
// spacing and sizing commands, \dfrac for \frac, braces around a single character.
std::string normal_form(std::string_view text);

// For notes: cut to a readable length between characters.
std::string shown(std::string_view text);

// $...$, $$...$$, \(...\) and \[...\] in one text.
class MathSpans {
 public:
  explicit MathSpans(std::string_view text) : text_(text) {}

  // The index behind the closing delimiter when math opens at `at`, else npos. A dollar sign before
  // a digit may be one of currency: it opens math only if the next one can close it.
  size_t end_at(size_t at);
  static size_t delimiter_length(std::string_view text, size_t at);

 private:
  struct Closer {
    const char* text;
    size_t from = 1, found = 0;  // searched from here, found there; no search yet
  };
  size_t find(Closer& closer, size_t from);
  size_t dollar_end(size_t at) const;

  std::string_view text_;
  Closer paren_{"\\)"}, bracket_{"\\]"}, dollars_{"$$"};
};

}  // namespace reckon::math
