// The steps of the extraction, one rule each: every place of a text where the rule finds an answer,
// in order. extract.cc gives them their order and decides between several. Pure functions, linear
// in the length of the text.
//
//   find_boxes("\\boxed{3}, or \\boxed{4}")     // two boxes, the second an alternative
#pragma once

#include <optional>
#include <string_view>
#include <vector>

namespace reckon::math {

// A view into the text and its place there, delimiters of the rule included.
struct Candidate {
  std::string_view text;
  size_t begin = 0, end = 0;
};

// What follows the last </think>. `open`: a <think> after it does not end.
struct AfterThinking {
  std::string_view text;
  bool open = false;
};
AfterThinking after_thinking(std::string_view response);

// \boxed{...}, \fbox{...} and \boxed with a single token. Of boxes inside each other the outer one.
struct Box : Candidate {
  enum class Closed { by_brace, by_math, never };
  Closed closed = Closed::by_brace;  // by_math: the last brace is missing, but `$` or \) follows
  enum class Link { none, list, alternative };
  Link link = Link::none;  // to the box before: only commas and "and" lie between, or "or"
};
std::vector<Box> find_boxes(std::string_view text);
// What stands in a box that holds nothing but a box.
std::string_view unboxed(std::string_view content);

// <answer>...</answer>; the last one may lack its end when `unclosed` is set.
std::vector<Candidate> find_answer_tags(std::string_view text, bool unclosed);
// #### 42; headings of markdown are left aside.
std::vector<Candidate> find_hashes(std::string_view text);
// "the final answer is 42", "Final answer: 42"; without any of these "the answer is 42".
std::vector<Candidate> find_statements(std::string_view text);
// Lines that begin with "Answer:" or "A:", markdown aside. Options "A: 1" beside "B: 2" are none.
std::vector<Candidate> find_answer_lines(std::string_view text);
// **42** in the last line with text, or with `anywhere` in any. Words are passed over for what has
// a digit or math.
std::vector<Candidate> find_bold(std::string_view text, bool anywhere);
// A text that is nothing but an answer: one short line without prose.
std::optional<Candidate> whole_answer(std::string_view text);
// The last math or number.
std::optional<Candidate> last_expression(std::string_view text);

}  // namespace reckon::math
