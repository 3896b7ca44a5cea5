// Causal grouped-query attention over KV spans. Per chunk of 256 absolute positions: scores (one
// serial FMA chain over head_dim per key, lanes over the 16 keys of a block), softmax against the
// chunk's maximum, sums of values with the keys ascending (lanes over head_dim). Chunks merge
// ascending. Where a key's page lies, and whether its block is shared by two spans, changes only
// the address that it is read from.
#pragma once

#include "kernels/cpu/norm.h"

namespace reckon {
namespace {

constexpr int kHeadsTogether = 2;  // query heads that share each load of a key or value

// A span's share of one block: lanes [begin, end) of positions chunk + block * 16.
template <class T>
struct Piece {
  const T* keys;    // [head_dim][16]
  const T* values;  // [16][head_dim]
  int block, begin, end;
};

// The pieces of one chunk for one kv head, ascending; returns their number (at most one per
// position).
template <class T>
int collect(const AttendArgs& args, int64_t row, int kv_head, int chunk, Piece<T>* pieces) {
  const int64_t head_elements = int64_t{args.head_dim} * kKvPageTokens,
                half_page = args.kv_heads * head_elements;
  const int chunk_begin = chunk * kAttentionChunk, chunk_end = chunk_begin + kAttentionChunk;
  int count = 0;
  for (int32_t s = args.span_begin[row]; s < args.span_begin[row + 1]; ++s) {
    const KvSpan& span = args.spans[s];
    const int end = least(span.first_position + span.length, chunk_end);
    int at = span.first_position > chunk_begin ? span.first_position : chunk_begin;
    while (at < end) {
      const int block = at / kKvPageTokens, next = least(end, (block + 1) * kKvPageTokens);
      const int64_t page = span.pages[block - span.first_position / kKvPageTokens];
      const T* base =
          static_cast<const T*>(args.kv.base) + page * 2 * half_page + kv_head * head_elements;
      const int first = block * kKvPageTokens;
      pieces[count++] = {base, base + half_page, block - chunk_begin / kKvPageTokens, at - first,
                         next - first};
      at = next;
    }
  }
  return count;
}

// Scores of G heads against B pieces, into scores [G][kAttentionChunk]; only the pieces' own lanes
// are written.
template <class T, int G, int B>
[[gnu::noinline]] void score(const Piece<T>* pieces, const float* q, int dim, float scale,
                             float* scores) {
  Vec acc[B][G];
#pragma GCC unroll 8
  for (int b = 0; b < B; ++b) {
#pragma GCC unroll 8
    for (int g = 0; g < G; ++g) acc[b][g] = broadcast(0.0f);
  }
  for (int d = 0; d < dim; ++d) {
    Vec input[G];
#pragma GCC unroll 8
    for (int g = 0; g < G; ++g) input[g] = broadcast(q[g * dim + d]);
#pragma GCC unroll 8
    for (int b = 0; b < B; ++b) {
      const Vec key = load(pieces[b].keys + d * kKvPageTokens);
#pragma GCC unroll 8
      for (int g = 0; g < G; ++g) acc[b][g] = fma(input[g], key, acc[b][g]);
    }
  }
#pragma GCC unroll 8
  for (int b = 0; b < B; ++b) {
    for (int g = 0; g < G; ++g) {
      float* to = scores + g * kAttentionChunk + pieces[b].block * kKvPageTokens;
      const Vec before = load(to), now = mul(acc[b][g], broadcast(scale));
      store(to, select(first_lanes(pieces[b].begin), before,
                       select(first_lanes(pieces[b].end), now, before)));
    }
  }
}

// out[g][at .. at + 16 V) = sum over keys of p v, keys ascending; `n` bounds the lanes when V = 1.
template <class T, int G, int V>
[[gnu::noinline]] void weigh(const Piece<T>* pieces, int count, const float* p, int dim, int at,
                             int n, float* out) {
  Vec acc[G][V];
#pragma GCC unroll 8
  for (int g = 0; g < G; ++g) {
#pragma GCC unroll 8
    for (int v = 0; v < V; ++v) acc[g][v] = broadcast(0.0f);
  }
  for (const Piece<T>* piece = pieces; piece < pieces + count; ++piece) {
    for (int lane = piece->begin; lane < piece->end; ++lane) {
      const T* row = piece->values + int64_t{lane} * dim + at;
      const float* weight = p + piece->block * kKvPageTokens + lane;
      Vec value[V];
#pragma GCC unroll 8
      for (int v = 0; v < V; ++v) value[v] = V == 1 ? get(row, n) : load(row + v * 16);
#pragma GCC unroll 8
      for (int g = 0; g < G; ++g) {
        const Vec share = broadcast(weight[g * kAttentionChunk]);
#pragma GCC unroll 8
        for (int v = 0; v < V; ++v) acc[g][v] = fma(share, value[v], acc[g][v]);
      }
    }
  }
#pragma GCC unroll 8
  for (int g = 0; g < G; ++g) {
#pragma GCC unroll 8
    for (int v = 0; v < V; ++v) put(out + g * dim + at + v * 16, acc[g][v], V == 1 ? n : 16);
  }
}

// Running softmax of one query head.
struct Running {
  float max, sum;
};

// Merges a chunk's (max, sum, values) into the running ones: the one formula.
inline void merge(Running& run, float* values, float chunk_max, float chunk_sum,
                  const float* chunk_values, int dim) {
  const float top = run.max > chunk_max ? run.max : chunk_max;
  const float keep = exp_one(run.max - top), take = exp_one(chunk_max - top);
  run.sum = fused(run.sum, keep, chunk_sum * take);
  run.max = top;
  for (int i = 0; i < dim; i += 16) {
    const Vec taken = mul(get(chunk_values + i, dim - i), broadcast(take));
    put(values + i, fma(get(values + i, dim - i), broadcast(keep), taken), dim - i);
  }
}

// Buffers of one part, for one group of query heads.
struct AttendScratch {
  float *q, *values;    // [group][head_dim]
  float* chunk_values;  // [kHeadsTogether][head_dim]
  float* scores;        // [kHeadsTogether][kAttentionChunk]
  Running* running;     // [group]
};

// G query heads, from `g` on, against one chunk.
template <class T, int G>
void attend_chunk(const Piece<T>* pieces, int count, int dim, float scale, const AttendScratch& s,
                  int g) {
  const int blocks = pieces[count - 1].block + 1;
  for (int i = 0; i < G; ++i) {
    for (int b = 0; b < blocks; ++b)
      store(s.scores + i * kAttentionChunk + b * 16, broadcast(-kInfinity));
  }
  int piece = 0;
  const float* q = s.q + int64_t{g} * dim;
  for (; piece + kScoreBlocks <= count; piece += kScoreBlocks) {
    score<T, G, kScoreBlocks>(pieces + piece, q, dim, scale, s.scores);
  }
  for (; piece < count; ++piece) score<T, G, 1>(pieces + piece, q, dim, scale, s.scores);

  float top[G], total[G];
  for (int i = 0; i < G; ++i) {
    float* scores = s.scores + i * kAttentionChunk;
    Vec lanes = broadcast(-kInfinity), sums = broadcast(0.0f);
    for (int b = 0; b < blocks; ++b) lanes = max(load(scores + b * 16), lanes);
    top[i] = largest(lanes);
    for (int b = 0; b < blocks; ++b) {
      const Vec p = vexp(sub(load(scores + b * 16), broadcast(top[i])));
      sums = add(sums, p);
      store(scores + b * 16, p);
    }
    total[i] = sum(sums);
  }
  int at = 0;
  for (; at + 16 * kValueVecs <= dim; at += 16 * kValueVecs) {
    weigh<T, G, kValueVecs>(pieces, count, s.scores, dim, at, 16, s.chunk_values);
  }
  for (; at + 32 <= dim; at += 32)
    weigh<T, G, 2>(pieces, count, s.scores, dim, at, 16, s.chunk_values);
  for (; at < dim; at += 16)
    weigh<T, G, 1>(pieces, count, s.scores, dim, at, least(16, dim - at), s.chunk_values);
  for (int i = 0; i < G; ++i) {
    merge(s.running[g + i], s.values + int64_t{g + i} * dim, top[i], total[i],
          s.chunk_values + i * dim, dim);
  }
}

// All query heads of one kv head of one row.
template <class T>
void attend_group(const AttendArgs& args, int64_t row, int kv_head, const AttendScratch& s) {
  const int dim = args.head_dim, group = args.heads / args.kv_heads, first_head = kv_head * group;
  const T* q = static_cast<const T*>(args.q) + row * args.q_stride + int64_t{first_head} * dim;
  const int elements = group * dim;
  for (int i = 0; i < elements; i += 16) {
    put(s.q + i, get(q + i, elements - i), elements - i);
    put(s.values + i, broadcast(0.0f), elements - i);
  }
  for (int g = 0; g < group; ++g) s.running[g] = {-kInfinity, 0.0f};

  const KvSpan& last = args.spans[args.span_begin[row + 1] - 1];
  const int length = last.first_position + last.length;
  Piece<T> pieces[kAttentionChunk];
  for (int chunk = 0; chunk * kAttentionChunk < length; ++chunk) {
    const int count = collect(args, row, kv_head, chunk, pieces);
    int g = 0;
    for (; g + kHeadsTogether <= group; g += kHeadsTogether) {
      attend_chunk<T, kHeadsTogether>(pieces, count, dim, args.scale, s, g);
    }
    for (; g < group; ++g) attend_chunk<T, 1>(pieces, count, dim, args.scale, s, g);
  }
  for (int g = 0; g < group; ++g) {
    T* out = static_cast<T*>(args.out) + (row * args.heads + first_head + g) * dim;
    const Vec total = broadcast(s.running[g].sum);
    for (int i = 0; i < dim; i += 16)
      put(out + i, div(get(s.values + int64_t{g} * dim + i, dim - i), total), dim - i);
    if (args.lse != nullptr) {
      args.lse[row * args.heads + first_head + g] = s.running[g].max + log_one(s.running[g].sum);
    }
  }
}

template <class T>
void attend(const AttendArgs& args, ThreadPool& pool) {
  int64_t keys = 0;
  for (int row = 0; row < args.rows; ++row) {
    const KvSpan& last = args.spans[args.span_begin[row + 1] - 1];
    keys += last.first_position + last.length;
  }
  const int group = args.heads / args.kv_heads, dim = args.head_dim,
            items = args.rows * args.kv_heads;
  constexpr int64_t kWorkPerProduct = 3;
  const int64_t work = 2 * kWorkPerProduct * keys * args.heads * dim;
  const int parts = least(items, useful_parts(pool, work));
  parallel(pool, parts, work, [&](int part) {
    const Scratch<float> floats(int64_t{2} * group * dim +
                                kHeadsTogether * (dim + kAttentionChunk));
    const Scratch<Running> running(group);
    float* rest = floats + int64_t{2} * group * dim;
    const AttendScratch scratch{floats, floats + int64_t{group} * dim, rest,
                                rest + kHeadsTogether * dim, running};
    for (int64_t i = int64_t{items} * part / parts; i < int64_t{items} * (part + 1) / parts; ++i) {
      attend_group<T>(args, i / args.kv_heads, static_cast<int>(i % args.kv_heads), scratch);
    }
  });
}

}  // namespace
}  // namespace reckon
