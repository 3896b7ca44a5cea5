// The contracts of kernels.h that a mistake of a caller would turn into reads or writes out of
// bounds.
#include "base/error.h"
#include "base/text.h"
#include "kernels/cpu/support.h"

namespace reckon::cpu {
namespace {

void check_weight(const char* name, const WeightView& weight, DType dtype, int rows, int cols) {
  RECKON_CHECK(weight.panels != nullptr, cat(name, ": the weight has no panels"));
  RECKON_CHECK(weight.rows == rows && weight.cols == cols,
               cat(name, ": weight is [", weight.rows, ", ", weight.cols, "], expected [", rows,
                   ", ", cols, "]"));
  RECKON_CHECK(weight.dtype == dtype, cat(name, ": the weight is ", dtype_name(weight.dtype),
                                          ", the call's storage type ", dtype_name(dtype)));
}

}  // namespace

void check(const EmbedArgs& args) {
  RECKON_CHECK(args.table.data != nullptr && args.table.dtype == args.dtype,
               "embed: table missing or of another type");
  for (int row = 0; row < args.rows; ++row) {
    RECKON_CHECK(
        args.tokens[row] >= 0 && args.tokens[row] < args.table.rows,
        cat("embed: token ", args.tokens[row], " of row ", row, " is outside the vocabulary"));
  }
}

void check(const AttentionInArgs& args) {
  RECKON_CHECK(args.kv_heads > 0 && args.heads % args.kv_heads == 0,
               "attention_in: heads must be a multiple of kv_heads");
  RECKON_CHECK(args.head_dim > 0 && args.head_dim % 2 == 0, "attention_in: head_dim must be even");
  RECKON_CHECK((args.q_norm == nullptr) == (args.k_norm == nullptr),
               "attention_in: one of q_norm and k_norm is missing");
  check_weight("attention_in", args.qkv_weight, args.dtype,
               (args.heads + 2 * args.kv_heads) * args.head_dim, args.qkv_weight.cols);
  if (args.kv_pages != nullptr) {
    RECKON_CHECK(args.kv.dtype == args.dtype && args.kv.kv_heads == args.kv_heads &&
                     args.kv.head_dim == args.head_dim,
                 "attention_in: the KV pool has another shape");
  }
}

void check(const AttendArgs& args) {
  RECKON_CHECK(args.kv_heads > 0 && args.heads % args.kv_heads == 0,
               "attend: heads must be a multiple of kv_heads");
  RECKON_CHECK(args.kv.dtype == args.dtype && args.kv.kv_heads == args.kv_heads &&
                   args.kv.head_dim == args.head_dim,
               "attend: the KV pool has another shape");
  for (int row = 0; row < args.rows; ++row) {
    int32_t next = 0;
    for (int32_t s = args.span_begin[row]; s < args.span_begin[row + 1]; ++s) {
      RECKON_CHECK(args.spans[s].first_position == next && args.spans[s].length >= 0,
                   cat("attend: the spans of row ", row, " leave a gap or overlap"));
      next += args.spans[s].length;
    }
    RECKON_CHECK(next > 0, cat("attend: row ", row, " has no keys"));
  }
}

void check(const ProjectArgs& args) {
  check_weight("project", args.weight, args.dtype, args.weight.rows, args.weight.cols);
}

void check(const MlpInArgs& args) {
  check_weight("mlp_in", args.gate_up_weight, args.dtype, args.gate_up_weight.rows,
               args.gate_up_weight.cols);
  RECKON_CHECK(args.gate_up_weight.rows % 2 == 0, "mlp_in: gate and up rows differ in number");
}

void check(const RouteArgs& args) {
  check_weight("route", args.router, args.router.dtype, args.router.rows, args.router.cols);
  RECKON_CHECK(args.top_k > 0 && args.top_k <= args.router.rows,
               "route: top_k outside [1, experts]");
}

void check(const ExpertsArgs& args) {
  RECKON_CHECK(args.experts > 0 && args.top_k > 0, "experts: no experts");
  const WeightView& first = args.gate_up_weights[0];
  for (int e = 0; e < args.experts; ++e) {
    check_weight("experts gate_up", args.gate_up_weights[e], args.dtype, first.rows, first.cols);
    check_weight("experts down", args.down_weights[e], args.dtype, first.cols, first.rows / 2);
  }
  RECKON_CHECK(args.offsets[0] == 0 && args.offsets[args.experts] == args.rows * args.top_k,
               "experts: offsets do not cover the slots");
}

void check(const CombineArgs& args) {
  RECKON_CHECK(args.top_k > 0 && args.hidden > 0, "combine: empty shape");
}

void check(const HeadArgs& args) {
  check_weight("head", args.weight, args.dtype, args.weight.rows, args.weight.cols);
  RECKON_CHECK(args.vocab > 0 && args.vocab <= args.weight.rows,
               "head: vocab outside [1, weight.rows]");
  for (int i = 0; i < args.query_count; ++i) {
    const HeadQuery& query = args.queries[i];
    RECKON_CHECK(query.row >= (i == 0 ? 0 : args.queries[i - 1].row) && query.row < args.rows,
                 cat("head: query ", i, " is out of order or asks about a row that is not there"));
    RECKON_CHECK(query.target < args.vocab,
                 cat("head: target of query ", i, " is outside the vocabulary"));
  }
}

}  // namespace reckon::cpu
