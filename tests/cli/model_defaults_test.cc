#include "cli/model_defaults.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/error.h"

namespace reckon {
namespace {

using ::testing::HasSubstr;

ModelDefaults read(const char* text) { return read_model_defaults(text, "generation_config.json"); }

Error refused(const char* text) {
  try {
    read(text);
  } catch (const Error& error) {
    return error;
  }
  ADD_FAILURE() << "no error: " << text;
  return Error(Code::internal, "", "", "");
}

TEST(ModelDefaults, AreWhatTheFileSaysAndNothingElse) {
  ModelDefaults some = read(
      R"({"do_sample": true, "temperature": 0.6, "top_p": 0.95, "eos_token_id": [1, 2],
          "repetition_penalty": 1.0, "suppress_tokens": [], "num_beams": 1})");
  EXPECT_EQ(some.temperature, 0.6);
  EXPECT_EQ(some.top_p, 0.95);
  EXPECT_EQ(some.top_k, std::nullopt);
  EXPECT_EQ(some.min_p, std::nullopt);
  ModelDefaults rest = read(R"({"top_k": 20, "min_p": 0.1, "temperature": null})");
  EXPECT_EQ(rest.top_k, 20);
  EXPECT_EQ(rest.min_p, 0.1);
  EXPECT_EQ(rest.temperature, std::nullopt);
}

TEST(ModelDefaults, WithoutSamplingTheyAreGreedy) {
  ModelDefaults greedy = read(R"({"do_sample": false, "temperature": 0.6, "top_p": 0.9})");
  EXPECT_EQ(greedy.temperature, 0);
  EXPECT_EQ(greedy.top_p, std::nullopt);
}

TEST(ModelDefaults, WhatTheSamplerDoesNotHaveIsRefusedByName) {
  for (const char* text :
       {R"({"repetition_penalty": 1.05})", R"({"do_sample": false, "repetition_penalty": 1.05})"}) {
    Error error = refused(text);
    EXPECT_EQ(error.code(), Code::usage);
    EXPECT_THAT(error.problem(), HasSubstr("'repetition_penalty' is 1.05"));
    EXPECT_THAT(error.remedy(), HasSubstr("--model-defaults"));
  }
  EXPECT_THAT(refused(R"({"suppress_tokens": [3]})").problem(), HasSubstr("suppress_tokens"));
  EXPECT_THAT(refused(R"({"num_beams": 4})").problem(), HasSubstr("num_beams"));
}

TEST(ModelDefaults, ValuesThatAreNoneAreNamed) {
  for (const char* text : {R"({"temperature": -1})", R"({"top_p": 0})", R"({"top_p": "a"})",
                           R"({"top_k": 1e9})", R"({"min_p": 2})", "[]", "{"}) {
    EXPECT_EQ(refused(text).code(), Code::data) << text;
  }
  EXPECT_THAT(refused(R"({"top_p": 0})").problem(), HasSubstr("'top_p' is 0"));
}

}  // namespace
}  // namespace reckon
