#include <algorithm>
#include <vector>

#include "learner/backward.h"
#include "learner/backward_simd.h"

namespace reckon {
namespace {

constexpr int64_t kKeys = 64;     // keys of one block
constexpr int64_t kQueries = 32;  // queries of one block

int64_t padded(int64_t n, int64_t multiple) { return (n + multiple - 1) / multiple * multiple; }

// One (group, key-value head): copies with head_dim padded to 16 and rows padded by a block, so
// that tiles need no edges. Padding is zero and stays zero: its probabilities are masked.
template <class T>
struct Item {
  int64_t rows = 0, row_pad = 0, dim = 0;  // dim: padded head_dim
  int64_t queries_per_key = 0;
  std::vector<T> q, d_o, d_q;     // [queries_per_key][row_pad][dim]
  std::vector<T> lse, delta;      // [queries_per_key][row_pad]; delta = sum d_out * out
  std::vector<T> k, v, d_k, d_v;  // [row_pad][dim]
  std::vector<T> k_t, v_t;        // [dim][kKeys] of one block
  std::vector<T> p, d_s, d_p;     // [kQueries][kKeys]
};

template <class T>
struct Place {
  const AttendBackward<T>& args;
  const GroupRows& group;
  int kv_head;
};

template <class T>
RECKON_INLINE void load_item(const Place<T>& at, Item<T>& item) {
  const AttendBackward<T>& args = at.args;
  const int64_t dim = args.head_dim, width = (args.heads + 2 * args.kv_heads) * dim;
  const auto resize = [](std::vector<T>& x, int64_t n) { x.assign(static_cast<size_t>(n), T(0)); };
  const int64_t per_head = item.row_pad * item.dim;
  for (auto* x : {&item.q, &item.d_o, &item.d_q}) resize(*x, item.queries_per_key * per_head);
  for (auto* x : {&item.lse, &item.delta}) resize(*x, item.queries_per_key * item.row_pad);
  for (auto* x : {&item.k, &item.v, &item.d_k, &item.d_v}) resize(*x, per_head);
  for (auto* x : {&item.k_t, &item.v_t}) resize(*x, item.dim * kKeys);
  for (auto* x : {&item.p, &item.d_s, &item.d_p}) resize(*x, kQueries * kKeys);
  for (int64_t row = 0; row < item.rows; ++row) {
    const int64_t source = at.group.first + row;
    const T* qkv = args.qkv + source * width;
    std::copy_n(qkv + (args.heads + at.kv_head) * dim, dim,
                &item.k[static_cast<size_t>(row * item.dim)]);
    std::copy_n(qkv + (args.heads + args.kv_heads + at.kv_head) * dim, dim,
                &item.v[static_cast<size_t>(row * item.dim)]);
    for (int64_t h = 0; h < item.queries_per_key; ++h) {
      const int64_t head = at.kv_head * item.queries_per_key + h;
      const T* out = args.out + (source * args.heads + head) * dim;
      const T* d_out = args.d_out + (source * args.heads + head) * dim;
      std::copy_n(qkv + head * dim, dim,
                  &item.q[static_cast<size_t>(h * per_head + row * item.dim)]);
      std::copy_n(d_out, dim, &item.d_o[static_cast<size_t>(h * per_head + row * item.dim)]);
      item.lse[static_cast<size_t>(h * item.row_pad + row)] = args.lse[source * args.heads + head];
      item.delta[static_cast<size_t>(h * item.row_pad + row)] =
          simd::lane_sum<T>(dim, [&](int64_t d) { return out[d] * d_out[d]; });
    }
  }
}

// p = exp(scores - lse) and d_s = scale * p * (d_p - delta) of one block; `seen(query)` keys take
// part. `p` holds the raw scores on entry.
template <class T, class Seen>
RECKON_INLINE void softmax_block(T scale, int64_t queries, const T* lse, const T* delta,
                                 const T* d_p, const Seen& seen, T* p, T* d_s) {
  for (int64_t i = 0; i < kQueries; ++i) {
    const int64_t keys = i < queries ? std::clamp<int64_t>(seen(i), 0, kKeys) : 0;
    T* p_row = p + i * kKeys;
    T* d_s_row = d_s + i * kKeys;
    for (int64_t j = 0; j < keys; ++j) {
      const T probability = simd::exp_of(p_row[j] * scale - lse[i]);
      p_row[j] = probability;
      d_s_row[j] = scale * probability * (d_p[i * kKeys + j] - delta[i]);
    }
    for (int64_t j = keys; j < kKeys; ++j) p_row[j] = d_s_row[j] = T(0);
  }
}

// Adds the gradients of `queries` rows from `first_query` looking at one block of keys.
template <class T>
RECKON_INLINE void key_block(T scale, Item<T>& item, int64_t first_key, int64_t keys,
                             int64_t first_query, int64_t queries, bool causal) {
  const int64_t dim = item.dim, head_size = item.row_pad * dim;
  const T* k = &item.k[static_cast<size_t>(first_key * dim)];
  const T* v = &item.v[static_cast<size_t>(first_key * dim)];
  const int64_t columns = padded(keys, 16);
  for (int64_t d = 0; d < dim; ++d) {
    for (int64_t j = 0; j < columns; ++j) {
      item.k_t[static_cast<size_t>(d * kKeys + j)] = k[j * dim + d];
      item.v_t[static_cast<size_t>(d * kKeys + j)] = v[j * dim + d];
    }
  }
  const int64_t begin = causal ? std::max(first_query, first_key) : first_query;
  T* p = item.p.data();
  T* d_p = item.d_p.data();
  T* d_s = item.d_s.data();
  for (int64_t h = 0; h < item.queries_per_key; ++h) {
    for (int64_t row = begin; row < first_query + queries; row += kQueries) {
      const int64_t count = std::min(kQueries, first_query + queries - row);
      const auto rows = static_cast<size_t>(h * item.row_pad + row);
      const T* q = &item.q[static_cast<size_t>(h * head_size + row * dim)];
      const T* d_o = &item.d_o[static_cast<size_t>(h * head_size + row * dim)];
      std::fill_n(p, kQueries * kKeys, T(0));
      std::fill_n(d_p, kQueries * kKeys, T(0));
      simd::multiply(padded(count, 4), columns, dim, q, dim, 1, item.k_t.data(), kKeys, p, kKeys);
      simd::multiply(padded(count, 4), columns, dim, d_o, dim, 1, item.v_t.data(), kKeys, d_p,
                     kKeys);
      softmax_block(
          scale, count, &item.lse[rows], &item.delta[rows], d_p,
          [&](int64_t i) { return causal ? std::min(keys, row + i - first_key + 1) : keys; }, p,
          d_s);
      simd::multiply(padded(count, 4), dim, keys, d_s, kKeys, 1, k, dim,
                     &item.d_q[static_cast<size_t>(h * head_size + row * dim)], dim);
      simd::multiply(padded(keys, 4), dim, count, d_s, 1, kKeys, q, dim,
                     &item.d_k[static_cast<size_t>(first_key * dim)], dim);
      simd::multiply(padded(keys, 4), dim, count, p, 1, kKeys, d_o, dim,
                     &item.d_v[static_cast<size_t>(first_key * dim)], dim);
    }
  }
}

template <class T>
RECKON_INLINE void attend_keys(T scale, Item<T>& item, int64_t first_key, int64_t keys,
                               int64_t first_query, int64_t queries, bool causal) {
  for (int64_t block = 0; block < keys; block += kKeys) {
    key_block(scale, item, first_key + block, std::min(kKeys, keys - block), first_query, queries,
              causal);
  }
}

template <class T>
RECKON_INLINE void store_item(const Place<T>& at, const Item<T>& item) {
  const AttendBackward<T>& args = at.args;
  const int64_t dim = args.head_dim, width = (args.heads + 2 * args.kv_heads) * dim;
  for (int64_t row = 0; row < item.rows; ++row) {
    T* d_qkv = args.d_qkv + (at.group.first + row) * width;
    for (int64_t h = 0; h < item.queries_per_key; ++h) {
      std::copy_n(&item.d_q[static_cast<size_t>((h * item.row_pad + row) * item.dim)], dim,
                  d_qkv + (at.kv_head * item.queries_per_key + h) * dim);
    }
    std::copy_n(&item.d_k[static_cast<size_t>(row * item.dim)], dim,
                d_qkv + (args.heads + at.kv_head) * dim);
    std::copy_n(&item.d_v[static_cast<size_t>(row * item.dim)], dim,
                d_qkv + (args.heads + args.kv_heads + at.kv_head) * dim);
  }
}

template <class T>
RECKON_INLINE void attend_item(const Place<T>& at) {
  Item<T> item;
  item.rows = at.group.prompt;
  for (int32_t rows : at.group.completions) item.rows += rows;
  item.row_pad = item.rows + kKeys;
  item.dim = padded(at.args.head_dim, 16);
  item.queries_per_key = at.args.heads / at.args.kv_heads;
  load_item(at, item);
  const int64_t prompt = at.group.prompt;
  const T scale = at.args.scale;
  attend_keys(scale, item, 0, prompt, 0, prompt, true);
  attend_keys(scale, item, 0, prompt, prompt, item.rows - prompt, false);
  int64_t first = prompt;
  for (int32_t rows : at.group.completions) {
    attend_keys(scale, item, first, rows, first, rows, true);
    first += rows;
  }
  store_item(at, item);
}

RECKON_VARIANTS void run_item(const Place<float>& at) { attend_item(at); }
void run_item(const Place<double>& at) { attend_item(at); }

}  // namespace

template <class T>
void attend_backward(const AttendBackward<T>& args, ThreadPool& pool) {
  const std::vector<GroupRows>& groups = *args.groups;
  pool.run(static_cast<int>(groups.size()) * args.kv_heads, [&](int part) {
    run_item(
        Place<T>{args, groups[static_cast<size_t>(part / args.kv_heads)], part % args.kv_heads});
  });
}

template void attend_backward<float>(const AttendBackward<float>&, ThreadPool&);
template void attend_backward<double>(const AttendBackward<double>&, ThreadPool&);

}  // namespace reckon
