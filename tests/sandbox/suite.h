// The files of attack programs in tests/sandbox/: blocks of `=== name`, `key: value` lines, `---`
// and the program. For tests only.
#pragma once

#include <algorithm>
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>
#include <sstream>
#include <stdexcept>
#include <string>
#include <vector>

namespace reckon {

struct SuiteEntry {
  std::string name, code;
  std::map<std::string, std::string> keys;

  std::string key(const std::string& which, const std::string& fallback = "") const {
    auto found = keys.find(which);
    return found == keys.end() ? fallback : found->second;
  }
  bool has(const std::string& which) const { return keys.count(which) > 0; }
  bool expects(const std::string& word) const {
    std::istringstream words(key("expect"));
    for (std::string one; words >> one;)
      if (one == word) return true;
    return false;
  }
};

inline std::vector<SuiteEntry> read_suite(const std::string& name) {
  std::ifstream file(std::string(RECKON_SOURCE_DIR) + "/tests/sandbox/" + name);
  if (!file) throw std::runtime_error("no suite " + name);
  std::vector<SuiteEntry> entries;
  bool code = false;
  for (std::string line; std::getline(file, line);) {
    if (line.starts_with("=== ")) {
      entries.push_back({line.substr(4), "", {}});
      code = false;
    } else if (entries.empty()) {
      continue;  // the file's preface
    } else if (!code && line == "---") {
      code = true;
    } else if (code) {
      entries.back().code += line + "\n";
    } else if (size_t colon = line.find(": "); colon != std::string::npos) {
      entries.back().keys[line.substr(0, colon)] = line.substr(colon + 2);
    }
  }
  return entries;
}

}  // namespace reckon
