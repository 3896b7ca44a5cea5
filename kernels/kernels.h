// The forward kernels of the numerics contract (docs/numerics.md) behind one table of operations. A
// call is one span between roundings; arguments are plain pointers and shapes, owned by the caller;
// nothing is allocated that outlives the call. All matrices are row-major. "T" is the storage type
// (args.dtype); fp32 inside. One row's bits depend on that row alone: not on rows beside it,
// threads, pages, or on where a prompt was cut. Every output element of a linear layer is one
// serial fp32 chain over the inputs in ascending order, from +0.
//
//   const KernelTable& k = cpu_kernels(detect_isa());
//   k.embed({.rows = n, .tokens = ids, .table = weights.embed, .out = x}, pool);
//
// Intermediate results that a backward pass needs are outputs into buffers of the caller, so
// sampler and learner make the same calls. Buffers must not overlap unless a comment allows it.
// rows = 0 is a no-op.
#pragma once

#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>

#include "base/digest.h"
#include "base/random.h"
#include "base/thread_pool.h"
#include "kernels/types.h"

namespace reckon {

struct EmbedArgs {
  int rows = 0;
  DType dtype = DType::f32;
  const int32_t* tokens = nullptr;  // [rows], each in [0, table.rows)
  WeightView table = {};            // [vocab, hidden]; row-major data is read
  void* out = nullptr;              // T [rows, hidden]
};

// normed = RMSNorm(x); qkv_raw = round(normed Wqkv^T + bias); qkv = q/k norm per head, then RoPE
// (half pairing) on q and k; k and v are also written to the KV pages.
struct AttentionInArgs {
  int rows = 0;
  DType dtype = DType::f32;
  const void* x = nullptr;            // T [rows, hidden]
  const void* norm_weight = nullptr;  // T [hidden]
  float eps = 0;
  WeightView qkv_weight = {};  // [(heads + 2 kv_heads) head_dim, hidden]: q rows, k rows, v rows
  const void* qkv_bias = nullptr;  // T [(heads + 2 kv_heads) head_dim] or null
  const void* q_norm = nullptr;    // T [head_dim] or null (both or none)
  const void* k_norm = nullptr;
  int heads = 0, kv_heads = 0, head_dim = 0;
  const float* rope_cos = nullptr;  // [positions, head_dim / 2], see rope_table()
  const float* rope_sin = nullptr;
  const int32_t* positions = nullptr;  // [rows]
  KvPool kv = {};
  // [rows] page that takes the row's key and value; -1: do not write. Null: no row writes.
  const int32_t* kv_pages = nullptr;
  void* normed = nullptr;   // T [rows, hidden]
  void* qkv_raw = nullptr;  // T [rows, (heads + 2 kv_heads) head_dim]
  void* qkv = nullptr;      // T, same shape; may be qkv_raw when no backward follows
};

// Causal grouped-query attention over KV spans. Keys are walked in chunks of kAttentionChunk
// absolute positions: softmax inside a chunk, chunks merged in ascending order by one formula.
constexpr int kAttentionChunk = 256;
struct AttendArgs {
  int rows = 0;
  DType dtype = DType::f32;
  const void* q = nullptr;  // T, row r at q + r * q_stride elements: [heads, head_dim]
  int64_t q_stride = 0;
  int heads = 0, kv_heads = 0, head_dim = 0;
  float scale = 0;  // usually 1 / sqrt(head_dim)
  KvPool kv = {};
  const KvSpan* spans = nullptr;
  // [rows + 1]: row r's spans are spans[span_begin[r] .. span_begin[r + 1])
  const int32_t* span_begin = nullptr;
  void* out = nullptr;   // T [rows, heads, head_dim]
  float* lse = nullptr;  // [rows, heads] log-sum-exp of the scaled scores, or null
};

// out = round(residual + round(in W^T)). Serves attention_out and mlp_out.
struct ProjectArgs {
  int rows = 0;
  DType dtype = DType::f32;
  const void* in = nullptr;        // T [rows, weight.cols]
  WeightView weight = {};          // [hidden, inputs]
  const void* residual = nullptr;  // T [rows, hidden]
  void* out = nullptr;             // T [rows, hidden]; may be residual
};

// normed = RMSNorm(x); gate_up = round(normed W^T); h = round(silu(gate) * up).
struct MlpInArgs {
  int rows = 0;
  DType dtype = DType::f32;
  const void* x = nullptr;
  const void* norm_weight = nullptr;
  float eps = 0;
  WeightView gate_up_weight = {};  // [2 ffn, hidden]: gate rows, then up rows
  void* normed = nullptr;          // T [rows, hidden]
  void* gate_up = nullptr;         // T [rows, 2 ffn]
  void* h = nullptr;               // T [rows, ffn]
};

// normed = RMSNorm(x); probabilities = softmax(normed Wr^T) in fp32; the top_k largest, ties to the
// lowest expert, in descending order; weights = their probabilities, divided by their sum if
// `normalise`.
struct RouteArgs {
  int rows = 0;
  DType dtype = DType::f32;
  const void* x = nullptr;
  const void* norm_weight = nullptr;
  float eps = 0;
  WeightView router = {};  // [experts, hidden]
  int top_k = 0;
  bool normalise = true;
  void* normed = nullptr;          // T [rows, hidden]
  float* probabilities = nullptr;  // [rows, experts]
  int32_t* ids = nullptr;          // [rows, top_k]
  float* weights = nullptr;        // [rows, top_k]
};

// Sorts the rows * top_k slots by expert, stably. order[i] = row * top_k + slot; place[order[i]] =
// i; expert e owns i in [offsets[e], offsets[e + 1]).
struct DispatchArgs {
  int rows = 0, top_k = 0, experts = 0;
  const int32_t* ids = nullptr;  // [rows, top_k]
  int32_t* offsets = nullptr;    // [experts + 1]
  int32_t* order = nullptr;      // [rows * top_k]
  int32_t* place = nullptr;      // [rows * top_k]
};

// Each dispatched slot through its expert: gate_up = round(normed[row] Wg^T), h = round(silu(gate)
// * up), y = round(h Wd^T). All outputs are in dispatched order.
struct ExpertsArgs {
  int rows = 0, top_k = 0, experts = 0;
  DType dtype = DType::f32;
  const void* normed = nullptr;  // T [rows, hidden]
  const int32_t* offsets = nullptr;
  const int32_t* order = nullptr;
  const WeightView* gate_up_weights = nullptr;  // [experts] of [2 ffn, hidden]
  const WeightView* down_weights = nullptr;     // [experts] of [hidden, ffn]
  void* gate_up = nullptr;                      // T [rows * top_k, 2 ffn]
  void* h = nullptr;                            // T [rows * top_k, ffn]
  void* y = nullptr;                            // T [rows * top_k, hidden]
};

// out = round(residual + round(sum over slots, ascending, of weight * y)).
struct CombineArgs {
  int rows = 0, top_k = 0, hidden = 0;
  DType dtype = DType::f32;
  const float* weights = nullptr;  // [rows, top_k]
  const int32_t* place = nullptr;
  const void* y = nullptr;         // T [rows * top_k, hidden], dispatched order
  const void* residual = nullptr;  // T [rows, hidden]
  void* out = nullptr;             // T [rows, hidden]; may be residual
};

// One question to the head about row `row`. target >= 0: score that token. target < 0: sample.
// z = logit * inverse_temperature. The distribution is softmax of z over the kept set {z >=
// threshold}. Sampling: filters set the threshold (top_k, then top_p, then min_p, each on what the
// former kept; equal values are kept or dropped together), the token is argmax of z + Gumbel(key,
// token), ties to the lowest id; greedy takes argmax of z. Scoring: `threshold` is the recorded one
// (-inf: nothing was filtered).
struct HeadQuery {
  int32_t row = 0;
  int32_t target = -1;
  float inverse_temperature = 1;
  bool greedy = false;
  int32_t top_k = 0;  // 0: off
  float top_p = 1;    // 1: off
  float min_p = 0;    // 0: off
  float threshold = -std::numeric_limits<float>::infinity();
  RandomKey key = {};
};

struct HeadAnswer {
  int32_t token = 0;
  float logprob = 0;    // z[token] - lse; -inf when a scored token lies outside the kept set
  float entropy = 0;    // of the kept distribution, nats
  float lse = 0;        // log-sum-exp of z over the kept set
  float threshold = 0;  // of the kept set; -inf without filters
  int32_t kept = 0;     // size of the kept set
};

// Final RMSNorm, logits (fp32, not rounded), and per query log-prob, entropy and the token.
// Vocabulary tiles of kHeadTile merge in ascending order inside 16 fixed segments, segments then in
// ascending order.
constexpr int kHeadTile = 128;
constexpr int kHeadSegments = 16;
struct HeadArgs {
  int rows = 0;
  DType dtype = DType::f32;
  const void* x = nullptr;            // T [rows, hidden]
  const void* norm_weight = nullptr;  // T [hidden]
  float eps = 0;
  WeightView weight = {};              // [vocab, hidden]
  int vocab = 0;                       // ids below this take part (weight.rows may be padded)
  const HeadQuery* queries = nullptr;  // ascending by row; several may ask about one row
  int query_count = 0;
  HeadAnswer* answers = nullptr;  // [query_count]
  void* normed = nullptr;         // T [rows, hidden]
  float* logits = nullptr;        // [rows, vocab] raw logits, or null (evaluation and tests only)
};

// Whose bits a table gives; docs/numerics.md says what differs. In f32 the two agree.
enum class Profile { portable, avx512bf16 };
const char* profile_name(Profile profile);
std::optional<Profile> parse_profile(std::string_view name);

struct KernelTable {
  Profile profile;
  const char* isa;
  void (*embed)(const EmbedArgs&, ThreadPool&);
  void (*attention_in)(const AttentionInArgs&, ThreadPool&);
  void (*attend)(const AttendArgs&, ThreadPool&);
  void (*attention_out)(const ProjectArgs&, ThreadPool&);
  void (*mlp_in)(const MlpInArgs&, ThreadPool&);
  void (*mlp_out)(const ProjectArgs&, ThreadPool&);
  void (*route)(const RouteArgs&, ThreadPool&);
  void (*dispatch)(const DispatchArgs&, ThreadPool&);
  void (*experts)(const ExpertsArgs&, ThreadPool&);
  void (*combine)(const CombineArgs&, ThreadPool&);
  void (*head)(const HeadArgs&, ThreadPool&);
};

// Within a profile every table gives the same bits. Isa::avx512bf16 is AVX-512 with VDPBF16PS; the
// narrower tables of Profile::avx512bf16 emulate that instruction, Profile::portable has no use for
// it and takes the table of avx512.
enum class Isa { scalar, avx2, avx512, avx512bf16 };
Isa detect_isa();  // the widest this machine has
bool isa_available(Isa isa);
Profile fastest_profile();  // of this machine, in bf16
// Error(unavailable) when the machine lacks the instructions.
const KernelTable& cpu_kernels(Profile profile, Isa isa);
const KernelTable& cpu_kernels(Isa isa);  // of Profile::portable

// cos and sin [positions, rotary_dim / 2] of position * theta^(-2i / rotary_dim): computed in
// double, rounded once.
void rope_table(double theta, int rotary_dim, int positions, float* cos, float* sin);
// The same of position * frequencies[i], for i < half.
void rope_table(const double* frequencies, int half, int positions, float* cos, float* sin);

// What must agree between sampler and learner (contract rule 12).
constexpr int kContractVersion = 1;
struct NumericsId {
  int contract = kContractVersion;
  std::string profile;  // profile_name()
  Digest digest;        // of the kernels' outputs on fixed inputs, f32 and bf16
  bool operator==(const NumericsId&) const = default;
};
NumericsId numerics_id(const KernelTable& kernels);

}  // namespace reckon
