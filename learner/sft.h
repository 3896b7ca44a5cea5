// One supervised step: cross-entropy on completions only, mean over all completion tokens of an
// update (end token included), `minibatches` updates. The batch is a pure function of (seed, phase,
// step).
#pragma once

#include "learner/learner_state.h"
#include "pipeline/dataset.h"
#include "pipeline/metrics.h"

namespace reckon {

// Takes the next `prompts_per_step` draws; a row needs the text column `completion` (Error(data)
// otherwise). Rows whose prompt and completion exceed the model's positions are skipped and
// counted. Advances state.next, not the step. Returns the step's metrics.
Metrics sft_step(LearnerState& state, const PhaseConfig& phase, PhaseId phase_id,
                 const Dataset& data, uint64_t seed);

}  // namespace reckon
