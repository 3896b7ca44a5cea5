// The plan of rows, spans and questions of a pack.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/error.h"
#include "learner/row_plan.h"

namespace reckon {
namespace {

using testing::ElementsAre;

PackedCompletion completion(std::vector<int32_t> tokens) {
  return {0, std::move(tokens), {}, 1.0f};
}

TEST(RowPlan, LaysOutPromptsOnceAndCompletionsBehindThem) {
  const RowPlan plan(
      Pack{{{{10, 11}, {completion({20, 21, 22}), completion({30}), completion({40, 41})}},
            {{12}, {completion({50})}}}});
  EXPECT_THAT(plan.tokens, ElementsAre(10, 11, 20, 21, 40, 12));
  EXPECT_THAT(plan.positions, ElementsAre(0, 1, 2, 3, 2, 0));
  EXPECT_EQ(plan.groups.size(), 2u);
  EXPECT_EQ(plan.groups[1].first, 5);
  EXPECT_THAT(plan.groups[0].completions, ElementsAre(2, 0, 1));
}

TEST(RowPlan, AsksEachRowAboutTheTokenThatFollows) {
  const RowPlan plan(
      Pack{{{{10, 11}, {completion({20, 21, 22}), completion({30}), completion({40, 41})}},
            {{12}, {completion({50})}}}});
  EXPECT_THAT(plan.head_rows, ElementsAre(1, 2, 3, 4, 5));
  std::vector<int32_t> rows, targets;
  for (const HeadQuery& query : plan.queries) {
    rows.push_back(query.row);
    targets.push_back(query.target);
  }
  EXPECT_THAT(rows, ElementsAre(0, 0, 0, 1, 2, 3, 4));
  EXPECT_THAT(targets, ElementsAre(20, 30, 40, 21, 22, 41, 50));
  EXPECT_THAT(plan.query_of,
              ElementsAre(ElementsAre(0, 3, 4), ElementsAre(1), ElementsAre(2, 5), ElementsAre(6)));
}

TEST(RowPlan, SpansCoverEveryPositionOnceAndOwnTheirPages) {
  const std::vector<int32_t> prompt(20, 1);
  const RowPlan plan(
      Pack{{{prompt, {completion(std::vector<int32_t>(15, 2)), completion({3, 4})}}}});
  EXPECT_EQ(plan.pages, 2 + 2 + 1);  // prompt 0-19; 20-33; 20
  ASSERT_EQ(plan.span_begin.size(), static_cast<size_t>(plan.rows()) + 1);
  for (int row = 0; row < plan.rows(); ++row) {
    int next = 0;
    for (int s = plan.span_begin[static_cast<size_t>(row)];
         s < plan.span_begin[static_cast<size_t>(row) + 1]; ++s) {
      const KvSpan& span = plan.spans[static_cast<size_t>(s)];
      EXPECT_EQ(span.first_position, next);
      next += span.length;
      for (int p = span.first_position; p < next;
           ++p) {  // the page of p is where the row at p wrote
        const int32_t page = span.pages[p / kKvPageTokens - span.first_position / kKvPageTokens];
        const bool own = p >= 20;
        const int writer = own ? row - (plan.positions[static_cast<size_t>(row)] - p) : p;
        EXPECT_EQ(page, plan.kv_pages[static_cast<size_t>(writer)]) << row << " " << p;
      }
    }
    EXPECT_EQ(next, plan.positions[static_cast<size_t>(row)] + 1);
  }
}

TEST(RowPlan, RefusesGroupsWithoutPromptAndThresholdsOfAnotherLength) {
  EXPECT_THROW(RowPlan(Pack{{{{}, {completion({1})}}}}), Error);
  EXPECT_THROW(RowPlan(Pack{{{{1}, {{0, {1, 2}, {0.5f}, 1.0f}}}}}), Error);
}

}  // namespace
}  // namespace reckon
