// What the learner minimises: advantage, policy loss, aggregation and KL are separate choices that
// combine. Plain C++, double precision, closed-form gradients with respect to each token's
// log-prob; LibTorch is not involved. One short file per choice in learner/objectives/, each with
// its formula card; the tables are in objective.cc.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "pipeline/config.h"

namespace reckon {

// One completion as the objective sees it.
struct ObjectiveSample {
  double reward = 0;
  bool counted = true;  // in the group's statistics (scored, or given the configured value)
  // Out of the loss (overlong_mask); its tokens do not count in denominators either.
  bool masked = false;
  // Sampled from the learner's present weights: new must equal old bit for bit.
  bool same_weights = false;
  double advantage = 0;            // filled by group_advantages()
  std::vector<float> old_logprob;  // of the sampler, per token
  std::vector<float> ref_logprob;  // empty when kl_coef = 0
};

// Fills `advantage` of every counted sample of one group; the others get 0 and masked.
//   grpo     (R - mean) / (s + 1e-6), s the sample deviation (n - 1); a group of one: 0
//   dr_grpo  R - mean
//   rloo     R - mean of the other members
void group_advantages(const std::string& name, std::vector<ObjectiveSample*>& group);

// Denominators, known before back-propagation and over the whole batch of an optimizer update.
struct BatchTotals {
  double tokens = 0;       // unmasked tokens
  double samples = 0;      // unmasked samples
  double length_norm = 0;  // tokens
};

// Of the functions in learner/objectives/.
struct TokenInput;
struct TokenLoss;

struct TokenGradients {
  double loss = 0;              // this sample's share of the batch loss
  std::vector<float> dlogprob;  // d(batch loss) / d(log-prob of the token)
};

// Accumulated over samples, in any grouping into updates.
struct ObjectiveStats {
  double loss = 0;       // sum of the samples' shares
  double kl = 0;         // mean over tokens so far, of the chosen estimator; 0 without a reference
  double tokens = 0;     // in the loss
  double clipped = 0;    // of those, where the clip took the gradient away
  double ratio_max = 0;  // of exp(new - old) over tokens in the loss
  double mismatch = 0;   // greatest |new - old| in `same_weights` samples; NaN: infinity
  double checked = 0;    // how many tokens that were
  double outside = 0;    // tokens that the sampler's filters leave out under the present weights
};

class Objective {
 public:
  // Error(config) for ambiguous or unknown names and for numbers out of range.
  explicit Objective(const ObjectiveConfig& config);
  // Loss share and gradient of one sample given new log-probs. `stats` is added to. Log ratios are
  // clamped to +-20. A token whose new log-prob is -inf (outside the kept set by now) adds nothing
  // but its place in the denominators; one whose reference is -inf adds no KL.
  TokenGradients sample(const ObjectiveSample& sample, const std::vector<float>& new_logprob,
                        const BatchTotals& totals, ObjectiveStats& stats) const;
  // `batch`: every sample of one optimizer update. `length_norm`: max_new_tokens, used where the
  // configuration says 0.
  BatchTotals totals(const std::vector<const ObjectiveSample*>& batch, double length_norm) const;
  std::string describe() const;  // the resolved objective in full, printed once per phase

 private:
  ObjectiveConfig config_;
  TokenLoss (*loss_)(const TokenInput&, const ObjectiveConfig&);
  double (*weight_)(double length, const BatchTotals&);
  TokenLoss (*kl_)(double d);
};

}  // namespace reckon
