// The policy sampled is the policy scored: recorded log-probs equal, bit for bit, those of a plain
// forward over prompt and completion, the way a learner makes it.
#include <algorithm>
#include <cmath>

#include "tests/rollout/tiny_model.h"

namespace reckon {
namespace {

// A forward over whole sequences at once with pages of its own.
class Scorer {
 public:
  Scorer(const std::shared_ptr<const Weights>& weights, int max_rows)
      : pool_(2),
        spec_(weights->spec()),
        pages_(spec_, weights->dtype(), 100 * KvPages::page_bytes(spec_, weights->dtype())),
        ops_(spec_, weights->dtype(), kernels(), pool_, max_rows) {
    ops_.set_weights(weights);
    while (pages_.available() > 0) order_.push_back(pages_.take());
    for (int layer = 0; layer < static_cast<int>(spec_.layers.size()); ++layer)
      poison(pages_.layer(layer));
  }

  // Pages in another order, so that ids and places in memory do not matter.
  void shuffle() { std::reverse(order_.begin(), order_.end()); }

  std::vector<HeadAnswer> score(const std::vector<int32_t>& tokens,
                                const std::vector<HeadQuery>& queries) {
    rows_.clear();
    for (int32_t p = 0; p < static_cast<int32_t>(tokens.size()); ++p) {
      rows_.add(tokens[static_cast<size_t>(p)], p, order_[static_cast<size_t>(p / kKvPageTokens)],
                {{0, p + 1, order_.data()}});
    }
    return forward(queries);
  }

  // Training's way: the prompt's rows once, every completion's rows behind it with two spans each.
  std::vector<HeadAnswer> score_packed(const std::vector<int32_t>& prompt,
                                       const std::vector<Completion>& completions,
                                       const std::vector<HeadQuery>& queries) {
    int32_t length = static_cast<int32_t>(prompt.size()), next = kv_blocks(0, length);
    const int32_t* prompt_pages = order_.data();
    rows_.clear();
    for (int32_t p = 0; p < length; ++p) {
      rows_.add(prompt[static_cast<size_t>(p)], p, prompt_pages[p / kKvPageTokens],
                {{0, p + 1, prompt_pages}});
    }
    for (const Completion& completion : completions) {
      const int32_t* own = order_.data() + next;
      int32_t fed = static_cast<int32_t>(completion.tokens.size()) - 1;
      for (int32_t t = 0; t < fed; ++t) {
        int32_t block = (length + t) / kKvPageTokens - length / kKvPageTokens;
        rows_.add(completion.tokens[static_cast<size_t>(t)], length + t, own[block],
                  {{0, length, prompt_pages}, {length, t + 1, own}});
      }
      next += kv_blocks(length, fed);
    }
    return forward(queries);
  }

 private:
  // What a page holds before it is written must never show: every byte set is a NaN in both storage
  // types.
  void poison(const KvPool& pool) {
    size_t bytes = kv_page_bytes(pool.kv_heads, pool.head_dim, pool.dtype) *
                   static_cast<size_t>(pages_.capacity());
    std::fill_n(static_cast<unsigned char*>(pool.base), bytes, 0xFF);
  }
  std::vector<HeadAnswer> forward(const std::vector<HeadQuery>& queries) {
    ops_.begin(rows_, pages_);
    void* x = decode(ops_, spec_);
    std::vector<HeadAnswer> answers;
    ops_.head(x, rows_.size(), queries, answers);
    return answers;
  }

  ThreadPool pool_;
  ModelSpec spec_;
  KvPages pages_;
  SamplerOps ops_;
  std::vector<int32_t> order_;
  RowBatch rows_;
};

HeadQuery query_for(int32_t row, const SamplingParams& sampling, const Completion& completion,
                    size_t i) {
  HeadQuery query{.row = row,
                  .target = completion.tokens[i],
                  .inverse_temperature = sampling.inverse_temperature(),
                  .key = {}};
  if (!completion.kept_threshold.empty()) query.threshold = completion.kept_threshold[i];
  return query;
}

void expect_answers(const Completion& completion, const HeadAnswer* answers) {
  SCOPED_TRACE(testing::Message() << "group " << completion.tag << " sample " << completion.sample);
  std::vector<float> logprobs, entropies;
  for (size_t i = 0; i < completion.tokens.size(); ++i) {
    EXPECT_EQ(answers[i].token, completion.tokens[i]);
    logprobs.push_back(answers[i].logprob);
    entropies.push_back(answers[i].entropy);
    if (!completion.kept_count.empty()) {
      EXPECT_EQ(static_cast<uint32_t>(answers[i].kept), completion.kept_count[i]);
    }
  }
  EXPECT_EQ(bits(logprobs), bits(completion.logprobs));
  EXPECT_EQ(bits(entropies), bits(completion.entropies));
}

class Identity : public testing::TestWithParam<ModelKind> {
 protected:
  Samples sample(const std::vector<GroupRequest>& groups) {
    Engine engine(spec_, GetParam().dtype, {.kv_bytes = 4 << 20, .max_rows = 13}, kernels(), pool_);
    engine.set_weights(weights_);
    return run_all(engine, groups);
  }

  ThreadPool pool_{1};
  ModelSpec spec_ = tiny_spec(GetParam().moe);
  std::shared_ptr<const Weights> weights_ = tiny_weights(spec_, GetParam().dtype);
};

std::vector<GroupRequest> groups() {
  std::vector<GroupRequest> list = {
      group_of(1, 1, 3, 40), group_of(2, 16, 3, 18), group_of(3, 17, 4, 20),
      group_of(4, 9, 3, 25), group_of(5, 12, 1, 10), group_of(6, kAttentionChunk - 5, 2, 12)};
  list[1].sampling.top_k = 4;
  list[2].sampling.temperature = 0.6;
  list[2].sampling.top_p = 0.8;
  list[3].sampling.temperature = 1.5;
  list[3].sampling.min_p = 0.1;
  list[3].sampling.top_k = 20;
  list[4].sampling.temperature = 0;
  return list;
}

TEST_P(Identity, RecordedLogprobsAreThoseOfAPlainForward) {
  Scorer scorer(weights_, 320);
  Samples samples = sample(groups());
  for (const GroupRequest& group : groups()) {
    for (uint32_t index : group.samples) {
      const Completion& completion = samples.at({group.tag, index});
      std::vector<int32_t> tokens = group.prompt;
      tokens.insert(tokens.end(), completion.tokens.begin(), completion.tokens.end() - 1);
      std::vector<HeadQuery> queries;
      for (size_t i = 0; i < completion.tokens.size(); ++i) {
        queries.push_back(query_for(static_cast<int32_t>(group.prompt.size() + i) - 1,
                                    group.sampling, completion, i));
      }
      scorer.shuffle();
      expect_answers(completion, scorer.score(tokens, queries).data());
    }
  }
}

TEST_P(Identity, RecordedLogprobsAreThoseOfAPackWithASharedPrompt) {
  Scorer scorer(weights_, 600);
  Samples samples = sample(groups());
  for (const GroupRequest& group : groups()) {
    std::vector<Completion> completions;
    std::vector<HeadQuery> queries;
    int32_t last = static_cast<int32_t>(group.prompt.size()) - 1, row = last;
    for (uint32_t index : group.samples) {
      completions.push_back(samples.at({group.tag, index}));
      queries.push_back(query_for(last, group.sampling, completions.back(), 0));
    }
    for (const Completion& completion : completions) {
      for (size_t i = 1; i < completion.tokens.size(); ++i) {
        queries.push_back(query_for(++row, group.sampling, completion, i));
      }
    }
    std::vector<HeadAnswer> answers = scorer.score_packed(group.prompt, completions, queries);
    size_t next = completions.size();
    for (size_t c = 0; c < completions.size(); ++c) {
      std::vector<HeadAnswer> own = {answers[c]};
      size_t rest = completions[c].tokens.size() - 1;
      own.insert(own.end(), answers.begin() + static_cast<int64_t>(next),
                 answers.begin() + static_cast<int64_t>(next + rest));
      next += rest;
      expect_answers(completions[c], own.data());
    }
  }
}

TEST_P(Identity, GreedyTakesTheLikeliestToken) {
  GroupRequest group = group_of(5, 12, 3, 10);
  group.sampling.temperature = 0;
  Samples samples = sample({group});
  Scorer scorer(weights_, 64);
  const Completion& completion = samples.at({5, 0});
  for (uint32_t index : group.samples) EXPECT_EQ(samples.at({5, index}).tokens, completion.tokens);
  std::vector<int32_t> tokens = group.prompt;
  for (size_t i = 0; i < completion.tokens.size(); ++i) {
    std::vector<HeadQuery> queries;
    for (int32_t target = 0; target < spec_.vocab; ++target) {
      queries.push_back(
          {.row = static_cast<int32_t>(tokens.size()) - 1, .target = target, .key = {}});
    }
    double sum = 0;
    for (const HeadAnswer& answer : scorer.score(tokens, queries)) {
      EXPECT_LE(answer.logprob, completion.logprobs[i]);
      sum += std::exp(static_cast<double>(answer.logprob));
    }
    EXPECT_NEAR(sum, 1, 1e-5);
    tokens.push_back(completion.tokens[i]);
  }
}

TEST_P(Identity, OtherWeightsGiveOtherLogprobs) {
  std::vector<GroupRequest> one = {group_of(3, 17, 1, 20)};
  Completion before = sample(one).at({3, 0});
  weights_ = tiny_weights(spec_, GetParam().dtype, 2);
  EXPECT_NE(bits(before.logprobs), bits(sample(one).at({3, 0}).logprobs));
}

INSTANTIATE_TEST_SUITE_P(, Identity, testing::ValuesIn(all_kinds()), kind_name);

}  // namespace
}  // namespace reckon
