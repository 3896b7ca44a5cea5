#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "base/error.h"
#include "base/random.h"
#include "learner/optimizer.h"
#include "tests/learner/golden.h"

namespace reckon {
namespace {

// Every kind of parameter, with padding between them.
ModelSpec small_spec(int hidden = 24, int vocab = 50) {
  ModelSpec spec;
  spec.family = "qwen3";
  spec.vocab = vocab;
  spec.hidden = hidden;
  spec.heads = 2;
  spec.kv_heads = 1;
  spec.head_dim = 8;
  spec.max_position = 32;
  spec.qkv_bias = spec.qk_norm = true;
  spec.layers.resize(2);
  for (LayerSpec& layer : spec.layers) layer.ffn = 40;
  return spec;
}

std::vector<float> random_arena(const ParameterLayout& layout, uint64_t seed) {
  std::vector<float> values(static_cast<size_t>(layout.elements()), 0.0f);
  RandomStream stream(random_key(seed, Domain::test, {}));
  for (const Parameter& parameter : layout.parameters()) {
    for (int64_t i = 0; i < parameter.elements(); ++i) {
      values[static_cast<size_t>(parameter.offset + i)] = static_cast<float>(stream.normal());
    }
  }
  return values;
}

TEST(AdamWUpdate, AgreesWithTorchAndDecaysNeitherNormsNorBiases) {
  ParameterLayout layout(small_spec());
  const LayerParameters& at = layout.layer(1);
  ThreadPool pool(1);
  for (const auto& run : golden("adamw.json")) {
    OptimizerConfig config;
    config.beta1 = run["beta1"];
    config.beta2 = run["beta2"];
    config.eps = run["eps"];
    config.weight_decay = run["weight_decay"];
    AdamW optimizer(layout);
    auto size = static_cast<size_t>(layout.elements());
    std::vector<float> masters(size), gradients(size);
    struct Place {
      int parameter;
      const char* expected;
    };
    std::vector<Place> places = {{layout.embed(), "decayed"}, {at.qkv, "decayed"},
                                 {at.down, "decayed"},        {at.attn_norm, "kept"},
                                 {at.qkv_bias, "kept"},       {at.q_norm, "kept"}};
    auto put = [&](std::vector<float>& arena, const nlohmann::json& values) {
      for (const Place& place : places) {
        for (size_t i = 0; i < 8; ++i)
          arena[static_cast<size_t>(layout[place.parameter].offset) + i] = values[i];
      }
    };
    put(masters, run["initial"]);
    for (size_t step = 0; step < run["rates"].size(); ++step) {
      put(gradients, run["gradients"][step]);
      optimizer.step(config, run["rates"][step], run["scale"], gradients, masters, pool);
      for (const Place& place : places) {
        for (size_t i = 0; i < 8; ++i) {
          double expected = run[place.expected][step][i];
          EXPECT_NEAR(masters[static_cast<size_t>(layout[place.parameter].offset) + i], expected,
                      4e-7 * std::max(1.0, std::abs(expected)))
              << layout[place.parameter].name << " step " << step << " element " << i;
        }
      }
    }
    EXPECT_EQ(optimizer.updates(), run["rates"].size());
    for (size_t i = 0; i < 8; ++i) {
      size_t index = static_cast<size_t>(layout[at.qkv].offset) + i;
      double first = run["first_moment"][i], second = run["second_moment"][i];
      double largest = 0;  // what cancels in the first moment
      for (const auto& gradient : run["gradients"])
        largest = std::max(largest, std::abs(gradient[i].get<double>()));
      EXPECT_NEAR(optimizer.first_moment()[index], first, 1e-6 * largest);
      EXPECT_NEAR(optimizer.second_moment()[index], second, 1e-6 * std::abs(second));
    }
  }
}

TEST(AdamWUpdate, GivesTheSameBitsForAnyNumberOfThreads) {
  ParameterLayout layout(
      small_spec(64, 3000));  // 192,000 elements in the embedding: several ranges
  std::vector<float> gradients = random_arena(layout, 1), masters[3];
  double norms[3];
  for (int threads = 1; threads <= 3; ++threads) {
    ThreadPool pool(threads);
    AdamW optimizer(layout);
    OptimizerConfig config;
    config.weight_decay = 0.1;
    std::vector<float>& mine = masters[threads - 1] = random_arena(layout, 2);
    for (int step = 0; step < 3; ++step) optimizer.step(config, 0.01, 0.3, gradients, mine, pool);
    norms[threads - 1] = gradient_norm(gradients, pool);
  }
  EXPECT_NE(masters[0], random_arena(layout, 2));
  for (int other : {1, 2}) {
    EXPECT_EQ(masters[0], masters[other]);
    EXPECT_EQ(norms[0], norms[other]);
  }
}

TEST(AdamWUpdate, PaddingStaysZero) {
  ParameterLayout layout(small_spec());
  ThreadPool pool(1);
  AdamW optimizer(layout);
  std::vector<float> masters = random_arena(layout, 3);
  OptimizerConfig config;
  config.weight_decay = 0.1;
  optimizer.step(config, 0.1, 1, random_arena(layout, 4), masters, pool);
  int64_t end = 0, padding = 0;
  for (const Parameter& parameter : layout.parameters()) {
    for (; end < parameter.offset; ++end, ++padding)
      EXPECT_EQ(masters[static_cast<size_t>(end)], 0.0f);
    end += parameter.elements();
  }
  EXPECT_GT(padding, 0);
}

TEST(AdamWUpdate, AResumedOptimizerContinuesWithTheSameBits) {
  ParameterLayout layout(small_spec());
  ThreadPool pool(1);
  OptimizerConfig config;
  AdamW whole(layout), first(layout), second(layout);
  std::vector<float> expected = random_arena(layout, 5), masters = expected;
  for (uint64_t step = 0; step < 4; ++step)
    whole.step(config, 0.01, 1, random_arena(layout, 10 + step), expected, pool);
  for (uint64_t step = 0; step < 2; ++step)
    first.step(config, 0.01, 1, random_arena(layout, 10 + step), masters, pool);
  second.first_moment() = first.first_moment();
  second.second_moment() = first.second_moment();
  second.set_updates(first.updates());
  for (uint64_t step = 2; step < 4; ++step)
    second.step(config, 0.01, 1, random_arena(layout, 10 + step), masters, pool);
  EXPECT_EQ(masters, expected);
}

TEST(AdamWUpdate, ResetForgetsEverything) {
  ParameterLayout layout(small_spec());
  ThreadPool pool(1);
  OptimizerConfig config;
  AdamW fresh(layout), used(layout);
  std::vector<float> expected = random_arena(layout, 6), masters = expected, scratch = expected;
  used.step(config, 0.01, 1, random_arena(layout, 7), scratch, pool);
  used.reset();
  EXPECT_EQ(used.updates(), 0u);
  fresh.step(config, 0.01, 1, random_arena(layout, 8), expected, pool);
  used.step(config, 0.01, 1, random_arena(layout, 8), masters, pool);
  EXPECT_EQ(masters, expected);
}

TEST(AdamWUpdate, AScaleThatIsNotFiniteIsADefectOfTheCallerAndChangesNothing) {
  ParameterLayout layout(small_spec());
  ThreadPool pool(1);
  AdamW optimizer(layout);
  std::vector<float> masters = random_arena(layout, 9), before = masters;
  double nan = std::numeric_limits<double>::quiet_NaN();
  EXPECT_THROW(optimizer.step(OptimizerConfig(), 0.1, nan, masters, masters, pool), Error);
  EXPECT_EQ(masters, before);
  EXPECT_EQ(optimizer.updates(), 0u);
}

TEST(GradientNorm, IsTheSquareRootOfTheSumOfSquares) {
  ThreadPool pool(2);
  EXPECT_EQ(gradient_norm({3, -4}, pool), 5);
  EXPECT_EQ(gradient_norm({}, pool), 0);
  std::vector<float> values(3 * 4096 + 77);
  RandomStream stream(random_key(1, Domain::test, {1}));
  long double sum = 0;
  for (float& value : values) {
    value = static_cast<float>(stream.normal());
    sum += static_cast<long double>(value) * value;
  }
  double expected = static_cast<double>(std::sqrt(sum));
  EXPECT_NEAR(gradient_norm(values, pool), expected, 1e-12 * expected);
}

TEST(GradientNorm, DoesNotOverflowAndDoesNotUnderflow) {
  ThreadPool pool(1);
  EXPECT_NEAR(gradient_norm(std::vector<float>(4, 1e38f), pool), 2e38, 1e32);
  EXPECT_NEAR(gradient_norm(std::vector<float>(4, 1e-38f), pool), 2e-38, 1e-44);
}

TEST(GradientNorm, OneBadElementAnywhereShows) {
  ThreadPool pool(2);
  const float infinity = std::numeric_limits<float>::infinity();
  for (float bad : {infinity, -infinity, std::numeric_limits<float>::quiet_NaN()}) {
    for (size_t place : {0, 15, 4096, 9999}) {
      std::vector<float> values(10000, 1.0f);
      values[place] = bad;
      EXPECT_FALSE(std::isfinite(gradient_norm(values, pool))) << bad << " at " << place;
    }
  }
}

}  // namespace
}  // namespace reckon
