// Packing: which rows go through the model together. A pack holds whole prompts once, each followed
// by completions that share it; every completion's rows attend to its prompt's keys and its own.
// Order follows the batch, never arrival.
#pragma once

#include <cstdint>
#include <vector>

namespace reckon {

struct PackedCompletion {
  int32_t sample = 0;             // index into the caller's list of samples
  std::vector<int32_t> tokens;    // all of them; the last one is scored but needs no row of its own
  std::vector<float> thresholds;  // kept-set thresholds of the sampler, or empty
  float inverse_temperature = 1;
};

struct PackedGroup {
  std::vector<int32_t> prompt;  // at least one token
  std::vector<PackedCompletion> completions;
};

struct Pack {
  std::vector<PackedGroup> groups;
  int64_t rows() const;  // prompt rows plus, per completion, tokens - 1
};

// Cuts groups into packs of at most `budget` rows in order; a group that does not fit is split
// between completions (its prompt is then computed in each part); one completion longer than the
// budget gets a pack of its own.
std::vector<Pack> pack_groups(const std::vector<PackedGroup>& groups, int64_t budget);

}  // namespace reckon
