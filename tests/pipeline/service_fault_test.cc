// What the message layer does when something is wrong: silent workers, late results, restarts,
// strangers, noise, a full disk, stops at a bad moment.
#include <gmock/gmock.h>
#include <rocksdb/env.h>

#include "base/random.h"
#include "tests/pipeline/service_rig.h"
#include "tests/storage/faulty_disk.h"

namespace reckon {
namespace {

class ServiceFault : public testing::Test {
 protected:
  ServiceRig rig_;
};

TEST_F(ServiceFault, ASilentWorkerLosesItsDrawAndItsLateResultIsRefused) {
  rig_.lease_seconds = 0.4;
  rig_.start();
  auto learner = rig_.learner();
  ClientOptions silent = rig_.options("silent", fb::Role_rollout);
  silent.heartbeat_seconds = 1000;
  StoreClient zombie(rig_.context, silent);
  learner->open_collect(collect_of(1, 1));
  const auto lost = zombie.lease_prompts(1, true);
  ASSERT_EQ(lost.size(), 1u);

  auto sampler = rig_.sampler();
  const auto again = sampler->lease_prompts(1, true);  // waits for the lease to end
  ASSERT_EQ(again.size(), 1u);
  EXPECT_EQ(again[0].group, lost[0].group);
  EXPECT_GT(again[0].fence.epoch(), lost[0].fence.epoch());
  zombie.commit_samples(lost[0].fence, one(sample_of({lost[0].group, SampleIndex{0}}, 3, 100)));
  EXPECT_TRUE(zombie.flush());
  EXPECT_EQ(zombie.late(), 1u);
  EXPECT_EQ(learner->counters()->late, 1u);
  sampler->commit_samples(again[0].fence, one(sample_of({again[0].group, SampleIndex{0}}, 3, 200)));
  EXPECT_TRUE(sampler->flush());
  auto store = rig_.stored();
  EXPECT_EQ(store->sample({again[0].group, SampleIndex{0}})->sequences[0]->tokens[0], 200u);
}

TEST_F(ServiceFault, AWorkerThatLeavesGivesItsDrawsBackAtOnce) {
  rig_.start();
  auto learner = rig_.learner();
  learner->open_collect(collect_of(2, 1));
  auto first = rig_.sampler("first");
  EXPECT_EQ(first->lease_prompts(2, true).size(), 2u);
  first.reset();
  EXPECT_EQ(rig_.sampler("second")->lease_prompts(2, true).size(), 2u);
}

TEST_F(ServiceFault, AWorkerInALongStepKeepsItsLease) {
  rig_.lease_seconds = 0.4;
  rig_.start();
  auto learner = rig_.learner();
  auto sampler = rig_.sampler();
  learner->open_collect(collect_of(1, 1));
  const auto leases = sampler->lease_prompts(1, true);
  const double end = monotonic_seconds() + 1.5 * rig_.lease_seconds;
  while (monotonic_seconds() < end) std::this_thread::yield();  // the step
  sampler->commit_samples(leases[0].fence, one(sample_of({leases[0].group, SampleIndex{0}})));
  EXPECT_TRUE(sampler->flush());
  EXPECT_EQ(sampler->late(), 0u);
  EXPECT_EQ(learner->counters()->expired, 0u);
}

TEST_F(ServiceFault, ARewindMakesWorkOfTheOldTimelineLate) {
  rig_.start();
  auto learner = rig_.learner();
  auto sampler = rig_.sampler();
  learner->open_collect(collect_of(1, 1));
  const auto leases = sampler->lease_prompts(1, true);
  learner->rewind(Step{0}, weights(0));
  sampler->commit_samples(leases[0].fence, one(sample_of({leases[0].group, SampleIndex{0}})));
  EXPECT_TRUE(sampler->flush());
  EXPECT_EQ(sampler->late(), 1u);
  EXPECT_EQ(rows_of(*rig_.stored()), 0u);
}

class Restart : public testing::TestWithParam<const char*> {
 protected:
  Restart() : rig_(GetParam()) {}
  ServiceRig rig_;
};

INSTANTIATE_TEST_SUITE_P(Transports, Restart, testing::Values("inproc://store", "tcp://127.0.0.1:"),
                         [](const auto& info) { return std::string(info.param).substr(0, 3); });

// Nothing is lost and nothing is double: half is acknowledged before the restart, the rest waits
// for it, and the learner waits for its batch all the while.
TEST_P(Restart, AStoreThatRestartsPausesTheRun) {
  if (rig_.endpoint.starts_with("tcp")) rig_.endpoint += std::to_string(20000 + getpid() % 20000);
  rig_.start();
  auto learner = rig_.learner();
  auto sampler = rig_.sampler();
  auto scorer = rig_.scorer();
  constexpr uint32_t kDraws = 40;
  learner->open_collect(collect_of(kDraws, 1));
  auto batch = std::async(std::launch::async, [&] { return learner->take_batch(); });
  const auto leases = sampler->lease_prompts(kDraws, true);
  ASSERT_EQ(leases.size(), kDraws);
  for (uint32_t i = 0; i < kDraws; ++i) {
    if (i == kDraws / 2) {
      EXPECT_TRUE(sampler->flush());
      rig_.service.reset();
    }
    sampler->commit_samples(leases[i].fence, one(sample_of({leases[i].group, SampleIndex{0}})));
  }
  rig_.start();
  EXPECT_TRUE(sampler->flush());
  EXPECT_EQ(sampler->late(), 0u);
  score_all(*scorer, kDraws);
  const auto plan = soon(batch);
  ASSERT_TRUE(plan);
  EXPECT_EQ(plan->groups.size(), kDraws);
  std::vector<SampleKey> keys;
  for (const PlannedGroup& group : plan->groups) keys.push_back(group.samples.at(0).key);
  EXPECT_TRUE(learner->commit_step(step_of(1, keys), plan->dead));
  EXPECT_EQ(rows_of(*rig_.stored()), kDraws);
}

TEST_F(ServiceFault, CreditBoundsWhatIsNotAcknowledged) {
  ScriptedService service(rig_.context, rig_.endpoint);
  auto sampler = rig_.sampler();
  service.welcome(1000);
  std::atomic<int> returned{0};
  auto commits = std::async(std::launch::async, [&] {
    for (uint32_t i = 0; i < 3; ++i) {
      sampler->commit_samples({},
                              one(sample_of(key(0, i, 0, 0), 150)));  // more than 1000 bytes each
      ++returned;
    }
    return sampler->flush();
  });
  for (int i = 0; i < 3; ++i) {
    const fb::MessageT commit = service.next();
    ASSERT_EQ(commit.body.type, fb::Body_CommitSamples);
    for (int beats = 0; beats < 3; ++beats) {
      const fb::MessageT beat = service.any();
      ASSERT_EQ(beat.body.type, fb::Body_Heartbeat) << "a commit beyond the credit was sent";
      service.reply(0, fb::AckT{});
    }
    EXPECT_LE(returned, i + 1);
    service.acknowledge(commit.request);
  }
  EXPECT_TRUE(soon(commits));
}

TEST_F(ServiceFault, ACommitWithoutAcknowledgementIsSentAgain) {
  ScriptedService service(rig_.context, rig_.endpoint);
  ClientOptions options = rig_.options("rollout", fb::Role_rollout);
  options.resend_seconds = 0.03;
  options.heartbeat_seconds = 0.01;
  StoreClient sampler(rig_.context, options);
  service.welcome(1 << 20);
  sampler.commit_samples({}, one(sample_of(key(0, 0, 0, 0))));
  std::optional<uint64_t> request;
  for (int times = 0; times < 3;) {
    const fb::MessageT message = service.any();
    if (message.body.type == fb::Body_Heartbeat) {
      service.reply(0, fb::AckT{});
      continue;
    }
    ASSERT_EQ(message.body.type, fb::Body_CommitSamples);
    EXPECT_EQ(request.value_or(message.request), message.request);
    request = message.request;
    ++times;
  }
  service.acknowledge(*request);
  EXPECT_TRUE(sampler.flush());
}

TEST_F(ServiceFault, AStrangerIsRefusedAndToldWhy) {
  rig_.start();
  const auto refusal = [&](auto change) {
    ClientOptions options = rig_.options("stranger", fb::Role_rollout);
    change(options);
    StoreClient client(rig_.context, options);
    try {
      client.welcome();
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), Code::mismatch);
      return std::string(error.what());
    }
    return std::string();
  };
  EXPECT_THAT(refusal([](auto& options) { options.run_id = "other"; }),
              testing::AllOf(testing::HasSubstr("'other'"), testing::HasSubstr("'run'")));
  EXPECT_THAT(refusal([](auto& options) { options.numerics = "avx"; }),
              testing::AllOf(testing::HasSubstr("'avx'"), testing::HasSubstr("'portable'")));
  EXPECT_THAT(refusal([](auto& options) { options.model_id = "big"; }),
              testing::AllOf(testing::HasSubstr("'big'"), testing::HasSubstr("'model'")));
  EXPECT_EQ(refusal([](auto& options) {
              options.role = fb::Role_reward;  // computes nothing with the model
              options.numerics = options.model_id = "";
            }),
            "");
  EXPECT_EQ(rig_.learner()->counters()->refused, 3u);
}

// A peer without manners: garbage, several frames at once, none, a reply instead of a request,
// damaged commits.
TEST_F(ServiceFault, BadFramesAreCountedAndAnsweredAndHurtNobody) {
  rig_.start();
  auto learner = rig_.learner();
  zmq::socket_t peer(rig_.context, zmq::socket_type::dealer);
  peer.set(zmq::sockopt::linger, 0);
  peer.set(zmq::sockopt::rcvtimeo, static_cast<int>(kPatience * 1000));
  peer.connect(rig_.endpoint);
  const auto answer = [&] {
    zmq::message_t frame;
    if (!peer.recv(frame)) throw std::runtime_error("no answer came");
    return decode(frame.to_string_view()).body;
  };
  fb::HelloT hello;
  hello.client = hello.name = "peer";
  hello.run_id = "run";
  hello.numerics = "portable";
  hello.model_id = "model";
  const std::string greeting = encode(1, std::move(hello));

  peer.send(zmq::str_buffer("garbage"), zmq::send_flags::none);
  EXPECT_EQ(answer().type, fb::Body_Failure);
  peer.send(zmq::message_t(), zmq::send_flags::none);
  EXPECT_EQ(answer().type, fb::Body_Failure);
  peer.send(zmq::buffer(greeting), zmq::send_flags::sndmore);
  peer.send(zmq::buffer(greeting), zmq::send_flags::none);
  EXPECT_EQ(answer().type, fb::Body_Failure);
  EXPECT_EQ(learner->counters()->bad_frames, 3u);
  peer.send(zmq::buffer(encode(2, fb::HeartbeatT{})), zmq::send_flags::none);
  EXPECT_EQ(answer().type, fb::Body_Rejoin);
  peer.send(zmq::buffer(greeting), zmq::send_flags::none);
  EXPECT_EQ(answer().type, fb::Body_Welcome);
  peer.send(zmq::buffer(encode(3, fb::AckT{})), zmq::send_flags::none);
  EXPECT_EQ(answer().type, fb::Body_Failure);

  fb::CommitSamplesT commit;
  commit.fence = std::make_unique<fb::Fence>();
  commit.samples.push_back(std::make_unique<fb::SampleT>(sample_of(key(0, 0, 0, 0))));
  const std::string whole = encode(4, std::move(commit));
  RandomStream random(random_key(1, Domain::test, {1}));
  for (int i = 0; i < 2000; ++i) {
    std::string frame = whole.substr(0, i % 4 == 0 ? random.below(whole.size()) : whole.size());
    for (int flips = 0; !frame.empty() && flips < 1 + i % 3; ++flips) {
      frame[random.below(frame.size())] = static_cast<char>(random.next());
    }
    peer.send(zmq::buffer(frame), zmq::send_flags::none);
    answer();
  }
  EXPECT_GT(learner->counters()->bad_frames, 500u);
  CollectSpec spec = collect_of(1, 1);
  spec.phase = PhaseId{9};  // some of the noise was a commit to phase 0
  learner->open_collect(spec);
  EXPECT_EQ(rig_.sampler()->lease_prompts(1, true).size(), 1u);
  EXPECT_FALSE(rig_.service->failure());
}

TEST_F(ServiceFault, StopUnblocksEveryCall) {
  rig_.start();
  auto learner = rig_.learner();
  auto sampler = rig_.sampler();
  auto scorer = rig_.scorer();
  learner->open_collect(collect_of(1, 1));
  EXPECT_EQ(sampler->lease_prompts(1, true).size(), 1u);
  auto prompts =
      std::async(std::launch::async, [&] { return sampler->lease_prompts(1, true).empty(); });
  auto scores =
      std::async(std::launch::async, [&] { return scorer->lease_scores(1, true).empty(); });
  auto batch = std::async(std::launch::async, [&] { return !learner->take_batch(); });
  auto observer = rig_.client("observer", fb::Role_observer);
  EXPECT_TRUE(eventually([&] { return observer->counters()->parked == 3; }));
  const double began = monotonic_seconds();
  for (StoreClient* client : {learner.get(), sampler.get(), scorer.get()}) client->stop();
  EXPECT_TRUE(soon(prompts));
  EXPECT_TRUE(soon(scores));
  EXPECT_TRUE(soon(batch));
  learner.reset(), sampler.reset(), scorer.reset();
  EXPECT_LT(monotonic_seconds() - began, 1.0);
}

TEST_F(ServiceFault, AServiceStopsWhileRequestsWait) {
  rig_.start();
  auto sampler = rig_.sampler();
  auto prompts =
      std::async(std::launch::async, [&] { return sampler->lease_prompts(1, true).empty(); });
  auto observer = rig_.client("observer", fb::Role_observer);
  EXPECT_TRUE(eventually([&] { return observer->counters()->parked == 1; }));
  const double began = monotonic_seconds();
  rig_.service->stop();
  EXPECT_LT(monotonic_seconds() - began, 1.0);
  sampler->stop();
  EXPECT_TRUE(soon(prompts));
}

TEST_F(ServiceFault, AnEndpointInUseIsRefusedWithItsName) {
  rig_.start();
  ServiceRig other;
  try {
    StoreService second(rig_.context, Store::open(other.folder.path() / "store", "run"),
                        {.endpoint = rig_.endpoint});
    FAIL() << "two services on one address";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), Code::unavailable);
    EXPECT_EQ(error.place(), rig_.endpoint);
  }
}

class DiskFault : public ServiceFault {
 protected:
  ~DiskFault() override { rig_.service.reset(); }
  std::shared_ptr<FaultyDisk> disk_ = std::make_shared<FaultyDisk>();
  std::unique_ptr<rocksdb::Env> env_ = rocksdb::NewCompositeEnv(disk_);
};

TEST_F(DiskFault, AFullDiskIsWaitedFor) {
  rig_.start(env_.get());
  auto learner = rig_.learner();
  auto sampler = rig_.sampler();
  learner->open_collect(collect_of(1, 1));
  const auto leases = sampler->lease_prompts(1, true);
  disk_->full = true;
  sampler->commit_samples(leases[0].fence, one(sample_of({leases[0].group, SampleIndex{0}})));
  auto flushed = std::async(std::launch::async, [&] { return sampler->flush(); });
  EXPECT_TRUE(eventually([&] { return learner->counters()->store_full; }));
  EXPECT_EQ(flushed.wait_for(std::chrono::seconds(0)), std::future_status::timeout);
  disk_->full = false;
  EXPECT_TRUE(soon(flushed));
  EXPECT_FALSE(learner->counters()->store_full);
  EXPECT_FALSE(rig_.service->failure());
  EXPECT_EQ(rows_of(*rig_.stored()), 1u);
}

TEST_F(DiskFault, AServiceStopsWhileItsDiskIsFull) {
  rig_.start(env_.get());
  auto learner = rig_.learner();
  auto sampler = rig_.sampler();
  learner->open_collect(collect_of(1, 1));
  const auto leases = sampler->lease_prompts(1, true);
  disk_->full = true;
  sampler->commit_samples(leases[0].fence, one(sample_of({leases[0].group, SampleIndex{0}})));
  EXPECT_TRUE(eventually([&] { return learner->counters()->store_full; }));
  const double began = monotonic_seconds();
  rig_.service->stop();
  EXPECT_LT(monotonic_seconds() - began, 1.0);
  disk_->full = false;
}

TEST_F(DiskFault, AnErrorOfTheStoreReachesEveryClient) {
  rig_.start(env_.get());
  auto learner = rig_.learner();
  auto sampler = rig_.sampler();
  auto scorer = rig_.scorer();
  learner->open_collect(collect_of(1, 1));
  auto batch =
      std::async(std::launch::async, [&] { return code_of([&] { learner->take_batch(); }); });
  auto scores = std::async(std::launch::async,
                           [&] { return code_of([&] { scorer->lease_scores(1, true); }); });
  const auto leases = sampler->lease_prompts(1, true);
  auto observer = rig_.client("observer", fb::Role_observer);
  EXPECT_TRUE(eventually([&] { return observer->counters()->parked == 2; }));
  disk_->sync_fails = true;
  sampler->commit_samples(leases[0].fence, one(sample_of({leases[0].group, SampleIndex{0}})));
  EXPECT_EQ(code_of([&] { sampler->flush(); }), Code::io);
  EXPECT_EQ(soon(batch), Code::io);
  EXPECT_EQ(soon(scores), Code::io);
  EXPECT_TRUE(eventually([&] { return !rig_.service->running(); }));
  ASSERT_TRUE(rig_.service->failure());
  EXPECT_EQ(rig_.service->failure()->code(), Code::io);
}

}  // namespace
}  // namespace reckon
