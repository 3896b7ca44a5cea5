// One row's attention bits, however its keys came to be where they are: prefill, decode, chunked
// prefill, a prompt shared by several completions, any order of pages.
#include "tests/kernels/layer_testing.h"

namespace reckon::testing {
namespace {

// A sequence of tokens over pages of its own; `order` maps the i-th page to a page id.
class Sequence {
 public:
  Sequence(const TestLayer& layer, int tokens, uint64_t page_order = 0)
      : layer_(layer),
        tokens_(tokens),
        x_(layer.source(tokens, layer.shape.hidden)),
        pages_(layer.shape, layer.dtype, page_count(tokens)),
        ids_(first_rows(page_count(tokens))) {
    if (page_order != 0) ids_ = shuffled(ids_, page_order);
  }

  static int page_count(int tokens) { return (tokens + kKvPageTokens - 1) / kKvPageTokens; }

  // Tokens [begin, end) in one call; appends the rows' bytes.
  void run(const KernelTable& kernels, ThreadPool& pool, int begin, int end) {
    std::vector<RowPlace> places;
    for (int i = begin; i < end; ++i) places.push_back({i, {{0, i + 1, ids_.data()}}});
    std::vector<int> rows = first_rows(end);
    rows.erase(rows.begin(), rows.begin() + begin);
    const AttentionResult r =
        run_attention(kernels, pool, layer_, x_.gather(rows, layer_.shape.hidden), places, pages_);
    for (int i = 0; i < end - begin; ++i) rows_.push_back(r.row(i, layer_.shape));
  }

  const std::vector<std::string>& rows() const { return rows_; }
  const Tensor& x() const { return x_; }

 private:
  const TestLayer& layer_;
  int tokens_;
  Tensor x_;
  TestPages pages_;
  std::vector<int32_t> ids_;
  std::vector<std::string> rows_;
};

// `first` then `second` on the same sequence, cut at `split`.
std::vector<std::string> in_two_calls(const KernelTable& kernels, const TestLayer& layer,
                                      ThreadPool& pool, int tokens, int split, uint64_t order = 0) {
  Sequence sequence(layer, tokens, order);
  sequence.run(kernels, pool, 0, split);
  sequence.run(kernels, pool, split, tokens);
  return sequence.rows();
}

std::vector<std::string> prefill(const KernelTable& kernels, const TestLayer& layer,
                                 ThreadPool& pool, int tokens, uint64_t order = 0) {
  Sequence sequence(layer, tokens, order);
  sequence.run(kernels, pool, 0, tokens);
  return sequence.rows();
}

class Attend : public EveryProfile {};
RECKON_EVERY_PROFILE(Attend);

TEST_P(Attend, PrefillCutAtEveryPointGivesTheSameBits) {
  ThreadPool pool(1);
  for (DType dtype : dtypes()) {
    const TestLayer layer({}, dtype);
    const std::vector<std::string> whole = prefill(kernels(), layer, pool, 70);
    for (int split = 1; split < 70; ++split)
      ASSERT_EQ(in_two_calls(kernels(), layer, pool, 70, split), whole) << split;
  }
}

TEST_P(Attend, PrefillCutAroundAChunkBoundaryGivesTheSameBits) {
  ThreadPool pool(1);
  for (DType dtype : dtypes()) {
    const TestLayer layer({.heads = 3, .kv_heads = 1, .head_dim = 36}, dtype);
    const std::vector<std::string> whole = prefill(kernels(), layer, pool, 530);
    for (int split : {15, 16, 255, 256, 257, 300, 511, 512, 513}) {
      ASSERT_EQ(in_two_calls(kernels(), layer, pool, 530, split), whole) << split;
    }
  }
}

TEST_P(Attend, DecodeGivesTheSameBitsAsPrefill) {
  ThreadPool pool(1);
  for (DType dtype : dtypes()) {
    const TestLayer layer({}, dtype);
    Sequence decoded(layer, 300);
    for (int i = 0; i < 300; ++i) decoded.run(kernels(), pool, i, i + 1);
    EXPECT_EQ(decoded.rows(), prefill(kernels(), layer, pool, 300));
  }
}

TEST_P(Attend, PagesInAnyOrderGiveTheSameBits) {
  ThreadPool pool(1);
  for (DType dtype : dtypes()) {
    const TestLayer layer({}, dtype);
    const std::vector<std::string> whole = prefill(kernels(), layer, pool, 300);
    for (uint64_t order = 1; order <= 4; ++order)
      EXPECT_EQ(prefill(kernels(), layer, pool, 300, order), whole);
  }
}

TEST_P(Attend, ThreadsDoNotShowInTheBits) {
  ThreadPool one(1), two(2), three(3);
  for (DType dtype : dtypes()) {
    const TestLayer layer({}, dtype);
    const std::vector<std::string> whole = prefill(kernels(), layer, one, 300);
    EXPECT_EQ(prefill(kernels(), layer, two, 300), whole);
    EXPECT_EQ(prefill(kernels(), layer, three, 300), whole);
  }
}

// Three completions of one prompt in one call, as training packs them: the prompt's pages are
// shared, each completion has pages of its own, and inside one block both meet.
void expect_shared_prompt_equals_flat(const KernelTable& kernels, const TestLayer& layer,
                                      int prompt, int completion) {
  constexpr int kCompletions = 3;
  ThreadPool pool(2);
  const LayerShape& s = layer.shape;
  const int tokens = prompt + completion, hidden = s.hidden;
  const int prompt_pages = Sequence::page_count(prompt);
  const int own_pages = (tokens - 1) / kKvPageTokens - prompt / kKvPageTokens + 1;
  const TestPages pages(s, layer.dtype, prompt_pages + kCompletions * own_pages);
  const std::vector<int32_t> ids = shuffled(first_rows(prompt_pages + kCompletions * own_pages), 5);
  const Tensor x = layer.source(prompt + kCompletions * completion, hidden);

  std::vector<RowPlace> places;
  for (int i = 0; i < prompt; ++i) places.push_back({i, {{0, i + 1, ids.data()}}});
  for (int c = 0; c < kCompletions; ++c) {
    const int32_t* own = ids.data() + prompt_pages + c * own_pages;
    for (int i = 0; i < completion; ++i)
      places.push_back({prompt + i, {{0, prompt, ids.data()}, {prompt, i + 1, own}}});
  }
  const AttentionResult packed = run_attention(kernels, pool, layer, x, places, pages);

  for (int c = 0; c < kCompletions; ++c) {
    std::vector<int> rows = first_rows(prompt);
    for (int i = 0; i < completion; ++i) rows.push_back(prompt + c * completion + i);
    const TestPages flat_pages(s, layer.dtype, Sequence::page_count(tokens));
    const std::vector<int32_t> flat_ids = first_rows(Sequence::page_count(tokens));
    std::vector<RowPlace> flat_places;
    for (int i = 0; i < tokens; ++i) flat_places.push_back({i, {{0, i + 1, flat_ids.data()}}});
    const AttentionResult flat =
        run_attention(kernels, pool, layer, x.gather(rows, hidden), flat_places, flat_pages);
    for (int i = 0; i < tokens; ++i) {
      ASSERT_EQ(packed.row(rows[static_cast<size_t>(i)], s), flat.row(i, s))
          << "prompt " << prompt << ", token " << i;
    }
  }
}

TEST_P(Attend, ASharedPromptGivesTheSameBitsAsASequenceOfItsOwn) {
  for (DType dtype : dtypes()) {
    const TestLayer layer({}, dtype);
    for (int prompt : {1, 15, 16, 17, 37, 250, 259})
      expect_shared_prompt_equals_flat(kernels(), layer, prompt, 21);
  }
}

TEST_P(Attend, ManyTinySpansInOneBlockGiveTheSameBits) {
  ThreadPool pool(1);
  const TestLayer layer({}, DType::f32);
  const LayerShape& s = layer.shape;
  constexpr int kTokens = 30;
  const std::vector<std::string> whole = prefill(kernels(), layer, pool, kTokens);
  const TestPages pages(s, DType::f32, kTokens);  // a page per token
  const std::vector<int32_t> ids = first_rows(kTokens);
  std::vector<RowPlace> places;
  for (int i = 0; i < kTokens; ++i) {
    RowPlace place{i, {}};
    for (int j = 0; j <= i; ++j) place.spans.push_back({j, 1, ids.data() + j});
    places.push_back(place);
  }
  const AttentionResult r =
      run_attention(kernels(), pool, layer, layer.source(kTokens, s.hidden), places, pages);
  for (int i = 0; i < kTokens; ++i) EXPECT_EQ(r.row(i, s), whole[static_cast<size_t>(i)]) << i;
}

TEST_P(Attend, QkvMayOverwriteTheRawProjection) {
  ThreadPool pool(1);
  for (DType dtype : dtypes()) {
    const TestLayer layer({}, dtype);
    const LayerShape& s = layer.shape;
    const Tensor x = layer.source(9, s.hidden);
    const std::vector<int32_t> positions = {0, 5, 7, 600, 3, 2, 1, 9, 44};
    Tensor normed(dtype, x.size()), raw(dtype, 9 * s.qkv()), apart(dtype, 9 * s.qkv());
    AttentionInArgs args{.rows = 9,
                         .dtype = dtype,
                         .x = x.data(),
                         .norm_weight = layer.norm.data(),
                         .eps = 1e-6f,
                         .qkv_weight = layer.qkv_weight.view(),
                         .heads = s.heads,
                         .kv_heads = s.kv_heads,
                         .head_dim = s.head_dim,
                         .rope_cos = layer.cos.data(),
                         .rope_sin = layer.sin.data(),
                         .positions = positions.data(),
                         .normed = normed.data(),
                         .qkv_raw = raw.data(),
                         .qkv = apart.data()};
    kernels().attention_in(args, pool);
    args.qkv = raw.data();
    kernels().attention_in(args, pool);
    EXPECT_EQ(raw.bytes(), apart.bytes());
  }
}

TEST_P(Attend, RefusesSpansWithAGap) {
  ThreadPool pool(1);
  const TestLayer layer({}, DType::f32);
  const TestPages pages(layer.shape, DType::f32, 2);
  const std::vector<int32_t> ids = {0, 1};
  const std::vector<RowPlace> places = {{17, {{0, 16, ids.data()}, {17, 1, ids.data() + 1}}}};
  EXPECT_THROW(
      run_attention(kernels(), pool, layer, layer.source(1, layer.shape.hidden), places, pages),
      std::exception);
}

}  // namespace
}  // namespace reckon::testing
