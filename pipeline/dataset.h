// Rows of prompts: a JSONL file or a built-in generator. Immutable, thread-safe.
//
//   auto data = open_dataset("builtin:chained_sum?terms=3&digits=2&split=train", "prompt", seed);
//   Row row = data->row(7);       // row.prompt, row.columns["answer"]
#pragma once

#include <cstdint>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "base/ids.h"

namespace reckon {

struct Row {
  std::string prompt;
  nlohmann::json columns;  // object: every other column; generators give "answer" and "completion"
};

class Dataset {
 public:
  virtual ~Dataset() = default;
  virtual uint64_t size()
      const = 0;  // rows; generators have as many as they were told (default 1,000,000)
  virtual Row row(uint64_t index) const = 0;  // index < size()
};

// `where` is "builtin:NAME?key=value&..." or a path to a .jsonl file (each line an object with the
// text column `prompt`). Error(data) names file, line, column and remedy; Error(config) an unknown
// generator or parameter.
std::shared_ptr<const Dataset> open_dataset(const std::string& where,
                                            const std::string& prompt_column, uint64_t seed);

// The generators and their parameters, for help and errors.
std::vector<std::string> generator_names();

// Draw d of a phase's endless stream: row(d) = permutation(seed, phase, d div N)[d mod N] (DESIGN:
// determinism).
uint64_t row_of_draw(uint64_t seed, PhaseId phase, Draw draw, uint64_t rows);

}  // namespace reckon
