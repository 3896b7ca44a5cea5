// The sampler's and the rewards' stages over a real service, with a tiny real model.
#include <bit>
#include <cctype>
#include <set>

#include "model/tokenizer.h"
#include "pipeline/prompt_encoder.h"
#include "pipeline/rollout_stage.h"
#include "tests/pipeline/service_rig.h"
#include "tests/rollout/tiny_model.h"

namespace reckon {
namespace {

constexpr uint64_t kRows = 12;
constexpr size_t kMaxPrompt = 20;

// Row i: a prompt of i % 7 + 1 letters; row 3's is too long when `bad`, row 5's empty.
class Letters : public Dataset {
 public:
  explicit Letters(bool bad) : bad_(bad) {}
  uint64_t size() const override { return kRows; }
  Row row(uint64_t index) const override {
    size_t length = index % 7 + 1;
    if (bad_ && index == 3) length = 1000;
    if (bad_ && index == 5) length = 0;
    return {std::string(length, static_cast<char>('a' + index)), {{"answer", "x"}}};
  }

 private:
  bool bad_;
};

class Stages : public testing::Test {
 protected:
  Stages() {
    spec_.vocab = 258;
    spec_.max_position = 64;
    use(std::make_shared<Letters>(false));
    rig_.start();
  }

  void use(std::shared_ptr<const Dataset> data) {
    Stream train{.data = data, .seed = 5, .shuffled = true, .max_prompt_tokens = kMaxPrompt};
    train.sampling.max_new_tokens = 12;
    Stream eval = train;
    eval.shuffled = false;
    eval.sampling.temperature = 0;
    streams_ = {{PhaseId{0}, train}, {PhaseId{1}, eval}};
  }
  std::shared_ptr<const Weights> make_weights(uint64_t version) {
    return tiny_weights(spec_, DType::f32, version);
  }

  std::unique_ptr<RolloutStage> sampler(size_t kv_pages = 1000) {
    RolloutOptions options{.spec = spec_, .seed = 9, .numerics = "portable"};
    options.engine = {.kv_bytes = kv_pages * KvPages::page_bytes(spec_, DType::f32),
                      .max_rows = 32};
    return std::make_unique<RolloutStage>(
        rig_.context, rig_.options("rollout", fb::Role_rollout), options, streams_,
        std::make_shared<PromptEncoder>(byte_tokenizer()), source_, kernels());
  }
  std::unique_ptr<RewardStage> scorer(int threads = 1) {
    return std::make_unique<RewardStage>(rig_.context, rig_.options("reward", fb::Role_reward),
                                         RewardStageOptions{.threads = threads}, streams_,
                                         byte_tokenizer(), rewards_);
  }
  CollectSpec spec_of(const WeightsId& id, uint32_t groups, PhaseId phase = {}) {
    CollectSpec spec = collect_of(groups, 4);
    spec.phase = phase;
    spec.weights = id;
    return spec;
  }
  // Opens, waits for the batch and reads it.
  std::vector<fb::SampleT> batch(StoreClient& learner, const CollectSpec& spec) {
    learner.open_collect(spec);
    plan_ = learner.take_batch();
    std::vector<SampleKey> keys;
    for (const PlannedGroup& group : plan_->groups) {
      for (const PlannedSample& sample : group.samples) keys.push_back(sample.key);
    }
    return learner.fetch(keys, {}).value().samples;
  }

  ModelSpec spec_ = tiny_spec(false);
  StreamTable streams_;
  std::shared_ptr<SharedWeightSource> source_ = std::make_shared<SharedWeightSource>();
  std::shared_ptr<const RewardSet> rewards_ =
      std::make_shared<RewardSet>(std::vector<RewardSpec>{{.use = "exact", .options = {}}});
  std::optional<BatchPlan> plan_;
  ServiceRig rig_;
};

// What identity covers of a batch, as one text.
std::string identity(const std::vector<fb::SampleT>& samples) {
  std::string text;
  for (const fb::SampleT& sample : samples) {
    text += cat(from_record(*sample.key).text(), " row ", sample.row, ":");
    for (uint32_t token : sample.sequences[0]->tokens) text += cat(" ", token);
    for (float logprob : sample.sequences[0]->logprobs)
      text += cat(" ", std::bit_cast<uint32_t>(logprob));
    text += "\n";
  }
  return text;
}

TEST_F(Stages, SampleAndScoreABatch) {
  auto weights = make_weights(1);
  auto learner = rig_.learner();
  auto rollout = sampler();
  auto rewards = scorer();
  source_->publish(weights);
  const auto samples = batch(*learner, spec_of(weights->id(), 3));
  ASSERT_EQ(samples.size(), 12u);
  for (const fb::SampleT& sample : samples) {
    const SampleKey key = from_record(*sample.key);
    const fb::SequenceT& sequence = *sample.sequences.at(0);
    EXPECT_EQ(sample.row, row_of_draw(5, PhaseId{0}, key.group.draw, kRows));
    const std::string prompt = Letters(false).row(sample.row).prompt;
    ASSERT_GE(sequence.tokens.size(), prompt.size());
    EXPECT_TRUE(std::equal(prompt.begin(), prompt.end(), sequence.tokens.begin()));
    ASSERT_EQ(sequence.segments.size(), 2u);
    EXPECT_EQ(sequence.segments[0]->source, fb::Source_prompt);
    EXPECT_EQ(sequence.segments[1]->source, fb::Source_model);
    EXPECT_EQ(sequence.segments[1]->begin, prompt.size());
    EXPECT_TRUE(sequence.segments[1]->train);
    EXPECT_EQ(from_record(*sequence.segments[1]->weights), weights->id());
    EXPECT_EQ(sample.sampling->max_new_tokens, 12u);
    EXPECT_EQ(sample.numerics, "portable");
    const uint32_t last = sequence.tokens.back();
    EXPECT_EQ(sample.finish, last == 256 ? fb::Finish_stop : fb::Finish_length);
  }
  EXPECT_EQ(plan_->outcomes.at(fb::OutcomeStatus_scored), 12u);
  EXPECT_EQ(rollout->counters().samples, 12u);
  EXPECT_EQ(rewards->counters().samples, 12u);
}

// Scored by several threads, committed by one: nothing is missing and nothing is mixed up.
TEST_F(Stages, ScoringSideBySideGivesEachSampleItsOwnOutcome) {
  auto weights = make_weights(1);
  for (auto& [phase, stream] : streams_) {
    for (char c = 'a'; c <= 'z'; ++c) stream.stop.push_back(std::string(1, c));
  }
  rewards_ = std::make_shared<RewardSet>(
      std::vector<RewardSpec>{{.use = "length", .options = {{"buffer", 12}}}});
  auto learner = rig_.learner();
  auto rollout = sampler();
  auto rewards = scorer(4);
  source_->publish(weights);
  const auto samples = batch(*learner, spec_of(weights->id(), 8));
  ASSERT_EQ(samples.size(), 32u);
  EXPECT_EQ(rewards->counters().samples, 32u);
  size_t at = 0;
  std::set<double> values;
  for (const PlannedGroup& group : plan_->groups) {
    for (const PlannedSample& sample : group.samples) {
      const auto& segment = *samples[at++].sequences.at(0)->segments.at(1);
      EXPECT_NEAR(sample.outcome.value, -1.0 * (segment.end - segment.begin) / 12, 1e-6);
      values.insert(sample.outcome.value);
    }
  }
  EXPECT_GT(values.size(), 3u);
}

// A stop string ends a sample and stays in it; the end is told as one.
TEST_F(Stages, SamplesEndBehindAStopString) {
  auto weights = make_weights(1);
  for (auto& [phase, stream] : streams_) {
    for (char c = 'a'; c <= 'z'; ++c) stream.stop.push_back(std::string(1, c));
    for (char c = 'A'; c <= 'Z'; ++c) stream.stop.push_back(std::string(1, c));
  }
  auto learner = rig_.learner();
  auto rollout = sampler();
  auto rewards = scorer();
  source_->publish(weights);
  int stopped = 0;
  for (const fb::SampleT& sample : batch(*learner, spec_of(weights->id(), 3))) {
    const fb::SequenceT& sequence = *sample.sequences.at(0);
    const uint32_t begin = sequence.segments[1]->begin, end = sequence.segments[1]->end;
    ASSERT_EQ(end, sequence.tokens.size());
    for (uint32_t i = begin; i < end; ++i) {
      const uint32_t token = sequence.tokens[i];
      const bool letter = token < 128 && std::isalpha(static_cast<int>(token)) != 0;
      EXPECT_EQ(letter, letter && i + 1 == end) << "nothing is sampled behind a stop string";
      if (letter) {
        EXPECT_EQ(sample.finish, fb::Finish_stop);
      }
      stopped += letter;
    }
  }
  EXPECT_GT(stopped, 0);
}

TEST_F(Stages, TheBatchIsTheSameWhateverTheWorkers) {
  auto weights = make_weights(1);
  source_->publish(weights);
  std::string alone;
  {
    auto learner = rig_.learner();
    auto rollout = sampler();
    auto rewards = scorer();
    alone = identity(batch(*learner, spec_of(weights->id(), 6)));
  }
  rig_.stored().reset();
  std::filesystem::remove_all(rig_.folder.path() / "store");
  rig_.start();
  auto learner = rig_.learner();
  auto first = sampler(), second = sampler(40), third = sampler(30);
  auto rewards = scorer(), more_rewards = scorer();
  EXPECT_EQ(identity(batch(*learner, spec_of(weights->id(), 6))), alone);
  EXPECT_EQ(first->counters().samples + second->counters().samples + third->counters().samples,
            24u);
}

TEST_F(Stages, TakeNewWeightsBetweenBatches) {
  auto learner = rig_.learner();
  auto rollout = sampler();
  auto rewards = scorer();
  for (uint64_t version = 1; version <= 4; ++version) {
    auto weights = make_weights(version);
    source_->publish(weights);
    learner->publish(weights->id());
    for (const fb::SampleT& sample : batch(*learner, spec_of(weights->id(), 2))) {
      EXPECT_EQ(from_record(*sample.sequences[0]->segments[1]->weights), weights->id());
    }
  }
}

// What an asynchronous run samples ahead is still wanted when an evaluation comes between.
TEST_F(Stages, AnEvaluationWaitsForGroupsThatAreStillWanted) {
  auto old_weights = make_weights(1), weights = make_weights(2);
  auto learner = rig_.learner();
  auto rollout = sampler();
  auto rewards = scorer();
  source_->publish(old_weights);
  learner->publish(old_weights->id());
  CollectSpec ahead = spec_of(old_weights->id(), 16);
  ahead.ordered = false;
  ahead.max_staleness = 1;
  learner->open_collect(ahead);
  while (rollout->counters().groups == 0) std::this_thread::yield();
  source_->publish(weights);
  learner->publish(weights->id());
  EXPECT_EQ(batch(*learner, spec_of(weights->id(), 2, PhaseId{1})).size(), 8u);
  ahead.weights = weights->id();
  auto sampled = std::async(std::launch::async, [&] { return batch(*learner, ahead); });
  EXPECT_EQ(soon(sampled).size(), 64u);
  EXPECT_EQ(rollout->counters().dropped, 0u);
}

TEST_F(Stages, AnEvaluationTakesItsRowsInOrder) {
  auto weights = make_weights(1);
  auto learner = rig_.learner();
  auto rollout = sampler();
  auto rewards = scorer();
  source_->publish(weights);
  const auto samples = batch(*learner, spec_of(weights->id(), kRows + 2, PhaseId{1}));
  ASSERT_EQ(samples.size(), 4 * (kRows + 2));
  for (size_t i = 0; i < samples.size(); ++i) {
    EXPECT_EQ(samples[i].row, i / 4 % kRows);
    EXPECT_EQ(samples[i].sequences[0]->tokens, samples[i / 4 * 4].sequences[0]->tokens)
        << "greedy members differ";
  }
}

TEST_F(Stages, APromptThatDoesNotFitIsAbortedAndHoldsUpNobody) {
  use(std::make_shared<Letters>(true));
  auto weights = make_weights(1);
  auto learner = rig_.learner();
  auto rollout = sampler();
  auto rewards = scorer();
  source_->publish(weights);
  const auto samples = batch(*learner, spec_of(weights->id(), kRows, PhaseId{1}));
  ASSERT_EQ(samples.size(), 4 * kRows);
  for (const fb::SampleT& sample : samples) {
    const bool unfit = sample.row == 3 || sample.row == 5;
    EXPECT_EQ(sample.finish == fb::Finish_aborted, unfit) << "row " << sample.row;
    EXPECT_EQ(sample.sequences[0]->logprobs.empty(), unfit) << "row " << sample.row;
  }
  EXPECT_EQ(plan_->outcomes.at(fb::OutcomeStatus_abstained), 8u);
  EXPECT_EQ(rollout->counters().unfit, 8u);
}

TEST_F(Stages, StopAtOnceWhateverTheyWaitFor) {
  const auto stops = [](auto& stage) {
    const double began = monotonic_seconds();
    stage.reset();
    return monotonic_seconds() - began;
  };
  auto learner = rig_.learner();
  auto parked_rollout = sampler();
  auto parked_rewards = scorer();
  EXPECT_TRUE(eventually([&] { return learner->counters()->parked == 2; }));
  EXPECT_LT(stops(parked_rollout), 0.5);
  EXPECT_LT(stops(parked_rewards), 0.5);

  auto without_weights = sampler();
  auto weights = make_weights(1);
  learner->open_collect(spec_of(weights->id(), 1));
  EXPECT_TRUE(eventually([&] { return learner->counters()->leases == 1; }));
  EXPECT_LT(stops(without_weights), 0.5);

  source_->publish(weights);
  auto busy = sampler();
  EXPECT_TRUE(eventually([&] { return busy->counters().groups == 1; }));
  EXPECT_LT(stops(busy), 0.5);

  auto without_service = sampler();
  rig_.service.reset();
  EXPECT_LT(stops(without_service), 0.5);
}

TEST_F(Stages, AnErrorEndsTheStageAndIsTold) {
  std::promise<Code> told;
  auto learner = rig_.learner();
  auto weights = make_weights(1);
  source_->publish(weights);
  RolloutOptions options{.spec = spec_, .seed = 9, .numerics = "portable"};
  options.on_failure = [&](const Error& error) { told.set_value(error.code()); };
  RolloutStage rollout(rig_.context, rig_.options("rollout", fb::Role_rollout), options, streams_,
                       std::make_shared<PromptEncoder>(byte_tokenizer()), source_, kernels());
  learner->open_collect(spec_of({Version{1}, Digest{1, 1}}, 1));  // weights that nobody published
  auto code = told.get_future();
  EXPECT_EQ(soon(code), Code::mismatch);
  ASSERT_TRUE(rollout.failure());
  EXPECT_NE(std::string(rollout.failure()->what()).find(weights->id().digest.text()),
            std::string::npos);
}

TEST_F(Stages, AValueThatIsNotFiniteIsACrashedOutcome) {
  const fb::SampleT sample = sample_of(key(0, 0, 0, 0));
  const Stream stream{.data = std::make_shared<Letters>(false)};
  EXPECT_EQ(score_sample(*rewards_, stream, *byte_tokenizer(), sample).status, Status::scored);
  const double infinity = std::numeric_limits<double>::infinity();
  const RewardSet infinite({{.use = "exact", .weight = infinity, .options = {}}});
  EXPECT_EQ(score_sample(infinite, stream, *byte_tokenizer(), sample).status, Status::crashed);
}

TEST(WeightSource, KeepsTheNewest) {
  SharedWeightSource source(2);
  const ModelSpec spec = tiny_spec(false);
  std::vector<std::shared_ptr<const Weights>> made;
  for (uint64_t version = 1; version <= 3; ++version) {
    made.push_back(tiny_weights(spec, DType::f32, version));
    source.publish(made.back());
  }
  EXPECT_EQ(source.pull(made[2]->id(), {}), made[2]);
  EXPECT_EQ(source.pull(made[1]->id(), {}), made[1]);
  EXPECT_EQ(source.pull(made[0]->id(), {}), nullptr);
  EXPECT_EQ(code_of([&] { source.pull({Version{3}, Digest{1, 2}}, {}); }), Code::mismatch);
}

TEST(WeightSource, APullWaitsForTheVersionAndYieldsToAStop) {
  SharedWeightSource source;
  auto weights = tiny_weights(tiny_spec(false), DType::f32, 2);
  auto pulled = std::async(std::launch::async, [&] { return source.pull(weights->id(), {}); });
  source.publish(tiny_weights(tiny_spec(false), DType::f32, 1));
  source.publish(weights);
  EXPECT_EQ(soon(pulled), weights);
  std::stop_source stop;
  auto stopped = std::async(std::launch::async, [&] {
    return source.pull({Version{9}, {}}, stop.get_token());
  });
  stop.request_stop();
  EXPECT_EQ(soon(stopped), nullptr);
}

TEST(WeightSource, AVersionPublishedAgainReplacesTheFormerOne) {
  SharedWeightSource source;
  const ModelSpec spec = tiny_spec(false);
  source.publish(tiny_weights(spec, DType::f32, 2));
  auto after_rewind = tiny_weights(spec, DType::f32, 1);
  source.publish(after_rewind);
  EXPECT_EQ(source.pull(after_rewind->id(), {}), after_rewind);
}

}  // namespace
}  // namespace reckon
