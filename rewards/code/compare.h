// Comparing what a program said with what it should have said. Pure functions over data; nothing of
// a candidate's runs here. Whole outputs are compared, length included.
#pragma once

#include <nlohmann/json.hpp>
#include <string_view>

#include "rewards/code/task.h"

namespace reckon {

bool outputs_match(std::string_view actual, std::string_view expected, OutputMatch match,
                   double tolerance);

// `actual` is plain data with tags (sandbox/plain_data.py), `expected` is JSON. A tuple is a list;
// numbers are equal by value (1 is 1.0 and true, as in Python); a number as a key is equal to its
// text.
bool values_match(const nlohmann::json& actual, const nlohmann::json& expected, double tolerance);

}  // namespace reckon
