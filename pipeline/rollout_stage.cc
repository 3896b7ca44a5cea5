#include "pipeline/rollout_stage.h"

#include <algorithm>
#include <deque>
#include <map>
#include <mutex>
#include <set>
#include <utility>

#include "base/clock.h"
#include "base/file.h"
#include "base/log.h"
#include "base/text.h"
#include "pipeline/client.h"
#include "pipeline/prompt_encoder.h"
#include "pipeline/stage_thread.h"

namespace reckon {
namespace {

// A lease that waits until the engine holds its weights.
struct Waiting {
  LeasedPrompt lease;
  std::shared_ptr<const Weights> weights;
};

// A lease whose samples the engine is making.
struct Running {
  LeasedPrompt lease;
  uint64_t row = 0;
  std::vector<int32_t> prompt;
  SamplingParams sampling;
  std::set<uint32_t> awaited;
  double started = 0;
};

}  // namespace

struct RolloutStage::Impl {
  Impl(zmq::context_t& context, ClientOptions client_options, RolloutOptions rollout_options,
       StreamTable stream_table, std::shared_ptr<const PromptEncoder> encoder,
       std::shared_ptr<WeightSource> weight_source, const KernelTable& kernels)
      : options(std::move(rollout_options)),
        streams(std::move(stream_table)),
        prompts(std::move(encoder)),
        source(std::move(weight_source)),
        client(context, std::move(client_options)),
        pool(options.threads),
        engine(options.spec, options.dtype, options.engine, kernels, pool),
        thread("rollout", client, options.on_failure) {
    thread.start([this](std::stop_token stop) { run(std::move(stop)); });
  }

  void run(std::stop_token stop);
  void lease(std::stop_token stop);
  void receive(LeasedPrompt lease, std::stop_token stop);
  bool renew(LeasedPrompt& lease);
  void start_waiting();
  void start(LeasedPrompt lease);
  void work();
  void commit(Running& group, uint32_t sample, Completion done, fb::Finish finish);

  const RolloutOptions options;
  const StreamTable streams;
  const std::shared_ptr<const PromptEncoder> prompts;
  const std::shared_ptr<WeightSource> source;
  StoreClient client;
  ThreadPool pool;
  Engine engine;
  std::deque<Waiting> waiting;
  std::map<uint64_t, Running> running;  // by the engine's tag
  uint64_t last_tag = 0;

  mutable std::mutex mutex;
  RolloutCounters counters;
  StageThread thread;  // last: its loop uses the others
};

RolloutStage::RolloutStage(zmq::context_t& context, ClientOptions client, RolloutOptions options,
                           StreamTable streams, std::shared_ptr<const PromptEncoder> prompts,
                           std::shared_ptr<WeightSource> source, const KernelTable& kernels)
    : impl_(std::make_unique<Impl>(context, std::move(client), std::move(options),
                                   std::move(streams), std::move(prompts), std::move(source),
                                   kernels)) {}

RolloutStage::~RolloutStage() { stop(); }

void RolloutStage::stop() { impl_->thread.stop(); }

RolloutCounters RolloutStage::counters() const {
  std::lock_guard lock(impl_->mutex);
  RolloutCounters counters = impl_->counters;
  counters.late = impl_->client.late();
  return counters;
}

std::optional<Error> RolloutStage::failure() const { return impl_->thread.failure(); }

void RolloutStage::Impl::run(std::stop_token stop) {
  while (!stop.stop_requested()) {
    if (waiting.empty() && (engine.idle() || engine.wants_work())) lease(stop);
    start_waiting();
    if (!engine.idle()) work();
  }
}

// While there is work the request only leaves its address at the store; what it grants is taken on
// a later pass. Without work the wait may be a whole training step, which needs the memory itself.
void RolloutStage::Impl::lease(std::stop_token stop) {
  if (engine.idle()) engine.sleep();
  for (LeasedPrompt& granted : client.lease_prompts(options.lease_groups, engine.idle())) {
    if (renew(granted)) receive(std::move(granted), stop);
  }
}

// A group that came back to us while we are still at it (the store had given us up): its samples go
// under the new lease. True: some member is not being made yet.
bool RolloutStage::Impl::renew(LeasedPrompt& lease) {
  for (auto& [tag, group] : running) {
    if (group.lease.group != lease.group || group.lease.weights != lease.weights) continue;
    group.lease.fence = lease.fence;
    std::erase_if(lease.missing, [&awaited = group.awaited](SampleIndex sample) {
      return awaited.count(sample.value) != 0;
    });
  }
  return !lease.missing.empty();
}

void RolloutStage::Impl::receive(LeasedPrompt lease, std::stop_token stop) {
  const auto& present = engine.weights();
  if (!present || present->id() != lease.weights) {
    // Taken now, while they are certainly kept; the engine gets them when it is idle.
    auto weights = source->pull(lease.weights, stop);
    if (!weights) return;  // stopped, or its group is stale by now
    // Groups of an ordered collect that is over are surplus. Others are still awaited: an
    // evaluation has to wait for them.
    const bool surplus = std::all_of(running.begin(), running.end(), [](const auto& entry) {
      return entry.second.lease.exclusive;
    });
    if (lease.exclusive && surplus && !engine.idle()) {
      engine.clear();
      std::lock_guard lock(mutex);
      counters.dropped += running.size();
      running.clear();
    }
    waiting.push_back({std::move(lease), std::move(weights)});
  } else {
    waiting.push_back({std::move(lease), present});
  }
}

// In order: a sample never mixes weights, so those of other weights wait until the engine has
// drained.
void RolloutStage::Impl::start_waiting() {
  while (!waiting.empty()) {
    Waiting& next = waiting.front();
    const auto& present = engine.weights();
    if (!present || present->id() != next.weights->id()) {
      if (!engine.idle()) return;
      engine.set_weights(next.weights);
    }
    start(std::move(next.lease));
    waiting.pop_front();
  }
}

void RolloutStage::Impl::start(LeasedPrompt lease) {
  const GroupKey& key = lease.group;
  const auto stream = streams.find(key.phase);
  if (stream == streams.end()) {
    throw Error(Code::mismatch, cat("phase ", key.phase), "this sampler has no data for it",
                "start every process with the same run file");
  }
  Running group;
  group.row = row_index(stream->second, key.phase, key.draw);
  group.prompt = prompts->encode(stream->second.data->row(group.row));
  group.sampling = stream->second.sampling;
  group.started = monotonic_seconds();
  for (SampleIndex sample : lease.missing) group.awaited.insert(sample.value);
  group.lease = std::move(lease);
  {
    std::lock_guard lock(mutex);
    ++counters.groups;
  }
  const size_t own = stream->second.max_prompt_tokens;
  const size_t limit = own != 0 ? own : stream->second.data->max_prompt_tokens();
  std::string unfit;
  if (group.prompt.empty()) unfit = "its prompt is empty";
  if (limit != 0 && group.prompt.size() > limit)
    unfit = cat("its prompt has more than ", limit, " tokens");
  if (unfit.empty()) {
    try {
      engine.add(
          {.tag = ++last_tag,
           .prompt = group.prompt,
           .samples = {group.awaited.begin(), group.awaited.end()},
           .sampling = group.sampling,
           .noise = {options.seed, group.lease.group.phase.value, group.lease.group.draw.value},
           .stop_tokens = prompts->tokenizer().end_ids(),
           .stop_strings = StopStrings::make(prompts->shared_tokenizer(), stream->second.stop)});
      running.emplace(last_tag, std::move(group));
      return;
    } catch (const Error& error) {  // it can never fit
      if (error.code() != Code::config) throw;
      unfit = error.what();
    }
  }
  log_warning("rollout", cat("row ", group.row, " is not sampled: ", unfit));
  for (uint32_t sample : std::set(group.awaited)) commit(group, sample, {}, fb::Finish_aborted);
}

void RolloutStage::Impl::work() {
  const double began = monotonic_seconds();
  std::vector<Completion> finished = engine.step();
  {
    std::lock_guard lock(mutex);
    counters.busy_seconds += monotonic_seconds() - began;
  }
  for (Completion& done : finished) {
    const auto group = running.find(done.tag);
    RECKON_CHECK(group != running.end(), "a completion of a group that is not running");
    const uint32_t sample = done.sample;
    const fb::Finish finish =
        done.finish == FinishReason::stop ? fb::Finish_stop : fb::Finish_length;
    commit(group->second, sample, std::move(done), finish);
    if (group->second.awaited.empty()) running.erase(group);
  }
}

void RolloutStage::Impl::commit(Running& group, uint32_t sample, Completion done,
                                fb::Finish finish) {
  group.awaited.erase(sample);
  const auto prompt = static_cast<uint32_t>(group.prompt.size());
  const auto end = prompt + static_cast<uint32_t>(done.tokens.size());
  const fb::WeightsId weights = to_record(group.lease.weights);
  auto sequence = std::make_unique<fb::SequenceT>();
  sequence->tokens.assign(group.prompt.begin(), group.prompt.end());
  sequence->tokens.insert(sequence->tokens.end(), done.tokens.begin(), done.tokens.end());
  const auto add_segment = [&](uint32_t from, uint32_t to, fb::Source by) {
    auto segment = std::make_unique<fb::SegmentT>();
    segment->begin = from;
    segment->end = to;
    segment->source = by;
    segment->train = by == fb::Source_model;
    if (by == fb::Source_model) segment->weights = std::make_unique<fb::WeightsId>(weights);
    sequence->segments.push_back(std::move(segment));
  };
  add_segment(0, prompt, fb::Source_prompt);
  add_segment(prompt, end, fb::Source_model);
  sequence->logprobs = std::move(done.logprobs);
  sequence->kept_threshold = std::move(done.kept_threshold);
  sequence->kept_count = std::move(done.kept_count);

  fb::SampleT record;
  record.key =
      std::make_unique<fb::SampleKey>(to_record(SampleKey{group.lease.group, SampleIndex{sample}}));
  record.row = group.row;
  record.sequences.push_back(std::move(sequence));
  record.finish = finish;
  record.sampling = std::make_unique<fb::SamplingT>();
  record.sampling->temperature = group.sampling.temperature;
  record.sampling->top_k = group.sampling.top_k;
  record.sampling->top_p = group.sampling.top_p;
  record.sampling->min_p = group.sampling.min_p;
  record.sampling->max_new_tokens = static_cast<uint32_t>(group.sampling.max_new_tokens);
  record.sampling->seed = options.seed;
  record.numerics = options.numerics;
  record.seconds = static_cast<float>(monotonic_seconds() - group.started);
  {
    std::lock_guard lock(mutex);
    ++counters.samples;
    counters.tokens += done.tokens.size();
    counters.unfit += finish == fb::Finish_aborted;
  }
  std::vector<fb::SampleT> records;
  records.push_back(std::move(record));
  kill_point("rollout.commit");
  client.commit_samples(group.lease.fence, std::move(records));
}

}  // namespace reckon
