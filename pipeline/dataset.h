// Rows of prompts: a JSONL file or a built-in generator. Immutable, thread-safe.
//
//   auto data = open_dataset("builtin:chained_sum?terms=3&digits=2&split=train", "prompt", seed);
//   Row row = data->row(7);       // row.prompt, row.messages, row.columns["answer"]
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/ids.h"
#include "pipeline/prompt.h"

namespace reckon {

class Dataset {
 public:
  virtual ~Dataset() = default;
  virtual uint64_t size()
      const = 0;  // rows; generators have as many as they were told (default 1,000,000)
  virtual Row row(uint64_t index) const = 0;              // index < size()
  virtual uint64_t skipped() const { return 0; }          // bad rows left out
  virtual size_t max_prompt_tokens() const { return 0; }  // longer prompts are not sampled; 0: any
};

// `where` is "builtin:NAME?key=value&..." or a path to a .jsonl file (each line an object);
// `prompt` says how a row becomes a prompt, in the simplest case only the column's name.
// Error(data) names file, line, column and remedy; Error(config) an unknown generator, parameter or
// a wrong option. A file is indexed here and its rows are parsed when asked for, except with
// skip_bad_rows: then every row is read here, so that a row's number never depends on what was read
// before.
std::shared_ptr<const Dataset> open_dataset(const std::string& where, const PromptOptions& prompt,
                                            uint64_t seed);

// The generators and their parameters, for help and errors.
std::vector<std::string> generator_names();

// Draw d of a phase's endless stream: row(d) = permutation(seed, phase, d div N)[d mod N] (DESIGN:
// determinism).
uint64_t row_of_draw(uint64_t seed, PhaseId phase, Draw draw, uint64_t rows);

}  // namespace reckon
