// What one verification may cost, checked before the work is done. A pass over the limit throws
// OverBudget, which never leaves verify(): it is the verdict `undecided`.
//
//   Budget budget(limits);
//   budget.spend(args.size());      // steps
//   budget.require_bits(n * log2(m), "10^(10^10)");   // the size of a number about to be made
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>

namespace reckon::math {

struct Limits {
  size_t answer_bytes = 4096;       // of one answer; a longer one is compared as text alone
  size_t response_bytes = 1 << 18;  // of what follows the thinking: its end counts
  int nesting = 64;                 // brackets and groups inside each other
  uint64_t steps = 20'000;          // nodes made, operations done, elements compared
  uint64_t number_bits = 16'384;    // of any exact number, numerator or denominator
  int precision_bits = 1024;        // the most that interval arithmetic goes to
};

struct OverBudget {
  std::string what;
};

class Budget {
 public:
  explicit Budget(const Limits& limits = {}) : limits_(limits) {}
  const Limits& limits() const { return limits_; }

  void spend(uint64_t steps) {
    used_ += steps;
    if (used_ > limits_.steps) throw OverBudget{"too many steps"};
  }
  // `bits` is an upper estimate of the size of a number about to be computed.
  void require_bits(double bits, const char* what) {
    if (!(bits <= static_cast<double>(limits_.number_bits))) throw OverBudget{what};
    spend(1 + static_cast<uint64_t>(bits / 4096));
  }
  void require_nesting(int depth) {
    if (depth > limits_.nesting) throw OverBudget{"nested too deeply"};
  }
  uint64_t used() const { return used_; }

 private:
  Limits limits_;
  uint64_t used_ = 0;
};

}  // namespace reckon::math
