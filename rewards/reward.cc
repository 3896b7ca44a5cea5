#include "rewards/reward.h"

#include <algorithm>
#include <exception>

#include "base/digest.h"
#include "base/error.h"
#include "base/text.h"
#include "rewards/builtin.h"

namespace reckon {
namespace {

struct Builtin {
  const char* name;
  std::unique_ptr<Reward> (*make)(const RewardSpec& spec);
  bool shaping;
};

constexpr Builtin kBuiltins[] = {
    {"exact", make_exact, false},  {"number", make_number, false}, {"format", make_format, false},
    {"length", make_length, true}, {"math", make_math, false},     {"code", make_code, false},
};

// Changes whenever a built-in reward may score the same text differently: recorded outcomes then
// differ in producer.
constexpr int kRewardsVersion = 3;

const Builtin* find_builtin(const std::string& use) {
  for (const Builtin& entry : kBuiltins) {
    if (use == entry.name) return &entry;
  }
  return nullptr;
}

Error unknown_reward(const std::string& use) {
  std::string exist = cat("the rewards of this version: ", join(reward_names(), ", "));
  if (use.empty()) return Error(Code::config, "use", "a reward needs `use`", exist);
  for (std::string_view later : {"python:", "plugin:"}) {
    if (use.starts_with(later))
      return Error(Code::config, "use", cat("this version cannot run '", use, "'"), exist);
  }
  for (std::string_view later : {"repetition", "language", "overlong"}) {
    if (use == later)
      return Error(Code::config, "use", cat("reward '", use, "' is not in this version"), exist);
  }
  auto near = nearest(use, reward_names());
  return Error(Code::config, "use", cat("unknown reward '", use, "'"),
               near ? cat("did you mean '", *near, "'?") : exist);
}

std::string digest_of_specs(const std::vector<RewardSpec>& specs) {
  nlohmann::json all = {kRewardsVersion};
  for (const RewardSpec& spec : specs)
    all.push_back({spec.use, spec.weight, spec.shaping, spec.options});
  return digest_of(all.dump()).text();
}

// score() promises not to throw; a reward that breaks the promise has crashed, and says so.
Outcome guarded_score(const Reward& reward, const RewardInput& input) {
  try {
    return reward.score(input);
  } catch (const std::exception& error) {
    return unscored(Status::crashed, error.what());
  }
}

void append_note(std::string& notes, const std::string& name, const std::string& note) {
  if (note.empty()) return;
  if (!notes.empty()) notes += "; ";
  notes += cat(name, ": ", note);
}

}  // namespace

const char* status_name(Status status) {
  switch (status) {
    case Status::scored:
      return "scored";
    case Status::abstained:
      return "abstained";
    case Status::undecided:
      return "undecided";
    case Status::timed_out:
      return "timed_out";
    case Status::crashed:
      return "crashed";
  }
  return "unknown";
}

std::unique_ptr<Reward> make_reward(const RewardSpec& spec) {
  const Builtin* entry = find_builtin(spec.use);
  if (entry == nullptr) throw unknown_reward(spec.use);
  return entry->make(spec);
}

std::vector<std::string> reward_names() {
  std::vector<std::string> names;
  for (const Builtin& entry : kBuiltins) names.emplace_back(entry.name);
  return names;
}

bool shapes_by_default(const std::string& use) {
  const Builtin* entry = find_builtin(use);
  return entry != nullptr && entry->shaping;
}

RewardSet::RewardSet(const std::vector<RewardSpec>& specs) : producer_(digest_of_specs(specs)) {
  std::map<std::string, int> seen;
  for (const RewardSpec& spec : specs) {
    int count = ++seen[spec.use];
    entries_.push_back(
        {spec, count == 1 ? spec.use : cat(spec.use, "#", count), make_reward(spec)});
  }
}

Outcome RewardSet::score(const RewardInput& input) const {
  Outcome whole;
  bool judged = false, any_scored = false, any_judge = false;
  for (size_t i = 0; i < entries_.size(); ++i) {
    const Entry& entry = entries_[i];
    Outcome part = guarded_score(*entry.reward, input);
    append_note(whole.note, entry.name, part.note);
    any_judge = any_judge || !entry.spec.shaping;
    if (part.status == Status::abstained) continue;
    if (part.status != Status::scored) {
      whole.status = std::max(whole.status, part.status);
      continue;
    }
    any_scored = true;
    judged = judged || !entry.spec.shaping;
    whole.value += entry.spec.weight * part.value;
    if (!entry.spec.shaping) whole.raw += entry.spec.weight * part.value;
    if (i == 0) whole.correct = part.value >= 0.5;
    whole.parts.push_back({entry.name, part.value, entry.spec.weight});
  }
  if (whole.status == Status::scored && !(any_judge ? judged : any_scored))
    whole.status = Status::abstained;
  if (whole.status != Status::scored) whole.value = whole.raw = 0;
  return whole;
}

}  // namespace reckon
