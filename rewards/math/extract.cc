// The order of the rules (docs/verifier.md): boxes, <answer> tags, ####, "the final answer is",
// "Answer:" lines, bold; for a lenient reader alone the text as a whole and the last expression.
// The first rule that finds something decides.
#include "rewards/math/extract.h"

#include "rewards/math/budget.h"
#include "rewards/math/extract_steps.h"
#include "rewards/math/extract_text.h"

namespace reckon::math {
namespace {

using Outcome = Extraction::Outcome;

Extraction none(std::string note) { return {Outcome::none, "", "", std::move(note)}; }

Extraction conflicting(const char* rule, const char* what, std::string_view a, std::string_view b) {
  return {Outcome::conflicting, "", rule,
          "two " + std::string(what) + " that disagree: " + shown(a) + " and " + shown(b)};
}

// A place for an answer that holds none: \boxed{}, \boxed{...}, \boxed{\text{your answer}}.
bool is_empty(std::string_view answer) {
  if (answer.size() > Limits().answer_bytes) return false;
  std::string form = lower_case(normal_form(answer));
  return form == "answer" || form == "youranswer" || form == "finalanswer" ||
         form.find_first_not_of(".?_") == std::string::npos || form == "\\ldots" ||
         form == "\\dots" || form == "\\cdots";
}

// Whether two answers of one response are the same; the text mostly says so.
class Agreement {
 public:
  explicit Agreement(std::string_view last) : last_(last) {}

  bool with(std::string_view other) {
    if (other == last_) return true;
    if (form_.empty()) form_ = normal_form(last_);
    if (normal_form(other) == form_) return true;
    return ++compared_ <= kComparisons && verify_answer(last_, other).verdict == Verdict::equal;
  }

 private:
  static constexpr int kComparisons = 8;
  std::string last_, form_;
  int compared_ = 0;
};

// Boxes that stand side by side are one answer, a list; the same text twice is one element.
struct BoxGroup {
  std::string text;
  bool alternatives = false;
};

std::vector<BoxGroup> groups_of(const std::vector<Box>& boxes) {
  std::vector<BoxGroup> groups;
  std::string last_form;
  for (const Box& box : boxes) {
    std::string_view text = tidy(unboxed(box.text));
    if (is_empty(text)) continue;
    std::string form = boxes.size() > 1 ? normal_form(text) : "";
    bool joined = !groups.empty() && box.link != Box::Link::none;
    if (joined && form == last_form) continue;
    last_form = form;
    if (!joined) {
      groups.push_back({std::string(text), false});
      continue;
    }
    bool alternative = box.link == Box::Link::alternative;
    groups.back().text += (alternative ? " or " : ", ") + std::string(text);
    groups.back().alternatives = groups.back().alternatives || alternative;
  }
  return groups;
}

// What the text behind the last box states instead; the box counts all the same.
std::string contradiction(std::string_view text, const Box& last, std::string_view answer) {
  std::vector<Candidate> after = find_statements(text.substr(last.end));
  if (after.empty() || normal_form(after.back().text) == normal_form(answer)) return "";
  return "the text after the box says " + shown(tidy(after.back().text));
}

std::optional<Extraction> from_boxes(std::string_view text, Mode mode) {
  constexpr const char* kRule = "boxed";
  std::vector<Box> boxes = find_boxes(text);
  if (boxes.empty()) return std::nullopt;
  bool strict = mode == Mode::strict;
  if (strict && boxes.back().closed == Box::Closed::never) return none("a box that does not close");
  if (strict && is_empty(unboxed(boxes.back().text))) return none("an empty box");
  std::vector<BoxGroup> groups = groups_of(boxes);
  if (groups.empty()) return none("an empty box");
  const BoxGroup& last = groups.back();
  if (last.alternatives)
    return Extraction{Outcome::conflicting, "", kRule, "boxes to choose from: " + shown(last.text)};
  Agreement agreement(last.text);
  for (const BoxGroup& group : groups) {
    if (strict && !agreement.with(group.text))
      return conflicting(kRule, "boxes", group.text, last.text);
  }
  return Extraction{Outcome::found, last.text, kRule, contradiction(text, boxes.back(), last.text)};
}

// The last candidate; in strict mode all must be the same text.
std::optional<Extraction> last_of(const std::vector<Candidate>& found, const char* rule,
                                  const char* what, Mode mode) {
  if (found.empty()) return std::nullopt;
  std::string_view last = tidy(found.back().text);
  if (is_empty(last)) return none("an empty answer");
  // "The volume of the cube is 120": a lenient reader takes the end of the sentence.
  constexpr std::string_view kIs = " is ";
  size_t is = mode == Mode::lenient ? last.rfind(kIs) : std::string_view::npos;
  if (is != std::string_view::npos && !is_empty(last.substr(is + kIs.size())))
    last = tidy(last.substr(is + kIs.size()));
  if (mode == Mode::strict) {
    Agreement agreement(last);
    for (const Candidate& other : found) {
      std::string_view text = tidy(other.text);
      if (!agreement.with(text)) return conflicting(rule, what, text, last);
    }
  }
  return Extraction{Outcome::found, std::string(last), rule, ""};
}

// A tag may hold a sentence: its statement counts.
std::optional<Extraction> from_tags(std::string_view text, Mode mode) {
  std::vector<Candidate> tags = find_answer_tags(text, false);
  if (tags.empty() && mode == Mode::lenient) tags = find_answer_tags(text, true);
  for (Candidate& tag : tags) {
    std::vector<Candidate> inside = find_statements(tag.text);
    if (!inside.empty()) tag.text = inside.back().text;
  }
  return last_of(tags, "answer_tag", "<answer> tags", mode);
}

}  // namespace

Extraction extract_answer(std::string_view response, Mode mode, const Limits& limits) {
  AfterThinking after = after_thinking(response);
  if (after.open && mode == Mode::strict) return none("the thinking does not end");
  std::string_view text = after.text;
  if (text.size() > limits.response_bytes) text.remove_prefix(text.size() - limits.response_bytes);
  if (auto found = from_boxes(text, mode)) return *found;
  if (auto found = from_tags(text, mode)) return *found;
  if (auto found = last_of(find_hashes(text), "hash", "#### lines", mode)) return *found;
  if (auto found = last_of(find_statements(text), "final_answer", "answers", mode)) return *found;
  if (auto found = last_of(find_answer_lines(text), "answer_line", "answer lines", mode))
    return *found;
  bool lenient = mode == Mode::lenient;
  std::vector<Candidate> bold = find_bold(text, false);
  if (bold.empty() && lenient) bold = find_bold(text, true);
  if (auto found = last_of(bold, "bold", "bold texts", mode)) return *found;
  if (!lenient) return none("no answer found");
  auto found = whole_answer(text);
  const char* rule = "whole";
  if (!found) {
    found = last_expression(text);
    rule = "last_expression";
  }
  if (!found || tidy(found->text).empty()) return none("no answer found");
  return {Outcome::found, std::string(tidy(found->text)), rule, ""};
}

}  // namespace reckon::math
