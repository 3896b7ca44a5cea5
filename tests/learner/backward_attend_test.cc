#include "kernels/reference.h"
#include "learner/backward.h"
#include "tests/learner/backward_fixture.h"

namespace reckon {
namespace {

struct AttendCase {
  int heads, kv_heads, dim;
  std::vector<GroupRows> groups;

  int rows() const {
    int total = 0;
    for (const GroupRows& group : groups) {
      total += group.prompt;
      for (int32_t rows : group.completions) total += rows;
    }
    return total;
  }
  int width() const { return (heads + 2 * kv_heads) * dim; }
  double scale() const { return 1 / std::sqrt(double(dim)); }
};

// Rows that each row attends to: its prompt up to itself, then its own completion up to itself.
std::vector<std::vector<int>> seen_rows(const AttendCase& c) {
  std::vector<std::vector<int>> seen;
  for (const GroupRows& group : c.groups) {
    std::vector<int> prompt;
    for (int p = 0; p < group.prompt; ++p) {
      prompt.push_back(group.first + p);
      seen.push_back(prompt);
    }
    for (int32_t rows : group.completions) {
      std::vector<int> all = prompt;
      for (int t = 0; t < rows; ++t) {
        all.push_back(static_cast<int>(seen.size()));
        seen.push_back(all);
      }
    }
  }
  return seen;
}

struct Forward {
  Values out, lse;
};

Forward forward(const AttendCase& c, const Values& qkv) {
  const auto seen = seen_rows(c);
  Forward result{Values(seen.size() * static_cast<size_t>(c.heads * c.dim)),
                 Values(seen.size() * static_cast<size_t>(c.heads))};
  for (size_t row = 0; row < seen.size(); ++row) {
    reference::attend<double>({c.heads, c.kv_heads, c.dim}, c.scale(),
                              &qkv[row * static_cast<size_t>(c.width())], qkv.data(), seen[row],
                              DType::f32, &result.out[row * static_cast<size_t>(c.heads * c.dim)],
                              &result.lse[row * static_cast<size_t>(c.heads)]);
  }
  return result;
}

template <class T>
std::vector<T> gradient(const AttendCase& c, const Values& qkv, const Values& d_out,
                        int threads = 2) {
  ThreadPool pool(threads);
  const Forward kept = forward(c, qkv);
  const auto qkvs = as<T>(qkv), lse = as<T>(kept.lse), out = as<T>(kept.out), d = as<T>(d_out);
  std::vector<T> result(qkv.size(), T(7));
  attend_backward<T>({.heads = c.heads,
                      .kv_heads = c.kv_heads,
                      .head_dim = c.dim,
                      .scale = static_cast<T>(c.scale()),
                      .groups = &c.groups,
                      .qkv = qkvs.data(),
                      .lse = lse.data(),
                      .out = out.data(),
                      .d_out = d.data(),
                      .d_qkv = result.data()},
                     pool);
  return result;
}

void check(const AttendCase& c, size_t differences) {
  Values qkv = random_values(31, int64_t{c.rows()} * c.width());
  const Values d_out = random_values(32, int64_t{c.rows()} * c.heads * c.dim);
  const Values wide = gradient<double>(c, qkv, d_out);
  expect_derivative(
      "qkv", qkv, wide, [&] { return dot(forward(c, qkv).out, d_out); }, differences);
  expect_close("qkv", gradient<float>(c, qkv, d_out), wide);
}

TEST(AttendBackward, IsTheDerivativeOfTheReferenceOnSharedPrompts) {
  check({4, 2, 6, {{0, 3, {4, 0, 2}}, {9, 1, {5}}}}, 400);
}
TEST(AttendBackward, IsTheDerivativeOfTheReferenceAcrossBlocks) {
  check({2, 1, 5, {{0, 70, {3, 67}}}}, 150);
}
TEST(AttendBackward, IsTheDerivativeOfTheReferenceWithOneKeyHeadPerQueryHead) {
  check({3, 3, 20, {{0, 1, {1}}, {2, 5, {}}}}, 300);
}
TEST(AttendBackward, IsTheDerivativeOfTheReferenceForWideHeads) {
  check({2, 1, 48, {{0, 37, {33}}}}, 100);
}

TEST(AttendBackward, GivesTheSameBitsForEveryNumberOfThreads) {
  const AttendCase c{4, 2, 32, {{0, 40, {30, 9}}, {79, 5, {70}}}};
  const Values qkv = random_values(33, int64_t{c.rows()} * c.width());
  const Values d_out = random_values(34, int64_t{c.rows()} * c.heads * c.dim);
  const std::vector<float> one = gradient<float>(c, qkv, d_out, 1);
  EXPECT_EQ(gradient<float>(c, qkv, d_out, 2), one);
  EXPECT_EQ(gradient<float>(c, qkv, d_out, 3), one);
}

}  // namespace
}  // namespace reckon
