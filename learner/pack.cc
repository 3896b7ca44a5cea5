#include "learner/pack.h"

#include "base/error.h"

namespace reckon {
namespace {

int64_t prompt_rows(const PackedGroup& group) { return static_cast<int64_t>(group.prompt.size()); }
int64_t own_rows(const PackedCompletion& completion) {
  return static_cast<int64_t>(completion.tokens.size()) - 1;
}

int64_t rows_of(const PackedGroup& group) {
  int64_t rows = prompt_rows(group);
  for (const PackedCompletion& completion : group.completions) rows += own_rows(completion);
  return rows;
}

void check(const PackedGroup& group) {
  RECKON_CHECK(!group.prompt.empty(), "a prompt without tokens");
  for (const PackedCompletion& completion : group.completions) {
    RECKON_CHECK(!completion.tokens.empty(), "a completion without tokens");
  }
}

// A group larger than the budget, over packs of its own; the last of them may take the groups that
// follow.
void split_group(const PackedGroup& group, int64_t budget, std::vector<Pack>& packs) {
  int64_t used = 0;
  bool open = false;
  for (const PackedCompletion& completion : group.completions) {
    if (!open || used + own_rows(completion) > budget) {
      packs.push_back({{{group.prompt, {}}}});
      used = prompt_rows(group);
      open = true;
    }
    packs.back().groups.back().completions.push_back(completion);
    used += own_rows(completion);
  }
}

}  // namespace

int64_t Pack::rows() const {
  int64_t rows = 0;
  for (const PackedGroup& group : groups) rows += rows_of(group);
  return rows;
}

std::vector<Pack> pack_groups(const std::vector<PackedGroup>& groups, int64_t budget) {
  RECKON_CHECK(budget > 0, "a pack without rows");
  std::vector<Pack> packs;
  int64_t used = 0;  // rows of packs.back()
  for (const PackedGroup& group : groups) {
    check(group);
    if (group.completions.empty()) continue;
    int64_t rows = rows_of(group);
    if (rows > budget) {
      split_group(group, budget, packs);
      used = packs.back().rows();
      continue;
    }
    if (packs.empty() || used + rows > budget) {
      packs.emplace_back();
      used = 0;
    }
    packs.back().groups.push_back(group);
    used += rows;
  }
  return packs;
}

}  // namespace reckon
