// Rewards: the table of built-in ones and their combination. Adding one is one small file in
// rewards/ and an entry in the table of reward.cc. Verifier (rewards/math/), code (rewards/code/)
// and plugins (rewards/plugin/) hang here too. A Reward is immutable and thread-safe; score() must
// not throw: what goes wrong is a status.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "rewards/outcome.h"

namespace reckon {

struct RewardInput {
  std::string_view prompt, completion;
  const nlohmann::json* columns =
      nullptr;  // the data row: an object with every column but the prompt
  uint32_t completion_tokens = 0, max_new_tokens = 0;
  bool truncated = false;   // ended by the length limit
  bool evaluation = false;  // of a model, not for a learner: a reward may be more lenient
};

class Reward {
 public:
  virtual ~Reward() = default;
  virtual Outcome score(
      const RewardInput& input) const = 0;  // status, value and note; parts are filled by the set
};

using RewardOptions = std::map<std::string, nlohmann::json>;  // the keys of a [[reward]] table
                                                              // beside use, weight, shaping

struct RewardSpec {
  std::string use;  // "exact", "number", "math", "format", "length"; "python:...", "plugin:..." are
                    // later entries
  double weight = 1;
  bool shaping = false;  // left out of `raw`
  RewardOptions options;
};

// Error(config) names an unknown reward (with the nearest name) or option; its place() is the
// option at fault, or "use".
std::unique_ptr<Reward> make_reward(const RewardSpec& spec);
std::vector<std::string> reward_names();
// Whether a reward shapes behaviour rather than judges the answer: what `shaping` is when a run
// file leaves it out.
bool shapes_by_default(const std::string& use);

// Several rewards as one. A part that abstains contributes nothing; when all that judge (shaping
// left aside) abstain, so does the set: a completion that nobody could judge has no score, however
// short it is. Undecided, timed out or crashed in any part is the status of the whole (the last of
// these wins). Parts are named by `use`, the second of a kind "number#2".
class RewardSet {
 public:
  explicit RewardSet(const std::vector<RewardSpec>& specs);
  Outcome score(const RewardInput& input) const;
  const std::string& producer() const {
    return producer_;
  }  // digest of the specs: names who computed a column

 private:
  struct Entry {
    RewardSpec spec;
    std::string name;
    std::unique_ptr<Reward> reward;
  };
  std::vector<Entry> entries_;
  std::string producer_;
};

}  // namespace reckon
