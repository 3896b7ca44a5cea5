#include "learner/row_plan.h"

#include "base/error.h"

namespace reckon {

RowPlan::RowPlan(const Pack& pack) {
  span_begin.push_back(0);
  for (const PackedGroup& group : pack.groups) add_group(group);
  for (size_t i = 0; i < spans.size(); ++i) spans[i].pages = page_lists_.data() + span_lists_[i];
}

RowPlan::Pages RowPlan::take_pages(int first_position, int length) {
  Pages taken{static_cast<int32_t>(page_lists_.size()), first_position / kKvPageTokens};
  if (length == 0) return taken;
  const int last_block = (first_position + length - 1) / kKvPageTokens;
  for (int block = taken.first_block; block <= last_block; ++block) page_lists_.push_back(pages++);
  return taken;
}

void RowPlan::add_row(int32_t token, int32_t position, Pages own) {
  tokens.push_back(token);
  positions.push_back(position);
  kv_pages.push_back(
      page_lists_[static_cast<size_t>(own.list + position / kKvPageTokens - own.first_block)]);
}

void RowPlan::ask(size_t asker, const PackedCompletion& completion, size_t token) {
  const int32_t row = static_cast<int32_t>(tokens.size()) - 1;
  if (head_rows.empty() || head_rows.back() != row) head_rows.push_back(row);
  query_of[asker].push_back(static_cast<int32_t>(queries.size()));
  HeadQuery query;
  query.row = static_cast<int32_t>(head_rows.size()) - 1;
  query.target = completion.tokens[token];
  query.inverse_temperature = completion.inverse_temperature;
  if (!completion.thresholds.empty()) query.threshold = completion.thresholds[token];
  queries.push_back(query);
}

void RowPlan::add_group(const PackedGroup& group) {
  RECKON_CHECK(!group.prompt.empty(), "a group needs a prompt token");
  const auto prompt = static_cast<int32_t>(group.prompt.size());
  GroupRows rows{static_cast<int32_t>(tokens.size()), prompt, {}};
  const Pages prompt_pages = take_pages(0, prompt);
  const auto add_span = [&](int first_position, int length, Pages from) {
    spans.push_back({first_position, length, nullptr});
    span_lists_.push_back(from.list);
  };
  for (int32_t p = 0; p < prompt; ++p) {
    add_row(group.prompt[static_cast<size_t>(p)], p, prompt_pages);
    add_span(0, p + 1, prompt_pages);
    span_begin.push_back(static_cast<int32_t>(spans.size()));
  }
  const size_t first_completion = query_of.size();
  for (const PackedCompletion& completion : group.completions) {
    RECKON_CHECK(
        completion.thresholds.empty() || completion.thresholds.size() == completion.tokens.size(),
        "a threshold per token, or none");
    query_of.emplace_back();
    if (!completion.tokens.empty()) ask(query_of.size() - 1, completion, 0);
  }
  for (size_t c = 0; c < group.completions.size(); ++c) {
    const PackedCompletion& completion = group.completions[c];
    const int length =
        completion.tokens.empty() ? 0 : static_cast<int>(completion.tokens.size()) - 1;
    const Pages own = take_pages(prompt, length);
    for (int t = 0; t < length; ++t) {
      add_row(completion.tokens[static_cast<size_t>(t)], prompt + t, own);
      add_span(0, prompt, prompt_pages);
      add_span(prompt, t + 1, own);
      span_begin.push_back(static_cast<int32_t>(spans.size()));
      ask(first_completion + c, completion, static_cast<size_t>(t) + 1);
    }
    rows.completions.push_back(length);
  }
  groups.push_back(std::move(rows));
}

}  // namespace reckon
