#include "storage/dispatcher.h"

#include "tests/storage/dispatcher_fixture.h"

namespace reckon {
namespace {

TEST_F(DispatcherTest, LeasesAscendAndStopAtGroupsAndLookahead) {
  CollectSpec two = spec(2, 2);
  two.lookahead = 1;
  EXPECT_FALSE(lease()) << "nothing is open";
  dispatcher_.open(two);
  EXPECT_EQ(lease(), 0u);
  EXPECT_EQ(lease("b"), 1u);
  EXPECT_EQ(lease(), 2u);
  EXPECT_FALSE(lease());
  decide(1, {1, 1});
  EXPECT_EQ(lease(), 3u) << "a filtered group is replaced";
  EXPECT_FALSE(lease());
  decide(0, {1, 0});
  EXPECT_FALSE(lease()) << "one that passed keeps its place";
}

TEST_F(DispatcherTest, LeaseNamesWhatIsMissing) {
  dispatcher_.open(spec(1, 4));
  store(0, 1);
  store(0, 3);
  auto lease = dispatcher_.lease_prompt("a", 0);
  ASSERT_TRUE(lease);
  EXPECT_EQ(lease->missing, (std::vector<SampleIndex>{{0}, {2}}));
  EXPECT_EQ(lease->weights, weights(0));
}

TEST_F(DispatcherTest, BatchIsTheFirstThatPassInDrawOrder) {
  CollectSpec two = spec(2, 2);
  two.lookahead = 3;
  dispatcher_.open(two);
  for (int i = 0; i < 5; ++i) lease();
  decide(4, {0, 1});
  decide(3, {1, 0});
  decide(2, {0, 1});
  EXPECT_FALSE(dispatcher_.take_batch()) << "draws 0 and 1 are not decided";
  decide(0, {0, 0});
  decide(1, {1, 0});
  auto plan = dispatcher_.take_batch();
  ASSERT_TRUE(plan);
  EXPECT_EQ(draws(*plan), (std::vector<uint64_t>{1, 2}));
  EXPECT_EQ(plan->next, Draw{3});
  EXPECT_EQ(plan->drawn, 3u);
  EXPECT_EQ(plan->zero_variance, 1u);
  EXPECT_EQ(plan->surplus, 2u);
  EXPECT_EQ(dead(*plan),
            (std::map<uint64_t, DeadReason>{
                {0, DeadReason::filtered}, {3, DeadReason::surplus}, {4, DeadReason::surplus}}));
  EXPECT_EQ(plan->outcomes.at(fb::OutcomeStatus_scored), 6u);
  EXPECT_EQ(plan->raw_sum, 2);
  EXPECT_EQ(plan->raw_count, 6u);
  EXPECT_EQ(plan->correct, 2u);
  EXPECT_EQ(plan->groups[0].samples[1].completion_tokens, 5u);
  EXPECT_FALSE(dispatcher_.current());
  EXPECT_FALSE(dispatcher_.take_batch());
  EXPECT_FALSE(lease());
}

TEST_F(DispatcherTest, SurplusDrawsComeAgainUnderTheNextWeights) {
  CollectSpec one = spec(1, 1);
  one.filter = Filter::none;
  one.lookahead = 1;
  dispatcher_.open(one);
  lease();
  auto late = dispatcher_.lease_prompt("b", 0);
  decide(0, {1});
  auto plan = dispatcher_.take_batch();
  ASSERT_TRUE(plan);
  EXPECT_EQ(dead(*plan).at(1), DeadReason::surplus) << "still being sampled";
  EXPECT_FALSE(dispatcher_.sample_lease_valid(late->group, late->epoch));
  EXPECT_EQ(dispatcher_.counters().late_refused, 1u);
  decide(1, {1});  // was on its way to the disk
  CollectSpec next = spec(1, 1, 1, 1);
  next.filter = Filter::none;
  dispatcher_.open(next);
  EXPECT_FALSE(dispatcher_.take_batch());
  auto lease = dispatcher_.lease_prompt("a", 0);
  ASSERT_TRUE(lease);
  EXPECT_EQ(lease->group, (GroupKey{kPhase, Draw{1}, Version{1}}));
  EXPECT_FALSE(dispatcher_.sample_lease_valid(late->group, late->epoch));
}

TEST_F(DispatcherTest, SameWeightsTwiceDoNotReuseSurplus) {
  CollectSpec one = spec(1, 1);
  one.filter = Filter::none;
  one.lookahead = 1;
  dispatcher_.open(one);
  decide(0, {1});
  decide(1, {1});
  EXPECT_EQ(dispatcher_.take_batch()->surplus, 1u);
  one.first = Draw{1};
  dispatcher_.open(one);
  EXPECT_FALSE(dispatcher_.take_batch()) << "draw 1 was reported dead";
  EXPECT_EQ(lease(), 1u);
}

TEST_F(DispatcherTest, OpenedAgainUnderTheSameWeightsItIsTheSameBatch) {
  CollectSpec evaluation = spec(2, 1);
  evaluation.filter = Filter::none;
  dispatcher_.open(evaluation);
  decide(0, {1});
  decide(1, {0});
  auto first = dispatcher_.take_batch();
  dispatcher_.open(evaluation);
  EXPECT_FALSE(lease());
  auto second = dispatcher_.take_batch();
  ASSERT_TRUE(second);
  EXPECT_EQ(draws(*first), draws(*second));
  EXPECT_TRUE(second->dead.empty());
}

TEST_F(DispatcherTest, MaxDrawsEndsInASmallerBatch) {
  CollectSpec three = spec(3, 2, 0, 10);
  three.max_draws = 4;
  dispatcher_.open(three);
  for (uint64_t draw = 10; draw < 14; ++draw) {
    EXPECT_EQ(lease(), draw);
    decide(draw, draw == 12 ? std::vector<double>{1, 0} : std::vector<double>{0, 0});
  }
  EXPECT_FALSE(lease());
  auto plan = dispatcher_.take_batch();
  ASSERT_TRUE(plan);
  EXPECT_EQ(draws(*plan), (std::vector<uint64_t>{12}));
  EXPECT_EQ(plan->next, Draw{14});
  EXPECT_EQ(plan->drawn, 4u);
}

TEST_F(DispatcherTest, BatchMayBeEmpty) {
  CollectSpec one = spec(1, 2);
  one.max_draws = 1;
  dispatcher_.open(one);
  decide(0, {1, 1});
  auto plan = dispatcher_.take_batch();
  ASSERT_TRUE(plan);
  EXPECT_TRUE(plan->groups.empty());
  EXPECT_EQ(plan->next, Draw{1});
}

TEST_F(DispatcherTest, UnscoredMembersLeaveTheStatistics) {
  struct Case {
    std::vector<std::optional<double>> raw;  // nothing: timed out
    Filter filter;
    bool count_unscored;
    bool passes;
    uint64_t zero_variance;
    std::optional<DeadReason> reason;
  };
  std::vector<Case> cases = {
      {{1, 0, {}}, Filter::zero_variance, false, true, 0, {}},
      {{1, 1, {}}, Filter::zero_variance, false, false, 1, DeadReason::filtered},
      {{1, 1, {}}, Filter::zero_variance, true, true, 0, {}},
      {{-1, -1, {}}, Filter::zero_variance, true, false, 1, DeadReason::filtered},
      {{1, {}, {}}, Filter::zero_variance, false, false, 1, DeadReason::filtered},
      {{{}, {}, {}}, Filter::zero_variance, false, false, 0, DeadReason::rewards},
      {{{}, {}, {}}, Filter::zero_variance, true, false, 1, DeadReason::filtered},
      {{{}, {}, {}}, Filter::none, false, true, 0, {}},
      {{1, 1, 1}, Filter::none, false, true, 1, {}},
  };
  for (size_t i = 0; i < cases.size(); ++i) {
    const Case& c = cases[i];
    Dispatcher dispatcher(10);
    CollectSpec one = spec(1, 3);
    one.max_draws = 1;
    one.filter = c.filter;
    one.count_unscored = c.count_unscored;
    one.unscored_value = -1;
    dispatcher.open(one);
    for (uint32_t m = 0; m < 3; ++m) {
      dispatcher.sample_stored(row(member(0, m)));
      OutcomeRow outcome =
          c.raw[m] ? scored(*c.raw[m]) : OutcomeRow{fb::OutcomeStatus_timed_out, 0, 0, false};
      dispatcher.outcome_stored(member(0, m), outcome);
    }
    auto plan = dispatcher.take_batch();
    ASSERT_TRUE(plan) << i;
    EXPECT_EQ(plan->groups.size(), c.passes ? 1u : 0u) << i;
    EXPECT_EQ(plan->zero_variance, c.zero_variance) << i;
    EXPECT_EQ(dead(*plan).count(0), c.reason ? 1u : 0u) << i;
    if (c.reason) {
      EXPECT_EQ(dead(*plan).at(0), *c.reason) << i;
    }
    auto unscored = static_cast<uint64_t>(std::count(c.raw.begin(), c.raw.end(), std::nullopt));
    EXPECT_EQ(plan->outcomes[fb::OutcomeStatus_timed_out], unscored) << i;
    EXPECT_EQ(plan->raw_count, 3 - unscored) << i;
    if (c.passes && c.count_unscored) {
      EXPECT_EQ(plan->groups[0].samples[2].outcome.value, -1) << i;
    }
  }
}

TEST_F(DispatcherTest, SamplesFromDiskCountOnlyUnderTheSameDigest) {
  dispatcher_.sample_stored(row(member(0, 0)));
  dispatcher_.sample_stored(row(member(1, 0), 9));
  dispatcher_.outcome_stored(member(0, 0), scored(1));
  dispatcher_.outcome_stored(member(1, 0), scored(1));
  CollectSpec two = spec(2, 1);
  two.filter = Filter::none;
  dispatcher_.open(two);
  EXPECT_EQ(lease(), 1u) << "draw 0 is there, draw 1 is of other weights";
  decide(1, {1});
  EXPECT_EQ(draws(*dispatcher_.take_batch()), (std::vector<uint64_t>{0, 1}));
}

TEST_F(DispatcherTest, RowsOfLaterVersionsWaitUntilTheyAreReached) {
  decide(0, {1, 0}, 0);
  decide(1, {1, 0}, 1);
  decide(2, {1, 0}, 2);
  dispatcher_.sample_stored(row(member(3, 0, 3), 9));
  for (uint64_t version = 0; version < 3; ++version) {
    dispatcher_.forget_version(weights(version));
    dispatcher_.open(spec(1, 2, version, version));
    EXPECT_FALSE(lease());
    EXPECT_EQ(draws(*dispatcher_.take_batch()), (std::vector<uint64_t>{version}));
  }
  dispatcher_.forget_version(weights(3));
  dispatcher_.open(spec(1, 2, 3, 3));
  auto lease = dispatcher_.lease_prompt("a", 0);
  EXPECT_EQ(lease->missing.size(), 2u) << "made by other weights";
}

TEST_F(DispatcherTest, ExpiredLeaseGoesToAnotherAndItsLateResultIsRefused) {
  dispatcher_.open(spec(1, 2));
  auto first = dispatcher_.lease_prompt("a", 0);
  EXPECT_FALSE(dispatcher_.expire(9));
  dispatcher_.heartbeat("a", 9);
  EXPECT_FALSE(dispatcher_.expire(18));
  EXPECT_FALSE(lease("b", 18));
  EXPECT_TRUE(dispatcher_.expire(19));
  EXPECT_TRUE(dispatcher_.sample_lease_valid(first->group, first->epoch))
      << "nobody else has it yet";
  auto second = dispatcher_.lease_prompt("b", 19);
  ASSERT_TRUE(second);
  EXPECT_EQ(second->group, first->group);
  EXPECT_GT(second->epoch, first->epoch);
  EXPECT_FALSE(dispatcher_.sample_lease_valid(first->group, first->epoch));
  EXPECT_TRUE(dispatcher_.sample_lease_valid(second->group, second->epoch));
  EXPECT_FALSE(dispatcher_.sample_lease_valid(GroupKey{}, 1));
  EXPECT_EQ(dispatcher_.counters().expired, 1u);
  EXPECT_EQ(dispatcher_.counters().late_refused, 2u);
  EXPECT_EQ(dispatcher_.counters().leases, 2u);
}

TEST_F(DispatcherTest, CompletedLeaseDoesNotExpire) {
  dispatcher_.open(spec(1, 2));
  lease();
  store(0, 0);
  store(0, 1);
  EXPECT_FALSE(dispatcher_.expire(1000));
  EXPECT_EQ(dispatcher_.counters().expired, 0u);
}

TEST_F(DispatcherTest, LeasesOfAGoneClientReturnAtOnce) {
  dispatcher_.open(spec(2, 1));
  lease("a");
  lease("b");
  store(0, 0);
  EXPECT_TRUE(dispatcher_.lease_score("b", 0));
  EXPECT_FALSE(dispatcher_.lease_score("a", 0));
  dispatcher_.client_gone("b");
  EXPECT_EQ(lease("c"), 1u);
  EXPECT_TRUE(dispatcher_.lease_score("c", 0));
}

TEST_F(DispatcherTest, ScoresAreLeasedInOrderOnce) {
  dispatcher_.open(spec(2, 2));
  store(1, 0);
  store(0, 1);
  store(0, 0);
  auto first = dispatcher_.lease_score("a", 0), second = dispatcher_.lease_score("a", 0),
       third = dispatcher_.lease_score("a", 0);
  EXPECT_EQ(first->sample, member(0, 0));
  EXPECT_EQ(second->sample, member(0, 1));
  EXPECT_EQ(third->sample, member(1, 0));
  EXPECT_FALSE(dispatcher_.lease_score("a", 0));
  EXPECT_TRUE(dispatcher_.expire(10));
  auto again = dispatcher_.lease_score("b", 10);
  EXPECT_EQ(again->sample, member(0, 0));
  EXPECT_FALSE(dispatcher_.score_lease_valid(first->sample, first->epoch));
  EXPECT_TRUE(dispatcher_.score_lease_valid(again->sample, again->epoch));
  dispatcher_.outcome_stored(member(0, 0), scored(1));
  dispatcher_.outcome_stored(member(0, 0), scored(0));
  EXPECT_EQ(dispatcher_.counters().duplicates, 1u);
  EXPECT_EQ(dispatcher_.lease_score("b", 10)->sample, member(0, 1));
}

TEST_F(DispatcherTest, OnlyWhatTheCollectNeedsIsScored) {
  dispatcher_.sample_stored(row(member(0, 0, 1)));
  dispatcher_.sample_stored(row(key(8, 0, 0, 0)));
  dispatcher_.open(spec(1, 1));
  EXPECT_FALSE(dispatcher_.lease_score("a", 0));
  dispatcher_.open(spec(1, 1, 1));
  EXPECT_TRUE(dispatcher_.lease_score("a", 0));
}

TEST_F(DispatcherTest, ResetForgetsEverythingButEpochs) {
  dispatcher_.open(spec(1, 1));
  auto before = dispatcher_.lease_prompt("a", 0);
  store(0, 0);
  dispatcher_.reset();
  EXPECT_FALSE(dispatcher_.current());
  EXPECT_FALSE(dispatcher_.sample_lease_valid(before->group, before->epoch));
  dispatcher_.open(spec(1, 1));
  EXPECT_GT(dispatcher_.lease_prompt("a", 0)->epoch, before->epoch);
}

TEST_F(DispatcherTest, ConsumedGroupAboveTheCursorIsADefect) {
  SampleRow consumed = row(member(0, 0));
  consumed.consumed = Step{1};
  dispatcher_.sample_stored(consumed);
  dispatcher_.open(spec(1, 1));
  EXPECT_EQ(code_of([&] { lease(); }), Code::internal);
}

}  // namespace
}  // namespace reckon
