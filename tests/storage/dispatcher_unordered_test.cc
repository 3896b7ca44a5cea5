// Unordered collects: sampling ahead, bounded staleness.
#include "tests/storage/dispatcher_fixture.h"

namespace reckon {
namespace {

class UnorderedTest : public DispatcherTest {
 protected:
  CollectSpec ahead(uint32_t groups, uint32_t staleness, uint64_t version, uint64_t first = 0) {
    CollectSpec out = spec(groups, 1, version, first);
    out.ordered = false;
    out.filter = Filter::none;
    out.max_staleness = staleness;
    return out;
  }
};

TEST_F(UnorderedTest, IssuesAheadWithinItsBoundAndWhileClosed) {
  dispatcher_.open(ahead(2, 1, 0));
  for (uint64_t draw = 0; draw < 4; ++draw) EXPECT_EQ(lease(), draw);
  EXPECT_FALSE(lease());
  decide(3, {1});
  EXPECT_FALSE(dispatcher_.take_batch());
  decide(1, {1});
  auto plan = dispatcher_.take_batch();
  ASSERT_TRUE(plan);
  EXPECT_EQ(draws(*plan), (std::vector<uint64_t>{1, 3}));
  EXPECT_EQ(plan->next, Draw{0}) << "draw 0 is still on its way";
  EXPECT_EQ(lease(), 4u) << "sampled ahead while the learner works";
  EXPECT_EQ(lease(), 5u);
  EXPECT_FALSE(lease());
  dispatcher_.open(ahead(2, 1, 1, 0));
  decide(0, {1});
  decide(2, {1});
  plan = dispatcher_.take_batch();
  EXPECT_EQ(draws(*plan), (std::vector<uint64_t>{0, 2})) << "one version old";
  EXPECT_EQ(plan->next, Draw{4});
}

TEST_F(UnorderedTest, StaleGroupsAreDropped) {
  dispatcher_.open(ahead(1, 1, 0));
  auto flying = dispatcher_.lease_prompt("a", 0);
  lease();
  decide(1, {1});
  dispatcher_.open(ahead(1, 1, 2));
  EXPECT_FALSE(dispatcher_.take_batch());
  EXPECT_FALSE(dispatcher_.sample_lease_valid(flying->group, flying->epoch));
  auto fresh = dispatcher_.lease_prompt("a", 0);
  EXPECT_EQ(fresh->group, (GroupKey{kPhase, Draw{2}, Version{2}}));
  decide(2, {1}, 2);
  auto plan = dispatcher_.take_batch();
  ASSERT_TRUE(plan);
  EXPECT_EQ(draws(*plan), (std::vector<uint64_t>{2}));
  EXPECT_EQ(plan->stale, 2u);
  EXPECT_EQ(dead(*plan),
            (std::map<uint64_t, DeadReason>{{0, DeadReason::stale}, {1, DeadReason::stale}}));
}

TEST_F(UnorderedTest, LapsedGroupOfOldWeightsStartsAnew) {
  dispatcher_.open(ahead(1, 2, 0));
  auto old = dispatcher_.lease_prompt("a", 0);
  dispatcher_.open(ahead(1, 2, 1));
  dispatcher_.client_gone("a");
  auto anew = dispatcher_.lease_prompt("b", 0);
  ASSERT_TRUE(anew);
  EXPECT_EQ(anew->group, (GroupKey{kPhase, Draw{0}, Version{1}}));
  EXPECT_FALSE(dispatcher_.sample_lease_valid(old->group, old->epoch));
  decide(0, {1}, 1);
  auto plan = dispatcher_.take_batch();
  EXPECT_EQ(plan->dead,
            (std::vector<std::pair<GroupKey, DeadReason>>{{old->group, DeadReason::stale}}));
}

TEST_F(UnorderedTest, FilteredGroupsMakeRoomAndAreReported) {
  CollectSpec one = ahead(1, 0, 0);
  one.group_size = 2;
  one.filter = Filter::zero_variance;
  dispatcher_.open(one);
  EXPECT_EQ(lease(), 0u);
  EXPECT_FALSE(lease());
  decide(0, {1, 1});
  EXPECT_EQ(lease(), 1u);
  decide(1, {1, 0});
  auto plan = dispatcher_.take_batch();
  EXPECT_EQ(draws(*plan), (std::vector<uint64_t>{1}));
  EXPECT_EQ(dead(*plan), (std::map<uint64_t, DeadReason>{{0, DeadReason::filtered}}));
  EXPECT_EQ(plan->zero_variance, 1u);
  EXPECT_EQ(plan->drawn, 2u);
}

TEST_F(UnorderedTest, ConsumedDrawsFromDiskAreNotDrawnAgain) {
  SampleRow consumed = row(member(1, 0));
  consumed.consumed = Step{1};
  dispatcher_.sample_stored(consumed);
  store(2, 0);
  dispatcher_.open(ahead(4, 0, 0));
  EXPECT_EQ(lease(), 0u);
  EXPECT_EQ(lease(), 3u);
  EXPECT_EQ(lease(), 4u);
  EXPECT_FALSE(lease()) << "0, 2, 3 and 4 are in play";
}

TEST_F(UnorderedTest, MaxDrawsEndsInASmallerBatch) {
  CollectSpec three = ahead(3, 0, 0);
  three.max_draws = 2;
  dispatcher_.open(three);
  EXPECT_EQ(lease(), 0u);
  EXPECT_EQ(lease(), 1u);
  EXPECT_FALSE(lease());
  decide(0, {1});
  EXPECT_FALSE(dispatcher_.take_batch());
  decide(1, {1});
  EXPECT_EQ(draws(*dispatcher_.take_batch()), (std::vector<uint64_t>{0, 1}));
}

TEST_F(UnorderedTest, EvaluationBetweenDoesNotRestartTheDraws) {
  dispatcher_.open(ahead(1, 0, 0));
  EXPECT_EQ(lease(), 0u);
  decide(0, {1});
  ASSERT_TRUE(dispatcher_.take_batch());
  CollectSpec evaluation = spec(1, 1);
  evaluation.phase = PhaseId{50};
  evaluation.filter = Filter::none;
  dispatcher_.open(evaluation);
  dispatcher_.sample_stored(row(key(50, 0, 0, 0)));
  dispatcher_.outcome_stored(key(50, 0, 0, 0), scored(1));
  ASSERT_TRUE(dispatcher_.take_batch());
  dispatcher_.open(ahead(1, 0, 1));
  EXPECT_EQ(lease(), 1u);
}

}  // namespace
}  // namespace reckon
