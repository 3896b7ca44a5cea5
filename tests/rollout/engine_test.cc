// The scheduler: finish reasons, filters, admission, the order of completions, errors.
#include "rollout/engine.h"

#include <algorithm>
#include <cmath>
#include <functional>

#include "base/error.h"
#include "tests/rollout/tiny_model.h"

namespace reckon {
namespace {

class EngineTest : public testing::Test {
 protected:
  std::unique_ptr<Engine> engine(size_t pages = 1000, int max_rows = 64) {
    auto made = std::make_unique<Engine>(
        spec_, DType::f32, EngineOptions{.kv_bytes = pages * page_, .max_rows = max_rows},
        kernels(), pool_);
    made->set_weights(weights_);
    return made;
  }
  Samples sample(const std::vector<GroupRequest>& groups) { return run_all(*engine(), groups); }

  ThreadPool pool_{1};
  ModelSpec spec_ = tiny_spec(true);
  std::shared_ptr<const Weights> weights_ = tiny_weights(spec_, DType::f32);
  size_t page_ = KvPages::page_bytes(spec_, DType::f32);
};

TEST_F(EngineTest, AStopTokenEndsACompletionAndBelongsToIt) {
  GroupRequest group = group_of(1, 6, 6, 30);
  group.stop_tokens.clear();
  Samples free = sample({group});
  int32_t stop = free.at({1, 0}).tokens[4];
  group.stop_tokens = {39, stop};
  int stopped = 0;
  for (const auto& [key, completion] : sample({group})) {
    const std::vector<int32_t>& whole = free.at(key).tokens;
    auto end = std::find_if(whole.begin(), whole.end(),
                            [&](int32_t token) { return token == stop || token == 39; });
    bool ends = end != whole.end();
    stopped += ends;
    EXPECT_EQ(completion.tokens, std::vector<int32_t>(whole.begin(), ends ? end + 1 : end));
    EXPECT_EQ(completion.finish, ends ? FinishReason::stop : FinishReason::length);
    EXPECT_EQ(completion.logprobs.size(), completion.tokens.size());
    EXPECT_EQ(completion.entropies.size(), completion.tokens.size());
  }
  EXPECT_GT(stopped, 0);
}

TEST_F(EngineTest, AStopTokenAtTheLimitIsAStop) {
  GroupRequest group = group_of(1, 6, 1, 5);
  group.stop_tokens.clear();
  Completion whole = sample({group}).at({1, 0});
  group.stop_tokens = {whole.tokens.back()};
  group.sampling.max_new_tokens =
      static_cast<int>(std::find(whole.tokens.begin(), whole.tokens.end(), whole.tokens.back()) -
                       whole.tokens.begin()) +
      1;
  EXPECT_EQ(sample({group}).at({1, 0}).finish, FinishReason::stop);
}

TEST_F(EngineTest, TheLengthLimitEndsACompletion) {
  for (int limit : {1, 2, 15, 16, 17}) {
    GroupRequest group = group_of(1, 16, 2, limit);
    group.stop_tokens.clear();
    for (const auto& [key, completion] : sample({group})) {
      EXPECT_EQ(completion.tokens.size(), static_cast<size_t>(limit));
      EXPECT_EQ(completion.finish, FinishReason::length);
    }
  }
}

TEST_F(EngineTest, TheModelsPositionsEndACompletion) {
  for (int prompt : {310, 319}) {
    GroupRequest group = group_of(1, prompt, 1, 1'000'000);
    group.stop_tokens.clear();
    Completion completion = sample({group}).at({1, 0});
    EXPECT_EQ(static_cast<int>(completion.tokens.size()), spec_.max_position - prompt);
    EXPECT_EQ(completion.finish, FinishReason::length);
  }
}

TEST_F(EngineTest, SamplesOfAGroupDifferFromEachOther) {
  GroupRequest group = group_of(1, 16, 8, 20);
  group.stop_tokens.clear();
  std::vector<std::vector<int32_t>> seen;
  for (const auto& [key, completion] : sample({group})) seen.push_back(completion.tokens);
  std::sort(seen.begin(), seen.end());
  EXPECT_EQ(std::unique(seen.begin(), seen.end()), seen.end());
}

TEST_F(EngineTest, FiltersRecordTheKeptSet) {
  GroupRequest group = group_of(1, 16, 4, 20);
  for (const auto& [key, completion] : sample({group})) {
    EXPECT_TRUE(completion.kept_threshold.empty());
    EXPECT_TRUE(completion.kept_count.empty());
  }
  group.sampling.top_k = 3;
  for (const auto& [key, completion] : sample({group})) {
    ASSERT_EQ(completion.kept_threshold.size(), completion.tokens.size());
    ASSERT_EQ(completion.kept_count.size(), completion.tokens.size());
    for (size_t i = 0; i < completion.tokens.size(); ++i) {
      EXPECT_EQ(completion.kept_count[i], 3u);
      EXPECT_TRUE(std::isfinite(completion.kept_threshold[i]));
      EXPECT_LE(completion.entropies[i], std::log(3.0f) + 1e-5f);
    }
  }
}

TEST_F(EngineTest, KeepingOneTokenIsGreedyWithCertainty) {
  GroupRequest group = group_of(1, 16, 2, 10);
  group.sampling.temperature = 0;
  Samples greedy = sample({group});
  group.sampling.temperature = 1;
  group.sampling.top_k = 1;
  for (const auto& [key, completion] : sample({group})) {
    EXPECT_EQ(completion.tokens, greedy.at(key).tokens);
    for (float logprob : completion.logprobs) EXPECT_EQ(logprob, 0.0f);
    for (float logprob : greedy.at(key).logprobs) EXPECT_LT(logprob, 0.0f);
  }
}

TEST_F(EngineTest, ThePromptIsPrefilledOncePerGroup) {
  auto e = engine(1000, 10);
  Samples samples = run_all(*e, {group_of(1, 17, 8, 5), group_of(2, 33, 4, 5)});
  uint64_t tokens = 0;
  for (const auto& [key, completion] : samples) tokens += completion.tokens.size();
  EXPECT_EQ(e->counters().prefill_tokens, 50u);
  EXPECT_EQ(e->counters().sampled_tokens, tokens);
}

TEST_F(EngineTest, AWholeGroupFitsOneForwardAndThenOneRowPerSample) {
  for (int max_rows : {4, 64}) {
    auto e = engine(1000, max_rows);
    GroupRequest group = group_of(1, 4, 4, 5);
    group.stop_tokens.clear();
    run_all(*e, {group});
    EXPECT_EQ(e->counters().forwards, 5u);  // the prompt with the first tokens, then four more
  }
}

// One page for the prompt, two for each sample: 16 tokens and 33 more, the last of which is not fed
// back.
GroupRequest five_pages(uint64_t tag) {
  GroupRequest group = group_of(tag, 16, 2, 33);
  group.stop_tokens.clear();
  return group;
}

TEST_F(EngineTest, AdmissionWaitsForTheWorstCaseOfAWholeGroup) {
  auto e = engine(9);  // one group and most of another
  EXPECT_TRUE(e->wants_work());
  e->add(five_pages(1));
  EXPECT_TRUE(e->wants_work());
  EXPECT_EQ(e->counters().kv_bytes, 5 * page_);
  e->add(five_pages(2));
  e->add(group_of(3, 1, 1, 2));  // would fit, and does not overtake
  EXPECT_FALSE(e->wants_work());
  EXPECT_EQ(e->counters().kv_bytes, 5 * page_);
  std::vector<uint64_t> order;
  while (!e->idle()) {
    for (const Completion& done : e->step()) order.push_back(done.tag);
    EXPECT_LE(e->counters().kv_bytes, 9 * page_);
  }
  EXPECT_EQ(order, (std::vector<uint64_t>{1, 1, 3, 2, 2}));
  EXPECT_EQ(e->counters().kv_bytes_peak, 7 * page_);
  EXPECT_EQ(e->counters().kv_bytes, 0u);
}

TEST_F(EngineTest, TwoGroupsRunTogetherWhenBothFit) {
  auto e = engine(10);
  e->add(five_pages(1));
  e->add(five_pages(2));
  EXPECT_TRUE(e->wants_work());
  EXPECT_EQ(e->counters().kv_bytes, 10 * page_);
  std::vector<Completion> done;
  while (done.empty()) done = e->step();
  EXPECT_EQ(done.size(), 4u);
  EXPECT_TRUE(e->idle());
}

TEST_F(EngineTest, FullRowsWantNoWork) {
  auto e = engine(1000, 4);
  e->add(five_pages(1));
  EXPECT_TRUE(e->wants_work());
  e->add(five_pages(2));
  EXPECT_FALSE(e->wants_work());
  while (!e->idle()) e->step();
  EXPECT_TRUE(e->wants_work());
}

TEST_F(EngineTest, CompletionsComeInTheSameOrderEveryTime) {
  std::vector<GroupRequest> groups = {group_of(3, 5, 4, 12), group_of(1, 17, 4, 12),
                                      group_of(2, 1, 4, 12)};
  std::vector<std::vector<std::pair<uint64_t, uint32_t>>> orders(2);
  for (auto& order : orders) {
    auto e = engine(1000, 9);
    for (const GroupRequest& group : groups) e->add(group);
    while (!e->idle()) {
      for (const Completion& done : e->step()) order.emplace_back(done.tag, done.sample);
    }
  }
  EXPECT_EQ(orders[0].size(), 12u);
  EXPECT_EQ(orders[0], orders[1]);
}

TEST_F(EngineTest, ClearGivesUpEverythingAndLeavesNoTrace) {
  std::vector<GroupRequest> groups = {five_pages(1), five_pages(2), five_pages(3)};
  Samples expected = sample(groups);
  for (int steps : {0, 1, 3, 20}) {
    auto e = engine(10, 7);
    for (const GroupRequest& group : groups) e->add(group);
    for (int i = 0; i < steps; ++i) e->step();
    e->clear();
    EXPECT_TRUE(e->idle());
    EXPECT_TRUE(e->step().empty());
    EXPECT_EQ(e->counters().kv_bytes, 0u);
    expect_same(expected, run_all(*e, groups));
  }
}

TEST_F(EngineTest, WeightsChangeOnlyWhileIdleAndOnlyToTheSameModel) {
  auto e = engine();
  EXPECT_EQ(e->weights()->id(), weights_->id());
  EXPECT_THROW(e->set_weights(tiny_weights(spec_, DType::bf16)), Error);
  EXPECT_THROW(e->set_weights(tiny_weights(tiny_spec(false), DType::f32)), Error);
  auto next = tiny_weights(spec_, DType::f32, 2);
  e->add(group_of(1, 5, 1, 3));
  EXPECT_THROW(e->set_weights(next), Error);
  while (!e->idle()) e->step();
  e->set_weights(next);
  EXPECT_EQ(e->weights()->id(), next->id());
}

struct BadRequest {
  const char* name;
  std::function<void(GroupRequest&)> change;
  const char* figure;  // a part of the message
};

class Refusal : public EngineTest, public testing::WithParamInterface<BadRequest> {};

TEST_P(Refusal, NamesTheFigureAndTheRemedyAndChangesNothing) {
  auto e = engine(5);
  GroupRequest good = five_pages(77), bad = good;
  GetParam().change(bad);
  try {
    e->add(bad);
    FAIL() << "the request was taken";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), Code::config);
    EXPECT_EQ(error.place(), "group 77");
    EXPECT_NE(error.problem().find(GetParam().figure), std::string::npos) << error.problem();
    EXPECT_FALSE(error.remedy().empty());
  }
  EXPECT_TRUE(e->idle());
  EXPECT_EQ(run_all(*e, {good}).size(), 2u);
}

INSTANTIATE_TEST_SUITE_P(
    , Refusal,
    testing::Values(
        BadRequest{"EmptyPrompt", [](GroupRequest& r) { r.prompt.clear(); }, "the prompt is empty"},
        BadRequest{"NegativeToken", [](GroupRequest& r) { r.prompt[3] = -1; },
                   "token -1 at place 3"},
        BadRequest{"TokenAboveTheVocabulary", [](GroupRequest& r) { r.prompt[2] = 40; },
                   "token 40 at place 2"},
        BadRequest{"NoNewTokens", [](GroupRequest& r) { r.sampling.max_new_tokens = 0; },
                   "max_new_tokens is 0"},
        BadRequest{"PromptFillsAllPositions", [](GroupRequest& r) { r.prompt = prompt_of(320, 1); },
                   "320 tokens"},
        BadRequest{"OneTokenAboveTheBudget",
                   [](GroupRequest& r) { r.sampling.max_new_tokens = 34; },
                   "2 samples of up to 34"},
        BadRequest{"OneSampleAboveTheBudget", [](GroupRequest& r) { r.samples.push_back(2); },
                   "3 samples"},
        BadRequest{"NoSamples", [](GroupRequest& r) { r.samples.clear(); }, "no samples"},
        BadRequest{"NegativeTemperature", [](GroupRequest& r) { r.sampling.temperature = -1; },
                   "temperature is -1"},
        BadRequest{"InfiniteInverseTemperature",
                   [](GroupRequest& r) { r.sampling.temperature = 1e-60; }, "1e-60"},
        BadRequest{"NegativeTopK", [](GroupRequest& r) { r.sampling.top_k = -2; }, "top_k is -2"},
        BadRequest{"TopPOfZero", [](GroupRequest& r) { r.sampling.top_p = 0; }, "top_p is 0"},
        BadRequest{"MinPAboveOne", [](GroupRequest& r) { r.sampling.min_p = 1.5; },
                   "min_p is 1.5"}),
    [](const testing::TestParamInfo<BadRequest>& info) { return info.param.name; });

TEST_F(EngineTest, AnEngineWithoutRowsIsRefused) {
  EXPECT_THROW(Engine(spec_, DType::f32, {.max_rows = 0}, kernels(), pool_), Error);
}

}  // namespace
}  // namespace reckon
