// Boxes: one pass with a stack of braces finds every box and its end.
#include <cstdint>

#include "rewards/math/extract_steps.h"
#include "rewards/math/extract_text.h"

namespace reckon::math {
namespace {

constexpr size_t kNone = std::string_view::npos;

size_t command_length(std::string_view text, size_t at) {
  for (std::string_view name : {"\\boxed", "\\fbox", "\\framebox"}) {
    if (text.substr(at, name.size()) != name) continue;
    size_t end = at + name.size();
    return end < text.size() && is_letter(text[end]) ? 0 : name.size();
  }
  return 0;
}

// The token behind a \boxed without braces: a number, a command, or a single letter. A word is
// prose about \boxed.
size_t token_end(std::string_view text, size_t begin) {
  size_t end = begin;
  for (; end < text.size(); ++end) {
    char c = text[end];
    bool in_number = (c == '.' || c == ',') && end > begin && is_digit(text[end - 1]) &&
                     end + 1 < text.size() && is_digit(text[end + 1]);
    if (!in_number && (is_blank(c) || std::string_view("$.,;}").find(c) != kNone)) break;
  }
  if (end == begin) return begin;
  char first = text[begin];
  bool answer = is_digit(first) || (end > begin + 1 && (first == '-' || first == '\\')) ||
                (end == begin + 1 && is_letter(first));
  return answer ? end : begin;
}

struct Open {
  size_t begin = 0, content = 0, end = kNone;  // end: of the content, once its brace closes
  bool token = false;
};

// Every box in the order of their beginnings.
std::vector<Open> scan(std::string_view text) {
  constexpr uint32_t kNoBox = UINT32_MAX;
  std::vector<Open> boxes;
  std::vector<uint32_t> braces;  // the box that each open brace began
  for (size_t i = 0; i < text.size();) {
    size_t length = text[i] == '\\' ? command_length(text, i) : 0;
    if (length > 0) {
      size_t at = i + length;
      while (at < text.size() && is_blank(text[at])) ++at;
      bool braced = at < text.size() && text[at] == '{';
      size_t end = braced ? at + 1 : token_end(text, at);
      if (braced) braces.push_back(static_cast<uint32_t>(boxes.size()));
      if (braced)
        boxes.push_back({i, at + 1, kNone, false});
      else if (end > at)
        boxes.push_back({i, at, end, true});
      i = end > at ? end : i + length;
    } else if (text[i] == '\\') {
      i += i + 1 < text.size() && command_length(text, i + 1) > 0 ? 1 : 2;  // "\\boxed" is one
    } else {
      if (text[i] == '{') braces.push_back(kNoBox);
      if (text[i] == '}' && !braces.empty()) {
        if (braces.back() != kNoBox) boxes[braces.back()].end = i;
        braces.pop_back();
      }
      ++i;
    }
  }
  return boxes;
}

// Where the answer of a box ends that lacks its brace: before the `$` or \) of the math around it;
// `never` for one that only the line or the text ends.
Box mended(std::string_view text, const Open& open) {
  Box box;
  size_t end = open.content;
  box.closed = Box::Closed::never;
  for (; end < text.size() && text[end] != '\n'; ++end) {
    std::string_view two = text.substr(end, 2);
    if (text[end] != '$' && two != "\\)" && two != "\\]") continue;
    if (end > 0 && text[end] == '$' && text[end - 1] == '\\') continue;
    box.closed = Box::Closed::by_math;
    break;
  }
  box.text = text.substr(open.content, end - open.content);
  box.begin = open.begin;
  box.end = end;
  return box;
}

// Passes over what may stand between two boxes of one list.
size_t separator_length(std::string_view rest) {
  for (std::string_view word :
       {"\\text{", "\\mbox{", "\\qquad", "\\quad", "\\(", "\\)", "\\[", "\\]", "\\,", "\\;", "\\ ",
        "\\\\", "$", ",", ";", "~", "&", "}", "*"}) {
    if (rest.starts_with(word)) return word.size();
  }
  return 0;
}

Box::Link link_between(std::string_view gap) {
  Box::Link link = Box::Link::list;
  for (size_t i = 0; i < gap.size();) {
    std::string_view rest = gap.substr(i);
    if (is_blank(rest[0])) {
      ++i;
    } else if (size_t length = separator_length(rest)) {
      i += length;
    } else if (rest.starts_with("and") && (rest.size() == 3 || !is_letter(rest[3]))) {
      i += 3;
    } else if (rest.starts_with("or") && (rest.size() == 2 || !is_letter(rest[2]))) {
      link = Box::Link::alternative;
      i += 2;
    } else {
      return Box::Link::none;
    }
  }
  return link;
}

}  // namespace

std::vector<Box> find_boxes(std::string_view text) {
  std::vector<Open> opens = scan(text);
  std::vector<Box> boxes;
  size_t covered = 0;
  for (const Open& open : opens) {
    if (open.begin < covered) continue;  // inside another
    Box box;
    bool closed = open.end != kNone;
    if (closed) {
      box.text = text.substr(open.content, open.end - open.content);
      closed = box.text.find("\n\n") == kNone;  // an answer has no paragraphs
    }
    if (!closed && &open != &opens.back()) continue;
    if (closed) {
      box.begin = open.begin;
      box.end = open.end + (open.token ? 0 : 1);
    } else {
      box = mended(text, open);
    }
    if (!boxes.empty()) box.link = link_between(text.substr(covered, box.begin - covered));
    covered = box.end;
    boxes.push_back(box);
  }
  return boxes;
}

std::string_view unboxed(std::string_view text) {
  constexpr int kDepth = 8;
  for (int i = 0; i < kDepth; ++i) {
    text = strip_blanks(text);
    if (!text.starts_with("\\boxed") && !text.starts_with("\\fbox")) break;
    std::vector<Box> inner = find_boxes(text);
    if (inner.size() != 1 || inner[0].end != text.size()) break;
    text = inner[0].text;
  }
  return text;
}

}  // namespace reckon::math
