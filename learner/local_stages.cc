#include "learner/local_stages.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>

#include "base/error.h"
#include "base/log.h"
#include "base/text.h"
#include "learner/batch.h"

namespace reckon {

// The outside record of the crash tests: one line per acknowledged sample and per trained step,
// each a single write.
class LocalStages::Journal {
 public:
  explicit Journal(const std::string& path)
      : path_(path), fd_(::open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644)) {
    if (fd_ < 0) throw Error(Code::io, path, std::strerror(errno), "choose another run.journal");
  }
  ~Journal() { ::close(fd_); }
  Journal(const Journal&) = delete;
  void line(const std::string& text) {
    std::string whole = text + "\n";
    if (::write(fd_, whole.data(), whole.size()) != static_cast<ssize_t>(whole.size())) {
      log_warning("journal", cat(path_, ": ", std::strerror(errno)));
    }
  }

 private:
  std::string path_;
  int fd_;
};

namespace {

// A lease may name weights that grow too old while it waits; all that can still be of use are kept.
// Without staleness that is the learner's own version alone.
size_t weights_to_keep(const RunConfig& config) {
  uint32_t staleness = 0;
  for (const PhaseConfig& phase : config.phases)
    staleness = std::max(staleness, phase.rollout.max_staleness);
  return staleness == 0 ? 0 : size_t{staleness} + 2;
}

}  // namespace

LocalStages::LocalStages(const RunConfig& config, const RunFolder& folder,
                         const LearnerState& state, const KernelTable& kernels,
                         const NumericsId& numerics)
    : config_(config),
      state_(state),
      run_id_(folder.run_id()),
      numerics_(numerics_text(numerics)),
      model_id_(state.spec().id().text()),
      streams_(make_streams(config)),
      source_(std::make_shared<SharedWeightSource>(weights_to_keep(config))) {
  if (!config.run.journal.empty()) journal_ = std::make_shared<Journal>(config.run.journal);
  ServiceOptions service;
  service.run_id = run_id_;
  service.numerics = numerics_;
  service.model_id = model_id_;
  service.lease_seconds = config.run.store.lease_seconds;
  service.credit_bytes = config.run.store.credit_bytes;
  service.on_failure = [this](const Error& error) { fail(error); };
  service_ =
      std::make_unique<StoreService>(context_, Store::open(folder.store(), run_id_), service);
  {
    std::lock_guard lock(mutex_);
    client_ = std::make_unique<StoreClient>(context_, client_options("learner", fb::Role_learner));
    if (failure_) throw *failure_;
  }
  bool samples = !config.run.eval.data.empty();
  for (const PhaseConfig& phase : config.phases) samples |= phase.kind == "grpo";
  if (samples) start_samplers(config, kernels);
}

LocalStages::~LocalStages() { stop(); }

StreamTable LocalStages::make_streams(const RunConfig& config) {
  auto open = [&](const std::string& name) {
    const DataSource& source = config.data.at(name);
    return open_dataset(source.where(), source.prompt, config.run.seed);
  };
  StreamTable streams;
  if (!config.run.eval.data.empty()) evaluation_ = open(config.run.eval.data);
  for (uint32_t i = 0; i < config.phases.size(); ++i) {
    const PhaseConfig& phase = config.phases[i];
    Stream training{.data = open(phase.data),
                    .seed = config.run.seed,
                    .shuffled = true,
                    .sampling = phase.rollout.sampling,
                    .stop = phase.rollout.stop};
    if (evaluation_) {
      Stream evaluation{.data = evaluation_,
                        .seed = config.run.seed,
                        .shuffled = false,
                        .sampling = {},
                        .stop = phase.rollout.stop};
      evaluation.sampling.temperature = config.run.eval.temperature;
      evaluation.sampling.max_new_tokens = phase.rollout.sampling.max_new_tokens;
      streams.emplace(evaluation_stream(i), evaluation);
    }
    streams.emplace(training_stream(i), training);
  }
  return streams;
}

ClientOptions LocalStages::client_options(const char* name, fb::Role role) const {
  ClientOptions options;
  options.name = name;
  options.role = role;
  options.run_id = run_id_;
  options.numerics = numerics_;
  options.model_id = model_id_;
  if (role == fb::Role_rollout && journal_) {
    options.journal = [journal = journal_](const SampleKey& key, const Digest& content) {
      journal->line(cat("sample ", key.text(), " ", content.text()));
    };
  }
  return options;
}

void LocalStages::start_samplers(const RunConfig& config, const KernelTable& kernels) {
  RolloutOptions rollout;
  rollout.spec = state_.spec();
  rollout.dtype = state_.dtype();
  rollout.engine = {.kv_bytes = 0, .max_rows = 1};
  for (const PhaseConfig& phase : config.phases) {
    rollout.engine.kv_bytes = std::max<size_t>(rollout.engine.kv_bytes, phase.rollout.kv_bytes);
    rollout.engine.max_rows = std::max(rollout.engine.max_rows, phase.rollout.max_rows);
  }
  rollout.seed = config.run.seed;
  rollout.numerics = numerics_;
  rollout.threads = config.layout.threads > 0 ? config.layout.threads : usable_cores();
  rollout.on_failure = [this](const Error& error) { fail(error); };
  rollout_ = std::make_unique<RolloutStage>(context_, client_options("rollout", fb::Role_rollout),
                                            rollout, streams_, state_.prompts(), source_, kernels);
  RewardStageOptions reward;
  reward.threads = rollout.threads;
  reward.on_failure = [this](const Error& error) { fail(error); };
  reward_ = std::make_unique<RewardStage>(context_, client_options("reward", fb::Role_reward),
                                          reward, streams_, state_.shared_tokenizer(),
                                          std::make_shared<RewardSet>(config.rewards));
}

void LocalStages::publish(const std::shared_ptr<const Weights>& weights) {
  source_->publish(weights);
  if (!client_->publish(weights->id())) throw *failure();
}

fb::Fence LocalStages::annotator_fence() {
  auto welcome = client_->welcome();
  if (!welcome) throw *failure();
  return fb::Fence(welcome->service, timeline_.value, 0);
}

void LocalStages::rewind() {
  auto timeline = client_->rewind(state_.step, state_.weights()->id());
  if (!timeline) throw *failure();
  timeline_ = *timeline;
}

void LocalStages::journal_step(const fb::LedgerRowT& row) {
  if (!journal_) return;
  std::string text = cat("step ", row.step);
  for (const fb::SampleKey& key : row.samples) text += " " + from_record(key).text();
  journal_->line(text);
}

void LocalStages::fail(const Error& error) {
  log_error("stages", error.what());
  std::lock_guard lock(mutex_);
  if (!failure_) failure_ = error;
  if (client_) client_->stop();
}

std::optional<Error> LocalStages::failure() const {
  std::lock_guard lock(mutex_);
  if (failure_) return failure_;
  return Error(Code::internal, "stages", "a call to the store ended without an answer",
               "see the run's log");
}

void LocalStages::stop() {
  if (rollout_) rollout_->stop();
  if (reward_) reward_->stop();
  if (client_) client_->stop();
  if (service_) service_->stop();
}

}  // namespace reckon
