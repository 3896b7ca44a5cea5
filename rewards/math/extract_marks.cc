// Answers behind a mark: </think>, <answer> tags, ####, lines that begin with "Answer:", bold.
#include <algorithm>

#include "rewards/math/extract_statement.h"
#include "rewards/math/extract_steps.h"
#include "rewards/math/extract_text.h"

namespace reckon::math {
namespace {

constexpr size_t kNone = std::string_view::npos;

size_t line_end(std::string_view text, size_t at) {
  return std::min(text.find('\n', at), text.size());
}

// Where the content of a line begins, behind the marks of headings, lists and emphasis.
size_t line_content(std::string_view text, size_t begin, size_t end) {
  while (begin < end &&
         (is_blank(text[begin]) || std::string_view("*_#>-").find(text[begin]) != kNone))
    ++begin;
  return begin;
}

// The length of "Answer:", "Answer**:", "**Answer:**" and the like; 0 when `line` begins otherwise.
size_t label_length(std::string_view line) {
  size_t word = 0;
  std::string low = lower_case(line.substr(0, 6));
  if (low == "answer")
    word = 6;
  else if (line.starts_with('A'))
    word = 1;
  else
    return 0;
  size_t at = word;
  auto pass_stars = [&] {
    while (at < line.size() && (line[at] == '*' || line[at] == '_')) ++at;
  };
  pass_stars();
  if (word > 1 && at < line.size() && line[at] == ' ') ++at;
  if (line.substr(at, 1) == ":")
    ++at;
  else if (line.substr(at, 3) == "\xef\xbc\x9a")  // the full-width colon
    at += 3;
  else
    return 0;
  pass_stars();
  return at;
}

// "#### Step 2" and "#### 1. Setup" are headings, unless nothing follows.
bool is_heading(std::string_view text, size_t end, std::string_view content) {
  if (text.find_first_not_of(" \t\r\n", end) == kNone) return false;
  if (is_letter(content[0])) return true;
  size_t digits = 0;
  while (digits < content.size() && is_digit(content[digits])) ++digits;
  return digits > 0 && content.substr(digits, 2) == ". ";
}

bool has_value(std::string_view text) {
  return std::any_of(text.begin(), text.end(),
                     [](char c) { return is_digit(c) || c == '$' || c == '\\' || c == '='; });
}

}  // namespace

AfterThinking after_thinking(std::string_view response) {
  constexpr std::string_view kEnd = "</think>";
  size_t at = response.rfind(kEnd);
  AfterThinking after;
  after.text = at == kNone ? response : response.substr(at + kEnd.size());
  after.open = after.text.find("<think>") != kNone;
  return after;
}

std::vector<Candidate> find_answer_tags(std::string_view text, bool unclosed) {
  constexpr std::string_view kBegin = "<answer>", kEnd = "</answer>";
  std::vector<Candidate> found;
  for (size_t at = 0; (at = text.find(kBegin, at)) != kNone;) {
    size_t begin = at + kBegin.size();
    size_t end = text.find(kEnd, begin);
    if (end == kNone && !unclosed) break;
    size_t stop = std::min(end, text.size());
    size_t inner = text.substr(begin, stop - begin).rfind(kBegin);  // of two that begin the later
    if (inner != kNone) begin += inner + kBegin.size();
    found.push_back({text.substr(begin, stop - begin), at, stop});
    if (end == kNone) break;
    at = end + kEnd.size();
  }
  return found;
}

std::vector<Candidate> find_hashes(std::string_view text) {
  constexpr std::string_view kMark = "####";
  std::vector<Candidate> found;
  for (size_t at = 0; (at = text.find(kMark, at)) != kNone;) {
    size_t begin = text.find_first_not_of('#', at);
    if (begin == kNone) break;
    size_t end = std::min(line_end(text, begin), text.find(kMark, begin));
    std::string_view content = strip_blanks(text.substr(begin, end - begin));
    bool mark = begin - at == kMark.size();
    if (mark && !content.empty() && !is_heading(text, end, content))
      found.push_back({content, at, end});
    at = end;
  }
  return found;
}

std::vector<Candidate> find_answer_lines(std::string_view text) {
  std::vector<Candidate> found;
  MathSpans spans(text);
  bool options = false;
  for (size_t begin = 0, end = 0; begin < text.size(); begin = end + 1) {
    end = line_end(text, begin);
    size_t content = line_content(text, begin, end);
    std::string_view line = text.substr(content, end - content);
    options = options || line.starts_with("B:") || line.starts_with("B**:");
    size_t label = label_length(line);
    if (label == 0) continue;
    size_t stop = statement_end(text, content + label, text.size(), spans);
    std::string_view answer = text.substr(content + label, stop - content - label);
    if (!tidy(answer).empty() && label_length(strip_blanks(answer)) == 0)
      found.push_back({answer, content, stop});
    end = std::max(end, stop == 0 ? end : line_end(text, stop - 1));
  }
  auto is_option = [&](const Candidate& line) { return text.substr(line.begin, 6).find(':') < 4; };
  if (options) std::erase_if(found, is_option);
  return found;
}

std::vector<Candidate> find_bold(std::string_view text, bool anywhere) {
  constexpr std::string_view kMark = "**";
  size_t begin = 0;
  if (!anywhere) {
    size_t last = text.find_last_not_of(" \t\r\n");
    if (last == kNone) return {};
    size_t before = text.rfind('\n', last);
    begin = before == kNone ? 0 : before + 1;
  }
  std::vector<Candidate> found;
  while ((begin = text.find(kMark, begin)) != kNone) {
    size_t content = begin + kMark.size();
    size_t end = text.find(kMark, content);
    if (end == kNone) break;
    std::string_view inside = text.substr(content, end - content);
    if (inside.find('\n') != kNone || inside.empty() || is_blank(inside[0])) {
      begin = end;  // no pair: the second mark may open one
      continue;
    }
    if (!strip_blanks(inside).ends_with(':'))  // a heading
      found.push_back({inside, begin, end + kMark.size()});
    begin = end + kMark.size();
  }
  bool values = std::any_of(found.begin(), found.end(),
                            [](const Candidate& bold) { return has_value(bold.text); });
  if (values) std::erase_if(found, [](const Candidate& bold) { return !has_value(bold.text); });
  return found;
}

}  // namespace reckon::math
