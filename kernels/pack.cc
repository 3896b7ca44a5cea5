#include <cstring>

#include "base/error.h"
#include "kernels/types.h"

namespace reckon {
namespace {

template <class E>
void pack(const E* from, int rows, int cols, int together, E* to) {
  const int steps = (cols + together - 1) / together;
  for (int64_t row = 0; row < rows; ++row) {
    E* panel = to + row / kPanel * steps * kPanel * together;
    const int64_t lane = row % kPanel;
    for (int64_t k = 0; k < cols; ++k) {
      panel[(k / together * kPanel + lane) * together + k % together] = from[row * cols + k];
    }
  }
}

}  // namespace

size_t panel_bytes(int rows, int cols, DType dtype) {
  const size_t panels = (static_cast<size_t>(rows) + kPanel - 1) / kPanel;
  const size_t padded =
      dtype == DType::f32 ? static_cast<size_t>(cols) : (static_cast<size_t>(cols) + 1) / 2 * 2;
  return panels * padded * kPanel * dtype_size(dtype);
}

void pack_panels(const void* row_major, int rows, int cols, DType dtype, void* panels) {
  RECKON_CHECK(rows > 0 && cols > 0, "a weight has rows and columns");
  std::memset(panels, 0, panel_bytes(rows, cols, dtype));
  if (dtype == DType::f32) {
    pack(static_cast<const float*>(row_major), rows, cols, 1, static_cast<float*>(panels));
  } else {
    pack(static_cast<const bf16*>(row_major), rows, cols, 2, static_cast<bf16*>(panels));
  }
}

}  // namespace reckon
