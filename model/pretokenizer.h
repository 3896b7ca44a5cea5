// Cuts a text into the pieces that a tokenizer's model then splits further, by the rules of
// tokenizer.json's "pre_tokenizer". Immutable after construction, thread-safe.
//
//   Pretokenizer cut({SplitRule{Pattern("\\p{N}{1,3}", place), Behaviour::isolated}});
//   Pieces pieces;
//   cut.split("room 1234", true, pieces);   // "room ", "123", "4"
#pragma once

#include <deque>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace reckon {

// A regular expression in UTF-8 with Unicode classes, or a literal. Matching has limits of steps,
// for one match and for a whole text: an expression that exceeds them ends the operation with
// Error(data).
class Pattern {
 public:
  Pattern(const std::string& expression, const std::string& place, bool literal = false);
  const std::string& place() const;

  // Where it matches in `text` (valid UTF-8), in order; empty matches are left out.
  void matches(std::string_view text, std::vector<std::pair<size_t, size_t>>& found) const;

 private:
  struct Compiled;
  std::shared_ptr<const Compiled> compiled_;
};

// What becomes of a match among the pieces.
enum class Behaviour { removed, isolated, merged_with_previous, merged_with_next, contiguous };

struct SplitRule {
  Pattern pattern;
  Behaviour behaviour;
  bool invert = false;  // the pattern describes the pieces, not what lies between them
};
struct CharacterRule {
  bool (*matches)(char32_t);
  Behaviour behaviour;
};
struct PrefixRule {};  // a space before a piece that has none
struct MetaspaceRule {
  std::string replacement;  // for every space
  enum class Prepend { never, first, always } prepend;
  bool split;
};
using PretokenizerRule = std::variant<SplitRule, CharacterRule, PrefixRule, MetaspaceRule>;

// Views into the text, or into `changed` where a rule changed it.
struct Pieces {
  std::vector<std::string_view> views;
  std::deque<std::string> changed;
  std::vector<std::string_view> next;  // scratch
  std::vector<std::pair<size_t, size_t>> found;
};

class Pretokenizer {
 public:
  Pretokenizer() = default;
  explicit Pretokenizer(std::vector<PretokenizerRule> rules) : rules_(std::move(rules)) {}

  // `text` is valid UTF-8; `first`: nothing stands before it.
  void split(std::string_view text, bool first, Pieces& pieces) const;

 private:
  std::vector<PretokenizerRule> rules_;
};

}  // namespace reckon
