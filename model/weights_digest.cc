#include <algorithm>
#include <mutex>

#include "base/random.h"
#include "model/weights.h"

namespace reckon {
namespace {

constexpr int64_t kPiece = 64;  // elements; the last piece of a row may be shorter

// Sum over the pieces of rows [begin, end) of one parameter.
Digest digest_rows(const Parameter& parameter, int64_t begin, int64_t end, const char* first,
                   size_t size) {
  const uint64_t name = hash64(parameter.name);
  Digest sum;
  for (int64_t row = begin; row < end; ++row) {
    const uint64_t row_key = mix64(name ^ mix64(static_cast<uint64_t>(row)));
    for (int64_t col = 0; col < parameter.cols; col += kPiece) {
      auto length = static_cast<size_t>(std::min(kPiece, parameter.cols - col));
      auto at = static_cast<size_t>(row * parameter.cols + col) * size;
      uint64_t key = mix64(row_key ^ mix64(static_cast<uint64_t>(col / kPiece)));
      sum += digest_of({first + at, length * size}, key);
    }
  }
  return sum;
}

}  // namespace

Digest weights_digest(const ParameterLayout& layout, DType dtype, const void* arena,
                      ThreadPool& pool) {
  const std::vector<Parameter>& parameters = layout.parameters();
  std::vector<int64_t> row_begin = {0};  // rows of all parameters in one sequence
  for (const Parameter& p : parameters) row_begin.push_back(row_begin.back() + p.count * p.rows);
  const size_t size = dtype_size(dtype);
  std::mutex mutex;
  Digest sum;
  pool.for_ranges(row_begin.back(), 64, [&](int64_t begin, int64_t end) {
    auto found = std::upper_bound(row_begin.begin(), row_begin.end(), begin) - 1;
    auto index = static_cast<size_t>(found - row_begin.begin());
    Digest mine;
    for (; begin < end; ++index) {
      int64_t stop = std::min(end, row_begin[index + 1]), base = row_begin[index];
      const Parameter& p = parameters[index];
      const char* first = static_cast<const char*>(arena) + static_cast<size_t>(p.offset) * size;
      mine += digest_rows(p, begin - base, stop - base, first, size);
      begin = stop;
    }
    std::lock_guard lock(mutex);
    sum += mine;
  });
  return sum;
}

}  // namespace reckon
