// The reference policy of a phase with KL: the weights the phase started from, kept in the run's
// folder so that a resumed run has the same ones. One thread.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "learner/grpo.h"

namespace reckon {

class Reference {
 public:
  // At the start of a phase it is saved under `root`/reference/phase_N; later it is read from
  // there.
  Reference(const Path& root, const LearnerState& state, const KernelTable& kernels,
            ThreadPool& pool);

  // Fills ref_logprob of every sample that has none, and returns those as columns to be stored.
  std::vector<fb::ColumnT> annotate(std::vector<TrainGroup>& groups, int64_t pack_tokens);

 private:
  std::shared_ptr<const Weights> weights_;
  Policy policy_;
};

}  // namespace reckon
