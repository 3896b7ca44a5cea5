// Router, experts and head.
#include "kernels/reference.h"
#include "learner/backward.h"
#include "tests/learner/backward_fixture.h"

namespace reckon {
namespace {

// ---- router ----

template <class T>
std::vector<T> route_gradient(int experts, int top_k, bool normalise,
                              const reference::Routed<double>& routed, const Values& d_weights) {
  ThreadPool pool(1);
  const auto p = as<T>(routed.probabilities), d = as<T>(d_weights);
  const std::vector<int32_t> ids(routed.ids.begin(), routed.ids.end());
  std::vector<T> out(static_cast<size_t>(experts));
  route_backward<T>({.rows = 1,
                     .experts = experts,
                     .top_k = top_k,
                     .normalise = normalise,
                     .probabilities = p.data(),
                     .ids = ids.data(),
                     .d_weights = d.data(),
                     .d_logits = out.data()},
                    pool);
  return out;
}

TEST(RouteBackward, IsTheDerivativeOfTheReference) {
  const int experts = 7, top_k = 3;
  for (bool normalise : {false, true}) {
    Values logits = random_values(41, experts);
    const Values d_weights = random_values(42, top_k);
    const auto routed = reference::route<double>(experts, top_k, normalise, logits.data());
    const Values wide = route_gradient<double>(experts, top_k, normalise, routed, d_weights);
    expect_derivative("logits", logits, wide, [&] {
      return dot(reference::route<double>(experts, top_k, normalise, logits.data()).weights,
                 d_weights);
    });
    expect_close("logits", route_gradient<float>(experts, top_k, normalise, routed, d_weights),
                 wide);
  }
}

// ---- experts, from combine back to the rows ----

constexpr int kRows = 5, kHidden = 9, kFfn = 7, kExperts = 4, kTopK = 2;

struct ExpertCase {
  Values normed = random_values(51, kRows*kHidden), weights = random_values(52, kRows*kTopK);
  Values gate_up = random_values(53, kExperts * 2 * kFfn * kHidden),
         down = random_values(54, kExperts*kHidden*kFfn);
  Values residual = random_values(55, kRows*kHidden), d_out = random_values(56, kRows*kHidden);
  std::vector<int32_t> ids = {0, 3, 3, 0, 1, 3, 1, 0, 3, 1};  // expert 2 gets no row
  std::vector<int32_t> offsets = std::vector<int32_t>(kExperts + 1),
                       order = std::vector<int32_t>(kRows * kTopK), place = order;

  ExpertCase() {
    ThreadPool pool(1);
    cpu_kernels(Isa::scalar)
        .dispatch({.rows = kRows,
                   .top_k = kTopK,
                   .experts = kExperts,
                   .ids = ids.data(),
                   .offsets = offsets.data(),
                   .order = order.data(),
                   .place = place.data()},
                  pool);
  }

  double loss() const {
    std::vector<const double*> gate_ups, downs;
    for (int e = 0; e < kExperts; ++e) {
      gate_ups.push_back(&gate_up[static_cast<size_t>(e * 2 * kFfn * kHidden)]);
      downs.push_back(&down[static_cast<size_t>(e * kHidden * kFfn)]);
    }
    double sum = 0;
    for (int row = 0; row < kRows; ++row) {
      const Values out = reference::moe_row<double>(
          kHidden, kFfn, &normed[static_cast<size_t>(row * kHidden)],
          {ids[static_cast<size_t>(row * kTopK)], ids[static_cast<size_t>(row * kTopK + 1)]},
          {weights[static_cast<size_t>(row * kTopK)],
           weights[static_cast<size_t>(row * kTopK + 1)]},
          gate_ups, downs, &residual[static_cast<size_t>(row * kHidden)], DType::f32);
      for (int i = 0; i < kHidden; ++i)
        sum += out[static_cast<size_t>(i)] * d_out[static_cast<size_t>(row * kHidden + i)];
    }
    return sum;
  }
};

// out [rows, n] = d [rows, k] w [k, n]
template <class T>
void times(int rows, int n, int k, const T* d, const T* w, T* out) {
  for (int row = 0; row < rows; ++row) {
    for (int j = 0; j < n; ++j) {
      T sum = 0;
      for (int i = 0; i < k; ++i) sum += d[row * k + i] * w[i * n + j];
      out[row * n + j] = sum;
    }
  }
}

template <class T>
struct ExpertGradients {
  std::vector<T> weights, normed;
};

template <class T>
ExpertGradients<T> expert_gradients(const ExpertCase& c) {
  ThreadPool pool(2);
  constexpr size_t kSlots = kRows * kTopK;
  const auto normed = as<T>(c.normed), weights = as<T>(c.weights), w1 = as<T>(c.gate_up),
             w2 = as<T>(c.down);
  const auto d_out = as<T>(c.d_out);
  std::vector<T> in(kSlots * kHidden), gate_up(kSlots * 2 * kFfn), y(kSlots * kHidden),
      d_y(y.size()), d_h(kSlots * kFfn);
  std::vector<T> d_gate_up(gate_up.size()), d_in(in.size());
  ExpertGradients<T> out{std::vector<T>(kSlots), std::vector<T>(kRows * kHidden)};
  dispatch_rows<T>({.rows = kRows,
                    .top_k = kTopK,
                    .hidden = kHidden,
                    .order = c.order.data(),
                    .x = normed.data(),
                    .out = in.data()},
                   pool);
  const auto expert_of = [&](size_t slot) { return c.ids[static_cast<size_t>(c.order[slot])]; };
  for (size_t s = 0; s < kSlots; ++s) {
    reference::linear<T>(1, 2 * kFfn, kHidden, &in[s * kHidden],
                         &w1[static_cast<size_t>(expert_of(s) * 2 * kFfn * kHidden)], nullptr,
                         &gate_up[s * 2 * kFfn]);
    const std::vector<T> h = reference::gated<T>(1, kFfn, &gate_up[s * 2 * kFfn], DType::f32);
    reference::linear<T>(1, kHidden, kFfn, h.data(),
                         &w2[static_cast<size_t>(expert_of(s) * kHidden * kFfn)], nullptr,
                         &y[s * kHidden]);
  }
  combine_backward<T>({.rows = kRows,
                       .top_k = kTopK,
                       .hidden = kHidden,
                       .weights = weights.data(),
                       .place = c.place.data(),
                       .y = y.data(),
                       .d_out = d_out.data(),
                       .d_weights = out.weights.data(),
                       .d_y = d_y.data()},
                      pool);
  for (size_t s = 0; s < kSlots; ++s) {
    times(1, kFfn, kHidden, &d_y[s * kHidden],
          &w2[static_cast<size_t>(expert_of(s) * kHidden * kFfn)], &d_h[s * kFfn]);
  }
  swiglu_backward<T>({.rows = kSlots,
                      .ffn = kFfn,
                      .gate_up = gate_up.data(),
                      .d_h = d_h.data(),
                      .d_gate_up = d_gate_up.data()},
                     pool);
  for (size_t s = 0; s < kSlots; ++s) {
    times(1, kHidden, 2 * kFfn, &d_gate_up[s * 2 * kFfn],
          &w1[static_cast<size_t>(expert_of(s) * 2 * kFfn * kHidden)], &d_in[s * kHidden]);
  }
  dispatch_backward<T>({.rows = kRows,
                        .top_k = kTopK,
                        .hidden = kHidden,
                        .place = c.place.data(),
                        .d_slots = d_in.data(),
                        .d_x = out.normed.data()},
                       pool);
  return out;
}

TEST(ExpertsBackward, IsTheDerivativeOfTheReference) {
  ExpertCase c;
  const auto wide = expert_gradients<double>(c);
  expect_derivative("weights", c.weights, wide.weights, [&] { return c.loss(); });
  expect_derivative("normed", c.normed, wide.normed, [&] { return c.loss(); });
  const auto narrow = expert_gradients<float>(c);
  expect_close("weights", narrow.weights, wide.weights);
  expect_close("normed", narrow.normed, wide.normed);
}

// ---- head ----

constexpr int kVocab = 37;

// Two questions about the first row at different temperatures, none about the second, a filtered
// one about the third.
std::vector<HeadQuery> head_queries(const Values& logits) {
  std::vector<HeadQuery> queries(3);
  queries[0].row = queries[1].row = 10;
  queries[0].target = 5;
  queries[1].target = 36;
  queries[1].inverse_temperature = 1.7f;
  queries[2].row = 12;
  queries[2].inverse_temperature = 0.6f;
  Values sorted(logits.begin() + 2 * kVocab, logits.end());
  std::sort(sorted.rbegin(), sorted.rend());
  queries[2].target =
      static_cast<int32_t>(std::find(logits.begin() + 2 * kVocab, logits.end(), sorted[3]) -
                           logits.begin() - 2 * kVocab);
  queries[2].threshold = static_cast<float>(0.6 * (sorted[8] + sorted[9]) / 2);
  return queries;
}

Values head_scores(const Values& logits, const std::vector<HeadQuery>& queries, Values* lse) {
  Values logprob;
  for (const HeadQuery& query : queries) {
    const auto scored = reference::head<double>(
        kVocab, &logits[static_cast<size_t>((query.row - 10) * kVocab)], query);
    logprob.push_back(scored.logprob);
    if (lse != nullptr) lse->push_back(scored.lse);
  }
  return logprob;
}

template <class T>
std::vector<T> head_gradient(const Values& logits, const std::vector<HeadQuery>& queries,
                             const Values& d_logprob) {
  ThreadPool pool(2);
  Values kept;
  head_scores(logits, queries, &kept);
  const auto x = as<T>(logits), lse = as<T>(kept), d = as<T>(d_logprob);
  std::vector<T> out(logits.size(), T(3));
  head_backward<T>({.rows = 3,
                    .vocab = kVocab,
                    .queries = queries.data(),
                    .query_count = 3,
                    .first_row = 10,
                    .lse = lse.data(),
                    .d_logprob = d.data(),
                    .logits = x.data(),
                    .d_logits = out.data()},
                   pool);
  return out;
}

TEST(HeadBackward, IsTheDerivativeOfTheReference) {
  Values logits = random_values(61, 3 * kVocab, 0, 2);
  const std::vector<HeadQuery> queries = head_queries(logits);
  const Values d_logprob = {0.7, -1.3, 2.1};
  const Values wide = head_gradient<double>(logits, queries, d_logprob);
  expect_derivative("logits", logits, wide,
                    [&] { return dot(head_scores(logits, queries, nullptr), d_logprob); });
  expect_close("logits", head_gradient<float>(logits, queries, d_logprob), wide);
}

}  // namespace
}  // namespace reckon
