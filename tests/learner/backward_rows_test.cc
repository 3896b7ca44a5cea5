#include "kernels/reference.h"
#include "learner/backward.h"
#include "tests/learner/backward_fixture.h"

namespace reckon {
namespace {

// ---- RMSNorm ----

template <class T>
struct NormGradients {
  std::vector<T> x, weight;
};

template <class T>
NormGradients<T> norm_gradients(int rows, int cols, const Values& x, const Values& weight,
                                const Values& d_y, int threads) {
  ThreadPool pool(threads);
  NormGradients<T> out{as<T>(d_y), std::vector<T>(weight.size(), T(0))};
  const auto xs = as<T>(x), ws = as<T>(weight);
  norm_backward<T>({.rows = rows,
                    .cols = cols,
                    .x = xs.data(),
                    .weight = ws.data(),
                    .eps = T(1e-3),
                    .d_y = out.x.data(),
                    .d_x = out.x.data(),
                    .d_weight = out.weight.data()},
                   pool);
  return out;
}

TEST(NormBackward, IsTheDerivativeOfTheReference) {
  const int rows = 3, cols = 37;
  Values x = random_values(1, rows * cols), weight = random_values(2, cols, 1, 0.3);
  const Values d_y = random_values(3, rows * cols);
  const auto loss = [&] {
    Values y(x.size());
    reference::rms_norm<double>(rows, cols, x.data(), weight.data(), 1e-3, DType::f32, y.data());
    return dot(y, d_y);
  };
  const auto wide = norm_gradients<double>(rows, cols, x, weight, d_y, 1);
  expect_derivative("x", x, wide.x, loss);
  expect_derivative("weight", weight, wide.weight, loss);
  const auto narrow = norm_gradients<float>(rows, cols, x, weight, d_y, 1);
  expect_close("x", narrow.x, wide.x);
  expect_close("weight", narrow.weight, wide.weight);
}

TEST(NormBackward, GivesTheSameBitsForEveryNumberOfThreads) {
  const int rows = 700, cols = 20;
  const Values x = random_values(4, rows * cols), weight = random_values(5, cols),
               d_y = random_values(6, rows * cols);
  const auto one = norm_gradients<float>(rows, cols, x, weight, d_y, 1);
  for (int threads : {2, 3}) {
    const auto more = norm_gradients<float>(rows, cols, x, weight, d_y, threads);
    EXPECT_EQ(more.x, one.x);
    EXPECT_EQ(more.weight, one.weight);
  }
}

// ---- q/k norm, RoPE and bias ----

struct QkvCase {
  int rows = 4, heads = 4, kv_heads = 2, dim = 6;
  bool norms = true;
  std::vector<int32_t> positions = {0, 3, 17, 8};
  int width() const { return (heads + 2 * kv_heads) * dim; }
};

template <class T>
struct QkvGradients {
  std::vector<T> raw, bias, q_norm, k_norm;
};

template <class T>
QkvGradients<T> qkv_gradients(const QkvCase& c, double theta, const Values& raw,
                              const Values& q_norm, const Values& k_norm, const Values& d_qkv) {
  ThreadPool pool(2);
  std::vector<float> cosine(static_cast<size_t>(32 * c.dim / 2)), sine(cosine.size());
  rope_table(theta, c.dim, 32, cosine.data(), sine.data());
  const std::vector<T> zeros(static_cast<size_t>(c.dim), T(0));
  QkvGradients<T> out{as<T>(d_qkv), std::vector<T>(static_cast<size_t>(c.width()), T(0)), zeros,
                      zeros};
  const auto raws = as<T>(raw), q = as<T>(q_norm), k = as<T>(k_norm);
  QkvBackward<T> args{.rows = c.rows,
                      .heads = c.heads,
                      .kv_heads = c.kv_heads,
                      .head_dim = c.dim,
                      .eps = T(1e-3),
                      .rope_cos = cosine.data(),
                      .rope_sin = sine.data(),
                      .positions = c.positions.data(),
                      .d_qkv = out.raw.data()};
  if (c.norms) {
    args.raw = raws.data();
    args.q_norm = q.data();
    args.k_norm = k.data();
    args.d_q_norm = out.q_norm.data();
    args.d_k_norm = out.k_norm.data();
  }
  qkv_backward(args, pool);
  column_sums<T>(c.rows, c.width(), out.raw.data(), out.bias.data(), pool);
  return out;
}

void check_qkv(const QkvCase& c) {
  const double theta = 100;
  Values raw = random_values(11, c.rows * c.width()), bias(static_cast<size_t>(c.width()), 0.0);
  Values q_norm = random_values(12, c.dim, 1, 0.3), k_norm = random_values(13, c.dim, 1, 0.3);
  const Values d_qkv = random_values(14, c.rows * c.width());
  Values identity(static_cast<size_t>(c.width() * c.width()), 0.0);
  for (int i = 0; i < c.width(); ++i) identity[static_cast<size_t>(i * c.width() + i)] = 1;
  const auto loss = [&] {
    return dot(reference::qkv<double>(
                   c.rows, c.width(), {c.heads, c.kv_heads, c.dim}, raw.data(), identity.data(),
                   bias.data(), c.norms ? q_norm.data() : nullptr,
                   c.norms ? k_norm.data() : nullptr, 1e-3, theta, c.positions.data(), DType::f32),
               d_qkv);
  };
  const auto wide = qkv_gradients<double>(c, theta, raw, q_norm, k_norm, d_qkv);
  const auto narrow = qkv_gradients<float>(c, theta, raw, q_norm, k_norm, d_qkv);
  expect_derivative("raw", raw, wide.raw, loss);
  expect_derivative("bias", bias, wide.bias, loss);
  expect_close("raw", narrow.raw, wide.raw);
  expect_close("bias", narrow.bias, wide.bias);
  if (!c.norms) return;
  expect_derivative("q_norm", q_norm, wide.q_norm, loss);
  expect_derivative("k_norm", k_norm, wide.k_norm, loss);
  expect_close("q_norm", narrow.q_norm, wide.q_norm);
  expect_close("k_norm", narrow.k_norm, wide.k_norm);
}

TEST(QkvBackward, IsTheDerivativeOfTheReference) { check_qkv({}); }
TEST(QkvBackward, WorksWithoutNorms) {
  check_qkv({.heads = 3, .kv_heads = 1, .dim = 10, .norms = false});
}

// ---- SwiGLU ----

template <class T>
std::vector<T> swiglu_gradient(int rows, int ffn, const Values& gate_up, const Values& d_h) {
  ThreadPool pool(2);
  const auto x = as<T>(gate_up), d = as<T>(d_h);
  std::vector<T> out(x.size());
  swiglu_backward<T>(
      {.rows = rows, .ffn = ffn, .gate_up = x.data(), .d_h = d.data(), .d_gate_up = out.data()},
      pool);
  return out;
}

TEST(SwigluBackward, IsTheDerivativeOfTheReference) {
  const int rows = 3, ffn = 19;
  Values gate_up = random_values(21, rows * 2 * ffn, 0, 3);
  const Values d_h = random_values(22, rows * ffn);
  const auto loss = [&] {
    return dot(reference::gated<double>(rows, ffn, gate_up.data(), DType::f32), d_h);
  };
  const Values wide = swiglu_gradient<double>(rows, ffn, gate_up, d_h);
  expect_derivative("gate_up", gate_up, wide, loss);
  expect_close("gate_up", swiglu_gradient<float>(rows, ffn, gate_up, d_h), wide);
}

TEST(SwigluBackward, StaysFiniteFarOut) {
  const Values gate_up = {-200, -90, 90, 200, 1, 1, 1, 1}, d_h = {1, 1, 1, 1};
  const std::vector<float> d = swiglu_gradient<float>(1, 4, gate_up, d_h);
  for (size_t i = 0; i < 4; ++i) {
    EXPECT_NEAR(d[i], i < 2 ? 0 : 1, 1e-6);
    EXPECT_NEAR(d[4 + i], i < 2 ? 0 : gate_up[i], 1e-6 * 200);
  }
}

// ---- embedding ----

TEST(EmbedBackward, AddsTheRowsOfEachToken) {
  const std::vector<int32_t> tokens = {2, 0, 2};
  const std::vector<double> d_x = {1, 2, 10, 20, 100, 200};
  std::vector<double> table(8, 0.5);
  ThreadPool pool(2);
  embed_backward<double>(3, 2, tokens.data(), d_x.data(), table.data(), pool);
  EXPECT_EQ(table, (std::vector<double>{10.5, 20.5, 0.5, 0.5, 101.5, 202.5, 0.5, 0.5}));
}

}  // namespace
}  // namespace reckon
