// Everything that a training step changes, and how it is kept: masters, moments, position in the
// run. A checkpoint is this and nothing else, so a run resumed from it is the run that was left
// alone.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "learner/optimizer.h"
#include "learner/policy.h"
#include "model/load_model.h"
#include "pipeline/config.h"
#include "pipeline/prompt_encoder.h"
#include "storage/checkpoint.h"

namespace reckon {

struct Update {
  bool applied = false;  // false: the gradient was not finite; nothing changed
  double grad_norm = 0;  // before clipping
};

class LearnerState {
 public:
  // Fresh, from model.path or from nothing. `config` must outlive it.
  LearnerState(const RunConfig& config, const KernelTable& kernels, ThreadPool& pool);
  LearnerState(const LearnerState&) = delete;

  // Of the model that a run file asks for, without its weights.
  static ModelSpec spec_of(const RunConfig& config);

  const ModelSpec& spec() const { return spec_; }
  DType dtype() const { return dtype_; }
  const Tokenizer& tokenizer() const { return *tokenizer_; }
  const std::shared_ptr<const Tokenizer>& shared_tokenizer() const { return tokenizer_; }
  const std::shared_ptr<const PromptEncoder>& prompts() const { return prompts_; }
  const std::shared_ptr<const Weights>& weights() const { return weights_; }
  Policy& policy() { return policy_; }

  // Position: steps done, the phase that continues, steps done in it, its cursor.
  Step step;
  uint32_t phase = 0;
  uint64_t phase_step = 0;
  Draw next;

  // Clips, updates the masters from policy().gradients(), clears those, and publishes weights of
  // `version`. Not `usable` (a loss that is not finite), or a gradient that is not: masters and
  // moments stay as they are.
  Update apply(const OptimizerConfig& config, double lr, Version version, bool usable);
  // Cursor at 0; moments fresh unless the phase carries them over; the run's first weights if it
  // starts `from` the model.
  void start_phase(const PhaseConfig& phase);

  CheckpointFacts facts(const std::string& run_id, const NumericsId& numerics) const;
  void save(const Path& folder) const;
  // Error(mismatch) when model, numerics or weights are not those of the manifest.
  void load(const FoundCheckpoint& found, const NumericsId& numerics);

 private:
  struct Origin {  // where the first weights come from
    LoadedModel model;
    PromptEncoder::FindTemplate chat;
    std::string own_template;  // the run file's; empty: none
  };
  static Origin make_origin(const RunConfig& config);
  LearnerState(const RunConfig& config, Origin origin, const KernelTable& kernels,
               ThreadPool& pool);
  void publish(Version version);

  const RunConfig& config_;
  ThreadPool& pool_;
  ModelSpec spec_;
  DType dtype_;
  ParameterLayout layout_;
  std::shared_ptr<const Tokenizer> tokenizer_;
  std::shared_ptr<const PromptEncoder> prompts_;
  std::shared_ptr<const ModelSource> source_;  // null: made from nothing
  std::string own_template_;                   // the run file's; goes into every checkpoint
  std::vector<float> masters_;
  AdamW optimizer_;
  Policy policy_;
  std::shared_ptr<const Weights> weights_;
};

std::string numerics_text(const NumericsId& numerics);

}  // namespace reckon
