// Golden values of tests/oracles/make_objective_golden.py.
#pragma once

#include <fstream>
#include <nlohmann/json.hpp>
#include <string>

namespace reckon {

inline nlohmann::json golden(const std::string& name) {
  std::ifstream file(std::string(RECKON_SOURCE_DIR) + "/tests/golden/" + name);
  return nlohmann::json::parse(file);
}

}  // namespace reckon
