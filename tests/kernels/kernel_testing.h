// What the kernel tests share: typed tensors, weights with panels, the tables this machine has,
// comparison with a reference, and the sweep that looks for a row whose bits depend on the rows
// beside it.
#pragma once

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <functional>
#include <numeric>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/random.h"
#include "base/text.h"
#include "kernels/kernels.h"

namespace reckon::testing {

inline RandomKey test_key(uint64_t stream) { return random_key(7, Domain::test, {stream}); }

// Values in a storage type.
class Tensor {
 public:
  Tensor(DType dtype, int64_t elements)
      : dtype_(dtype), bytes_(static_cast<size_t>(elements) * dtype_size(dtype)) {}

  static Tensor random(DType dtype, int64_t elements, float scale, uint64_t stream) {
    Tensor out(dtype, elements);
    for (int64_t i = 0; i < elements; ++i) {
      out.set(i, (random_uniform(test_key(stream), static_cast<uint32_t>(i)) * 2 - 1) * scale);
    }
    return out;
  }

  DType dtype() const { return dtype_; }
  int64_t size() const { return static_cast<int64_t>(bytes_.size() / dtype_size(dtype_)); }
  void* data() { return bytes_.data(); }
  const void* data() const { return bytes_.data(); }
  const void* at(int64_t element) const { return bytes_.data() + element * dtype_size(dtype_); }
  void* at(int64_t element) { return bytes_.data() + element * dtype_size(dtype_); }

  void set(int64_t i, float x) {
    if (dtype_ == DType::f32) {
      std::memcpy(at(i), &x, sizeof x);
    } else {
      const bf16 y = from_float<bf16>(x);
      std::memcpy(at(i), &y, sizeof y);
    }
  }
  float get(int64_t i) const {
    if (dtype_ == DType::f32) return *static_cast<const float*>(at(i));
    return to_float(*static_cast<const bf16*>(at(i)));
  }
  std::vector<double> doubles() const {
    std::vector<double> out;
    for (int64_t i = 0; i < size(); ++i) out.push_back(get(i));
    return out;
  }
  // Bytes of elements [begin, begin + count).
  std::string slice(int64_t begin, int64_t count) const {
    return std::string(static_cast<const char*>(at(begin)),
                       static_cast<size_t>(count) * dtype_size(dtype_));
  }
  std::string bytes() const { return slice(0, size()); }

  // Rows of `width` elements picked by index.
  Tensor gather(const std::vector<int>& rows, int64_t width) const {
    Tensor out(dtype_, static_cast<int64_t>(rows.size()) * width);
    for (size_t i = 0; i < rows.size(); ++i) {
      std::memcpy(out.at(static_cast<int64_t>(i) * width), at(rows[i] * width),
                  static_cast<size_t>(width) * dtype_size(dtype_));
    }
    return out;
  }

 private:
  DType dtype_;
  std::vector<std::byte> bytes_;
};

template <class E>
std::string bytes_of(const E* values, int64_t count) {
  return std::string(reinterpret_cast<const char*>(values), static_cast<size_t>(count) * sizeof(E));
}
template <class E>
std::string bytes_of(const std::vector<E>& values) {
  return bytes_of(values.data(), static_cast<int64_t>(values.size()));
}

// A linear's weight, scaled so that inputs of size 1 give outputs of size 1.
struct Weight {
  Tensor data;
  std::vector<std::byte> panels;
  int rows, cols;

  Weight(DType dtype, int rows_, int cols_, uint64_t stream)
      : data(Tensor::random(dtype, int64_t{rows_} * cols_,
                            1.7f / std::sqrt(static_cast<float>(cols_)), stream)),
        panels(panel_bytes(rows_, cols_, dtype)),
        rows(rows_),
        cols(cols_) {
    pack_panels(data.data(), rows, cols, dtype, panels.data());
  }
  WeightView view() const { return {data.data(), panels.data(), data.dtype(), rows, cols}; }
};

inline const std::vector<DType>& dtypes() {
  static const std::vector<DType> all = {DType::f32, DType::bf16};
  return all;
}

inline const std::vector<Profile>& profiles() {
  static const std::vector<Profile> all = {Profile::portable, Profile::avx512bf16};
  return all;
}

// What this machine has, the scalar one first.
inline std::vector<Isa> isas() {
  std::vector<Isa> out;
  for (Isa isa : {Isa::scalar, Isa::avx2, Isa::avx512, Isa::avx512bf16}) {
    if (isa_available(isa)) out.push_back(isa);
  }
  return out;
}
inline const KernelTable& widest(Profile profile = Profile::portable) {
  return cpu_kernels(profile, detect_isa());
}

// Tests that run on the widest table of each profile.
class EveryProfile : public ::testing::TestWithParam<Profile> {
 protected:
  static const KernelTable& kernels() { return widest(GetParam()); }
};
#define RECKON_EVERY_PROFILE(SUITE)                                          \
  INSTANTIATE_TEST_SUITE_P(Profiles, SUITE, ::testing::ValuesIn(profiles()), \
                           [](const auto& info) { return profile_name(info.param); })

inline std::vector<int> first_rows(int count) {
  std::vector<int> rows(static_cast<size_t>(count));
  std::iota(rows.begin(), rows.end(), 0);
  return rows;
}

inline std::vector<int> shuffled(std::vector<int> rows, uint64_t stream) {
  RandomStream random(test_key(stream));
  for (size_t i = rows.size(); i > 1; --i) std::swap(rows[i - 1], rows[random.below(i)]);
  return rows;
}

// |actual - expected| <= tolerance * (1 + |expected|) for every element; NaN fails.
inline ::testing::AssertionResult all_near(const std::vector<double>& actual,
                                           const std::vector<double>& expected, double tolerance) {
  if (actual.size() != expected.size())
    return ::testing::AssertionFailure() << actual.size() << " against " << expected.size();
  for (size_t i = 0; i < actual.size(); ++i) {
    if (!(std::abs(actual[i] - expected[i]) <= tolerance * (1 + std::abs(expected[i])))) {
      return ::testing::AssertionFailure()
             << "element " << i << ": " << actual[i] << ", expected " << expected[i];
    }
  }
  return ::testing::AssertionSuccess();
}

// Something computed per row: from the ids of source rows to the bytes of each.
using RowKernel = std::function<std::vector<std::string>(const std::vector<int>& rows)>;

// Runs `kernel` on source rows alone, in growing numbers, shuffled and among random neighbours.
// Returns what differed from the row alone, or nothing.
inline std::optional<std::string> find_row_dependence(const RowKernel& kernel,
                                                      const std::vector<int>& counts) {
  const int most = *std::max_element(counts.begin(), counts.end());
  std::vector<std::string> alone;
  for (int row = 0; row < most; ++row) alone.push_back(kernel({row}).front());
  const auto differs = [&](const std::vector<int>& rows,
                           std::string_view how) -> std::optional<std::string> {
    const std::vector<std::string> together = kernel(rows);
    for (size_t i = 0; i < rows.size(); ++i) {
      if (together[i] != alone[static_cast<size_t>(rows[i])]) {
        return cat("row ", rows[i], " among ", rows.size(), " (", how,
                   ") has other bits than alone");
      }
    }
    return std::nullopt;
  };
  for (int count : counts) {
    if (auto found = differs(first_rows(count), "in order")) return found;
  }
  for (uint64_t stream = 1; stream <= 3; ++stream) {
    std::vector<int> all = shuffled(first_rows(most), stream);
    if (auto found = differs(all, "shuffled")) return found;
    all.resize(static_cast<size_t>(most) / (stream + 1) + 1);
    if (auto found = differs(all, "random neighbours")) return found;
  }
  return std::nullopt;
}

// Every count up to 70, and some beyond the blocks of rows that the kernels use.
inline std::vector<int> sweep_counts() {
  std::vector<int> counts = first_rows(71);
  counts.erase(counts.begin());
  for (int count : {95, 96, 97, 128, 131, 200}) counts.push_back(count);
  return counts;
}

}  // namespace reckon::testing
