// Checks of derivatives: in double against central differences of kernels/reference.h, in float
// against double.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <random>
#include <string>
#include <vector>

#include "base/thread_pool.h"

namespace reckon {

using Values = std::vector<double>;

inline Values random_values(unsigned seed, int64_t count, double middle = 0, double spread = 1) {
  std::mt19937 generator(seed);
  std::normal_distribution<float> normal;  // floats, so that both types start from the same numbers
  Values values(static_cast<size_t>(count));
  for (double& x : values) x = static_cast<float>(middle + spread * normal(generator));
  return values;
}

template <class T>
std::vector<T> as(const Values& values) {
  return std::vector<T>(values.begin(), values.end());
}

inline double dot(const Values& a, const Values& b) {
  double sum = 0;
  for (size_t i = 0; i < a.size(); ++i) sum += a[i] * b[i];
  return sum;
}

inline double largest(const Values& values) {
  double result = 0;
  for (double x : values) result = std::max(result, std::abs(x));
  return result;
}

// At most `checked` elements of x, spread evenly.
inline void expect_derivative(const std::string& what, Values& x, const Values& derivative,
                              const std::function<double()>& loss, size_t checked = 300) {
  ASSERT_EQ(x.size(), derivative.size()) << what;
  ASSERT_GT(largest(derivative), 0) << what;
  const double step = 1e-5;
  for (size_t n = 0; n < std::min(checked, x.size()); ++n) {
    const size_t i = checked >= x.size() ? n : n * x.size() / checked;
    const double middle = x[i];
    x[i] = middle + step;
    const double above = loss();
    x[i] = middle - step;
    const double below = loss();
    x[i] = middle;
    EXPECT_NEAR((above - below) / (2 * step), derivative[i],
                1e-6 * std::max(1.0, largest(derivative)))
        << what << " " << i;
  }
}

inline void expect_close(const std::string& what, const std::vector<float>& narrow,
                         const Values& wide) {
  ASSERT_EQ(narrow.size(), wide.size()) << what;
  for (size_t i = 0; i < wide.size(); ++i)
    EXPECT_NEAR(narrow[i], wide[i], 5e-6 * largest(wide)) << what << " " << i;
}

}  // namespace reckon
