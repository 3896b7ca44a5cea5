#include <gtest/gtest.h>

#include "base/error.h"
#include "base/random.h"
#include "learner/pack.h"

namespace reckon {
namespace {

// A group whose completions are numbered from `first`; sizes are token counts.
PackedGroup group(int prompt, const std::vector<int>& sizes, int first = 0) {
  PackedGroup result;
  result.prompt.assign(static_cast<size_t>(prompt), 100 + first);
  for (size_t i = 0; i < sizes.size(); ++i) {
    PackedCompletion completion;
    completion.sample = first + static_cast<int>(i);
    completion.tokens.assign(static_cast<size_t>(sizes[i]), 7);
    completion.thresholds.assign(static_cast<size_t>(sizes[i]), 0.5f);
    completion.inverse_temperature = 2;
    result.completions.push_back(completion);
  }
  return result;
}

// Samples of each part of each pack, as "0,1|2;3" (| between groups, ; between packs).
std::string shape(const std::vector<Pack>& packs) {
  std::string text;
  for (size_t p = 0; p < packs.size(); ++p) {
    if (p > 0) text += ";";
    for (size_t g = 0; g < packs[p].groups.size(); ++g) {
      if (g > 0) text += "|";
      const auto& completions = packs[p].groups[g].completions;
      for (size_t c = 0; c < completions.size(); ++c) {
        text += (c > 0 ? "," : "") + std::to_string(completions[c].sample);
      }
    }
  }
  return text;
}

TEST(PackGroups, ThePromptCountsOnceAndTheLastTokenNeedsNoRow) {
  Pack pack{{group(5, {4, 1, 3})}};
  EXPECT_EQ(pack.rows(), 5 + 3 + 0 + 2);
}

TEST(PackGroups, FillsAPackUpToItsBudget) {
  std::vector<PackedGroup> groups = {group(2, {4, 4}, 0), group(2, {4, 4}, 2),
                                     group(2, {4, 4}, 4)};  // 8 rows each
  EXPECT_EQ(shape(pack_groups(groups, 24)), "0,1|2,3|4,5");
  EXPECT_EQ(shape(pack_groups(groups, 23)), "0,1|2,3;4,5");
  EXPECT_EQ(shape(pack_groups(groups, 15)), "0,1;2,3;4,5");
  EXPECT_EQ(shape(pack_groups(groups, 8)), "0,1;2,3;4,5");
}

TEST(PackGroups, SplitsAGroupThatFitsNoPackAndRepeatsItsPrompt) {
  std::vector<PackedGroup> groups = {group(4, {5, 5, 5}, 0)};  // 4 + 12 rows
  auto packs = pack_groups(groups, 13);
  EXPECT_EQ(shape(packs), "0,1;2");
  for (const Pack& pack : packs) EXPECT_EQ(pack.groups[0].prompt, groups[0].prompt);
  EXPECT_EQ(packs[0].rows(), 12);
  EXPECT_EQ(packs[1].rows(), 8);
}

TEST(PackGroups, WhatFollowsASplitGroupSharesItsLastPack) {
  EXPECT_EQ(
      shape(pack_groups(
          {group(1, {2}, 0), group(4, {5, 5, 5}, 1), group(1, {3}, 4), group(1, {2}, 5)}, 13)),
      "0;1,2;3|4|5");
}

TEST(PackGroups, ACompletionLongerThanTheBudgetIsAlone) {
  EXPECT_EQ(shape(pack_groups({group(2, {3, 30, 1, 3}, 0)}, 10)), "0;1;2,3");
  EXPECT_EQ(shape(pack_groups({group(2, {30}, 0), group(1, {1}, 1)}, 10)), "0;1");
}

TEST(PackGroups, AGroupWithoutCompletionsNeedsNoRows) {
  EXPECT_EQ(shape(pack_groups({group(3, {}), group(2, {2}, 1)}, 10)), "1");
  EXPECT_TRUE(pack_groups({group(3, {})}, 10).empty());
  EXPECT_TRUE(pack_groups({}, 10).empty());
}

TEST(PackGroups, CompletionsKeepWhatBelongsToThem) {
  auto packs = pack_groups({group(2, {3}, 4)}, 10);
  const PackedCompletion& completion = packs[0].groups[0].completions[0];
  EXPECT_EQ(completion.sample, 4);
  EXPECT_EQ(completion.tokens.size(), 3u);
  EXPECT_EQ(completion.thresholds.size(), 3u);
  EXPECT_EQ(completion.inverse_temperature, 2);
}

TEST(PackGroups, EmptyPromptsAndCompletionsAreDefectsOfTheCaller) {
  EXPECT_THROW(pack_groups({group(0, {2})}, 10), Error);
  EXPECT_THROW(pack_groups({group(2, {0})}, 10), Error);
  EXPECT_THROW(pack_groups({group(2, {2})}, 0), Error);
}

TEST(PackGroups, KeepsOrderAndBudgetAndLosesNothing) {
  RandomStream random(random_key(3, Domain::test, {2}));
  for (int round = 0; round < 300; ++round) {
    std::vector<PackedGroup> groups;
    int next = 0;
    int64_t budget = random.between(1, 60);
    for (int64_t g = random.between(1, 6); g > 0; --g) {
      std::vector<int> sizes(random.below(6));
      for (int& size : sizes) size = static_cast<int>(random.between(1, 30));
      groups.push_back(group(static_cast<int>(random.between(1, 12)), sizes, next));
      next += static_cast<int>(sizes.size());
    }
    int expected = 0;
    for (const Pack& pack : pack_groups(groups, budget)) {
      size_t completions = 0;
      for (const PackedGroup& part : pack.groups) {
        ASSERT_FALSE(part.completions.empty());
        completions += part.completions.size();
        for (const PackedCompletion& completion : part.completions)
          ASSERT_EQ(completion.sample, expected++);
      }
      ASSERT_TRUE(pack.rows() <= budget || completions == 1)
          << pack.rows() << " rows in " << budget;
    }
    ASSERT_EQ(expected, next);
  }
}

}  // namespace
}  // namespace reckon
