// Gold answers of MATH and GSM8K, where ../shared/data is beside the source tree.
#pragma once

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "base/text.h"

namespace reckon::math {

struct Gold {
  std::string text;
  std::string place;  // "math/test.jsonl:17"
};

inline const std::string kGoldFolder = RECKON_SOURCE_DIR "/../shared/data/";

// What stands in the last \boxed of a solution; empty without one.
inline std::string last_box(const std::string& solution) {
  size_t at = solution.rfind("\\boxed");
  if (at == std::string::npos) return "";
  at += 6;
  while (at < solution.size() && solution[at] == ' ') ++at;
  if (at >= solution.size()) return "";
  if (solution[at] != '{') return solution.substr(at, 1);
  int depth = 0;
  for (size_t end = at; end < solution.size(); ++end) {
    if (end > at && solution[end - 1] == '\\') continue;
    if (solution[end] == '{') ++depth;
    if (solution[end] == '}' && --depth == 0) return solution.substr(at + 1, end - at - 1);
  }
  return "";
}

inline std::string gold_of_row(const nlohmann::json& row) {
  if (!row.contains("answer")) return last_box(row.at("solution").get<std::string>());
  if (row.at("answer").is_null()) return "";
  std::string answer = row.at("answer").get<std::string>();
  size_t hash = answer.rfind("####");
  return hash == std::string::npos ? answer : answer.substr(hash + 4);
}

// One text per row with a gold; rows without one (four of MATH train) are left out.
inline std::vector<Gold> read_golds(const std::string& file) {
  std::vector<Gold> golds;
  std::ifstream stream(kGoldFolder + file);
  int number = 0;
  for (std::string line; std::getline(stream, line);) {
    ++number;
    std::string text = gold_of_row(nlohmann::json::parse(line));
    while (!text.empty() && text.front() == ' ') text.erase(0, 1);
    if (!text.empty()) golds.push_back({text, cat(file, ":", number)});
  }
  return golds;
}

inline std::vector<Gold> all_golds() {
  std::vector<Gold> golds;
  for (const char* file : {"math/test.jsonl", "math/train.jsonl", "math/math500.jsonl",
                           "gsm8k/train.jsonl", "gsm8k/test.jsonl"})
    for (Gold& gold : read_golds(file)) golds.push_back(std::move(gold));
  return golds;
}

// A fixture that skips where the data is absent.
class WithGolds : public ::testing::Test {
 protected:
  void SetUp() override {
    if (!std::filesystem::is_directory(kGoldFolder)) GTEST_SKIP() << kGoldFolder << " is absent";
  }
};

}  // namespace reckon::math
