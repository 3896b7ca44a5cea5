// Messages as bytes: what goes in comes out, and nothing that comes in can hurt.
#include <cmath>

#include "base/random.h"
#include "pipeline/protocol.h"
#include "tests/pipeline/service_rig.h"

namespace reckon {
namespace {

std::string commit_frame(const std::function<void(fb::SampleT&)>& change = {}) {
  fb::CommitSamplesT commit;
  commit.fence = std::make_unique<fb::Fence>(1, 2, 3);
  commit.samples.push_back(std::make_unique<fb::SampleT>(sample_of(key(1, 2, 3, 4), 20)));
  if (change) change(*commit.samples[0]);
  return encode(9, std::move(commit));
}

TEST(Protocol, AMessageComesBackAsItWas) {
  const fb::MessageT message = decode(commit_frame());
  EXPECT_EQ(message.request, 9u);
  const auto* commit = message.body.AsCommitSamples();
  ASSERT_TRUE(commit);
  EXPECT_EQ(commit->fence->epoch(), 3u);
  ASSERT_EQ(commit->samples.size(), 1u);
  EXPECT_EQ(from_record(*commit->samples[0]->key), key(1, 2, 3, 4));
  EXPECT_EQ(commit->samples[0]->sequences[0]->tokens.size(), 22u);
}

TEST(Protocol, AFrameMayStartAtAnyAddress) {
  const std::string frame = commit_frame();
  for (size_t shift = 0; shift < 8; ++shift) {
    const std::string moved = std::string(shift, 'x') + frame;
    EXPECT_EQ(decode(std::string_view(moved).substr(shift)).request, 9u);
  }
}

TEST(Protocol, AnotherVersionIsNamedWithOurs) {
  fb::MessageT message;
  message.protocol = kProtocolVersion + 41;
  message.body.Set(fb::HeartbeatT{});
  try {
    decode(encode_message(message));
    FAIL() << "another version of the protocol was taken";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), Code::mismatch);
    EXPECT_NE(error.problem().find(std::to_string(kProtocolVersion + 41)), std::string::npos);
    EXPECT_NE(error.problem().find(std::to_string(kProtocolVersion)), std::string::npos);
  }
}

TEST(Protocol, ARecordThatMakesNoSenseIsRefused) {
  const std::vector<std::function<void(fb::SampleT&)>> changes = {
      [](fb::SampleT& sample) { sample.key.reset(); },
      [](fb::SampleT& sample) { sample.sequences.clear(); },
      [](fb::SampleT& sample) { sample.sampling.reset(); },
      [](fb::SampleT& sample) { sample.finish = static_cast<fb::Finish>(77); },
      [](fb::SampleT& sample) { sample.sequences[0]->segments[1]->end = 4'000'000'000; },
      [](fb::SampleT& sample) { sample.sequences[0]->segments[1]->weights.reset(); },
      [](fb::SampleT& sample) { sample.sequences[0]->logprobs.pop_back(); },
      [](fb::SampleT& sample) { sample.sequences[0]->logprobs[3] = NAN; },
      [](fb::SampleT& sample) { sample.sequences[0]->logprobs[3] = -INFINITY; },
  };
  for (size_t i = 0; i < changes.size(); ++i) {
    EXPECT_EQ(code_of([&] { decode(commit_frame(changes[i])); }), Code::data) << "change " << i;
  }
}

TEST(Protocol, AnOutcomeThatMakesNoSenseIsRefused) {
  const auto frame = [](const fb::ColumnT& column) {
    fb::CommitColumnsT commit;
    commit.fence = std::make_unique<fb::Fence>();
    commit.columns.push_back(std::make_unique<fb::ColumnT>(column));
    return encode(1, std::move(commit));
  };
  const fb::ColumnT good = outcome_of(key(1, 2, 3, 4), 1);
  EXPECT_NO_THROW(decode(frame(good)));
  fb::ColumnT cut = good;
  cut.data.resize(cut.data.size() / 2);
  fb::ColumnT nameless = good;
  nameless.name.clear();
  for (const fb::ColumnT& bad : {cut, nameless, outcome_of(key(1, 2, 3, 4), NAN),
                                 outcome_of(key(1, 2, 3, 4), 1, static_cast<Status>(99))}) {
    EXPECT_EQ(code_of([&] { decode(frame(bad)); }), Code::data);
  }
}

TEST(Protocol, NoiseIsAnErrorAndNeverACrash) {
  const std::string whole = commit_frame();
  RandomStream random(random_key(2, Domain::test, {2}));
  int refused = 0;
  for (int i = 0; i < 50000; ++i) {
    std::string frame = whole.substr(0, i % 5 == 0 ? random.below(whole.size()) : whole.size());
    for (uint64_t flips = random.below(4); !frame.empty() && flips > 0; --flips) {
      frame[random.below(frame.size())] = static_cast<char>(random.next());
    }
    refused += code_of([&] { decode(frame); }).has_value();
  }
  EXPECT_GT(refused, 10000);
}

TEST(Protocol, ErrorsCrossTheWireWhole) {
  const Error sent(Code::rewards_failing, "phase rl", "too many crashes", "look at the reward");
  const Error got = from_message(*decode(encode(1, to_message(sent))).body.AsFailure());
  EXPECT_EQ(got.code(), sent.code());
  EXPECT_STREQ(got.what(), sent.what());
}

TEST(Protocol, CollectsCrossTheWireWhole) {
  const CollectSpec sent{.phase = PhaseId{1},
                         .first = Draw{2},
                         .groups = 3,
                         .group_size = 4,
                         .max_draws = 5,
                         .lookahead = 6,
                         .filter = Filter::zero_variance,
                         .ordered = false,
                         .max_staleness = 7,
                         .weights = weights(8),
                         .count_unscored = true,
                         .unscored_value = -0.5};
  const fb::MessageT message = decode(encode(1, to_message(sent)));
  const CollectSpec got = from_message(*message.body.AsOpenCollect());
  EXPECT_EQ(got.phase, sent.phase);
  EXPECT_EQ(got.first, sent.first);
  EXPECT_EQ(got.groups, sent.groups);
  EXPECT_EQ(got.group_size, sent.group_size);
  EXPECT_EQ(got.max_draws, sent.max_draws);
  EXPECT_EQ(got.lookahead, sent.lookahead);
  EXPECT_EQ(got.filter, sent.filter);
  EXPECT_EQ(got.ordered, sent.ordered);
  EXPECT_EQ(got.max_staleness, sent.max_staleness);
  EXPECT_EQ(got.weights, sent.weights);
  EXPECT_EQ(got.count_unscored, sent.count_unscored);
  EXPECT_EQ(got.unscored_value, sent.unscored_value);
  fb::OpenCollectT empty = to_message(sent);
  empty.groups = 0;
  EXPECT_EQ(code_of([&] { from_message(empty); }), Code::data);
}

TEST(Protocol, BatchesCrossTheWireWhole) {
  BatchPlan sent;
  const GroupKey group = key(1, 5, 2, 0).group;
  sent.groups.push_back({group,
                         {{.key = key(1, 5, 2, 0),
                           .weights = weights(2),
                           .prompt_tokens = 11,
                           .completion_tokens = 12,
                           .finish = fb::Finish_length,
                           .outcome = {fb::OutcomeStatus_timed_out, 0.25, 0.75, true}}}});
  sent.next = Draw{6};
  sent.drawn = 7;
  sent.zero_variance = 8;
  sent.surplus = 9;
  sent.stale = 10;
  sent.outcomes = {{fb::OutcomeStatus_scored, 3}, {fb::OutcomeStatus_crashed, 4}};
  sent.raw_sum = 1.5;
  sent.raw_count = 13;
  sent.correct = 14;
  sent.dead = {{key(1, 6, 2, 0).group, DeadReason::surplus},
               {key(1, 1, 1, 0).group, DeadReason::stale}};
  const BatchPlan got = from_message(*decode(encode(1, to_message(sent))).body.AsBatch());
  ASSERT_EQ(got.groups.size(), 1u);
  EXPECT_EQ(got.groups[0].key, group);
  const PlannedSample& sample = got.groups[0].samples.at(0);
  EXPECT_EQ(sample.key, key(1, 5, 2, 0));
  EXPECT_EQ(sample.weights, weights(2));
  EXPECT_EQ(sample.prompt_tokens, 11u);
  EXPECT_EQ(sample.completion_tokens, 12u);
  EXPECT_EQ(sample.finish, fb::Finish_length);
  EXPECT_EQ(sample.outcome.status, fb::OutcomeStatus_timed_out);
  EXPECT_EQ(sample.outcome.value, 0.25);
  EXPECT_EQ(sample.outcome.raw, 0.75);
  EXPECT_TRUE(sample.outcome.correct);
  EXPECT_EQ(got.next, sent.next);
  EXPECT_EQ(std::tuple(got.drawn, got.zero_variance, got.surplus, got.stale),
            std::tuple(7u, 8u, 9u, 10u));
  EXPECT_EQ(got.outcomes, sent.outcomes);
  EXPECT_EQ(std::tuple(got.raw_sum, got.raw_count, got.correct), std::tuple(1.5, 13u, 14u));
  EXPECT_EQ(got.dead, sent.dead);
}

}  // namespace
}  // namespace reckon
