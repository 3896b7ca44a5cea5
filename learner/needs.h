// What a run will need of the machine, part by part, estimated before anything is allocated and
// compared with what there is. The estimate is a pure function of run file and model; machine_at()
// and check_needs() look at the machine. `reckon plan` prints it (docs/plan.md).
//
//   Needs needs = estimate_needs(config, spec, {.checkpointing = true, .resumed = false});
//   check_needs(config, spec, needs, machine_at(run_folder), run_folder);
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/file.h"
#include "model/spec.h"
#include "pipeline/config.h"

namespace reckon {

// When a part of the memory is held. In a synchronous run sampling and learning take turns.
enum class Held { always, sampling, learning };
const char* held_name(Held held);

struct NeededPart {
  std::string name;  // "masters", "moments", ...
  uint64_t bytes = 0;
  Held held = Held::always;
  std::string note = {};  // what it is made of
};

struct Needs {
  std::vector<NeededPart> memory, disk;
  int64_t parameters = 0;
  uint64_t tokens_per_step = 0;  // sampled in one step of the largest phase, at most
  uint64_t pack_rows = 0;        // of the largest pack
  bool checkpointing = false;    // of activations
  bool turns = true;             // sampling and learning are never at work at once

  uint64_t memory_at(Held held) const;
  uint64_t memory_peak() const;
  uint64_t disk_total() const;
};

struct Machine {
  uint64_t memory_total = 0, memory_free = 0;  // control group's limit included; 0: not known
  uint64_t disk_free = 0;
};
Machine machine_at(const Path& folder);  // the disk of the nearest folder above that exists

struct NeedsOptions {
  bool checkpointing = false;
  bool resumed = false;  // all but one of the checkpoints are there already
};
Needs estimate_needs(const RunConfig& config, const ModelSpec& spec, const NeedsOptions& options);

// layout.activation_checkpointing, with `auto` decided: on when the run would not fit in the memory
// that is free without it.
bool wants_checkpointing(const RunConfig& config, const ModelSpec& spec, const Machine& machine);

bool fits(const Needs& needs, const Machine& machine);

// Changes to the run file that would need less, each with the total that is left: "numerics.storage
// = \"bf16\" (3.1 GB of memory)". Empty when there is nothing left to change.
std::vector<std::string> remedies(const RunConfig& config, const ModelSpec& spec,
                                  const Needs& needs, const Machine& machine);

// Error(unavailable) with the figures and what to change when memory or the disk of `folder` is too
// small; a warning when the memory is there and not free.
void check_needs(const RunConfig& config, const ModelSpec& spec, const Needs& needs,
                 const Machine& machine, const Path& folder);

std::string decimal_size(uint64_t bytes);  // "3.25 GB", "4.2 MB"

}  // namespace reckon
