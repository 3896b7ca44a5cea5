// Reward `format`: 1 when the completion is <think>...</think><answer>...</answer>, each tag
// exactly once, both parts with content, and only blanks between and around; else 0. Named by
// DeepSeek-R1's template (arXiv 2501.12948, table 1).
#include "base/error.h"
#include "base/text.h"
#include "rewards/builtin.h"

namespace reckon {
namespace {

size_t occurrences(std::string_view text, std::string_view piece) {
  size_t count = 0;
  for (size_t at = text.find(piece); at != std::string_view::npos;
       at = text.find(piece, at + piece.size()))
    ++count;
  return count;
}

class Format : public Reward {
 public:
  explicit Format(const RewardSpec& spec) {
    Options options(spec, {"think", "answer", "opened"});
    think_ = options.text("think", "think");
    answer_ = options.text("answer", "answer");
    opened_ = options.flag("opened", false);
    if (think_.empty() || think_ == answer_) {
      throw Error(Code::config, "think", "option 'think' must name a tag other than 'answer'",
                  "leave it out for <think>...</think>");
    }
  }

  Outcome score(const RewardInput& input) const override {
    std::string text(strip(input.completion));
    if (opened_) text.insert(0, cat("<", think_, ">"));
    std::string_view rest = text;
    if (!take_block(rest, think_, text))
      return scored(0, cat("no single <", think_, "> block at the start"));
    if (!answer_.empty() && !take_block(rest, answer_, text)) {
      return scored(0, cat("no single <", answer_, "> block after <", think_, ">"));
    }
    if (answer_.empty()) return scored(strip(rest).empty() ? 0 : 1, "");
    return rest.empty() ? scored(1) : scored(0, cat("text after </", answer_, ">"));
  }

 private:
  // Removes <tag>content</tag> and blanks from the front of `rest` when the tags occur once in
  // `text` and hold content.
  static bool take_block(std::string_view& rest, const std::string& tag, std::string_view text) {
    std::string open = cat("<", tag, ">"), close = cat("</", tag, ">");
    if (occurrences(text, open) != 1 || occurrences(text, close) != 1) return false;
    size_t end = rest.find(close);
    if (!rest.starts_with(open) || end == std::string_view::npos) return false;
    if (strip(rest.substr(open.size(), end - open.size())).empty()) return false;
    rest = strip(rest.substr(end + close.size()));
    return true;
  }

  std::string think_, answer_;
  bool opened_ = false;
};

}  // namespace

std::unique_ptr<Reward> make_format(const RewardSpec& spec) {
  return std::make_unique<Format>(spec);
}

}  // namespace reckon
