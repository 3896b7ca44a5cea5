// Reward `math`: 1 when the completion's final answer is proven equal to the gold answer by the
// math verifier, 0 when it is different or there is none, `undecided` when the verifier cannot say.
// A row without a gold answer is `abstained`. Without an option `mode` training is strict and an
// evaluation lenient.
#include "base/error.h"
#include "base/text.h"
#include "rewards/builtin.h"
#include "rewards/columns.h"
#include "rewards/math/verification_note.h"
#include "rewards/math/verify.h"

namespace reckon {
namespace {

// What a gold column holds is an answer, or a worked solution that marks one.
std::string_view answer_of(std::string_view gold) {
  if (auto boxed = last_boxed(gold)) return *boxed;
  if (auto behind = after_last(gold, "####")) return strip(*behind);
  return strip(gold);
}

class Math : public Reward {
 public:
  explicit Math(const RewardSpec& spec) {
    Options options(spec, {"gold", "mode"});
    gold_ = options.text("gold", "");
    std::string mode = options.text("mode", "");
    if (mode == "strict") mode_ = math::Mode::strict;
    if (mode == "lenient") mode_ = math::Mode::lenient;
    if (mode_ || mode.empty()) return;
    throw Error(Code::config, "mode", cat("there is no mode '", mode, "'"),
                "write strict or lenient (docs/verifier.md)");
  }

  Outcome score(const RewardInput& input) const override {
    auto gold = find_gold(input, gold_);
    if (!gold) return no_gold(gold_);
    std::string_view right = answer_of(gold->text);
    if (right.empty()) {
      return unscored(Status::abstained,
                      cat("column '", gold->column, "' holds no answer to compare with"));
    }
    auto usual = input.evaluation ? math::Mode::lenient : math::Mode::strict;
    auto verification = math::verify_response(right, input.completion, mode_.value_or(usual));
    std::string note = math::note_of(verification);
    if (verification.verdict == math::Verdict::undecided) return unscored(Status::undecided, note);
    return scored(verification.verdict == math::Verdict::equal ? 1 : 0, note);
  }

 private:
  std::string gold_;
  std::optional<math::Mode> mode_;
};

}  // namespace

std::unique_ptr<Reward> make_math(const RewardSpec& spec) { return std::make_unique<Math>(spec); }

}  // namespace reckon
