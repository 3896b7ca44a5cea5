// What the policy reports, and that its gradient is that of what it reports.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <map>

#include "base/error.h"
#include "tests/learner/policy_fixture.h"

namespace reckon {
namespace {

constexpr float kNone = -std::numeric_limits<float>::infinity();

// Log-prob of every token after `prompt`: one completion of one token each.
Pack every_next_token(const ModelSpec& spec, const std::vector<int32_t>& prompt,
                      float inverse_temperature, float threshold) {
  Pack pack{{{prompt, {}}}};
  for (int32_t token = 0; token < spec.vocab; ++token) {
    pack.groups[0].completions.push_back({token, {token}, {threshold}, inverse_temperature});
  }
  return pack;
}

std::vector<double> next_logprobs(SmallModel& model, float inverse_temperature, float threshold,
                                  double* entropy) {
  const Scores scores = model.policy.forward(
      every_next_token(model.spec, {4, 9, 2}, inverse_temperature, threshold), false);
  std::vector<double> result;
  for (const auto& tokens : scores.logprob) result.push_back(tokens.at(0));
  *entropy = scores.entropy[0].at(0);
  return result;
}

TEST(PolicyScores, LogProbsAreADistributionAndEntropyIsItsOwn) {
  SmallModel model(small_spec(true, false), DType::f32, 2);
  double entropy = 0, total = 0, direct = 0;
  for (double logprob : next_logprobs(model, 1, kNone, &entropy)) {
    total += std::exp(logprob);
    direct -= std::exp(logprob) * logprob;
  }
  EXPECT_NEAR(total, 1, 1e-5);
  EXPECT_NEAR(entropy, direct, 1e-5);
}

TEST(PolicyScores, TemperatureAndThresholdShapeTheDistribution) {
  SmallModel model(small_spec(false, true), DType::f32, 2);
  double entropy = 0;
  const std::vector<double> plain = next_logprobs(model, 1, kNone, &entropy);
  const float inverse_temperature = 1.0f / 0.7f;
  double all = 0;
  for (double x : plain) all += std::exp(x * inverse_temperature);
  const std::vector<double> warm = next_logprobs(model, inverse_temperature, kNone, &entropy);
  for (size_t v = 0; v < plain.size(); ++v)
    EXPECT_NEAR(warm[v], plain[v] * inverse_temperature - std::log(all), 2e-5);

  // The 5 largest: a threshold half way between the fifth and the sixth. Thresholds are in units of
  // z, log-probs are z less a constant; a scan finds the constant that keeps five.
  std::vector<double> sorted = warm;
  std::sort(sorted.rbegin(), sorted.rend());
  const double middle = (sorted[4] + sorted[5]) / 2;
  for (float lse = -20; lse < 20; lse += 0.02f) {
    const std::vector<double> kept =
        next_logprobs(model, inverse_temperature, static_cast<float>(middle) + lse, &entropy);
    const auto count = std::count_if(kept.begin(), kept.end(), [](double x) { return x > kNone; });
    if (count != 5) continue;
    double mass = 0, direct = 0;
    for (size_t v = 0; v < kept.size(); ++v) mass += warm[v] > middle ? std::exp(warm[v]) : 0;
    for (size_t v = 0; v < kept.size(); ++v) {
      if (warm[v] > middle) {
        EXPECT_NEAR(kept[v], warm[v] - std::log(mass), 2e-5);
        direct -= std::exp(kept[v]) * kept[v];
      } else {
        EXPECT_EQ(kept[v], kNone);
      }
    }
    EXPECT_NEAR(entropy, direct, 1e-5);
    return;
  }
  FAIL() << "no threshold kept five tokens";
}

// ---- gradients end to end ----

double weighted(const Scores& scores, const std::vector<std::vector<float>>& coefficients) {
  double sum = 0;
  for (size_t c = 0; c < coefficients.size(); ++c) {
    for (size_t t = 0; t < coefficients[c].size(); ++t)
      sum += double{scores.logprob[c][t]} * coefficients[c][t];
  }
  return sum;
}

// The slope along the gradient itself, against a central difference of the forward pass in fp32.
void expect_slope(const ModelSpec& spec, const Pack& pack) {
  SmallModel model(spec, DType::f32, 2);
  const auto coefficients = coefficients_for(model.policy.forward(pack, true), 8);
  model.policy.backward(coefficients);
  const std::vector<float> gradient = model.policy.gradients();
  double square = 0;
  for (float g : gradient) square += double{g} * g;
  ASSERT_GT(square, 0);
  const double step = 1e-3 / std::sqrt(square);
  double values[2];
  for (int side : {0, 1}) {
    std::vector<float> masters = model.masters;
    for (size_t i = 0; i < masters.size(); ++i)
      masters[i] += static_cast<float>((side ? step : -step) * gradient[i]);
    SmallModel moved(spec, DType::f32, 2, masters);
    values[side] = weighted(moved.policy.forward(pack, false), coefficients);
  }
  EXPECT_NEAR((values[1] - values[0]) / (2 * step), square, 5e-3 * square);
}

TEST(PolicyGradient, FollowsTemperature) {
  for (bool moe : {false, true}) {
    const ModelSpec spec = small_spec(moe, moe);
    Pack pack = small_pack(spec, 31);
    float temperature = 0.5f;
    for (PackedGroup& group : pack.groups) {
      for (PackedCompletion& completion : group.completions) {
        completion.inverse_temperature = 1 / temperature;
        temperature += 0.2f;
      }
    }
    expect_slope(spec, pack);
  }
}

// The greatest threshold that keeps `count` tokens: the z of the least likely of them, as top-k
// sampling records it.
float recorded_threshold(SmallModel& model, const std::vector<int32_t>& prompt, int64_t count) {
  float low = -50, high = 50;  // low keeps at least `count`, high fewer
  while (std::nextafter(low, high) < high) {
    const float middle = low + (high - low) / 2;
    const Scores scores =
        model.policy.forward(every_next_token(model.spec, prompt, 1, middle), false);
    const auto kept = std::count_if(scores.logprob.begin(), scores.logprob.end(),
                                    [](const auto& tokens) { return tokens[0] > kNone; });
    (kept >= count ? low : high) = middle;
  }
  return low;
}

// The mean of d(log-prob) under the distribution itself is zero, if and only if backward keeps the
// tokens that forward kept.
TEST(PolicyGradient, KeepsTheTokenOnTheThreshold) {
  SmallModel model(small_spec(false, false), DType::f32, 2);
  for (int32_t first = 0; first < 6; ++first) {
    const std::vector<int32_t> prompt = {first, 1, 4};
    const float threshold = recorded_threshold(model, prompt, 3);
    const Pack pack = every_next_token(model.spec, prompt, 1, threshold);
    const auto norm_for = [&](const std::vector<std::vector<float>>& d_logprob) {
      model.policy.gradients().assign(model.policy.gradients().size(), 0.0f);
      model.policy.forward(pack, true);
      model.policy.backward(d_logprob);
      return model.norm_of(model.layout[model.layout.head()]);
    };
    const Scores scores = model.policy.forward(pack, false);
    std::vector<std::vector<float>> mean, one, outside;
    int64_t kept = 0;
    for (const auto& tokens : scores.logprob) {
      kept += tokens[0] > kNone;
      mean.push_back({std::exp(tokens[0])});
      one.push_back({tokens[0] > kNone && kept == 1 ? 1.0f : 0.0f});
      outside.push_back({tokens[0] > kNone ? 0.0f : 1.0f});
    }
    ASSERT_EQ(kept, 3);
    EXPECT_LT(norm_for(mean), 1e-5 * norm_for(one));
    EXPECT_EQ(norm_for(outside), 0);  // -inf whatever the weights: no derivative
  }
}

TEST(PolicyGradient, LeavesExpertsWithoutRowsAlone) {
  ModelSpec spec = small_spec(true, false);
  for (LayerSpec& layer : spec.layers)
    layer.moe = MoeSpec{.experts = 16, .top_k = 1, .ffn = 11, .normalise = false};
  const Pack pack{
      {{{7, 8}, {{0, {9, 10}, {}, 1.0f}}}}};  // three rows: at most three experts of a layer
  expect_slope(spec, pack);
  SmallModel model(spec, DType::f32, 2);
  model.policy.backward(coefficients_for(model.policy.forward(pack, true), 8));
  const Parameter& experts = model.layout[model.layout.layer(0).expert_down];
  int used = 0;
  for (int64_t e = 0; e < experts.count; ++e) {
    bool any = false;
    for (int64_t i = 0; i < experts.rows * experts.cols; ++i) {
      any |= model.policy.gradients()[static_cast<size_t>(
                 experts.offset + e * experts.rows * experts.cols + i)] != 0;
    }
    used += any;
  }
  EXPECT_GE(used, 1);
  EXPECT_LE(used, 3);
}

TEST(PolicyGradient, AddsToWhatIsThere) {
  SmallModel model(small_spec(true, true), DType::f32, 2);
  const Pack pack = small_pack(model.spec, 33);
  const auto coefficients = coefficients_for(model.policy.forward(pack, true), 9);
  model.policy.backward(coefficients);
  const std::vector<float> once = model.policy.gradients();
  model.policy.forward(pack, true);
  model.policy.backward(coefficients);
  for (size_t i = 0; i < once.size(); ++i)
    ASSERT_NEAR(model.policy.gradients()[i], 2 * once[i], 1e-5 * (1 + std::abs(once[i])));
}

TEST(PolicyGradient, SaysOnceWhenEachParameterIsComplete) {
  for (bool tied : {false, true}) {
    SmallModel model(small_spec(true, tied), DType::f32, 2);
    const Pack pack = small_pack(model.spec, 34);
    std::map<int, double> norms;
    model.policy.on_grad_ready([&](int parameter) {
      EXPECT_FALSE(norms.contains(parameter));
      norms[parameter] = model.norm_of(model.layout[parameter]);
    });
    model.policy.backward(coefficients_for(model.policy.forward(pack, true), 10));
    ASSERT_EQ(norms.size(), model.layout.parameters().size());
    for (const auto& [parameter, norm] : norms)
      EXPECT_EQ(norm, model.norm_of(model.layout[parameter]));
  }
}

TEST(Policy, RefusesBackwardWithoutARecordedForward) {
  SmallModel model(small_spec(false, true), DType::f32, 1);
  const Pack pack = small_pack(model.spec, 35);
  const auto coefficients = coefficients_for(model.policy.forward(pack, false), 1);
  EXPECT_THROW(model.policy.backward(coefficients), Error);
  model.policy.forward(pack, true);
  model.policy.backward(coefficients);
  EXPECT_THROW(model.policy.backward(coefficients), Error);
}

TEST(Policy, RefusesTokensAndPositionsThatTheModelLacks) {
  SmallModel model(small_spec(false, true), DType::f32, 1);
  EXPECT_THROW(model.policy.forward({{{{0}, {{0, {model.spec.vocab}, {}, 1.0f}}}}}, false), Error);
  EXPECT_THROW(model.policy.forward({{{{-1}, {{0, {1}, {}, 1.0f}}}}}, false), Error);
  const std::vector<int32_t> longer(static_cast<size_t>(model.spec.max_position) + 2, 1);
  EXPECT_THROW(model.policy.forward({{{{0}, {{0, longer, {}, 1.0f}}}}}, false), Error);
}

}  // namespace
}  // namespace reckon
