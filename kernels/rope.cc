#include <cmath>

#include "base/error.h"
#include "kernels/kernels.h"

namespace reckon {

void rope_table(double theta, int rotary_dim, int positions, float* cos, float* sin) {
  RECKON_CHECK(rotary_dim > 0 && rotary_dim % 2 == 0, "rotary_dim must be even");
  const int half = rotary_dim / 2;
  for (int i = 0; i < half; ++i) {
    const double frequency = std::pow(theta, -2.0 * i / rotary_dim);
    for (int position = 0; position < positions; ++position) {
      const int64_t at = int64_t{position} * half + i;
      cos[at] = static_cast<float>(std::cos(position * frequency));
      sin[at] = static_cast<float>(std::sin(position * frequency));
    }
  }
}

}  // namespace reckon
