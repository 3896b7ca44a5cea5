// One tiny trained run, and the program `reckon` over it. For tests only.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <memory>
#include <nlohmann/json.hpp>
#include <sstream>
#include <string>
#include <vector>

#include "tests/process/child.h"

namespace reckon {

namespace fs = std::filesystem;
using nlohmann::json;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

constexpr char kData[] = "builtin:chained_sum?terms=2&digits=1";

inline std::string content(const fs::path& path) {
  std::ostringstream text;
  text << std::ifstream(path, std::ios::binary).rdbuf();
  return text.str();
}

inline std::vector<json> json_lines(const std::string& text) {
  std::vector<json> values;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) values.push_back(json::parse(line));
  return values;
}

struct ProgramOutcome {
  int code = -1;
  std::string out, err;
};

// One run for all tests: enough supervised steps to answer in digits, then a few of grpo.
class Verbs : public ::testing::Test {
 protected:
  using Outcome = ProgramOutcome;

  static void SetUpTestSuite() {
    folder_ = std::make_unique<TemporaryFolder>();
    run_ = (folder_->path() / "run").string();
    trained_ = reckon({"train", case_file(), "run.dir=" + run_, "phase.sft.steps=150",
                       "phase.rl.steps=4", "run.eval.every=0", "run.checkpoint.every=100"});
  }
  static void TearDownTestSuite() { folder_.reset(); }
  void SetUp() override { ASSERT_EQ(trained_.code, 0) << trained_.err; }

  static std::string case_file() {
    return std::string(RECKON_SOURCE_DIR) + "/tests/cases/kill.toml";
  }
  static fs::path path(const std::string& name) { return folder_->path() / name; }

  // Standard output and error apart; `input` is what standard input holds.
  static Outcome reckon(const std::vector<std::string>& words, const std::string& input = "") {
    fs::path out = path("out"), err = path("err"), in = path("in");
    std::ofstream(in, std::ios::binary) << input;
    std::vector<std::string> command = {
        "/bin/sh",
        "-c",
        "in=$1 out=$2 err=$3; shift 3; exec \"$@\" <\"$in\" >\"$out\" 2>\"$err\"",
        "sh",
        in,
        out,
        err,
        std::string(RECKON_BINARY_DIR) + "/reckon"};
    command.insert(command.end(), words.begin(), words.end());
    Outcome outcome;
    outcome.code = Child(command, path("log")).wait();
    outcome.out = content(out);
    outcome.err = content(err);
    return outcome;
  }

  static std::string greedy(const std::string& model) {
    Outcome outcome =
        reckon({"sample", model, "3+4=", "--temperature", "0", "--max-new-tokens", "12"});
    EXPECT_EQ(outcome.code, 0) << outcome.err;
    return outcome.out;
  }

  static inline std::unique_ptr<TemporaryFolder> folder_;
  static inline std::string run_;
  static inline Outcome trained_;
};

}  // namespace reckon
