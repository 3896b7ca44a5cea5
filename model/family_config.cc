#include <cmath>
#include <limits>

#include "base/error.h"
#include "base/text.h"
#include "model/families.h"

namespace reckon {
namespace {

[[noreturn]] void wrong(const std::string& place, const std::string& what) {
  throw Error(Code::data, place, what,
              "config.json is damaged or belongs to a model that is not supported");
}

}  // namespace

std::optional<nlohmann::json> FamilyConfig::value(const char* key) const {
  if (!json_.is_object()) wrong(place_, "is not a JSON object");
  auto found = json_.find(key);
  if (found == json_.end() || found->is_null()) return std::nullopt;
  return *found;
}

bool FamilyConfig::has(const char* key) const { return value(key).has_value(); }

int FamilyConfig::integer(const char* key, std::optional<int> otherwise) const {
  auto found = value(key);
  if (!found && otherwise) return *otherwise;
  if (!found) wrong(place_, cat("has no '", key, "'"));
  if (!found->is_number_integer()) wrong(place_, cat("'", key, "' is not a whole number"));
  if (*found < 0 || *found > std::numeric_limits<int>::max())
    wrong(place_, cat("'", key, "' is ", found->dump()));
  return found->get<int>();
}

double FamilyConfig::number(const char* key, std::optional<double> otherwise) const {
  auto found = value(key);
  if (!found && otherwise) return *otherwise;
  if (!found) wrong(place_, cat("has no '", key, "'"));
  if (!found->is_number()) wrong(place_, cat("'", key, "' is not a number"));
  return found->get<double>();
}

bool FamilyConfig::flag(const char* key, bool otherwise) const {
  auto found = value(key);
  if (!found) return otherwise;
  if (!found->is_boolean()) wrong(place_, cat("'", key, "' is neither true nor false"));
  return found->get<bool>();
}

std::string FamilyConfig::text(const char* key, const std::string& otherwise) const {
  auto found = value(key);
  if (!found) return otherwise;
  if (!found->is_string()) wrong(place_, cat("'", key, "' is not text"));
  return found->get<std::string>();
}

FamilyConfig FamilyConfig::object(const char* key) const {
  nlohmann::json found = value(key).value_or(nlohmann::json::object());
  if (!found.is_object()) wrong(place_, cat("'", key, "' is not an object"));
  return {std::move(found), place_};
}

std::vector<int> FamilyConfig::integers(const char* key) const {
  std::vector<int> list;
  nlohmann::json found = value(key).value_or(nlohmann::json::array());
  if (!found.is_array()) wrong(place_, cat("'", key, "' is not a list"));
  for (const nlohmann::json& entry : found) {
    if (!entry.is_number_integer()) wrong(place_, cat("'", key, "' holds ", entry.dump()));
    list.push_back(entry.get<int>());
  }
  return list;
}

void FamilyConfig::refuse(const std::string& what) const {
  std::vector<std::string> names;
  for (const Family& family : families()) names.push_back(family.architecture);
  throw Error(Code::data, place_, cat(what, ", which is not supported"),
              cat("use another checkpoint; supported architectures: ", join(names, ", ")));
}

}  // namespace reckon
