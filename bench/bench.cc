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
#include "rollout/engine.h"

namespace reckon {
namespace {

constexpr int kRepeats = 3;
constexpr double kSameSeconds = 0.25;
constexpr int kGroupSize = 8;
constexpr int kPromptTokens = 16;

// What is done with a model. The learner's batch is smaller where a step would take long.
struct Case {
  std::string name;
  ModelSpec spec;
  DType dtype;
  int sampler_groups, learner_groups, new_tokens;
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
  ModelBench(const Case& bench, const KernelTable& kernels, ThreadPool& pool)
      : case_(bench),
        kernels_(kernels),
        pool_(pool),
        layout_(bench.spec),
        masters_(initial_masters(bench.spec, layout_, 1)) {
    publish();
  }

  ModelFigures run() {
    ModelFigures figures;
    figures.name = case_.name;
    figures.dtype = case_.dtype;
    figures.parameters = static_cast<double>(case_.spec.parameter_count());
    figures.sampler.push_back(sampler(1, 1));
    figures.sampler.push_back(sampler(case_.sampler_groups, kGroupSize));
    figures.learner = learner();
    return figures;
  }

 private:
  void publish() {
    weights_ = Weights::publish(case_.spec, layout_, case_.dtype, masters_.data(),
                                Version{version_++}, pool_);
  }

  SamplerFigures sampler(int groups, int size) {
    EngineOptions options;
    options.max_rows = groups * std::max(size, kPromptTokens);  // one prefill
    Engine engine(case_.spec, case_.dtype, options, kernels_, pool_);
    engine.set_weights(weights_);
    std::vector<double> seconds;
    decode(engine, groups, size);
    for (int i = 0; i < kRepeats; ++i) seconds.push_back(decode(engine, groups, size));

    SamplerFigures figures;
    figures.rows = groups * size;
    double rows = figures.rows, time = median(seconds), steps = case_.new_tokens - 1, read = 0,
           keys = 0;
    for (int own = 1; own <= case_.new_tokens - 1; ++own) {
      read += weight_bytes(case_.spec, case_.dtype, rows);
      read += kv_bytes(case_.spec, case_.dtype) * (groups * kPromptTokens + rows * own);
      keys += rows * (kPromptTokens + own);
    }
    figures.tokens_per_s = rows * steps / time;
    figures.read_same = read_bandwidth(pool_, static_cast<size_t>(read / steps), kSameSeconds);
    figures.bytes_per_s = read / time;
    figures.flops =
        forward_flops(case_.spec, {.rows = rows * steps, .head_rows = rows * steps, .keys = keys}) /
        time;
    return figures;
  }

  // Seconds from the end of the prefill to the last token.
  double decode(Engine& engine, int groups, int size) {
    for (int g = 0; g < groups; ++g) {
      GroupRequest request;
      request.tag = static_cast<uint64_t>(g);
      request.prompt = some_tokens(kPromptTokens, case_.spec.vocab, g);
      for (int i = 0; i < size; ++i) request.samples.push_back(static_cast<uint32_t>(i));
      request.sampling.max_new_tokens = case_.new_tokens;
      request.noise.draw = static_cast<uint64_t>(g);
      engine.add(std::move(request));
    }
    uint64_t before = engine.counters().sampled_tokens;
    engine.step();
    auto all = static_cast<uint64_t>(groups * size);
    RECKON_CHECK(engine.counters().sampled_tokens - before == all,
                 "the prefill took more than one forward");
    return timed([&] {
      while (!engine.idle()) engine.step();
    });
  }

  std::vector<PackedGroup> batch() const {
    std::vector<PackedGroup> groups;
    for (int g = 0; g < case_.learner_groups; ++g) {
      PackedGroup group{some_tokens(kPromptTokens, case_.spec.vocab, g), {}};
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
  std::vector<float> masters_;
  std::shared_ptr<const Weights> weights_;
  uint64_t version_ = 0;
};

void compare(const MachineRates& before, const MachineRates& after, BenchReport& report) {
  report.machine.threads = before.threads;
  for (double MachineRates::*rate : {&MachineRates::read_one, &MachineRates::read_all,
                                     &MachineRates::gemm_one, &MachineRates::gemm_all}) {
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

}  // namespace

BenchReport measure(const BenchOptions& options) {
  RunConfig config = load_config(options.config, options.overrides);
  int threads = options.threads > 0 ? options.threads : usable_cores();
  ThreadPool pool(threads);
  const KernelTable& kernels = cpu_kernels(detect_isa());
  int64_t pack_tokens =
      config.phases.empty() ? PhaseConfig().pack_tokens : config.phases.back().pack_tokens;
  ModelSpec quickstart = LearnerState(config, kernels, pool).spec();

  BenchReport report;
  report.processor = processor();
  report.kernels = kernels.isa;
  report.date = utc_now();
  log_info("bench", "measuring the machine");
  MachineRates before = measure_machine(threads, options.seconds);
  std::vector<Case> cases = {
      {"quickstart", quickstart, config.numerics.storage, 8, 8, 64, pack_tokens},
      {"dense30m", dense_30m(), DType::f32, 8, 2, 32, pack_tokens},
      {"dense30m", dense_30m(), DType::bf16, 8, 2, 32, pack_tokens}};
  for (const Case& bench : cases) {
    log_info("bench", cat("measuring ", bench.name, " ", dtype_name(bench.dtype)));
    report.models.push_back(ModelBench(bench, kernels, pool).run());
  }
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
