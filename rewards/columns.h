// Reading a data row: a column by a dotted name, a boxed answer in LaTeX. Pure functions.
//
//   const nlohmann::json* gold = find_column(row, "reward_model.ground_truth");
//   last_boxed("so \\boxed{\\frac{1}{2}}.")       // "\\frac{1}{2}"
#pragma once

#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>

namespace reckon {

// The column of that very name, or the value that its dotted parts lead to through objects; null
// when there is none.
const nlohmann::json* find_column(const nlohmann::json& row, std::string_view name);

// A text as it is, a number or true or false as JSON writes it; nothing for null, lists, objects.
std::optional<std::string> plain_text(const nlohmann::json& value);

// The content of the last \boxed{...} or \fbox{...}, or the token behind `\boxed ` without braces.
// Empty when its braces do not close: an answer was begun and is not there.
std::optional<std::string_view> last_boxed(std::string_view text);

}  // namespace reckon
