// A task and its verdict as JSON: the lines of `reckon judge` (docs/sandbox.md). Pure functions.
#pragma once

#include <nlohmann/json.hpp>

#include "rewards/code/task.h"

namespace reckon {

// Error(data) names the key at fault. Limits that are left out keep their defaults.
CodeTask task_from_json(const nlohmann::json& row);
Tests tests_from_json(const nlohmann::json& tests);

nlohmann::json verdict_to_json(const CodeVerdict& verdict, const nlohmann::json& id, size_t total);

}  // namespace reckon
