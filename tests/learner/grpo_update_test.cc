// grpo_update() against sums made by hand: one completion at a time through the policy, the
// objective's formulas written out here.
#include <cmath>
#include <limits>

#include "tests/learner/state_fixture.h"

namespace reckon {
namespace {

// What grpo_update() should have done: -A / tokens for every token of every sample given, one
// sample at a time, then one update. On the sampler's own weights the ratio is 1.
struct Expected {
  double loss = 0;
  double grad_norm = 0;
};

struct Term {
  size_t group, sample;
  double advantage;
};

Expected by_hand(TinyState& tiny, const std::vector<TrainGroup>& groups,
                 const std::vector<Term>& terms) {
  double tokens = 0;
  Expected expected;
  for (const Term& term : terms)
    tokens +=
        static_cast<double>(groups[term.group][term.sample].body.sequences[0]->logprobs.size());
  for (const Term& term : terms) {
    PackedGroup group = packed_group(groups[term.group], 0, {});
    Pack pack{{{group.prompt, {group.completions[term.sample]}}}};
    Scores scores = tiny.state.policy().forward(pack, true);
    auto gradient = scores.logprob;
    const auto& old = groups[term.group][term.sample].body.sequences[0]->logprobs;
    for (size_t t = 0; t < old.size(); ++t) {
      double ratio = std::exp(double{scores.logprob[0][t]} - double{old[t]});
      gradient[0][t] = static_cast<float>(-term.advantage * ratio / tokens);
      expected.loss -= term.advantage * ratio / tokens;
    }
    tiny.state.policy().backward(gradient);
  }
  expected.grad_norm = tiny.state
                           .apply(tiny.config.phases[0].optimizer,
                                  tiny.config.phases[0].optimizer.lr, Version{1}, true)
                           .grad_norm;
  return expected;
}

// (R - mean) / (s + 1e-6) of {1, 0, 0.25} and {0, 2}.
double advantage(std::vector<double> rewards, size_t of) {
  double mean = 0, squares = 0;
  for (double reward : rewards) mean += reward / static_cast<double>(rewards.size());
  for (double reward : rewards) squares += (reward - mean) * (reward - mean);
  return (rewards[of] - mean) /
         (std::sqrt(squares / (static_cast<double>(rewards.size()) - 1)) + 1e-6);
}

std::vector<Term> all_terms() {
  std::vector<double> first = {1, 0, 0.25}, second = {0, 2};
  return {{0, 0, advantage(first, 0)},
          {0, 1, advantage(first, 1)},
          {0, 2, advantage(first, 2)},
          {1, 0, advantage(second, 0)},
          {1, 1, advantage(second, 1)}};
}

Metrics run(TinyState& tiny, const std::vector<TrainGroup>& groups) {
  const PhaseConfig& phase = tiny.config.phases[0];
  return grpo_update(tiny.state, phase, tiny.config.run.rewards, Objective(phase.objective),
                     groups);
}

// Of the groups' completions, after the update.
std::vector<float> scored(TinyState& tiny, const std::vector<TrainGroup>& groups) {
  std::vector<float> all;
  for (const auto& logprobs : score(tiny.state.policy(), groups, 4096))
    all.insert(all.end(), logprobs.begin(), logprobs.end());
  return all;
}

void expect_near(const std::vector<float>& got, const std::vector<float>& expected) {
  ASSERT_EQ(got.size(), expected.size());
  for (size_t i = 0; i < got.size(); ++i) EXPECT_NEAR(got[i], expected[i], 2e-4) << i;
}

TEST(GrpoUpdate, OneMinibatchIsTheSumOverAllTokens) {
  TinyState tiny, manual;
  auto groups = made_groups(tiny.state);
  Expected expected = by_hand(manual, groups, all_terms());
  Metrics metrics = run(tiny, groups);
  EXPECT_NEAR(number(metrics, "loss"), expected.loss, 1e-6);
  EXPECT_NEAR(number(metrics, "grad_norm"), expected.grad_norm, 1e-5 * expected.grad_norm);
  EXPECT_EQ(number(metrics, "tokens/trained"), 15);
  EXPECT_EQ(number(metrics, "logprob_checked"), 15);
  EXPECT_EQ(number(metrics, "logprob_mismatch"), 0);
  EXPECT_EQ(number(metrics, "ratio/max"), 1);
  EXPECT_EQ(number(metrics, "steps/skipped"), 0);
  EXPECT_FALSE(metrics.contains("kl"));
  EXPECT_EQ(tiny.state.weights()->id().version, Version{1});
  expect_near(scored(tiny, groups), scored(manual, groups));
}

TEST(GrpoUpdate, TwoMinibatchesAreTwoUpdatesAndOnlyTheFirstIsCompared) {
  RunConfig config = tiny_run();
  config.phases[0].minibatches = 2;
  config.phases[0].objective.clip_high = 10;  // the second ratio is not 1, and not cut here
  config.phases[0].objective.clip_low = 1;
  TinyState tiny(config), manual(config);
  auto groups = made_groups(tiny.state);
  auto terms = all_terms();
  Expected first = by_hand(manual, groups, {terms[0], terms[1], terms[2]});
  Expected second = by_hand(manual, groups, {terms[3], terms[4]});
  Metrics metrics = run(tiny, groups);
  EXPECT_NEAR(number(metrics, "loss"), (first.loss + second.loss) / 2, 1e-5);
  EXPECT_NEAR(number(metrics, "grad_norm"), std::max(first.grad_norm, second.grad_norm),
              1e-3 * first.grad_norm);
  EXPECT_EQ(number(metrics, "logprob_checked"), 8);
  EXPECT_EQ(number(metrics, "logprob_mismatch"), 0);
  EXPECT_GT(number(metrics, "ratio/max"), 1);
  expect_near(scored(tiny, groups), scored(manual, groups));
}

TEST(GrpoUpdate, TruncatedSamplesCountInTheStatisticsAndNotInTheLoss) {
  RunConfig config = tiny_run();
  config.phases[0].objective.overlong_mask = true;
  TinyState tiny(config), manual(config);
  auto groups = made_groups(tiny.state);
  groups[0][0].body.finish = fb::Finish_length;
  auto terms = all_terms();
  Expected expected = by_hand(manual, groups, {terms[1], terms[2], terms[3], terms[4]});
  Metrics metrics = run(tiny, groups);
  EXPECT_NEAR(number(metrics, "loss"), expected.loss, 1e-6);
  EXPECT_NEAR(number(metrics, "grad_norm"), expected.grad_norm, 1e-5 * expected.grad_norm);
  EXPECT_EQ(number(metrics, "tokens/trained"), 11);
  expect_near(scored(tiny, groups), scored(manual, groups));
}

TEST(GrpoUpdate, UnscoredSamplesLeaveTheirGroupOrCountWithTheConfiguredValue) {
  for (bool counted : {false, true}) {
    SCOPED_TRACE(counted);
    RunConfig config = tiny_run();
    config.run.rewards.count_unscored = counted;
    config.run.rewards.unscored_value = -1;
    TinyState tiny(config), manual(config);
    auto groups = made_groups(tiny.state);
    groups[0][2].outcome.status = fb::OutcomeStatus_timed_out;
    std::vector<double> rewards =
        counted ? std::vector<double>{1, 0, -1} : std::vector<double>{1, 0};
    auto terms = all_terms();
    terms[0].advantage = advantage(rewards, 0);
    terms[1].advantage = advantage(rewards, 1);
    if (counted) terms[2].advantage = advantage(rewards, 2);
    if (!counted) terms.erase(terms.begin() + 2);
    Expected expected = by_hand(manual, groups, terms);
    Metrics metrics = run(tiny, groups);
    EXPECT_NEAR(number(metrics, "loss"), expected.loss, 1e-6);
    EXPECT_NEAR(number(metrics, "grad_norm"), expected.grad_norm, 1e-5 * expected.grad_norm);
    expect_near(scored(tiny, groups), scored(manual, groups));
  }
}

TEST(GrpoUpdate, WithNothingToLearnFromOnlyTheVersionMoves) {
  RunConfig config = tiny_run();
  config.phases[0].objective.overlong_mask = true;
  config.phases[0].minibatches = 2;
  TinyState tiny(config), untouched(config);
  auto masked = made_groups(tiny.state);
  for (TrainGroup& group : masked) {
    for (TrainSample& sample : group) sample.body.finish = fb::Finish_length;
  }
  for (const auto& groups : {std::vector<TrainGroup>(), std::move(masked)}) {
    std::string before = tiny.digest();
    Metrics metrics = run(tiny, groups);
    EXPECT_EQ(tiny.digest(), before);
    EXPECT_EQ(tiny.state.weights()->id().version, Version{1});
    // Not a step that went wrong: such steps must not add up to "diverged".
    EXPECT_EQ(number(metrics, "steps/skipped"), 0);
    EXPECT_EQ(number(metrics, "updates/skipped"), 0);
    EXPECT_EQ(number(metrics, "tokens/trained"), 0);
  }
  tiny.update(5);
  untouched.update(5);
  EXPECT_EQ(tiny.digest(), untouched.digest());
}

TEST(GrpoUpdate, ASampleOfOtherBitsShowsAsMismatch) {
  TinyState tiny;
  auto groups = made_groups(tiny.state);
  float& logprob = groups[1][0].body.sequences[0]->logprobs[1];
  logprob = std::nextafter(logprob, 0.0f);
  EXPECT_GT(number(run(tiny, groups), "logprob_mismatch"), 0);
}

TEST(GrpoUpdate, SamplesOfOtherWeightsAreNotCompared) {
  TinyState tiny;
  auto groups = made_groups(tiny.state);
  tiny.update(3);
  Metrics metrics = run(tiny, groups);
  EXPECT_EQ(number(metrics, "logprob_checked"), 0);
  EXPECT_EQ(number(metrics, "logprob_mismatch"), 0);
}

// A NaN in the second minibatch must not drag along the third.
TEST(GrpoUpdate, OnlyTheMinibatchThatIsNotFiniteIsSkipped) {
  RunConfig config = tiny_run();
  config.phases[0].minibatches = 3;
  TinyState tiny(config), spared(config);
  auto groups = made_groups(tiny.state);
  groups.push_back(std::move(made_groups(tiny.state)[0]));
  groups[1][1].outcome.value = std::numeric_limits<double>::infinity();  // advantage NaN
  Metrics metrics = run(tiny, groups);
  EXPECT_EQ(number(metrics, "updates/skipped"), 1);
  EXPECT_EQ(number(metrics, "steps/skipped"), 0);

  std::vector<TrainGroup> others;
  others.push_back(std::move(groups[0]));
  others.push_back(std::move(groups[2]));
  spared.config.phases[0].minibatches = 2;
  run(spared, others);
  EXPECT_EQ(tiny.digest(), spared.digest());

  groups = made_groups(tiny.state);
  for (TrainGroup& group : groups) group[0].outcome.value = std::numeric_limits<double>::infinity();
  EXPECT_EQ(number(run(tiny, groups), "steps/skipped"), 1);
}

// Under other weights than the sampler's a token can fall out of the recorded kept set.
TEST(GrpoUpdate, ATokenOutsideTheKeptSetAddsNeitherLossNorGradient) {
  for (const char* loss : {"ppo_clip", "reinforce"}) {
    SCOPED_TRACE(loss);
    RunConfig config = tiny_run();
    config.phases[0].objective.loss = loss;
    config.phases[0].objective.kl_coef = 0.1;
    TinyState tiny(config);
    auto groups = made_groups(tiny.state);
    tiny.update(3);
    for (TrainGroup& group : groups) {
      for (TrainSample& sample : group) {
        fb::SequenceT& sequence = *sample.body.sequences[0];
        sequence.kept_threshold.assign(sequence.logprobs.size(), -1e9f);
        sample.ref_logprob = sequence.logprobs;
      }
    }
    groups[0][0].body.sequences[0]->kept_threshold[1] = 1e9f;
    groups[1][1].ref_logprob[2] = -std::numeric_limits<float>::infinity();
    Metrics metrics = run(tiny, groups);
    EXPECT_EQ(number(metrics, "tokens/outside"), 1);
    EXPECT_EQ(number(metrics, "steps/skipped"), 0);
    EXPECT_TRUE(std::isfinite(number(metrics, "loss")));
    EXPECT_TRUE(std::isfinite(number(metrics, "entropy")));
    EXPECT_LT(number(metrics, "kl"), 10);
  }
}

}  // namespace
}  // namespace reckon
