#include "storage/store.h"

#include "storage/keys.h"
#include "storage/records.h"
#include "tests/storage/fixture.h"

namespace reckon {
namespace {

class StoreTest : public testing::Test {
 protected:
  void reopen() {
    store_.reset();
    store_ = Store::open(folder_.path(), "run");
  }
  Store& store() { return *store_; }
  // Samples 0 .. count - 1 of draw 0 under version 0, and one step that consumes them.
  std::vector<SampleKey> trained(uint64_t step, uint32_t count = 2) {
    std::vector<SampleKey> keys;
    for (uint32_t i = 0; i < count; ++i) {
      keys.push_back(key(0, step, step - 1, i));
      write_sample(store(), sample_record(keys.back()));
      write_column(store(), outcome_record(keys.back(), i));
    }
    write_step(store(), step_record(step, keys, store().timeline()));
    return keys;
  }

  MemoryFolder folder_;
  std::unique_ptr<Store> store_ = Store::open(folder_.path(), "run");
};

TEST(StoreKeys, OrderOfBytesIsOrderOfPhaseDrawVersionSample) {
  std::vector<SampleKey> ascending = {key(0, 0, 0, 0), key(0, 0, 0, 1),     key(0, 0, 1, 0),
                                      key(0, 1, 0, 0), key(0, 255, 0, 300), key(0, 256, 0, 0),
                                      key(1, 0, 0, 0), key(256, 0, 0, 0)};
  for (size_t i = 0; i + 1 < ascending.size(); ++i)
    EXPECT_LT(encode(ascending[i]), encode(ascending[i + 1]));
  for (const SampleKey& key : ascending)
    EXPECT_EQ(decode_sample_key(column_key(key, "outcome")), key);
  EXPECT_EQ(code_of([] { decode_sample_key("short"); }), Code::store_corrupt);
}

TEST(StoreRecords, ControlRowStaysBelowOneKilobyte) {
  fb::SampleT sample = sample_record(key(0, 0, 0, 0), 100'000);
  EXPECT_LT(seal(pack(control_row(sample, pack_body(sample), 1))).size(), 1024u);
}

TEST(StoreRecords, DamagedSealIsFound) {
  std::string value = seal("payload");
  EXPECT_EQ(unseal(value, "here"), "payload");
  for (size_t i = 0; i < value.size(); ++i) {
    std::string damaged = value;
    damaged[i] ^= 4;
    EXPECT_EQ(code_of([&] { unseal(damaged, "here"); }), Code::store_corrupt) << i;
  }
}

TEST_F(StoreTest, SampleComesBackAsItWasWritten) {
  fb::SampleT sample = sample_record(key(1, 2, 3, 4), 5);
  sample.sequences[0]->kept_threshold.assign(5, 0.25f);
  sample.sequences[0]->kept_count.assign(5, 9);
  sample.numerics = "portable";
  ASSERT_EQ(write_sample(store(), sample), CommitStatus::stored);
  reopen();
  auto back = store().sample(key(1, 2, 3, 4));
  ASSERT_TRUE(back);
  EXPECT_EQ(back->sequences[0]->tokens, sample.sequences[0]->tokens);
  EXPECT_EQ(back->sequences[0]->logprobs, sample.sequences[0]->logprobs);
  EXPECT_EQ(back->sequences[0]->kept_count, sample.sequences[0]->kept_count);
  EXPECT_EQ(back->numerics, "portable");
  EXPECT_EQ(back->seconds, 1.5f);
  auto row = store().row(key(1, 2, 3, 4));
  ASSERT_TRUE(row);
  EXPECT_EQ(row->weights, weights(3));
  EXPECT_EQ(row->row, 20u);
  EXPECT_EQ(row->prompt_tokens, 2u);
  EXPECT_EQ(row->completion_tokens, 5u);
  EXPECT_FALSE(row->consumed);
  EXPECT_FALSE(store().sample(key(1, 2, 3, 5)));
}

TEST_F(StoreTest, BodyOfManyChunksComesBackWhole) {
  constexpr uint32_t kTokens = 5'000'000;  // 40 MB: three chunks
  ASSERT_EQ(write_sample(store(), sample_record(key(0, 0, 0, 0), kTokens)), CommitStatus::stored);
  auto back = store().sample(key(0, 0, 0, 0));
  ASSERT_TRUE(back);
  EXPECT_EQ(back->sequences[0]->tokens.size(), kTokens + 2);
  EXPECT_EQ(back->sequences[0]->tokens.back(), 7 + kTokens + 1);
}

TEST_F(StoreTest, FirstWriteWins) {
  ASSERT_EQ(write_sample(store(), sample_record(key(0, 0, 0, 0))), CommitStatus::stored);
  EXPECT_EQ(write_sample(store(), sample_record(key(0, 0, 0, 0))), CommitStatus::duplicate);
  EXPECT_EQ(write_sample(store(), sample_record(key(0, 0, 0, 0), 3, 0, 99)),
            CommitStatus::nondeterministic);
  EXPECT_EQ(store().sample(key(0, 0, 0, 0))->sequences[0]->tokens[0], 7u);
  EXPECT_EQ(rows_of(store()), 1u);
}

TEST_F(StoreTest, TimingIsNotPartOfASamplesIdentity) {
  write_sample(store(), sample_record(key(0, 0, 0, 0)));
  fb::SampleT slower = sample_record(key(0, 0, 0, 0));
  slower.seconds = 9;
  EXPECT_EQ(write_sample(store(), slower), CommitStatus::duplicate);
  EXPECT_EQ(store().sample(key(0, 0, 0, 0))->seconds, 1.5f);
}

TEST_F(StoreTest, SameKeyTwiceInOneBatchIsSeen) {
  StoreBatch batch;
  batch.samples.push_back(sample_record(key(0, 0, 0, 0)));
  batch.samples.push_back(sample_record(key(0, 0, 0, 0)));
  batch.samples.push_back(sample_record(key(0, 0, 0, 0), 4));
  WriteResult result = store().write(batch);
  EXPECT_EQ(result.samples, (std::vector{CommitStatus::stored, CommitStatus::duplicate,
                                         CommitStatus::nondeterministic}));
}

TEST_F(StoreTest, RecordedOutcomeIsReusedNotOverwritten) {
  SampleKey sample = key(0, 0, 0, 0);
  write_sample(store(), sample_record(sample));
  EXPECT_EQ(write_column(store(), outcome_record(sample, 1)), CommitStatus::stored);
  EXPECT_EQ(write_column(store(), outcome_record(sample, 0)), CommitStatus::duplicate);
  reopen();
  EXPECT_EQ(store().outcome_row(sample)->raw, 1);
  EXPECT_TRUE(store().outcome_row(sample)->correct);
}

TEST_F(StoreTest, OtherColumnWithOtherContentIsNondeterministic) {
  SampleKey sample = key(0, 0, 0, 0);
  write_sample(store(), sample_record(sample));
  fb::ColumnT column = outcome_record(sample, 1);
  column.name = "ref_logprob";
  column.type = fb::ValueType_f32;
  column.data = {1, 2, 3, 4};
  EXPECT_EQ(write_column(store(), column), CommitStatus::stored);
  EXPECT_EQ(write_column(store(), column), CommitStatus::duplicate);
  column.data = {1, 2, 3, 5};
  EXPECT_EQ(write_column(store(), column), CommitStatus::nondeterministic);
  EXPECT_EQ(store().column(sample, "ref_logprob")->data[3], 4);
}

TEST_F(StoreTest, ColumnWithoutItsSampleIsNotStored) {
  EXPECT_EQ(write_column(store(), outcome_record(key(0, 0, 0, 0), 1)), CommitStatus::unknown);
  EXPECT_FALSE(store().outcome(key(0, 0, 0, 0)));
}

TEST_F(StoreTest, MalformedRecordsAreRefused) {
  std::vector<std::function<void(fb::SampleT&)>> damages = {
      [](fb::SampleT& s) { s.key.reset(); },
      [](fb::SampleT& s) { s.sequences.clear(); },
      [](fb::SampleT& s) { s.sequences[0]->logprobs.pop_back(); },
      [](fb::SampleT& s) { s.sequences[0]->tokens.pop_back(); },
      [](fb::SampleT& s) { s.sequences[0]->segments[1]->begin = 1; },
      [](fb::SampleT& s) { s.sequences[0]->segments[1]->weights.reset(); },
      [](fb::SampleT& s) { s.sequences[0]->kept_count.push_back(1); },
      [](fb::SampleT& s) { *s.key = fb::SampleKey(0, 0, 0, 77); },
  };
  for (size_t i = 0; i < damages.size(); ++i) {
    fb::SampleT sample = sample_record(key(0, 0, 0, 0));
    damages[i](sample);
    EXPECT_TRUE(defect_of(sample)) << i;
    EXPECT_EQ(code_of([&] { write_sample(store(), sample); }), Code::data) << i;
  }
  fb::ColumnT column = outcome_record(key(0, 0, 0, 0), 1);
  column.data = {1, 2, 3};
  EXPECT_EQ(code_of([&] { write_column(store(), column); }), Code::data);
  EXPECT_EQ(rows_of(store()), 0u);
}

TEST_F(StoreTest, StepConsumesItsSamplesOnce) {
  auto samples = trained(1);
  EXPECT_EQ(store().row(samples[0])->consumed, Step{1});
  EXPECT_EQ(code_of([&] { write_step(store(), step_record(2, samples)); }), Code::internal);
  EXPECT_EQ(code_of([&] { write_step(store(), step_record(2, {key(0, 9, 0, 0)})); }),
            Code::internal);
  write_sample(store(), sample_record(key(0, 2, 1, 0)));
  EXPECT_EQ(code_of([&] {
              write_step(store(), step_record(2, {key(0, 2, 1, 0), key(0, 2, 1, 0)}));
            }),
            Code::internal);
  EXPECT_FALSE(store().row(key(0, 2, 1, 0))->consumed) << "a refused write changes nothing";
  EXPECT_EQ(store().last_step()->step, 1u);
}

TEST_F(StoreTest, StepMustFollowTheLastOneInThePresentTimeline) {
  trained(1, 0);
  EXPECT_EQ(code_of([&] { write_step(store(), step_record(3, {})); }), Code::internal);
  EXPECT_EQ(code_of([&] { write_step(store(), step_record(2, {}, Timeline{1})); }), Code::internal);
  EXPECT_EQ(code_of([&] { write_step(store(), step_record(2, {})); }), std::nullopt);
}

TEST_F(StoreTest, RepeatedStepChangesNothing) {
  SampleKey sample = key(0, 0, 0, 0), other = key(0, 1, 0, 0);
  write_sample(store(), sample_record(sample));
  write_sample(store(), sample_record(other));
  StoreBatch batch;
  batch.step = step_record(1, {sample});
  batch.dead = {{other.group, DeadReason::surplus}};
  store().write(batch);
  write_sample(store(), sample_record(other));  // drawn again
  store().write(batch);
  EXPECT_TRUE(store().row(other));
  EXPECT_EQ(store().dead_counts().at(DeadReason::surplus), 1u);
  batch.step->source_state = 5;
  EXPECT_EQ(code_of([&] { store().write(batch); }), Code::internal) << "same step, other content";
}

TEST_F(StoreTest, SampleOutcomeAndStepMayComeInOneWrite) {
  StoreBatch batch;
  batch.samples.push_back(sample_record(key(0, 0, 0, 0)));
  batch.columns.push_back(outcome_record(key(0, 0, 0, 0), 1));
  batch.step = step_record(1, {key(0, 0, 0, 0)});
  EXPECT_EQ(store().write(batch).columns[0], CommitStatus::stored);
  reopen();
  EXPECT_EQ(store().row(key(0, 0, 0, 0))->consumed, Step{1});
}

TEST_F(StoreTest, DeadGroupIsMovedAndItsKeyFree) {
  for (uint32_t i = 0; i < 3; ++i) {
    write_sample(store(), sample_record(key(0, 0, 0, i)));
    write_column(store(), outcome_record(key(0, 0, 0, i), 1));
  }
  write_sample(store(), sample_record(key(0, 0, 1, 0)));
  StoreBatch batch;
  batch.dead = {{key(0, 0, 0, 0).group, DeadReason::filtered}};
  store().write(batch);
  store().write(batch);
  reopen();
  EXPECT_EQ(store().dead_counts(), (std::map<DeadReason, uint64_t>{{DeadReason::filtered, 3}}));
  EXPECT_EQ(rows_of(store()), 1u) << "the other version stays";
  EXPECT_FALSE(store().sample(key(0, 0, 0, 0)));
  EXPECT_FALSE(store().outcome(key(0, 0, 0, 0)));
  EXPECT_EQ(write_sample(store(), sample_record(key(0, 0, 0, 0), 8)), CommitStatus::stored);
  EXPECT_FALSE(store().outcome(key(0, 0, 0, 0)))
      << "an outcome of the dead sample must not come back";
  store().write(batch);
  EXPECT_EQ(store().dead_counts().at(DeadReason::filtered), 4u);
  reopen();
}

TEST_F(StoreTest, ConsumedGroupCannotDie) {
  auto samples = trained(1);
  StoreBatch batch;
  batch.dead = {{samples[0].group, DeadReason::stale}};
  EXPECT_EQ(code_of([&] { store().write(batch); }), Code::internal);
  EXPECT_TRUE(store().sample(samples[0]));
}

TEST_F(StoreTest, RewindCutsTheLedgerAndUnconsumes) {
  auto first = trained(1), second = trained(2), third = trained(3);
  EXPECT_EQ(store().rewind(Step{1}, weights(1)), Timeline{1});
  reopen();
  EXPECT_EQ(store().timeline(), Timeline{1});
  EXPECT_EQ(store().last_step()->step, 1u);
  EXPECT_EQ(store().row(first[0])->consumed, Step{1});
  EXPECT_FALSE(store().row(second[0])->consumed);
  EXPECT_EQ(store().outcome_row(third[1])->raw, 1) << "outcomes are reused";
  write_step(store(), step_record(2, third, Timeline{1}));
  EXPECT_EQ(store().row(third[0])->consumed, Step{2});
  uint64_t steps = 0;
  store().each_step([&](const fb::LedgerRowT& row) { EXPECT_EQ(row.step, ++steps); });
  EXPECT_EQ(steps, 2u);
  EXPECT_EQ(store().rewind(Step{0}, {}), Timeline{2});
  EXPECT_FALSE(store().last_step());
  EXPECT_FALSE(store().row(first[0])->consumed);
}

TEST_F(StoreTest, RewindToWhatTheLedgerDoesNotHaveIsRefused) {
  trained(1);
  EXPECT_EQ(code_of([&] { store().rewind(Step{2}, weights(2)); }), Code::store_corrupt);
  EXPECT_EQ(code_of([&] { store().rewind(Step{1}, weights(1, 9)); }), Code::store_corrupt);
  EXPECT_EQ(store().timeline(), Timeline{0});
}

TEST_F(StoreTest, PublishedWeightsKillRowsOfOtherWeights) {
  write_sample(store(), sample_record(key(0, 0, 4, 0)));
  write_sample(store(), sample_record(key(1, 5, 4, 1)));
  write_sample(store(), sample_record(key(0, 0, 5, 0)));
  EXPECT_EQ(store().published(weights(4)), 0u);
  EXPECT_EQ(store().published(weights(4, 1)), 2u);
  EXPECT_EQ(store().dead_counts().at(DeadReason::timeline), 2u);
  EXPECT_TRUE(store().row(key(0, 0, 5, 0)));
  EXPECT_EQ(write_sample(store(), sample_record(key(0, 0, 4, 0), 3, 1)), CommitStatus::stored);
  EXPECT_EQ(store().published(weights(4, 1)), 0u);
  reopen();
  EXPECT_EQ(store().published(weights(5, 1)), 1u) << "known after opening, too";
  EXPECT_TRUE(store().row(key(0, 0, 4, 0)));
}

TEST_F(StoreTest, PublishedSparesConsumedRows) {
  auto samples = trained(1);
  EXPECT_EQ(store().published(weights(0, 1)), 0u);
  EXPECT_TRUE(store().sample(samples[0]));
}

TEST_F(StoreTest, PruneDropsBodiesAndKeepsRowsAndLedger) {
  auto first = trained(1), second = trained(2);
  EXPECT_EQ(store().prune(Step{1}), 2u);
  EXPECT_EQ(store().prune(Step{1}), 0u);
  reopen();
  EXPECT_FALSE(store().sample(first[0]));
  EXPECT_FALSE(store().outcome(first[0]));
  EXPECT_EQ(store().row(first[0])->consumed, Step{1});
  EXPECT_TRUE(store().sample(second[0]));
  EXPECT_EQ(write_sample(store(), sample_record(first[0])), CommitStatus::duplicate);
  EXPECT_EQ(write_column(store(), outcome_record(first[0], 1)), CommitStatus::unknown);
  EXPECT_EQ(store().last_step()->step, 2u);
  EXPECT_EQ(store().prune(Step{99}), 2u);
}

TEST_F(StoreTest, RewindBelowPrunedStepsLetsThemBeSampledAgain) {
  auto first = trained(1);
  store().prune(Step{1});
  store().rewind(Step{0}, {});
  EXPECT_EQ(store().dead_counts().at(DeadReason::timeline), 2u);
  EXPECT_EQ(write_sample(store(), sample_record(first[0])), CommitStatus::stored);
  reopen();
  EXPECT_TRUE(store().sample(first[0]));
}

TEST_F(StoreTest, StoreOfAnotherRunIsRefused) {
  store_.reset();
  EXPECT_EQ(code_of([&] { Store::open(folder_.path(), "another"); }), Code::store_corrupt);
}

TEST_F(StoreTest, SecondProcessIsToldThatTheRunIsOpen) {
  try {
    Store::open(folder_.path(), "run");
    FAIL() << "opened twice";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), Code::io);
    EXPECT_NE(error.remedy().find("another process"), std::string::npos) << error.what();
  }
}

TEST_F(StoreTest, ReadOnlyLooksOnWhileTheRunGoesOn) {
  auto samples = trained(1);
  auto reader = Store::open_read_only(folder_.path());
  EXPECT_EQ(reader->sample(samples[0])->sequences[0]->tokens,
            store().sample(samples[0])->sequences[0]->tokens);
  EXPECT_EQ(reader->last_step()->step, 1u);
  trained(2);
  EXPECT_EQ(reader->last_step()->step, 1u) << "as it was";
  EXPECT_EQ(code_of([&] { write_sample(*reader, sample_record(key(0, 9, 9, 0))); }), Code::io);
  EXPECT_EQ(code_of([&] { Store::open_read_only(folder_.path() / "nothing"); }), Code::no_input);
}

TEST_F(StoreTest, RowsOfOnePhaseInKeyOrder) {
  for (uint32_t phase : {2, 0, 1}) {
    for (uint64_t draw : {300, 2}) write_sample(store(), sample_record(key(phase, draw, 0, 0)));
  }
  std::vector<SampleKey> keys;
  store().each_row(PhaseId{1}, [&](const SampleRow& row) { keys.push_back(row.key); });
  EXPECT_EQ(keys, (std::vector{key(1, 2, 0, 0), key(1, 300, 0, 0)}));
  EXPECT_EQ(rows_of(store()), 6u);
}

}  // namespace
}  // namespace reckon
