// Reward `exact`: 1 when the completion, stripped of outer blanks, is the gold column's text, else
// 0.
#include "base/text.h"
#include "rewards/builtin.h"

namespace reckon {
namespace {

class Exact : public Reward {
 public:
  explicit Exact(const RewardSpec& spec) {
    Options options(spec, {"gold", "after"});
    gold_ = options.text("gold", "");
    after_ = options.text("after", "");
  }

  Outcome score(const RewardInput& input) const override {
    auto gold = find_gold(input, gold_);
    if (!gold) return no_gold(gold_);
    auto answer = after_last(input.completion, after_);
    if (!answer) return scored(0, cat("no marker '", after_, "' in the completion"));
    return scored(strip(*answer) == strip(gold->text) ? 1 : 0);
  }

 private:
  std::string gold_, after_;
};

}  // namespace

std::unique_ptr<Reward> make_exact(const RewardSpec& spec) { return std::make_unique<Exact>(spec); }

}  // namespace reckon
