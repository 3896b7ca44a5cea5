#include "bench/bench.h"

#include <algorithm>
#include <cstdio>
#include <ctime>
#include <fstream>
#include <functional>

#include "base/clock.h"
#include "base/error.h"
#include "base/log.h"
#include "base/text.h"
#include "bench/work.h"
#include "learner/learner_state.h"
#include "model/load_model.h"
#include "rollout/engine.h"

namespace reckon {
namespace {

constexpr int kRepeats = 3;
constexpr double kSameSeconds = 0.25;
constexpr int kGroupSize = 8;

// Completions decoded at once: `groups` prompts, `size` completions of each.
struct Batch {
  int groups, size;
};

// What is done with a model. The learner's batch is smaller where a step would take long.
struct Case {
  std::string name;
  ModelSpec spec;
  DType dtype;
  Profile profile;
  std::vector<Batch> batches;
  int prompt_tokens, learner_groups, new_tokens;
  int64_t pack_tokens;
};

// Qwen3's shape at 30 million parameters: small enough to wait for, too large for a core's cache.
ModelSpec dense_30m() {
  ModelSpec spec;
  spec.family = "qwen3";
  spec.vocab = 32768;
  spec.hidden = 384;
  spec.heads = 6;
  spec.kv_heads = 2;
  spec.head_dim = 64;
  spec.max_position = 512;
  spec.tied_head = spec.qk_norm = true;
  spec.layers.assign(8, LayerSpec{.ffn = 1536, .moe = std::nullopt});
  return spec;
}

std::vector<int32_t> some_tokens(int count, int vocab, int salt) {
  std::vector<int32_t> tokens(static_cast<size_t>(count));
  for (int i = 0; i < count; ++i)
    tokens[static_cast<size_t>(i)] = (i * 37 + salt * 101 + 11) % vocab;
  return tokens;
}

double timed(const std::function<void()>& work) {
  double start = monotonic_seconds();
  work();
  return monotonic_seconds() - start;
}

double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

class ModelBench {
 public:
  // `masters` is one fp32 value per parameter; an update moves it.
  ModelBench(const Case& bench, std::vector<float>& masters, ThreadPool& pool)
      : case_(bench),
        kernels_(cpu_kernels(bench.profile, detect_isa())),
        pool_(pool),
        layout_(bench.spec),
        masters_(masters) {
    publish();
  }

  ModelFigures run() {
    ModelFigures figures;
    figures.name = case_.name;
    figures.dtype = case_.dtype;
    figures.profile = case_.profile;
    figures.parameters = static_cast<double>(case_.spec.parameter_count());
    for (Batch batch : case_.batches) figures.sampler.push_back(sampler(batch));
    figures.learner = learner();
    return figures;
  }

 private:
  void publish() {
    weights_ = Weights::publish(case_.spec, layout_, case_.dtype, masters_.data(),
                                Version{version_++}, pool_);
  }

  SamplerFigures sampler(Batch batch) {
    auto [groups, size] = batch;
    SamplerFigures figures;
    figures.rows = groups * size;
    EngineOptions options;
    options.kv_bytes = size_t{2} << 30;
    options.max_rows = figures.rows * case_.prompt_tokens;  // a prefill is one forward
    Engine engine(case_.spec, case_.dtype, options, kernels_, pool_);
    engine.set_weights(weights_);
    double time = median(repeated([&] { return decode(engine, batch).decode_s; }));
    double prefill = median(repeated([&] { return decode(engine, {groups * size, 1}).prefill_s; }));
    figures.prefill_tokens_per_s = figures.rows * case_.prompt_tokens / prefill;

    double rows = figures.rows, steps = case_.new_tokens - 1, read = 0, keys = 0;
    for (int own = 1; own <= case_.new_tokens - 1; ++own) {
      read += weight_bytes(case_.spec, case_.dtype, rows);
      read += kv_bytes(case_.spec, case_.dtype) * (groups * case_.prompt_tokens + rows * own);
      keys += rows * (case_.prompt_tokens + own);
    }
    figures.tokens_per_s = rows * steps / time;
    figures.read_same = read_bandwidth(pool_, static_cast<size_t>(read / steps), kSameSeconds);
    figures.bytes_per_s = read / time;
    figures.flops =
        forward_flops(case_.spec, {.rows = rows * steps, .head_rows = rows * steps, .keys = keys}) /
        time;
    return figures;
  }

  // The first time warms up and does not count.
  static std::vector<double> repeated(const std::function<double()>& seconds_of) {
    seconds_of();
    std::vector<double> seconds;
    for (int i = 0; i < kRepeats; ++i) seconds.push_back(seconds_of());
    return seconds;
  }

  struct Times {
    double prefill_s = 0, decode_s = 0;
  };

  // The prefill with the first token of each completion, and from there to the last token.
  Times decode(Engine& engine, Batch batch) {
    auto [groups, size] = batch;
    for (int g = 0; g < groups; ++g) {
      GroupRequest request;
      request.tag = static_cast<uint64_t>(g);
      request.prompt = some_tokens(case_.prompt_tokens, case_.spec.vocab, g);
      for (int i = 0; i < size; ++i) request.samples.push_back(static_cast<uint32_t>(i));
      request.sampling.max_new_tokens = case_.new_tokens;
      request.noise.draw = static_cast<uint64_t>(g);
      engine.add(std::move(request));
    }
    uint64_t before = engine.counters().sampled_tokens;
    Times times;
    times.prefill_s = timed([&] { engine.step(); });
    auto all = static_cast<uint64_t>(groups * size);
    RECKON_CHECK(engine.counters().sampled_tokens - before == all,
                 "the prefill took more than one forward");
    times.decode_s = timed([&] {
      while (!engine.idle()) engine.step();
    });
    return times;
  }

  std::vector<PackedGroup> batch() const {
    std::vector<PackedGroup> groups;
    for (int g = 0; g < case_.learner_groups; ++g) {
      PackedGroup group{some_tokens(case_.prompt_tokens, case_.spec.vocab, g), {}};
      for (int i = 0; i < kGroupSize; ++i) {
        PackedCompletion completion;
        completion.sample = g * kGroupSize + i;
        completion.tokens =
            some_tokens(case_.new_tokens, case_.spec.vocab, 100 + completion.sample);
        group.completions.push_back(std::move(completion));
      }
      groups.push_back(std::move(group));
    }
    return groups;
  }

  LearnerFigures learner() {
    std::vector<Pack> packs = pack_groups(batch(), case_.pack_tokens);
    LearnerFigures figures;
    for (const Pack& pack : packs) figures.rows += static_cast<double>(pack.rows());
    figures.tokens = static_cast<double>(case_.learner_groups * kGroupSize * case_.new_tokens);

    Policy policy(case_.spec, case_.dtype, kernels_, pool_);
    policy.set_weights(weights_);
    AdamW optimizer(layout_);
    step(policy, optimizer, packs, figures);
    std::vector<double> forward, backward, update, publishing, whole;
    for (int i = 0; i < kRepeats; ++i) {
      step(policy, optimizer, packs, figures);
      forward.push_back(figures.forward_s);
      backward.push_back(figures.backward_s);
      update.push_back(figures.optimizer_s);
      publishing.push_back(figures.publish_s);
      whole.push_back(figures.forward_s + figures.backward_s + figures.optimizer_s);
    }
    figures.forward_s = median(forward);
    figures.backward_s = median(backward);
    figures.optimizer_s = median(update);
    figures.publish_s = median(publishing);
    figures.tokens_per_s = figures.tokens / median(whole);
    figures.flops = 3 * forward_flops(case_.spec, learner_work(packs, figures)) / median(whole);
    return figures;
  }

  ForwardWork learner_work(const std::vector<Pack>& packs, const LearnerFigures& figures) const {
    ForwardWork work{.rows = figures.rows, .head_rows = figures.tokens, .keys = 0};
    for (const Pack& pack : packs) {
      for (const PackedGroup& group : pack.groups) {
        double prompt = static_cast<double>(group.prompt.size());
        work.keys += prompt * (prompt + 1) / 2;
        for (const PackedCompletion& completion : group.completions) {
          double own = static_cast<double>(completion.tokens.size()) - 1;
          work.keys += own * prompt + own * (own + 1) / 2;
        }
      }
    }
    return work;
  }

  // One update; the seconds of its parts go into `parts`.
  void step(Policy& policy, AdamW& optimizer, const std::vector<Pack>& packs,
            LearnerFigures& parts) {
    parts.forward_s = parts.backward_s = 0;
    for (const Pack& pack : packs) {
      Scores scores;
      parts.forward_s += timed([&] { scores = policy.forward(pack, true); });
      for (auto& tokens : scores.logprob)
        std::fill(tokens.begin(), tokens.end(), static_cast<float>(-1 / parts.tokens));
      parts.backward_s += timed([&] { policy.backward(scores.logprob); });
    }
    parts.optimizer_s = timed([&] {
      double norm = gradient_norm(policy.gradients(), pool_);
      optimizer.step(OptimizerConfig(), 1e-4, std::min(1.0, 1 / norm), policy.gradients(), masters_,
                     pool_);
      std::fill(policy.gradients().begin(), policy.gradients().end(), 0.0f);
    });
    parts.publish_s = timed([&] {
      publish();
      policy.set_weights(weights_);
    });
  }

  const Case& case_;
  const KernelTable& kernels_;
  ThreadPool& pool_;
  ParameterLayout layout_;
  std::vector<float>& masters_;
  std::shared_ptr<const Weights> weights_;
  uint64_t version_ = 0;
};

void compare(const MachineRates& before, const MachineRates& after, BenchReport& report) {
  report.machine.threads = before.threads;
  for (double MachineRates::*rate :
       {&MachineRates::read_one, &MachineRates::read_all, &MachineRates::gemm_one,
        &MachineRates::gemm_all, &MachineRates::gemm_bf16}) {
    auto [less, more] = std::minmax(before.*rate, after.*rate);
    report.machine.*rate = more;
    report.moved = std::max(report.moved, 1 - less / more);
  }
}

std::string processor() {
  std::ifstream file("/proc/cpuinfo");
  for (std::string line; std::getline(file, line);) {
    if (line.rfind("model name", 0) == 0) return line.substr(line.find(':') + 2);
  }
  return "unknown processor";
}

std::string utc_now() {
  auto now = static_cast<std::time_t>(wall_seconds());
  std::tm parts;
  gmtime_r(&now, &parts);
  char text[32];
  std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &parts);
  return text;
}

ModelFigures measured(const Case& bench, std::vector<float>& masters, ThreadPool& pool) {
  log_info("bench", cat("measuring ", bench.name, " ", dtype_name(bench.dtype), " ",
                        profile_name(bench.profile)));
  return ModelBench(bench, masters, pool).run();
}

// The run file's model and a dense one, made from nothing.
std::vector<ModelFigures> usual_models(const std::string& file, ThreadPool& pool) {
  RunConfig config = load_config(file, {});
  int64_t pack_tokens =
      config.phases.empty() ? PhaseConfig().pack_tokens : config.phases.back().pack_tokens;
  ModelSpec spec = LearnerState(config, cpu_kernels(detect_isa()), pool).spec();
  const std::vector<Batch> batches = {{1, 1}, {8, kGroupSize}};
  const Profile portable = Profile::portable;
  std::vector<ModelFigures> all;
  for (const Case& bench : std::vector<Case>{
           {"quickstart", spec, config.numerics.storage, portable, batches, 16, 8, 64, pack_tokens},
           {"dense30m", dense_30m(), DType::f32, portable, batches, 16, 2, 32, pack_tokens},
           {"dense30m", dense_30m(), DType::bf16, portable, batches, 16, 2, 32, pack_tokens}}) {
    std::vector<float> masters = initial_masters(bench.spec, ParameterLayout(bench.spec), 1);
    all.push_back(measured(bench, masters, pool));
  }
  return all;
}

// A checkpoint in fp32 and bf16 storage; completions share one prompt of 64 tokens.
std::vector<ModelFigures> checkpoint(const std::string& path, ThreadPool& pool) {
  LoadedModel model = load_model(path);
  const std::vector<Batch> batches = {{1, 1}, {1, 8}, {1, 32}, {1, 64}};
  std::vector<ModelFigures> all;
  for (auto [dtype, profile] :
       std::vector<std::pair<DType, Profile>>{{DType::f32, Profile::portable},
                                              {DType::bf16, Profile::portable},
                                              {DType::bf16, Profile::avx512bf16}}) {
    Case bench{
        Path(path).filename().string(), model.spec, dtype, profile, batches, 64, 4, 32, 2048};
    all.push_back(measured(bench, model.masters, pool));
  }
  return all;
}

}  // namespace

BenchReport measure(const BenchOptions& options) {
  int threads = options.threads > 0 ? options.threads : usable_cores();
  ThreadPool pool(threads);
  BenchReport report;
  report.processor = processor();
  report.kernels = cpu_kernels(detect_isa()).isa;
  report.date = utc_now();
  log_info("bench", "measuring the machine");
  MachineRates before = measure_machine(threads, options.seconds);
  report.models =
      options.model.empty() ? usual_models(options.config, pool) : checkpoint(options.model, pool);
  log_info("bench", "measuring the machine again");
  compare(before, measure_machine(threads, options.seconds), report);
  return report;
}

void run_bench(const BenchOptions& options) {
  BenchReport report = measure(options);
  std::string text = options.json ? report_json(report) : report_text(report);
  std::fputs(text.c_str(), stdout);
}

}  // namespace reckon
