#include "learner/trainer.h"

#include <malloc.h>

#include <cmath>
#include <fstream>
#include <optional>

#include "base/clock.h"
#include "base/error.h"
#include "base/log.h"
#include "base/text.h"
#include "learner/batch.h"
#include "learner/interrupt.h"
#include "learner/local_stages.h"
#include "learner/needs.h"
#include "learner/reference.h"
#include "learner/report.h"
#include "learner/run_folder.h"
#include "learner/sft.h"

namespace reckon {
namespace {

// Before the model takes any memory: whether the run fits, and with activation checkpointing.
bool affordable(const RunConfig& config, const RunFolder& folder) {
  const ModelSpec spec = LearnerState::spec_of(config);
  const Machine machine = machine_at(folder.root());
  const bool checkpointing = wants_checkpointing(config, spec, machine);
  const Needs needs =
      estimate_needs(config, spec, {.checkpointing = checkpointing, .resumed = folder.resumed()});
  check_needs(config, spec, needs, machine, folder.root());
  log_info("run", cat("about ", decimal_size(needs.memory_peak()), " of memory and ",
                      decimal_size(needs.disk_total()), " of disk, activation checkpointing ",
                      checkpointing ? "on" : "off"));
  return checkpointing;
}

class Trainer {
 public:
  explicit Trainer(const RunConfig& config)
      : config_(config),
        kernels_(cpu_kernels(*parse_profile(config.numerics.profile), detect_isa())),
        numerics_(numerics_id(kernels_)),
        folder_(config_),
        pool_(config.layout.threads > 0 ? config.layout.threads : usable_cores()),
        checkpointing_(affordable(config_, folder_)),
        state_(config_, kernels_, pool_),
        checkpoints_(folder_.checkpoints(), config.run.checkpoint.keep_last,
                     config.run.checkpoint.keep_last, config.run.checkpoint.keep_best) {
    state_.policy().set_checkpointing(checkpointing_);
  }

  int run();

 private:
  const PhaseConfig& phase() const { return config_.phases[state_.phase]; }
  bool complete() const { return state_.phase >= config_.phases.size(); }
  void resume();
  void enter_phase();
  int end();
  void begin_phase();
  void step();
  Metrics grpo_step();
  void commit(const Batch* batch, const WeightsId& before);
  std::optional<double> evaluate(Metrics& metrics);
  bool evaluation_due(bool phase_ends) const;
  void publish_weights();
  void checkpoint(std::optional<double> accuracy);
  CollectSpec training_collect() const;
  CollectSpec evaluation_collect() const;
  void add_reference(Batch& batch);
  void watch_divergence(const Metrics& metrics);
  bool enough() const {
    return interrupted() ||
           (config_.run.stop_after > 0 && state_.step.value >= config_.run.stop_after);
  }

  const RunConfig config_;
  const KernelTable& kernels_;
  const NumericsId numerics_;
  RunFolder folder_;
  ThreadPool pool_;
  const bool checkpointing_;  // of activations
  LearnerState state_;
  CheckpointFolder checkpoints_;
  std::optional<LocalStages> stages_;
  std::optional<Report> report_;
  std::optional<Objective> objective_;
  std::optional<Reference> reference_;
  std::optional<WeightsId> published_;
  Step saved_;  // of the newest checkpoint
  int bad_steps_ = 0;
};

double number(const Metrics& metrics, const std::string& name, double otherwise) {
  auto found = metrics.find(name);
  return found == metrics.end() ? otherwise : std::get<double>(found->second);
}

int Trainer::run() {
  install_interrupt_handler();
  resume();
  enter_phase();
  if (complete() || enough()) return end();
  stages_.emplace(config_, folder_, state_, kernels_, numerics_);
  stages_->rewind();
  while (!complete() && !enough()) {
    begin_phase();
    uint32_t index = state_.phase;
    while (state_.phase == index && !enough()) step();
  }
  if (!complete()) checkpoint(std::nullopt);
  stages_->stop();
  return end();
}

void Trainer::resume() {
  auto found = checkpoints_.newest_valid();
  if (found) state_.load(*found, numerics_);
  saved_ = state_.step;
  checkpoints_.cut(state_.step);
  report_.emplace(config_, folder_.root(), state_.step);
  report_->start(folder_.resumed(), state_);
}

// A phase whose steps are done is over only here, not in its last checkpoint: a run that is resumed
// with more steps goes on in it.
void Trainer::enter_phase() {
  if (complete() || state_.phase_step < phase().steps) return;
  ++state_.phase;
  state_.phase_step = 0;
}

int Trainer::end() {
  if (complete()) {
    report_->note(cat("complete: all phases are done, ", state_.step, " steps"));
    report_->finish(folder_.root());
    return 0;
  }
  report_->note(cat(interrupted() ? "interrupted" : "stopped by run.stop_after", " at step ",
                    state_.step, "; the same command ", interrupted() ? "" : "with a greater one ",
                    "goes on from there"));
  return interrupted() ? 130 : 0;
}

// Also entered when a run resumes inside a phase.
void Trainer::begin_phase() {
  if (state_.phase_step == 0) state_.start_phase(phase());
  kill_point("learner.phase");
  objective_.reset();
  reference_.reset();
  if (phase().kind == "grpo") {
    objective_.emplace(phase().objective);
    report_->note(cat("objective of phase ", phase().name, "\n", objective_->describe()));
    if (phase().objective.kl_coef > 0) reference_.emplace(folder_.root(), state_, kernels_, pool_);
  }
  if (state_.step.value == 0 && phase().kind == "grpo" && !config_.run.eval.data.empty()) {
    Metrics metrics = {{"phase", phase().name}};
    evaluate(metrics);
    report_->step(state_.step, state_.phase_step, phase(), metrics);
  }
}

void Trainer::publish_weights() {
  if (published_ == state_.weights()->id()) return;
  stages_->publish(state_.weights());
  kill_point("learner.publish");
  published_ = state_.weights()->id();
}

CollectSpec Trainer::training_collect() const {
  const PhaseConfig& p = phase();
  CollectSpec spec;
  spec.phase = training_stream(state_.phase);
  spec.first = state_.next;
  spec.groups = p.prompts_per_step;
  spec.group_size = p.rollout.samples_per_prompt;
  spec.lookahead = p.rollout.lookahead;
  spec.filter = p.objective.zero_variance == "keep" ? Filter::none : Filter::zero_variance;
  spec.ordered = p.rollout.max_staleness == 0;
  spec.max_draws = p.prompts_per_step;
  if (p.objective.zero_variance == "refill") {
    spec.max_draws = p.rollout.max_draws > 0 ? p.rollout.max_draws : 8 * spec.max_draws;
  } else if (spec.filter == Filter::none && !spec.ordered) {
    spec.max_draws = 0;  // every group passes: what is sampled ahead needs no limit
  }
  spec.max_staleness = p.rollout.max_staleness;
  spec.weights = state_.weights()->id();
  spec.count_unscored = config_.run.rewards.count_unscored;
  spec.unscored_value = config_.run.rewards.unscored_value;
  return spec;
}

CollectSpec Trainer::evaluation_collect() const {
  CollectSpec spec;
  spec.phase = evaluation_stream(state_.phase);
  spec.groups =
      static_cast<uint32_t>(std::min(config_.run.eval.problems, stages_->evaluation_rows()));
  spec.group_size = config_.run.eval.samples;
  spec.max_draws = spec.groups;
  spec.weights = state_.weights()->id();
  return spec;
}

Metrics Trainer::grpo_step() {
  double begin = monotonic_seconds();
  publish_weights();
  double published = monotonic_seconds();
  uint64_t tokens_before = stages_->sampled_tokens();
  double sampling_before = stages_->sampling_seconds(), reward_before = stages_->reward_seconds();
  auto batch = collect(stages_->client(), training_collect());
  if (!batch) throw *stages_->failure();
  double collected = monotonic_seconds();
  WeightsId before = state_.weights()->id();
  Metrics metrics = batch_metrics(*batch, config_.run.rewards, before.version, phase().name);
  if (state_.phase_step == 0) report_->note(rendered_example(*batch, state_.tokenizer()));
  if (reference_) add_reference(*batch);
  metrics.merge(grpo_update(state_, phase(), config_.run.rewards, *objective_, batch->groups));
  state_.next = batch->plan.next;
  commit(&*batch, before);
  double sampled = static_cast<double>(stages_->sampled_tokens() - tokens_before);
  metrics["tokens/sampled"] = sampled;
  metrics["tokens_per_s/rollout"] =
      sampled / std::max(1e-9, stages_->sampling_seconds() - sampling_before);
  metrics["time/rollout_s"] = collected - published;
  metrics["time/reward_s"] = stages_->reward_seconds() - reward_before;
  metrics["time/publish_s"] = published - begin;
  metrics["time/step_s"] = monotonic_seconds() - begin;
  return metrics;
}

// Log-probs of the reference are a column: computed once per sample, kept with it.
void Trainer::add_reference(Batch& batch) {
  std::vector<fb::ColumnT> columns = reference_->annotate(batch.groups, phase().pack_tokens);
  if (!columns.empty())
    stages_->client().commit_columns(stages_->annotator_fence(), std::move(columns));
}

// One ledger row; consumes the batch's samples in the same atomic write.
void Trainer::commit(const Batch* batch, const WeightsId& before) {
  kill_point("learner.before_commit");
  fb::LedgerRowT row;
  row.step = state_.step.value + 1;
  row.phase = training_stream(state_.phase).value;
  row.phase_step = state_.phase_step + 1;
  row.source_state = state_.next.value;
  row.weights_before = std::make_unique<fb::WeightsId>(to_record(before));
  row.weights_after = std::make_unique<fb::WeightsId>(to_record(state_.weights()->id()));
  if (batch != nullptr) {
    for (const PlannedGroup& group : batch->plan.groups) {
      for (const PlannedSample& sample : group.samples)
        row.samples.push_back(to_record(sample.key));
    }
  }
  stages_->journal_step(row);
  if (!stages_->client().commit_step(std::move(row),
                                     batch != nullptr ? batch->plan.dead : DeadGroups{})) {
    throw *stages_->failure();
  }
  kill_point("learner.after_commit");
}

void Trainer::step() {
  WeightsId before = state_.weights()->id();
  Metrics metrics;
  if (phase().kind == "sft") {
    metrics = sft_step(state_, phase(), training_stream(state_.phase),
                       stages_->training_data(state_.phase), config_.run.seed);
    metrics["phase"] = phase().name;
    commit(nullptr, before);
  } else {
    metrics = grpo_step();
  }
  ++state_.step.value;
  ++state_.phase_step;
  bool phase_ends = state_.phase_step >= phase().steps;
  metrics["weights/version"] = static_cast<double>(state_.weights()->id().version.value);
  metrics["weights/digest"] = state_.weights()->id().digest.text();
  std::optional<double> accuracy;
  if (evaluation_due(phase_ends)) accuracy = evaluate(metrics);
  report_->step(state_.step, state_.phase_step, phase(), metrics);
  watch_divergence(metrics);
  bool reached = accuracy && phase().until.accuracy > 0 && *accuracy >= phase().until.accuracy;
  if (reached) {
    ++state_.phase;
    state_.phase_step = 0;
  }
  bool due =
      config_.run.checkpoint.every > 0 && state_.step.value % config_.run.checkpoint.every == 0;
  if (due || phase_ends || reached || (accuracy && checkpoints_.among_best(*accuracy)))
    checkpoint(accuracy);
  enter_phase();
}

bool Trainer::evaluation_due(bool phase_ends) const {
  auto due = [&](uint64_t every) { return every > 0 && state_.phase_step % every == 0; };
  return !config_.run.eval.data.empty() &&
         (phase_ends || due(config_.run.eval.every) ||
          (phase().until.accuracy > 0 && due(phase().until.every)));
}

std::optional<double> Trainer::evaluate(Metrics& metrics) {
  double begin = monotonic_seconds();
  publish_weights();
  auto batch = collect(stages_->client(), evaluation_collect());
  if (!batch) throw *stages_->failure();
  if (!batch->plan.dead.empty()) stages_->client().commit_dead(batch->plan.dead);
  double correct = 0, samples = 0, length = 0, clipped = 0;
  for (const TrainGroup& group : batch->groups) {
    for (const TrainSample& sample : group) {
      correct += sample.outcome.correct;
      length += static_cast<double>(sample.body.sequences.at(0)->logprobs.size());
      clipped += sample.body.finish == fb::Finish_length;
      ++samples;
    }
  }
  if (samples == 0) return std::nullopt;
  std::string prefix = "eval/" + config_.run.eval.data + "/";
  metrics[prefix + "accuracy"] = correct / samples;
  metrics[prefix + "samples"] = samples;
  metrics[prefix + "length/mean"] = length / samples;
  metrics[prefix + "length/clipped"] = clipped / samples;
  metrics["time/eval_s"] = monotonic_seconds() - begin;
  return correct / samples;
}

void Trainer::watch_divergence(const Metrics& metrics) {
  double mismatch = number(metrics, "logprob_mismatch", 0);
  if (mismatch > 0) {
    throw Error(Code::mismatch, cat("step ", state_.step),
                cat("sampler and learner differ by ", mismatch, " in a log-prob on equal weights"),
                "run `reckon doctor`; this is a defect of Reckon, please report it");
  }
  bad_steps_ = number(metrics, "steps/skipped", 0) > 0 ? bad_steps_ + 1 : 0;
  if (bad_steps_ < config_.run.max_bad_steps) return;
  throw Error(Code::diverged, cat("step ", state_.step),
              cat(bad_steps_, " steps in a row had a loss or gradient that is not finite"),
              "lower the learning rate, or clip harder (optimizer.clip_norm)");
}

void Trainer::checkpoint(std::optional<double> accuracy) {
  if (state_.step == saved_) return;  // the weights a phase starts from may be others by now
  double begin = monotonic_seconds();
  CheckpointFacts facts = state_.facts(folder_.run_id(), numerics_);
  facts.accuracy = accuracy;
  checkpoints_.save(facts, [&](const Path& folder) { state_.save(folder); });
  saved_ = state_.step;
  uint64_t keep = config_.run.store.keep_steps;
  auto oldest = checkpoints_.oldest_resumable();
  if (oldest && state_.step.value > keep)
    stages_->client().prune(std::min(*oldest, Step{state_.step.value - keep}));
  log_info("learner", cat("checkpoint of step ", state_.step, " in ",
                          shortest(monotonic_seconds() - begin), " s"));
}

}  // namespace

// Large temporaries of backward go back to the system at once. By itself the allocator would learn
// to keep them in its heap, where they leave holes that nothing fills.
int train(const RunConfig& config) {
  ::mallopt(M_MMAP_THRESHOLD, 16 << 20);
  ::mallopt(M_TRIM_THRESHOLD, 32 << 20);
  return Trainer(config).run();
}

}  // namespace reckon
