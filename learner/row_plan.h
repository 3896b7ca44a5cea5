// Where the rows of a pack lie: what the kernels need to run a pack as one batch on shared prompts,
// without torch. Rows of a group: the prompt's positions 0 .. P-1, then for each completion of T
// tokens the rows of its tokens 0 .. T-2 at positions P .. P+T-2. Row "token t" asks the head about
// token t+1; the prompt's last row asks about token 0 of every completion. KV pages: the prompt's,
// then pages of its own for each completion (kernels/types.h).
#pragma once

#include <cstdint>
#include <vector>

#include "kernels/kernels.h"
#include "learner/pack.h"

namespace reckon {

struct GroupRows {
  int32_t first = 0;   // its first row in the pack
  int32_t prompt = 0;  // rows of the prompt
  std::vector<int32_t>
      completions;  // rows of each completion, in order, behind the prompt; may be 0
};

struct RowPlan {
  explicit RowPlan(const Pack& pack);
  RowPlan(const RowPlan&) = delete;  // spans point into page_lists_

  int rows() const { return static_cast<int>(tokens.size()); }
  int pages = 0;                                     // that the pool of a layer must have
  std::vector<int32_t> tokens, positions, kv_pages;  // [rows]
  std::vector<KvSpan> spans;
  std::vector<int32_t> span_begin;  // [rows + 1]
  std::vector<GroupRows> groups;
  std::vector<int32_t> head_rows;  // rows that the head is asked about, ascending
  std::vector<HeadQuery> queries;  // `row` indexes head_rows; ascending
  std::vector<std::vector<int32_t>>
      query_of;  // [completion][token], in order of groups then completions

 private:
  struct Pages {
    int32_t list, first_block;  // index into page_lists_; 16-aligned block of its first page
  };
  Pages take_pages(int first_position, int length);
  void add_row(int32_t token, int32_t position, Pages own);
  void add_group(const PackedGroup& group);
  void ask(size_t asker, const PackedCompletion& completion, size_t token);

  std::vector<int32_t> page_lists_;
  std::vector<int64_t> span_lists_;  // [spans] index into page_lists_, until it stops growing
};

}  // namespace reckon
