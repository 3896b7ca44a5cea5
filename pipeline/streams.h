// The streams of prompts of a run: which data, in which order, sampled how. A phase of training is
// one; an evaluation is another with a phase id of its own, in the data's order. Immutable, shared
// by the sampler and the rewards.
//
//   StreamTable streams{{PhaseId{0}, {.data = open_dataset(...), .seed = 1, .sampling =
//   {.max_new_tokens = 64}}}}; Row row = streams.at(phase).data->row(row_index(streams.at(phase),
//   phase, draw));
#pragma once

#include <cstddef>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/ids.h"
#include "pipeline/dataset.h"
#include "rollout/engine.h"

namespace reckon {

struct Stream {
  std::shared_ptr<const Dataset> data{};
  uint64_t seed = 0;     // of the order
  bool shuffled = true;  // false: draw d is row d, and again from row 0
  SamplingParams sampling{};
  std::vector<std::string> stop{};  // texts that end a completion
  size_t max_prompt_tokens = 0;     // a longer prompt is not sampled; 0: as the data says
};

using StreamTable = std::map<PhaseId, Stream>;

// The streams of prompts of the run file's phase `index`: what it trains on and what it is
// evaluated on.
inline PhaseId training_stream(uint32_t index) { return PhaseId{2 * index}; }
inline PhaseId evaluation_stream(uint32_t index) { return PhaseId{2 * index + 1}; }
inline bool is_evaluation(PhaseId phase) { return phase.value % 2 == 1; }

inline uint64_t row_index(const Stream& stream, PhaseId phase, Draw draw) {
  const uint64_t rows = stream.data->size();
  return stream.shuffled ? row_of_draw(stream.seed, phase, draw, rows) : draw.value % rows;
}

}  // namespace reckon
