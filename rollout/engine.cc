#include "rollout/engine.h"

#include <algorithm>
#include <deque>
#include <optional>
#include <utility>

#include "base/error.h"
#include "base/text.h"
#include "rollout/admission.h"
#include "rollout/sampler_ops.h"

namespace reckon {
namespace {

// A group that holds its pages. Its samples start together once the whole prompt is in the KV
// cache.
struct Group {
  GroupRequest request;
  int limit = 0;                      // tokens of a completion
  int32_t prefilled = 0;              // rows of the prompt computed so far
  std::vector<int32_t> prompt_pages;  // one reference per unfinished sample
  std::vector<std::vector<int32_t>>
      sample_pages;  // taken at admission, handed to the samples when they start

  int32_t prompt_size() const { return static_cast<int32_t>(request.prompt.size()); }
};

struct Sample {
  std::shared_ptr<const Group> group;
  std::vector<int32_t> pages;  // of the blocks that the completion touches
  Completion out;
  std::optional<StopMatcher> stops;  // of the request's stop strings
  bool finished = false;

  // The row that is fed next: the newest token, at this position.
  int32_t position() const {
    return group->prompt_size() + static_cast<int32_t>(out.tokens.size()) - 1;
  }
};

}  // namespace

struct Engine::Impl {
  Impl(const ModelSpec& model, DType storage, const EngineOptions& engine_options,
       const KernelTable& kernels, ThreadPool& pool)
      : spec(model),
        dtype(storage),
        options(engine_options),
        pages(model, storage, engine_options.kv_bytes),
        ops(model, storage, kernels, pool, engine_options.max_rows) {
    rows.reserve(options.max_rows);
  }

  void admit();
  void plan_decoding();
  void plan_prompts();
  void add_prompt_row(const Group& group, int32_t position);
  void ask(int32_t row, const Sample& sample);
  void start(const std::shared_ptr<Group>& group, int32_t row);
  void take_answers(std::vector<Completion>& done);
  void take_answer(Sample& sample, const HeadAnswer& answer);
  void release_pages(const Group& group, const std::vector<int32_t>& own);
  void note_pages();

  ModelSpec spec;
  DType dtype;
  EngineOptions options;
  KvPages pages;
  SamplerOps ops;
  EngineCounters counters;

  std::deque<GroupRequest> waiting;               // for KV pages
  std::deque<std::shared_ptr<Group>> prefilling;  // in order of admission
  std::vector<Sample> running;  // in order of admission; the first max_rows decode

  RowBatch rows;
  int head_rows = 0;  // the rows that the head is asked about come first
  std::vector<HeadQuery> queries;
  std::vector<size_t> asked;  // query -> index in running
  std::vector<HeadAnswer> answers;
};

// First come, first served: a large group at the front is not overtaken, so it cannot starve.
void Engine::Impl::admit() {
  while (!waiting.empty()) {
    GroupCost cost = group_cost(spec, waiting.front());
    size_t samples = waiting.front().samples.size();
    if (cost.total(samples) > pages.available()) return;
    auto group = std::make_shared<Group>();
    group->request = std::move(waiting.front());
    waiting.pop_front();
    group->limit = completion_limit(spec, group->request);
    for (int i = 0; i < cost.prompt_pages; ++i) {
      int32_t page = pages.take();
      for (size_t sample = 1; sample < samples; ++sample) pages.share(page);
      group->prompt_pages.push_back(page);
    }
    group->sample_pages.resize(samples);
    for (std::vector<int32_t>& own : group->sample_pages) {
      for (int i = 0; i < cost.sample_pages; ++i) own.push_back(pages.take());
    }
    prefilling.push_back(std::move(group));
    note_pages();
  }
}

void Engine::Impl::note_pages() {
  counters.kv_bytes = pages.used_bytes();
  counters.kv_bytes_peak = std::max(counters.kv_bytes_peak, counters.kv_bytes);
}

void Engine::Impl::release_pages(const Group& group, const std::vector<int32_t>& own) {
  for (int32_t page : group.prompt_pages) pages.release(page);
  for (int32_t page : own) pages.release(page);
  note_pages();
}

void Engine::Impl::ask(int32_t row, const Sample& sample) {
  const GroupRequest& request = sample.group->request;
  const SamplingParams& sampling = request.sampling;
  const NoiseKey& noise = request.noise;
  uint64_t ordinal = sample.out.tokens.size();
  queries.push_back({.row = row,
                     .inverse_temperature = sampling.inverse_temperature(),
                     .greedy = sampling.temperature == 0,
                     .top_k = sampling.top_k,
                     .top_p = static_cast<float>(sampling.top_p),
                     .min_p = static_cast<float>(sampling.min_p),
                     .key = random_key(noise.seed, Domain::sampling,
                                       {noise.phase, noise.draw, sample.out.sample, ordinal})});
}

void Engine::Impl::plan_decoding() {
  size_t decoding = std::min(running.size(), static_cast<size_t>(options.max_rows));
  for (size_t i = 0; i < decoding; ++i) {
    const Sample& sample = running[i];
    int32_t prompt = sample.group->prompt_size(), position = sample.position();
    int32_t page =
        sample.pages[static_cast<size_t>(position / kKvPageTokens - prompt / kKvPageTokens)];
    ask(rows.size(), sample);
    asked.push_back(i);
    rows.add(sample.out.tokens.back(), position, page,
             {{0, prompt, sample.group->prompt_pages.data()},
              {prompt, position - prompt + 1, sample.pages.data()}});
  }
}

void Engine::Impl::add_prompt_row(const Group& group, int32_t position) {
  rows.add(group.request.prompt[static_cast<size_t>(position)], position,
           group.prompt_pages[static_cast<size_t>(position / kKvPageTokens)],
           {{0, position + 1, group.prompt_pages.data()}});
}

// Every member's first token comes from the prompt's last row.
void Engine::Impl::start(const std::shared_ptr<Group>& group, int32_t row) {
  for (size_t i = 0; i < group->request.samples.size(); ++i) {
    Sample sample;
    sample.group = group;
    sample.pages = std::move(group->sample_pages[i]);
    sample.out.tag = group->request.tag;
    sample.out.sample = group->request.samples[i];
    if (group->request.stop_strings) sample.stops.emplace(group->request.stop_strings);
    ask(row, sample);
    asked.push_back(running.size());
    running.push_back(std::move(sample));
  }
}

// Prompts take the rows that decoding leaves, in order of admission. Their last rows come first,
// beside the decoding ones: the head then runs over the front of the batch and nothing else.
void Engine::Impl::plan_prompts() {
  int left = options.max_rows - rows.size();
  std::vector<std::pair<std::shared_ptr<Group>, int32_t>>
      chunks;  // the group and the end of its chunk
  for (size_t i = 0; i < prefilling.size() && left > 0; ++i) {
    const std::shared_ptr<Group>& group = prefilling[i];
    int32_t end = std::min(group->prompt_size(), group->prefilled + left);
    left -= end - group->prefilled;
    chunks.emplace_back(group, end);
  }
  for (const auto& [group, end] : chunks) {
    if (end < group->prompt_size()) continue;
    start(group, rows.size());
    add_prompt_row(*group, end - 1);
  }
  head_rows = rows.size();
  for (const auto& [group, end] : chunks) {
    bool whole = end == group->prompt_size();
    for (int32_t position = group->prefilled; position < end - whole; ++position)
      add_prompt_row(*group, position);
    counters.prefill_tokens += static_cast<uint64_t>(end - group->prefilled);
    group->prefilled = end;
    if (whole) prefilling.pop_front();
  }
}

void Engine::Impl::take_answer(Sample& sample, const HeadAnswer& answer) {
  const GroupRequest& request = sample.group->request;
  Completion& out = sample.out;
  out.tokens.push_back(answer.token);
  out.logprobs.push_back(answer.logprob);
  out.entropies.push_back(answer.entropy);
  if (request.sampling.filters()) {
    out.kept_threshold.push_back(answer.threshold);
    out.kept_count.push_back(static_cast<uint32_t>(answer.kept));
  }
  const std::vector<int32_t>& stops = request.stop_tokens;
  bool stop = std::find(stops.begin(), stops.end(), answer.token) != stops.end();
  if (sample.stops && sample.stops->push(answer.token)) stop = true;
  out.finish = stop ? FinishReason::stop : FinishReason::length;
  sample.finished = stop || static_cast<int>(out.tokens.size()) == sample.group->limit;
  if (request.on_token) request.on_token(out.sample, answer.token);
}

void Engine::Impl::take_answers(std::vector<Completion>& done) {
  for (size_t i = 0; i < answers.size(); ++i) take_answer(running[asked[i]], answers[i]);
  counters.sampled_tokens += answers.size();
  for (Sample& sample : running) {
    if (!sample.finished) continue;
    release_pages(*sample.group, sample.pages);
    done.push_back(std::move(sample.out));
  }
  std::erase_if(running, [](const Sample& sample) { return sample.finished; });
}

Engine::Engine(const ModelSpec& spec, DType dtype, const EngineOptions& options,
               const KernelTable& kernels, ThreadPool& pool) {
  spec.validate();
  if (options.max_rows <= 0) {
    throw Error(Code::config, "rollout.max_rows", cat("is ", options.max_rows),
                "set it to at least 1");
  }
  impl_ = std::make_unique<Impl>(spec, dtype, options, kernels, pool);
}

Engine::~Engine() = default;

void Engine::set_weights(std::shared_ptr<const Weights> weights) {
  RECKON_CHECK(idle(), "weights change only while the sampler is idle");
  impl_->ops.set_weights(std::move(weights));
}

const std::shared_ptr<const Weights>& Engine::weights() const { return impl_->ops.weights(); }

void Engine::add(GroupRequest request) {
  check_request(impl_->spec, impl_->dtype, request, impl_->pages);
  impl_->waiting.push_back(std::move(request));
  impl_->admit();
}

bool Engine::idle() const {
  return impl_->waiting.empty() && impl_->prefilling.empty() && impl_->running.empty();
}

bool Engine::wants_work() const {
  size_t rows = impl_->running.size();
  for (const std::shared_ptr<Group>& group : impl_->prefilling)
    rows += group->request.samples.size();
  return impl_->waiting.empty() && rows < static_cast<size_t>(impl_->options.max_rows);
}

std::vector<Completion> Engine::step() {
  std::vector<Completion> done;
  if (idle()) return done;
  Impl& impl = *impl_;
  impl.rows.clear();
  impl.queries.clear();
  impl.asked.clear();
  impl.plan_decoding();
  impl.plan_prompts();
  impl.ops.begin(impl.rows, impl.pages);
  void* x = decode(impl.ops, impl.spec);
  impl.ops.head(x, impl.head_rows, impl.queries, impl.answers);
  ++impl.counters.forwards;
  impl.take_answers(done);
  impl.admit();
  return done;
}

void Engine::sleep() {
  RECKON_CHECK(idle(), "only an idle sampler sleeps");
  if (!impl_->ops.weights()) return;
  impl_->ops.drop_weights();
  impl_->pages.sleep();
}

void Engine::clear() {
  for (const Sample& sample : impl_->running) impl_->release_pages(*sample.group, sample.pages);
  for (const std::shared_ptr<Group>& group : impl_->prefilling) {
    for (const std::vector<int32_t>& own : group->sample_pages) impl_->release_pages(*group, own);
  }
  impl_->running.clear();
  impl_->prefilling.clear();
  impl_->waiting.clear();
}

const EngineCounters& Engine::counters() const { return impl_->counters; }

}  // namespace reckon
