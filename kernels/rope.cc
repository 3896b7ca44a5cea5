#include <cmath>
#include <vector>

#include "base/error.h"
#include "kernels/kernels.h"

namespace reckon {

void rope_table(double theta, int rotary_dim, int positions, float* cos, float* sin) {
  RECKON_CHECK(rotary_dim > 0 && rotary_dim % 2 == 0, "rotary_dim must be even");
  const int half = rotary_dim / 2;
  std::vector<double> frequencies;
  for (int i = 0; i < half; ++i) frequencies.push_back(std::pow(theta, -2.0 * i / rotary_dim));
  rope_table(frequencies.data(), half, positions, cos, sin);
}

void rope_table(const double* frequencies, int half, int positions, float* cos, float* sin) {
  for (int i = 0; i < half; ++i) {
    for (int position = 0; position < positions; ++position) {
      const int64_t at = int64_t{position} * half + i;
      cos[at] = static_cast<float>(std::cos(position * frequencies[i]));
      sin[at] = static_cast<float>(std::sin(position * frequencies[i]));
    }
  }
}

}  // namespace reckon
