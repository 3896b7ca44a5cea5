// JSON from files that nobody vouches for: every failure is Error(data) that names the place. A
// duplicate key is an error (parsers disagree on which one counts), and so is nesting deeper than
// any file of a model has.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

namespace reckon {

nlohmann::json parse_json(std::string_view text, const std::string& place);

}  // namespace reckon
