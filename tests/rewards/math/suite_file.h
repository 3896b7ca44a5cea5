// The suite's text files (suite/README.md): `gold ⇒ prediction ⇒ verdict [mode] [-- remark]`.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "base/text.h"
#include "rewards/math/verify.h"

namespace reckon::math {

struct SuitePair {
  std::string place;  // "03_mixed_fractions.txt:12"
  std::string gold, prediction;
  std::string wanted;  // equal, not, different, undecided
  bool lenient = false, response = false;
};

struct SuiteFile {
  std::string name;
  std::vector<SuitePair> pairs;
};

inline std::string utf8(uint32_t point) {
  if (point < 0x80) return std::string(1, static_cast<char>(point));
  if (point < 0x800)
    return {static_cast<char>(0xC0 | (point >> 6)), static_cast<char>(0x80 | (point & 63))};
  return {static_cast<char>(0xE0 | (point >> 12)), static_cast<char>(0x80 | ((point >> 6) & 63)),
          static_cast<char>(0x80 | (point & 63))};
}

// Trims, and puts characters in for <U+2009> and <NL>.
inline std::string suite_field(std::string text) {
  auto blank = [](char c) { return c == ' ' || c == '\t' || c == '\r'; };
  while (!text.empty() && blank(text.back())) text.pop_back();
  text.erase(text.begin(), std::find_if_not(text.begin(), text.end(), blank));
  for (size_t at; (at = text.find("<NL>")) != std::string::npos;) text.replace(at, 4, "\n");
  for (size_t at; (at = text.find("<U+")) != std::string::npos;) {
    size_t end = text.find('>', at);
    uint32_t point = static_cast<uint32_t>(std::stoul(text.substr(at + 3, end - at - 3), {}, 16));
    text.replace(at, end + 1 - at, utf8(point));
  }
  return text;
}

// A line that is no pair gives a failure that names it.
inline void add_suite_pair(SuiteFile& file, const std::string& line, int number) {
  const std::string arrow = "⇒";
  std::string place = cat(file.name, ":", number);
  size_t first = line.find(arrow);
  size_t second = first == std::string::npos ? first : line.find(arrow, first + arrow.size());
  if (second == std::string::npos) {
    ADD_FAILURE() << place << ": not `gold ⇒ prediction ⇒ verdict`: " << line;
    return;
  }
  SuitePair pair;
  pair.place = place;
  pair.gold = suite_field(line.substr(0, first));
  pair.prediction = suite_field(line.substr(first + arrow.size(), second - first - arrow.size()));
  std::istringstream rest(line.substr(second + arrow.size()));
  rest >> pair.wanted;
  for (std::string word; rest >> word && word != "--";) {
    if (word == "lenient")
      pair.lenient = true;
    else if (word == "response")
      pair.response = true;
    else
      ADD_FAILURE() << place << ": no mode '" << word << "'";
  }
  const std::vector<std::string> verdicts = {"equal", "not", "different", "undecided"};
  if (std::find(verdicts.begin(), verdicts.end(), pair.wanted) == verdicts.end())
    ADD_FAILURE() << place << ": no verdict '" << pair.wanted << "'";
  file.pairs.push_back(std::move(pair));
}

inline std::vector<SuiteFile> read_suite() {
  std::vector<SuiteFile> files;
  for (const auto& entry :
       std::filesystem::directory_iterator(RECKON_SOURCE_DIR "/tests/rewards/math/suite")) {
    if (entry.path().extension() != ".txt") continue;
    SuiteFile file{entry.path().filename().string(), {}};
    std::ifstream stream(entry.path());
    int number = 0;
    for (std::string line; std::getline(stream, line);) {
      ++number;
      if (line.empty() || line == "#" || line.rfind("# ", 0) == 0) continue;
      add_suite_pair(file, line, number);
    }
    files.push_back(std::move(file));
  }
  std::sort(files.begin(), files.end(),
            [](const auto& a, const auto& b) { return a.name < b.name; });
  return files;
}

inline Verification verify_pair(const SuitePair& pair) {
  Mode mode = pair.lenient ? Mode::lenient : Mode::strict;
  return pair.response ? verify_response(pair.gold, pair.prediction, mode)
                       : verify_answer(pair.gold, pair.prediction, mode);
}

}  // namespace reckon::math
