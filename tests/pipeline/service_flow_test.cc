// The whole way of trajectories through a real service and a real store, over real sockets.
#include "tests/pipeline/service_rig.h"

namespace reckon {
namespace {

class ServiceFlow : public testing::TestWithParam<const char*> {
 protected:
  ServiceFlow() : rig_(GetParam()) { rig_.start(); }
  ServiceRig rig_;
};

INSTANTIATE_TEST_SUITE_P(Transports, ServiceFlow, testing::Values("inproc://store", "ipc"),
                         [](const auto& info) { return std::string(info.param).substr(0, 3); });

TEST_P(ServiceFlow, ATrajectoryTravelsFromLeaseToLedger) {
  auto learner = rig_.learner();
  auto sampler = rig_.sampler();
  auto scorer = rig_.scorer();
  EXPECT_EQ(learner->rewind(Step{0}, weights(0)), Timeline{1});
  EXPECT_TRUE(learner->publish(weights(0)));
  EXPECT_TRUE(learner->open_collect(collect_of(2, 3)));
  EXPECT_EQ(sample_all(*sampler), 6u);
  EXPECT_TRUE(sampler->flush());
  score_all(*scorer, 6);

  auto plan = learner->take_batch();
  ASSERT_TRUE(plan);
  ASSERT_EQ(plan->groups.size(), 2u);
  EXPECT_EQ(plan->next, Draw{2});
  EXPECT_EQ(plan->raw_sum, 6.0);
  std::vector<SampleKey> keys;
  for (const PlannedGroup& group : plan->groups) {
    for (const PlannedSample& sample : group.samples) {
      keys.push_back(sample.key);
      EXPECT_EQ(sample.completion_tokens, 3u);
      EXPECT_EQ(sample.weights, weights(0));
      EXPECT_EQ(sample.outcome.raw, sample.key.sample.value);
    }
  }
  auto bodies = learner->fetch(keys, {"outcome", "ref_logprob"});
  ASSERT_TRUE(bodies);
  ASSERT_EQ(bodies->samples.size(), 6u);
  ASSERT_EQ(bodies->columns.size(), 6u);
  for (size_t i = 0; i < keys.size(); ++i) {
    EXPECT_EQ(from_record(*bodies->samples[i].key), keys[i]);
    EXPECT_EQ(bodies->samples[i].sequences[0]->logprobs, std::vector<float>(3, -0.5f));
    EXPECT_EQ(from_record(*bodies->columns[i].key), keys[i]);
  }
  EXPECT_TRUE(learner->commit_step(step_of(1, keys), plan->dead));
  EXPECT_EQ(learner->prune(Step{0}), 0u);

  auto store = rig_.stored();
  ASSERT_TRUE(store->last_step());
  EXPECT_EQ(store->last_step()->timeline, 1u);
  for (const SampleKey& key : keys) EXPECT_EQ(store->row(key)->consumed, Step{1});
}

TEST_P(ServiceFlow, ARequestWaitsUntilThereIsWork) {
  auto learner = rig_.learner();
  auto sampler = rig_.sampler();
  auto scorer = rig_.scorer();
  auto prompts = std::async(std::launch::async, [&] { return sampler->lease_prompts(1, true); });
  auto scores = std::async(std::launch::async, [&] { return scorer->lease_scores(1, true); });
  EXPECT_TRUE(eventually([&] { return learner->counters()->parked == 2; }));
  learner->open_collect(collect_of(1, 1));
  const auto granted = soon(prompts);
  ASSERT_EQ(granted.size(), 1u);
  EXPECT_EQ(learner->counters()->parked, 1u);
  sampler->commit_samples(granted[0].fence, one(sample_of(key(0, 0, 0, 0))));
  const auto unscored = soon(scores);
  ASSERT_EQ(unscored.size(), 1u);
  EXPECT_EQ(from_record(*unscored[0].sample.key), key(0, 0, 0, 0));
}

TEST_P(ServiceFlow, AskingWithoutWaitingLeavesTheRequestWithTheService) {
  auto learner = rig_.learner();
  auto sampler = rig_.sampler();
  EXPECT_TRUE(sampler->lease_prompts(2, false).empty());
  EXPECT_TRUE(eventually([&] { return learner->counters()->parked == 1; }));
  learner->open_collect(collect_of(2, 1));
  std::vector<LeasedPrompt> leases;
  EXPECT_TRUE(eventually([&] { return !(leases = sampler->lease_prompts(2, false)).empty(); }));
  EXPECT_EQ(leases.size(), 2u);
}

class Service : public testing::Test {
 protected:
  Service() { rig_.start(); }
  // One collect with so many draws of one sample, leased by `sampler`.
  std::vector<LeasedPrompt> lease(StoreClient& learner, StoreClient& sampler, uint32_t draws) {
    learner.open_collect(collect_of(draws, 1));
    return sampler.lease_prompts(draws, true);
  }
  ServiceRig rig_;
};

TEST_F(Service, ARepeatedCommitIsAcknowledgedAndStoredOnce) {
  auto learner = rig_.learner();
  std::vector<std::pair<SampleKey, Digest>> journal;
  ClientOptions options = rig_.options("rollout", fb::Role_rollout);
  options.journal = [&](const SampleKey& key, const Digest& content) {
    journal.emplace_back(key, content);
  };
  StoreClient sampler(rig_.context, options);
  const auto leases = lease(*learner, sampler, 1);
  for (int time = 0; time < 3; ++time)
    sampler.commit_samples(leases[0].fence, one(sample_of(key(0, 0, 0, 0))));
  EXPECT_TRUE(sampler.flush());
  EXPECT_EQ(learner->counters()->duplicates, 2u);
  auto store = rig_.stored();
  EXPECT_EQ(rows_of(*store), 1u);
  ASSERT_EQ(journal.size(), 3u);
  for (const auto& entry : journal)
    EXPECT_EQ(entry, std::pair(key(0, 0, 0, 0), store->row(key(0, 0, 0, 0))->content));
}

TEST_F(Service, OtherContentUnderOneKeyIsAnErrorOfTheSampler) {
  auto learner = rig_.learner();
  auto sampler = rig_.sampler();
  const auto leases = lease(*learner, *sampler, 1);
  sampler->commit_samples(leases[0].fence, one(sample_of(key(0, 0, 0, 0), 3, 7)));
  sampler->flush();
  sampler->commit_samples(leases[0].fence, one(sample_of(key(0, 0, 0, 0), 3, 8)));
  EXPECT_EQ(code_of([&] { sampler->flush(); }), Code::mismatch);
}

TEST_F(Service, CommitsThatWaitTogetherShareASyncedWrite) {
  auto learner = rig_.learner();
  auto sampler = rig_.sampler();
  constexpr uint32_t kSamples = 300;
  const auto leases = lease(*learner, *sampler, 256);
  uint32_t sent = 0;
  for (uint32_t time = 0; sent < kSamples; ++time) {
    for (const LeasedPrompt& lease : leases) {
      if (sent++ < kSamples)
        sampler->commit_samples(lease.fence, one(sample_of({lease.group, SampleIndex{time}})));
    }
  }
  EXPECT_TRUE(sampler->flush());
  const auto counters = learner->counters();
  EXPECT_EQ(counters->samples, kSamples);
  EXPECT_LT(counters->writes, kSamples);
}

TEST_F(Service, BodiesBeyondOneReplyAreFetchedInParts) {
  auto learner = rig_.learner();
  auto sampler = rig_.sampler();
  std::vector<SampleKey> keys;
  for (const LeasedPrompt& lease : lease(*learner, *sampler, 3)) {
    fb::SampleT sample = sample_of({lease.group, SampleIndex{0}});
    fb::SequenceT& sequence = *sample.sequences[0];
    const uint32_t prompt = kBodiesBytes / 7;  // tokens: 4/7 of a reply
    sequence.tokens.insert(sequence.tokens.begin(), prompt, 5);
    sequence.segments[0]->end += prompt;
    sequence.segments[1]->begin += prompt;
    sequence.segments[1]->end += prompt;
    keys.push_back({lease.group, SampleIndex{0}});
    sampler->commit_samples(lease.fence, one(std::move(sample)));
  }
  EXPECT_TRUE(sampler->flush());
  const auto bodies = learner->fetch(keys, {});
  ASSERT_TRUE(bodies);
  ASSERT_EQ(bodies->samples.size(), 3u);
  for (size_t i = 0; i < keys.size(); ++i) EXPECT_EQ(from_record(*bodies->samples[i].key), keys[i]);
}

TEST_F(Service, FetchingWhatIsNotThereNamesTheSample) {
  auto learner = rig_.learner();
  try {
    learner->fetch({key(3, 1, 4, 1)}, {});
    FAIL() << "a sample came from nowhere";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), Code::data);
    EXPECT_NE(error.place().find("3/1/4/1"), std::string::npos) << error.what();
  }
  EXPECT_TRUE(learner->counters());  // the client lives on
}

TEST_F(Service, OnlyTheLearnerThatOpenedACollectTakesItsBatch) {
  auto first = rig_.learner(), second = rig_.learner();
  first->open_collect(collect_of(1, 1));
  auto taken =
      std::async(std::launch::async, [&] { return code_of([&] { first->take_batch(); }); });
  EXPECT_TRUE(eventually([&] { return second->counters()->parked == 1; }));
  second->open_collect(collect_of(1, 1));
  EXPECT_EQ(soon(taken), Code::mismatch);
}

TEST_F(Service, AStepOfAnotherTimelineIsRefused) {
  auto first = rig_.learner(), second = rig_.learner();
  ASSERT_TRUE(first->rewind(Step{0}, weights(0)));
  ASSERT_TRUE(second->rewind(Step{0}, weights(0)));
  EXPECT_EQ(code_of([&] { first->commit_step(step_of(1, {}), {}); }), Code::mismatch);
  EXPECT_TRUE(second->commit_step(step_of(1, {}), {}));
}

TEST_F(Service, AnAnnotatorNeedsNoLease) {
  auto learner = rig_.learner();
  auto sampler = rig_.sampler();
  const auto leases = lease(*learner, *sampler, 1);
  const SampleKey sample{leases[0].group, SampleIndex{0}};
  sampler->commit_samples(leases[0].fence, one(sample_of(sample)));
  sampler->flush();
  fb::ColumnT column = outcome_of(sample, 1);
  column.name = "ref_logprob";
  column.type = fb::ValueType_f32;
  const fb::Fence fence(learner->welcome()->service, learner->welcome()->timeline.value, 0);
  learner->commit_columns(fence, one(column));
  EXPECT_TRUE(learner->flush());
  EXPECT_EQ(learner->late(), 0u);
  EXPECT_EQ(learner->fetch({sample}, {"ref_logprob"})->columns.size(), 1u);
  learner->commit_columns(fence, one(outcome_of(sample, 1)));  // an outcome does
  EXPECT_TRUE(learner->flush());
  EXPECT_EQ(learner->late(), 1u);
}

TEST_P(ServiceFlow, AShutdownMessageEndsIt) {
  auto learner = rig_.learner();
  EXPECT_TRUE(learner->shutdown());
  EXPECT_TRUE(eventually([&] { return !rig_.service->running(); }));
  EXPECT_FALSE(rig_.service->failure());
}

}  // namespace
}  // namespace reckon
