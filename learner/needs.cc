#include "learner/needs.h"

#include <algorithm>
#include <cstdio>

#include "base/error.h"
#include "base/log.h"
#include "base/text.h"
#include "learner/footprint.h"
#include "rollout/kv_pages.h"

namespace reckon {
namespace {

// The program with its libraries, LibTorch's among them, the stages, and the store's buffers: what
// a run of the smallest model holds.
constexpr uint64_t kProgram = uint64_t{165} << 20;
constexpr uint64_t kLeasedAhead = 8;  // groups that a sampler asks for at once

bool samples(const RunConfig& config, const PhaseConfig& phase) {
  return phase.kind == "grpo" || !config.run.eval.data.empty();
}

uint64_t longest_prompt(const RunConfig& config, const ModelSpec& spec, const std::string& data,
                        int max_new_tokens) {
  const auto source = config.data.find(data);
  const uint64_t limit = source == config.data.end() ? 0 : source->second.prompt.max_tokens;
  if (limit > 0) return limit;
  return static_cast<uint64_t>(std::max(1, spec.max_position - max_new_tokens));
}

// Rows of the largest pack: a batch may be smaller than the budget, a single completion larger.
uint64_t pack_rows(const RunConfig& config, const PhaseConfig& phase, const ModelSpec& spec) {
  const bool grpo = phase.kind == "grpo";
  const int length = phase.rollout.sampling.max_new_tokens;
  const uint64_t prompt = longest_prompt(config, spec, phase.data, length),
                 own = grpo ? static_cast<uint64_t>(std::max(0, length - 1)) : 0,
                 members = grpo ? phase.rollout.samples_per_prompt : 1;
  const uint64_t batch = phase.prompts_per_step *
                         (grpo ? prompt + members * own : static_cast<uint64_t>(spec.max_position));
  return std::min(batch, std::max<uint64_t>(phase.pack_tokens, prompt + own));
}

// Pages that `groups` groups hold at once, up to the budget.
uint64_t kv_of(const PhaseConfig& phase, const ModelSpec& spec, DType dtype, uint64_t prompt,
               uint64_t groups, uint64_t members) {
  const uint64_t slots = std::max<uint64_t>(
      1, static_cast<uint64_t>(phase.rollout.max_rows) / std::max<uint64_t>(1, members));
  const auto blocks = static_cast<uint64_t>(
      kv_blocks(0, static_cast<int64_t>(prompt)) +
      static_cast<int64_t>(members) *
          kv_blocks(kKvPageTokens - 1, phase.rollout.sampling.max_new_tokens));
  return std::min(phase.rollout.kv_bytes, std::min(groups, slots + kLeasedAhead) * blocks *
                                              KvPages::page_bytes(spec, dtype));
}

uint64_t kv_bytes(const RunConfig& config, const PhaseConfig& phase, const ModelSpec& spec,
                  DType dtype) {
  uint64_t bytes = 0;
  const int length = phase.rollout.sampling.max_new_tokens;
  if (phase.kind == "grpo") {
    const bool bounded =
        phase.rollout.max_staleness == 0 && phase.objective.zero_variance != "refill";
    const uint64_t groups = bounded ? phase.prompts_per_step + phase.rollout.lookahead : UINT64_MAX;
    bytes = kv_of(phase, spec, dtype, longest_prompt(config, spec, phase.data, length), groups,
                  phase.rollout.samples_per_prompt);
  }
  if (!config.run.eval.data.empty()) {
    bytes = std::max(
        bytes, kv_of(phase, spec, dtype, longest_prompt(config, spec, config.run.eval.data, length),
                     config.run.eval.problems, config.run.eval.samples));
  }
  return bytes;
}

// Buffers of one forward of the sampler.
uint64_t workspace_bytes(const ModelSpec& spec, DType dtype, int rows) {
  int64_t inner = 0;
  for (const LayerSpec& layer : spec.layers) {
    const int64_t slots = layer.moe ? layer.moe->top_k : 1;
    inner = std::max(inner, slots * (3 * int64_t{layer.moe ? layer.moe->ffn : layer.ffn} +
                                     (layer.moe ? spec.hidden : 0)));
  }
  const int64_t row =
      2 * int64_t{spec.hidden} + spec.qkv_rows() + int64_t{spec.heads} * spec.head_dim + inner;
  return static_cast<uint64_t>(rows * row) * dtype_size(dtype);
}

void add_memory(Needs& needs, const RunConfig& config, const ModelSpec& spec) {
  const DType dtype = config.numerics.storage;
  const char* type = dtype_name(dtype);
  const auto elements = static_cast<uint64_t>(ParameterLayout(spec).elements());
  uint64_t kv = 0, workspace = 0, staleness = 0;
  bool reference = false;
  for (const PhaseConfig& phase : config.phases) {
    needs.pack_rows = std::max(needs.pack_rows, pack_rows(config, phase, spec));
    staleness = std::max<uint64_t>(staleness, phase.rollout.max_staleness);
    reference |= phase.kind == "grpo" && phase.objective.kl_coef > 0;
    if (!samples(config, phase)) continue;
    kv = std::max(kv, kv_bytes(config, phase, spec, dtype));
    workspace = std::max(workspace, workspace_bytes(spec, dtype, phase.rollout.max_rows));
  }
  needs.turns = staleness == 0;
  // Those that a sampler may still ask for, and the one being made.
  const uint64_t versions = staleness == 0 ? 1 : staleness + 3;
  const PassBytes pass =
      pass_bytes(spec, dtype, static_cast<int64_t>(needs.pack_rows), needs.checkpointing);
  const std::string copies = versions == 1 ? "" : cat(", ", versions, " versions");
  const uint64_t weights = weight_bytes(spec, dtype), panels = panels_bytes(spec, dtype);
  needs.memory = {
      {"program", kProgram, Held::always, "LibTorch, stages, store"},
      {"masters", 4 * elements, Held::always, "f32"},
      {"moments", 8 * elements, Held::always, "f32, first and second"},
      {"gradients", 4 * elements, Held::always, "f32"},
      {"weights", versions * weights, Held::always, type + copies},
      {"panels", versions * panels, Held::always, type + copies + ", as the kernels read them"}};
  if (reference)
    needs.memory.push_back(
        {"reference", weights + panels, Held::always, cat(type, ", for the KL")});
  if (kv > 0) {
    needs.memory.push_back({"kv", kv, Held::sampling, cat(type, ", at most rollout.kv_bytes")});
    needs.memory.push_back({"sampler", workspace, Held::sampling, "buffers of one forward"});
  }
  needs.memory.push_back(
      {"activations", pass.activations, Held::learning,
       needs.checkpointing ? "inputs of the layers" : "everything that backward reads"});
  needs.memory.push_back({"backward", pass.backward, Held::learning, "its largest step"});
}

void add_disk(Needs& needs, const RunConfig& config, const ModelSpec& spec, bool resumed) {
  const auto parameters = static_cast<uint64_t>(spec.parameter_count());
  const uint64_t state = 12 * parameters, stored = parameters * dtype_size(config.numerics.storage);
  const CheckpointConfig& checkpoint = config.run.checkpoint;
  uint64_t written = 0, store = 0;  // checkpoints that the run will write at least
  bool reference = false;
  for (const PhaseConfig& phase : config.phases) {
    written += 1 + phase.steps / std::max<uint64_t>(1, checkpoint.every);
    if (phase.kind != "grpo") continue;
    reference |= phase.objective.kl_coef > 0;
    const uint64_t sampled = uint64_t{phase.prompts_per_step} * phase.rollout.samples_per_prompt;
    const auto length = static_cast<uint64_t>(phase.rollout.sampling.max_new_tokens);
    needs.tokens_per_step = std::max(needs.tokens_per_step, sampled * length);
    const uint64_t width = phase.rollout.sampling.filters() ? 16 : 8;  // bytes per token
    const uint64_t prompt =
        longest_prompt(config, spec, phase.data, phase.rollout.sampling.max_new_tokens);
    store += std::min(phase.steps, config.run.store.keep_steps) * sampled *
             (length * width + prompt * 4 + 1024);
  }
  const uint64_t whole = std::min(written, static_cast<uint64_t>(checkpoint.keep_last));
  const uint64_t best = std::min(written - whole, static_cast<uint64_t>(checkpoint.keep_best));
  needs.disk.push_back({.name = "checkpoint", .bytes = state + stored, .note = "being written"});
  if (!resumed) {
    needs.disk.push_back({.name = "checkpoints",
                          .bytes = whole * (state + stored) + best * stored,
                          .note = cat(whole, " whole, ", best, " of weights alone")});
    if (reference)
      needs.disk.push_back({.name = "reference", .bytes = stored, .note = "for the KL"});
  }
  if (store > 0)
    needs.disk.push_back({.name = "store", .bytes = store, .note = "trajectories, at most"});
}

}  // namespace

const char* held_name(Held held) {
  switch (held) {
    case Held::always:
      return "always";
    case Held::sampling:
      return "sampling";
    case Held::learning:
      return "learning";
  }
  return "";
}

uint64_t Needs::memory_at(Held held) const {
  uint64_t bytes = 0;
  for (const NeededPart& part : memory) bytes += part.held == held ? part.bytes : 0;
  return bytes;
}

uint64_t Needs::memory_peak() const {
  const uint64_t sampling = memory_at(Held::sampling), learning = memory_at(Held::learning);
  return memory_at(Held::always) + (turns ? std::max(sampling, learning) : sampling + learning);
}

uint64_t Needs::disk_total() const {
  uint64_t bytes = 0;
  for (const NeededPart& part : disk) bytes += part.bytes;
  return bytes;
}

Needs estimate_needs(const RunConfig& config, const ModelSpec& spec, const NeedsOptions& options) {
  Needs needs;
  needs.parameters = spec.parameter_count();
  needs.checkpointing = options.checkpointing;
  add_memory(needs, config, spec);
  add_disk(needs, config, spec, options.resumed);
  return needs;
}

bool wants_checkpointing(const RunConfig& config, const ModelSpec& spec, const Machine& machine) {
  const std::string& how = config.layout.activation_checkpointing;
  if (how != "auto") return how == "on";
  return machine.memory_free > 0 &&
         estimate_needs(config, spec, {.checkpointing = false}).memory_peak() > machine.memory_free;
}

bool fits(const Needs& needs, const Machine& machine) {
  return (machine.memory_total == 0 || needs.memory_peak() <= machine.memory_total) &&
         needs.disk_total() <= machine.disk_free;
}

std::string decimal_size(uint64_t bytes) {
  char text[32];
  const auto size = static_cast<double>(bytes);
  if (bytes < 100000000) {
    std::snprintf(text, sizeof text, "%.1f MB", size / 1e6);
  } else {
    std::snprintf(text, sizeof text, "%.2f GB", size / 1e9);
  }
  return text;
}

}  // namespace reckon
