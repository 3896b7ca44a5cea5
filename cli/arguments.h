// What the verbs' command lines share: checks of numbers with messages for people, and texts
// printed so that a model cannot write to the terminal. Pure functions.
//
//   app->add_option("-n", count, "completions")->type_name("N")->check(whole_number(1));
#pragma once

#include <CLI/CLI.hpp>
#include <cstdint>
#include <limits>
#include <string>

#include "rewards/reward.h"

namespace reckon {

// Bounds are inclusive.
CLI::Validator whole_number(int64_t low, int64_t high = std::numeric_limits<int64_t>::max());
CLI::Validator number_between(double low, double high);

// "NAME" or "NAME?option=value&..." of a reward; values are true, false, numbers or texts.
RewardSpec parse_reward(const std::string& text);

// Line ends, tabs and valid UTF-8 stay; control characters and other bytes become \x1b. Models
// write anything, escape sequences of terminals included.
std::string printable(std::string_view text);

}  // namespace reckon
