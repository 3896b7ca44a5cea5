#include "rewards/builtin.h"

#include <algorithm>
#include <utility>

#include "base/error.h"
#include "base/text.h"
#include "rewards/columns.h"

namespace reckon {
namespace {

constexpr const char* kWorkedSolution = "solution";
constexpr const char* kGoldColumns[] = {"answer", "reward_model.ground_truth", "ground_truth",
                                        kWorkedSolution};

Error wrong_type(const RewardSpec& spec, const std::string& name, const std::string& wanted,
                 const nlohmann::json& value) {
  return Error(Code::config, name,
               cat("option '", name, "' of reward '", spec.use, "' must be ", wanted, ", not ",
                   value.dump()),
               "see docs/rewards.md");
}

}  // namespace

Options::Options(const RewardSpec& spec, std::vector<std::string> known) : spec_(spec) {
  for (const auto& [name, value] : spec.options) {
    if (std::find(known.begin(), known.end(), name) != known.end()) continue;
    known.insert(known.end(), {"use", "weight", "shaping"});
    auto near = nearest(name, known);
    throw Error(
        Code::config, name, cat("reward '", spec.use, "' has no option '", name, "'"),
        near ? cat("did you mean '", *near, "'?") : cat("its options: ", join(known, ", ")));
  }
}

const nlohmann::json* Options::find(const std::string& name) const {
  auto found = spec_.options.find(name);
  return found == spec_.options.end() ? nullptr : &found->second;
}

std::string Options::text(const std::string& name, const std::string& fallback) const {
  const nlohmann::json* value = find(name);
  if (value == nullptr) return fallback;
  if (!value->is_string()) throw wrong_type(spec_, name, "a text", *value);
  return value->get<std::string>();
}

int64_t Options::integer(const std::string& name, int64_t fallback, int64_t low,
                         int64_t high) const {
  const nlohmann::json* value = find(name);
  if (value == nullptr) return fallback;
  std::string wanted = cat("an integer from ", low, " to ", high);
  if (!value->is_number_integer()) throw wrong_type(spec_, name, wanted, *value);
  int64_t number = value->get<int64_t>();
  if (number < low || number > high) throw wrong_type(spec_, name, wanted, *value);
  return number;
}

bool Options::flag(const std::string& name, bool fallback) const {
  const nlohmann::json* value = find(name);
  if (value == nullptr) return fallback;
  if (!value->is_boolean()) throw wrong_type(spec_, name, "true or false", *value);
  return value->get<bool>();
}

std::string_view strip(std::string_view text) {
  constexpr std::string_view kBlank = " \t\r\n\f\v";
  size_t begin = text.find_first_not_of(kBlank);
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(kBlank) + 1 - begin);
}

std::optional<std::string_view> after_last(std::string_view text, std::string_view marker) {
  if (marker.empty()) return text;
  size_t at = text.rfind(marker);
  if (at == std::string_view::npos) return std::nullopt;
  return text.substr(at + marker.size());
}

std::optional<Gold> find_gold(const RewardInput& input, const std::string& gold) {
  if (input.columns == nullptr) return std::nullopt;
  auto from = [&](const char* name) -> std::optional<Gold> {
    const nlohmann::json* column = find_column(*input.columns, name);
    auto text = column == nullptr ? std::nullopt : plain_text(*column);
    return text ? std::optional<Gold>({name, *text}) : std::nullopt;
  };
  if (!gold.empty()) return from(gold.c_str());
  for (const char* name : kGoldColumns) {
    auto found = from(name);
    if (!found) continue;
    auto boxed = name == kWorkedSolution ? last_boxed(found->text) : std::nullopt;
    if (boxed) found->text = std::string(*boxed);
    return found;
  }
  return std::nullopt;
}

Outcome scored(double value, std::string note) {
  Outcome outcome;
  outcome.value = value;
  outcome.note = std::move(note);
  return outcome;
}

Outcome unscored(Status status, std::string note) {
  Outcome outcome;
  outcome.status = status;
  outcome.note = std::move(note);
  return outcome;
}

Outcome no_gold(const std::string& gold) {
  std::string problem = gold.empty() ? "the row has no column that usually holds the answer"
                                     : cat("the row has no usable column '", gold, "'");
  return unscored(
      Status::abstained,
      cat(problem, "; set the reward's option `gold` to the column that holds the answer"));
}

}  // namespace reckon
