// From sampling filters to one number: the threshold of the kept set. Only comparisons and sums in
// a fixed order over values that are the same on every machine, so the threshold is too.
#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>
#include <memory>

#include "kernels/cpu/support.h"

namespace reckon::cpu {
namespace {

// The smallest set of highest values, ties together, whose share of the mass of the `count` values
// is at least top_p; returns its lowest value. `work` holds the values and is reordered. Most sets
// are small, so the sorted front grows in steps instead of all at once. `mass` is the values'
// total, of exp(z - top).
float top_p_threshold(float* work, int count, float top, double mass, float top_p,
                      const VectorMath& math) {
  constexpr int kFirstFront = 64;
  const double wanted = static_cast<double>(top_p) * mass;
  double reached = 0;
  for (int begin = 0, end = std::min(count, kFirstFront); begin < count;
       begin = end, end = std::min<int64_t>(count, int64_t{4} * end)) {
    if (end < count)
      std::nth_element(work + begin, work + end, work + count, std::greater<float>());
    std::sort(work + begin, work + end, std::greater<float>());
    auto shares = std::make_unique<float[]>(static_cast<size_t>(end - begin));
    math.exp_shifted(work + begin, top, end - begin, shares.get());
    for (int i = begin; i < end; ++i) {
      reached += shares[static_cast<size_t>(i - begin)];
      if (reached >= wanted) return work[i];
    }
  }
  return work[count - 1];
}

}  // namespace

float kept_threshold(const float* z, int count, const HeadQuery& query, const VectorMath& math,
                     float* work) {
  constexpr float kNone = -std::numeric_limits<float>::infinity();
  float threshold = kNone;
  for (int i = 0; i < count; ++i) {
    if (std::isnan(z[i])) return threshold;
  }
  const float top = *std::max_element(z, z + count);
  if (query.top_k > 0 && query.top_k < count) {
    std::copy_n(z, count, work);
    std::nth_element(work, work + query.top_k - 1, work + count, std::greater<float>());
    threshold = work[query.top_k - 1];
  }
  if (query.top_p < 1) {
    const int kept = static_cast<int>(
        std::copy_if(z, z + count, work, [&](float v) { return v >= threshold; }) - work);
    auto shares = std::make_unique<float[]>(static_cast<size_t>(kept));
    math.exp_shifted(work, top, kept, shares.get());
    double mass = 0;
    for (int i = 0; i < kept; ++i) mass += shares[static_cast<size_t>(i)];
    threshold = std::max(threshold, top_p_threshold(work, kept, top, mass, query.top_p, math));
  }
  if (query.min_p > 0) threshold = std::max(threshold, std::min(top, top + math.log(query.min_p)));
  return threshold;
}

}  // namespace reckon::cpu
