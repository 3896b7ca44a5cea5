// Loss `reinforce`: l = -A log p(token)
//   gradient  -A; no ratio to the sampler's log-prob, no clip: meant for one update per batch,
//   on-policy
// Source: Williams 1992; called plain policy gradient or GPG's core elsewhere.
#include "learner/objectives/objectives.h"

namespace reckon {

TokenLoss reinforce_loss(const TokenInput& token, const ObjectiveConfig&) {
  return {-token.advantage * token.new_logprob, -token.advantage, false};
}

}  // namespace reckon
