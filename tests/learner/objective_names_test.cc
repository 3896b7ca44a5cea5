#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/error.h"
#include "learner/objective.h"

namespace reckon {
namespace {

using testing::HasSubstr;

ObjectiveConfig with(const std::string& key, const std::string& name) {
  ObjectiveConfig config;
  if (key == "advantage") config.advantage = name;
  if (key == "loss") config.loss = name;
  if (key == "aggregation") config.aggregation = name;
  if (key == "kl") config.kl = name;
  return config;
}

Error refusal(const ObjectiveConfig& config) {
  try {
    Objective objective(config);
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), Code::config);
    return error;
  }
  ADD_FAILURE() << "was accepted";
  return Error(Code::internal, "", "", "");
}

TEST(ObjectiveNames, ASlipOfTheHandNamesTheNearest) {
  struct Row {
    const char *key, *name, *near;
  };
  for (Row row :
       {Row{"advantage", "grpoo", "'grpo'"}, Row{"advantage", "loo", "'rloo'"},
        Row{"loss", "ppo-clip", "'ppo_clip'"}, Row{"aggregation", "token-mean", "'token_mean'"},
        Row{"aggregation", "seq-mean-token-mean", "'seq_mean_token_mean'"},
        Row{"kl", "k4", "'k2'"}}) {
    Error error = refusal(with(row.key, row.name));
    EXPECT_EQ(error.place(), std::string("objective.") + row.key);
    EXPECT_THAT(error.problem(), HasSubstr(row.name));
    EXPECT_THAT(error.remedy(), HasSubstr(row.near));
  }
}

TEST(ObjectiveNames, AnUnknownNameListsTheChoices) {
  EXPECT_THAT(refusal(with("loss", "cispo")).remedy(), HasSubstr("ppo_clip, reinforce"));
}

TEST(ObjectiveNames, AnAmbiguousNameSpellsOutBothMeanings) {
  struct Row {
    const char *key, *name, *one, *other;
  };
  for (Row row :
       {Row{"loss", "grpo", "clipped loss", "TRL's averaging"},
        Row{"loss", "ppo", "clipped", "dual clip"},
        Row{"loss", "dapo", "clip bounds", "mean over all tokens"},
        Row{"aggregation", "mean", "all tokens", "over samples"},
        Row{"aggregation", "token", "of the update", "micro-batch"}, Row{"kl", "kl", "k1", "k3"},
        Row{"advantage", "reinforce", "bare reward", "group's mean"}}) {
    Error error = refusal(with(row.key, row.name));
    EXPECT_THAT(error.problem(), HasSubstr("could mean"));
    EXPECT_THAT(error.problem(), HasSubstr(row.one));
    EXPECT_THAT(error.problem(), HasSubstr(row.other));
    EXPECT_FALSE(error.remedy().empty());
  }
}

TEST(ObjectiveNames, NumbersOutOfRangeAreRefused) {
  ObjectiveConfig config;
  config.clip_low = 1.5;
  EXPECT_EQ(refusal(config).place(), "objective.clip_low");
  config = {};
  config.clip_high = -0.1;
  EXPECT_EQ(refusal(config).place(), "objective.clip_high");
  config = {};
  config.kl_coef = -1;
  EXPECT_EQ(refusal(config).place(), "objective.kl_coef");
  config = {};
  config.length_norm = -2;
  EXPECT_EQ(refusal(config).place(), "objective.length_norm");
}

TEST(ObjectiveNames, TheDescriptionHoldsEveryChoiceWithItsNumbers) {
  std::string text = Objective(ObjectiveConfig()).describe();
  for (const char* part :
       {"grpo", "ppo_clip", "[0.8, 1.28]", "token_mean", "kl          none", "and in the loss"}) {
    EXPECT_THAT(text, HasSubstr(part));
  }
  ObjectiveConfig config{.advantage = "rloo",
                         .loss = "reinforce",
                         .aggregation = "seq_mean_token_sum_norm",
                         .kl = "k2",
                         .kl_coef = 0.001,
                         .overlong_mask = true};
  text = Objective(config).describe();
  for (const char* part :
       {"rloo", "-A new", "length_norm = max_new_tokens", "0.001 * k2", "not in the loss"}) {
    EXPECT_THAT(text, HasSubstr(part));
  }
  EXPECT_THAT(text, testing::Not(HasSubstr("clip_low")));
}

}  // namespace
}  // namespace reckon
