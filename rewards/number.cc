// Reward `number`: 1 when the completion's last \boxed{...}, or without one its last number, equals
// the gold column's number as an exact rational, else 0. No floating point, no evaluation of
// expressions. A number too long to compare is `undecided`; a row without a number to compare with
// is `abstained`.
#include "base/text.h"
#include "rewards/builtin.h"
#include "rewards/columns.h"
#include "rewards/rational.h"

namespace reckon {
namespace {

FoundNumber answer_of(std::string_view text) {
  if (auto boxed = last_boxed(text)) return whole_number(*boxed);
  return last_number(text);
}

class Number : public Reward {
 public:
  explicit Number(const RewardSpec& spec) {
    Options options(spec, {"gold", "after"});
    gold_ = options.text("gold", "");
    after_ = options.text("after", "");
  }

  Outcome score(const RewardInput& input) const override {
    auto right = find_gold(input, gold_);
    if (!right) return no_gold(gold_);
    FoundNumber gold = answer_of(right->text);
    if (gold.kind != NumberKind::number) {
      return unscored(Status::abstained,
                      cat("column '", right->column, "' holds no number that can be compared"));
    }
    auto text = after_last(input.completion, after_);
    if (!text) return scored(0, cat("no marker '", after_, "' in the completion"));
    FoundNumber answer = answer_of(*text);
    switch (answer.kind) {
      case NumberKind::none:
        return scored(0, "no number in the completion");
      case NumberKind::undefined:
        return scored(0, "division by zero");
      case NumberKind::too_long:
        return unscored(Status::undecided, cat("a number of more than ", kMaxDigits, " digits"));
      case NumberKind::number:
        break;
    }
    return scored(answer.value == gold.value ? 1 : 0);
  }

 private:
  std::string gold_, after_;
};

}  // namespace

std::unique_ptr<Reward> make_number(const RewardSpec& spec) {
  return std::make_unique<Number>(spec);
}

}  // namespace reckon
