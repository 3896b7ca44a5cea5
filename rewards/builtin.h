// What the built-in rewards share: options of a [[reward]] table, the gold column, small text
// helpers. Private to rewards/. Everything here is a pure function or immutable.
//
//   Options options(spec, {"gold", "after"});        // Error(config) names an unknown option
//   std::optional<Gold> gold = find_gold(input, options.text("gold", ""));
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "rewards/reward.h"

namespace reckon {

class Options {
 public:
  Options(const RewardSpec& spec, std::vector<std::string> known);

  std::string text(const std::string& name, const std::string& fallback) const;
  int64_t integer(const std::string& name, int64_t fallback, int64_t low, int64_t high) const;
  bool flag(const std::string& name, bool fallback) const;

 private:
  const nlohmann::json* find(const std::string& name) const;
  const RewardSpec& spec_;
};

// Without blanks, tabs and line ends on either side.
std::string_view strip(std::string_view text);

// What follows the last `marker` in `text`; the whole text when `marker` is empty; nothing when it
// does not occur.
std::optional<std::string_view> after_last(std::string_view text, std::string_view marker);

// The right answer of a data row as text: from the column `gold` (dotted names reach into objects),
// or, when that is empty, from the first usable of answer, reward_model.ground_truth, ground_truth
// and solution (of which the last \boxed counts, where there is one). Nothing when the row has
// none.
struct Gold {
  std::string column, text;
};
std::optional<Gold> find_gold(const RewardInput& input, const std::string& gold);

Outcome scored(double value, std::string note = "");
Outcome unscored(Status status, std::string note);
Outcome no_gold(const std::string& gold);  // abstained: the row has nothing to compare with

std::unique_ptr<Reward> make_exact(const RewardSpec& spec);
std::unique_ptr<Reward> make_number(const RewardSpec& spec);
std::unique_ptr<Reward> make_format(const RewardSpec& spec);
std::unique_ptr<Reward> make_length(const RewardSpec& spec);
std::unique_ptr<Reward> make_math(const RewardSpec& spec);
std::unique_ptr<Reward> make_code(const RewardSpec& spec);

}  // namespace reckon
