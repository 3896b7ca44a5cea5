// A whole run: opens or resumes its folder, starts the stages as threads of this process, runs the
// phases in order, evaluates, checkpoints and reports. The calling thread is the learner.
#pragma once

#include "pipeline/config.h"

namespace reckon {

// Returns the process's exit code: 0 when all steps are done, 130 when SIGINT stopped it after a
// finished step and a checkpoint. A second SIGINT ends the process at once. Throws Error for
// everything else.
int train(const RunConfig& config);

}  // namespace reckon
