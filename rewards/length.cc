// Reward `length`: the soft overlong punishment of DAPO (arXiv 2503.14476, equation 13). With L
// tokens, limit M and buffer C: 0 for L <= M - C, then (M - C - L) / C, which reaches -1 at L = M.
#include <algorithm>

#include "rewards/builtin.h"

namespace reckon {
namespace {

class Length : public Reward {
 public:
  explicit Length(const RewardSpec& spec) {
    buffer_ = Options(spec, {"buffer"}).integer("buffer", 0, 0, 1 << 30);
  }

  Outcome score(const RewardInput& input) const override {
    double limit = input.max_new_tokens, tokens = input.completion_tokens;
    if (limit <= 0) return unscored(Status::abstained, "there is no length limit");
    double buffer = std::clamp(buffer_ > 0 ? static_cast<double>(buffer_) : limit / 5, 1.0, limit);
    return scored(std::clamp((limit - buffer - tokens) / buffer, -1.0, 0.0));
  }

 private:
  int64_t buffer_ = 0;  // 0: a fifth of the limit, DAPO's proportion
};

}  // namespace

std::unique_ptr<Reward> make_length(const RewardSpec& spec) {
  return std::make_unique<Length>(spec);
}

}  // namespace reckon
