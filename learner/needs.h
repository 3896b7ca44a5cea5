// What a run will need of the machine, estimated before anything starts and compared with what
// there is. Pure functions but for check_needs(), which looks at the machine.
#pragma once

#include <cstdint>

#include "base/file.h"
#include "model/spec.h"
#include "pipeline/config.h"

namespace reckon {

struct Needs {
  uint64_t memory = 0;  // bytes
  uint64_t disk = 0;    // of checkpoints, the one being written included
};

// Memory: masters, moments and gradients in fp32, published weights twice (rows and panels) for
// every version kept, the KV pages, and the activations of one pack. Disk: `keep_last` + 1 whole
// checkpoints and `keep_best` of weights alone; a resumed run has all but one of them already.
Needs estimate_needs(const RunConfig& config, const ModelSpec& spec, bool resumed);

// Error(unavailable) with the figures when memory or the disk that holds `folder` is too small.
void check_needs(const Needs& needs, const Path& folder);

}  // namespace reckon
