// The head: logits tile by tile of 128 vocabulary entries, and per query a running softmax over the
// tiles: maximum m, s = sum e^(z - m), u = sum e^(z - m) (z - m). Then lse = m + ln s and entropy =
// ln s - u / s. Tiles merge ascending inside a segment, segments ascending. Sampling with filters
// stores the row's logits, finds the threshold, and runs them through the same tile code as scoring
// does: the two agree bit for bit.
#pragma once

#include "kernels/cpu/norm.h"

namespace reckon {
namespace {

constexpr int kHeadRowBlock = 64;
constexpr int kTileVecs = kHeadTile / 16;

struct HeadState {
  float max, sum, weighted;  // m, s, u over the kept entries so far
  int32_t kept;
  int32_t token;  // the target, or the best so far; -1: none yet
  float token_z;  // its z
  float best;     // what the sampled token won with
};

constexpr HeadState kNothingYet{-kInfinity, 0, 0, 0, -1, 0, 0};

// What a tile shares of a query.
struct HeadTask {
  const HeadQuery* query;
  float threshold;
};

// `from` follows `to` in the vocabulary.
inline void merge(HeadState& to, const HeadState& from) {
  if (from.token >= 0 && (to.token < 0 || from.best > to.best)) {
    to.token = from.token;
    to.token_z = from.token_z;
    to.best = from.best;
  }
  if (from.kept == 0) return;
  if (to.kept == 0) {
    to.max = from.max, to.sum = from.sum, to.weighted = from.weighted, to.kept = from.kept;
    return;
  }
  const float top = to.max > from.max ? to.max : from.max;
  const float low = to.max > from.max ? from.max : to.max;
  const float shrink = exp_one(low - top);  // the other factor is e^0
  const float keep = to.max > from.max ? 1.0f : shrink, take = to.max > from.max ? shrink : 1.0f;
  const float mine = fused(to.sum, to.max - top, to.weighted) * keep;
  const float others = fused(from.sum, from.max - top, from.weighted) * take;
  to.weighted = mine + others;
  to.sum = fused(to.sum, keep, from.sum * take);
  to.max = top;
  to.kept += from.kept;
}

// The largest of `value` over the kept lanes of a tile, ties to the lowest token.
inline void pick(const Vec* value, const Mask* kept, int vecs, int first_token, HeadState& state) {
  Vec best = broadcast(-kInfinity);
  IVec where = ibroadcast(0xFFFFFFFFu);
  for (int i = 0; i < vecs; ++i) {
    const Mask better = both(kept[i], less(best, value[i]));
    best = select(better, value[i], best);
    where = iselect(better, iadd(iota(), ibroadcast(static_cast<uint32_t>(first_token + 16 * i))),
                    where);
  }
  alignas(64) float values[16];
  alignas(64) uint32_t tokens[16];
  store(values, best);
  istore(tokens, where);
  for (int i = 0; i < 16; ++i) {
    const int32_t token = static_cast<int32_t>(tokens[i]);
    if (token < 0) continue;
    if (state.token < 0 || values[i] > state.best ||
        (values[i] == state.best && token < state.token)) {
      state.token = token;
      state.best = values[i];
    }
  }
}

// `count` logits of tokens from first_token on, into the state.
inline void head_tile(const HeadTask& task, const float* logits, int first_token, int count_,
                      HeadState& state) {
  const HeadQuery& query = *task.query;
  const Vec factor = broadcast(query.inverse_temperature), threshold = broadcast(task.threshold);
  const int vecs = divide_up(count_, 16);
  Vec z[kTileVecs];
  Mask kept[kTileVecs];
  Vec lanes = broadcast(-kInfinity);
  HeadState tile = kNothingYet;
  for (int i = 0; i < vecs; ++i) {
    const Vec value = mul(get(logits + 16 * i, count_ - 16 * i), factor);
    kept[i] = both(first_lanes(count_ - 16 * i), not_less(value, threshold));
    z[i] = select(kept[i], value, broadcast(-kInfinity));
    lanes = max(z[i], lanes);
    tile.kept += count(kept[i]);
  }
  tile.max = largest(lanes);
  Vec sums = broadcast(0.0f), weighted = broadcast(0.0f);
  for (int i = 0; i < vecs; ++i) {
    const Vec below = sub(z[i], broadcast(tile.max)), e = vexp(below);
    sums = add(sums, e);
    weighted = fma(e, max(below, broadcast(-200.0f)), weighted);  // not 0 * -inf where e is 0
  }
  tile.sum = sum(sums);
  tile.weighted = sum(weighted);

  if (query.target < 0) {
    if (!query.greedy) {
      for (int i = 0; i < vecs; ++i) {
        z[i] = add(z[i],
                   gumbel(query.key,
                          iadd(iota(), ibroadcast(static_cast<uint32_t>(first_token + 16 * i)))));
      }
    }
    pick(z, kept, vecs, first_token, tile);
  } else if (query.target >= first_token && query.target < first_token + count_) {
    tile.token = query.target;
  }
  if (tile.token >= 0) tile.token_z = logits[tile.token - first_token] * query.inverse_temperature;
  merge(state, tile);
}

inline void answer(const HeadTask& task, const HeadState* segments, int count_, HeadAnswer& out) {
  HeadState total = kNothingYet;
  for (int i = 0; i < count_; ++i) merge(total, segments[i]);
  const float log_sum = log_one(total.sum);
  out.token = total.token < 0 ? 0 : total.token;
  out.lse = total.max + log_sum;
  out.logprob = total.token_z < task.threshold ? -kInfinity : total.token_z - out.lse;
  out.entropy = log_sum - total.weighted / total.sum;
  out.threshold = task.threshold;
  out.kept = total.kept;
}

// The vocabulary's cut: segment i is [i * size, (i + 1) * size).
struct Segments {
  int vocab, size, used;

  explicit Segments(int vocab_)
      : vocab(vocab_),
        size(divide_up(divide_up(vocab_, kHeadSegments), kHeadTile) * kHeadTile),
        used(divide_up(vocab_, size)) {}
  int begin(int segment) const { return segment * size; }
  int end(int segment) const { return least(vocab, (segment + 1) * size); }
};

// The rows that are looked at, each with its queries [first_query[i], first_query[i + 1]).
struct HeadPlan {
  int32_t *rows, *first_query;
  bool* keep_logits;
  int count = 0;
};

inline void plan_rows(const HeadArgs& args, HeadPlan& plan) {
  int query = 0;
  for (int row = 0; row < args.rows; ++row) {
    const int first = query;
    bool filters = false;
    for (; query < args.query_count && args.queries[query].row == row; ++query) {
      filters |= cpu::has_filters(args.queries[query]);
    }
    if (query == first && args.logits == nullptr) continue;
    plan.rows[plan.count] = row;
    plan.first_query[plan.count] = first;
    plan.keep_logits[plan.count++] = filters || args.logits != nullptr;
  }
  plan.first_query[plan.count] = query;
}

template <class T>
class Head {
 public:
  Head(const HeadArgs& args, ThreadPool& pool)
      : args_(args),
        pool_(pool),
        segments_(args.vocab),
        rows_(args.rows),
        first_query_(args.rows + 1),
        keep_(args.rows),
        states_(int64_t{args.query_count} * segments_.used),
        places_(args.rows) {
    plan_.rows = rows_;
    plan_.first_query = first_query_;
    plan_.keep_logits = keep_;
    plan_rows(args, plan_);
  }

  void run() {
    const int hidden = args_.weight.cols;
    int64_t kept = 0;
    for (int i = 0; i < plan_.count; ++i) kept += plan_.keep_logits[i];
    const Scratch<float> logits(args_.logits == nullptr ? kept * args_.vocab : 0);
    float* next = logits;
    for (int i = 0; i < plan_.count; ++i) {
      if (args_.logits != nullptr) {
        places_[i] = args_.logits + int64_t{plan_.rows[i]} * args_.vocab;
      } else {
        places_[i] = plan_.keep_logits[i] ? next : nullptr;
        next += plan_.keep_logits[i] ? args_.vocab : 0;
      }
    }
    const int64_t work = int64_t{plan_.count} * args_.vocab * hidden;
    const int blocks = divide_up(plan_.count, kHeadRowBlock);
    parallel(pool_, blocks * segments_.used, work, [&](int part) {
      walk_segment(part / segments_.used * kHeadRowBlock, part % segments_.used);
    });
    constexpr int64_t kWorkPerStep = 1000;  // one entry of a sort, or one merge
    const int64_t work_per_row = kWorkPerStep * (kept > 0 ? args_.vocab : segments_.used);
    parallel_rows(pool_, plan_.count, work_per_row, [&](int begin, int end) {
      for (int row = begin; row < end; ++row) answer_row(row);
    });
  }

 private:
  HeadState* states(int query) const { return states_ + int64_t{query} * segments_.used; }

  // All tiles of one segment for up to kHeadRowBlock planned rows from `first` on.
  void walk_segment(int first, int segment) {
    const int hidden = args_.weight.cols, rows = least(kHeadRowBlock, plan_.count - first);
    const int last_panel = divide_up(args_.vocab, kPanel);
    using Chain = typename ChainOf<T>::type;
    const int64_t length = Chain::elements(hidden);
    const Scratch<typename Chain::Element> x(rows * length);
    const Scratch<float> tile(int64_t{rows} * kHeadTile);
    prepare_rows<Chain>(RowSet<T>{static_cast<const T*>(args_.normed), hidden, plan_.rows}, first,
                        rows, hidden, x);
    for (int q = plan_.first_query[first]; q < plan_.first_query[first + rows]; ++q)
      states(q)[segment] = kNothingYet;
    for (int token = segments_.begin(segment); token < segments_.end(segment); token += kHeadTile) {
      const int panel = token / kPanel, n = least(kHeadTile, args_.vocab - token);
      linear_block<Chain>(x, length, rows, args_.weight, panel,
                          least(panel + kHeadTile / kPanel, last_panel),
                          [&](int row, int p, Vec sums) {
                            store(tile + row * kHeadTile + (p - panel) * kPanel, sums);
                          });
      for (int row = 0; row < rows; ++row)
        take_tile(first + row, segment, tile + row * kHeadTile, token, n);
    }
  }

  void take_tile(int row, int segment, const float* logits, int token, int n) {
    for (int q = plan_.first_query[row]; q < plan_.first_query[row + 1]; ++q) {
      const HeadQuery& query = args_.queries[q];
      if (!cpu::has_filters(query)) head_tile(task(query), logits, token, n, states(q)[segment]);
    }
    if (places_[row] != nullptr)
      __builtin_memcpy(places_[row] + token, logits, static_cast<size_t>(n) * sizeof(float));
  }

  static HeadTask task(const HeadQuery& query) {
    return {&query, query.target < 0 ? -kInfinity : query.threshold};
  }

  void answer_row(int row) {
    for (int q = plan_.first_query[row]; q < plan_.first_query[row + 1]; ++q) {
      HeadTask query = task(args_.queries[q]);
      if (cpu::has_filters(*query.query)) {
        query.threshold = threshold(*query.query, places_[row]);
        for (int segment = 0; segment < segments_.used; ++segment) {
          states(q)[segment] = kNothingYet;
          for (int token = segments_.begin(segment); token < segments_.end(segment);
               token += kHeadTile) {
            head_tile(query, places_[row] + token, token, least(kHeadTile, args_.vocab - token),
                      states(q)[segment]);
          }
        }
      }
      answer(query, states(q), segments_.used, args_.answers[q]);
    }
  }

  float threshold(const HeadQuery& query, const float* logits) const {
    const Scratch<float> z(args_.vocab), work(args_.vocab);
    for (int i = 0; i < args_.vocab; i += 16) {
      put(z + i, mul(get(logits + i, args_.vocab - i), broadcast(query.inverse_temperature)),
          args_.vocab - i);
    }
    return cpu::kept_threshold(z, args_.vocab, query, kMath, work);
  }

  const HeadArgs& args_;
  ThreadPool& pool_;
  const Segments segments_;
  const Scratch<int32_t> rows_, first_query_;
  const Scratch<bool> keep_;
  const Scratch<HeadState> states_;
  const Scratch<float*> places_;  // where each planned row's logits are kept; null: nowhere
  HeadPlan plan_;
};

template <class T>
void head(const HeadArgs& args, ThreadPool& pool) {
  if (args.rows == 0) return;
  rms_norm_rows<T>(pool, args.rows, args.weight.cols, args.x, args.norm_weight, args.eps,
                   args.normed);
  Head<T>(args, pool).run();
}

}  // namespace
}  // namespace reckon
