#include "learner/needs.h"

#include <sys/statvfs.h>

#include <algorithm>
#include <cstdio>
#include <sstream>

#include "base/error.h"
#include "base/log.h"
#include "base/text.h"

namespace reckon {
namespace {

uint64_t times(uint64_t count, int64_t each) { return count * static_cast<uint64_t>(each); }

// Per row and layer: what the residual stream, q, k, v, the attention's output and the inner width
// leave behind for the backward pass.
uint64_t activation_bytes(const ModelSpec& spec, uint64_t rows) {
  int64_t width = 0;
  for (const LayerSpec& layer : spec.layers) {
    int64_t inner = layer.moe ? int64_t{layer.moe->top_k} * layer.moe->ffn : layer.ffn;
    width += 6 * int64_t{spec.hidden} + 2 * int64_t{spec.head_dim} * (spec.heads + spec.kv_heads) +
             3 * inner;
  }
  return rows * times(sizeof(float), width);
}

std::string gib(uint64_t bytes) {
  char text[32];
  std::snprintf(text, sizeof text, "%.1f GiB", static_cast<double>(bytes) / (1 << 30));
  return text;
}

// A value of /proc/meminfo in bytes; 0: not there.
uint64_t memory_info(const std::string& name) {
  std::istringstream lines(read_file("/proc/meminfo"));
  for (std::string line; std::getline(lines, line);) {
    uint64_t kib = 0;
    if (line.starts_with(name + ":") &&
        std::sscanf(line.c_str() + name.size() + 1, "%lu", &kib) == 1)
      return kib << 10;
  }
  return 0;
}

}  // namespace

Needs estimate_needs(const RunConfig& config, const ModelSpec& spec, bool resumed) {
  uint64_t parameters = static_cast<uint64_t>(spec.parameter_count());
  uint64_t stored = parameters * (config.numerics.storage == DType::bf16 ? 2 : 4);
  uint64_t kv = 0, rows = 0, versions = 2;
  for (const PhaseConfig& phase : config.phases) {
    kv = std::max<uint64_t>(kv, phase.rollout.kv_bytes);
    rows = std::max<uint64_t>(rows, phase.pack_tokens);
    versions = std::max<uint64_t>(versions, phase.rollout.max_staleness + uint64_t{2});
    if (phase.objective.kl_coef > 0) versions = std::max<uint64_t>(versions, 3);
  }
  uint64_t state = 12 * parameters;  // masters and two moments
  const CheckpointConfig& checkpoint = config.run.checkpoint;
  uint64_t checkpoints = 0;  // that the run will write at least
  for (const PhaseConfig& phase : config.phases)
    checkpoints += 1 + phase.steps / std::max<uint64_t>(1, checkpoint.every);
  uint64_t whole = std::min(checkpoints, static_cast<uint64_t>(checkpoint.keep_last));
  uint64_t best = std::min(checkpoints - whole, static_cast<uint64_t>(checkpoint.keep_best));
  Needs needs;
  needs.memory = state + 4 * parameters + 2 * stored * versions + kv + activation_bytes(spec, rows);
  needs.disk = state + stored;
  if (!resumed) needs.disk += whole * (state + stored) + best * stored;
  return needs;
}

void check_needs(const Needs& needs, const Path& folder) {
  uint64_t total = memory_info("MemTotal"), available = memory_info("MemAvailable");
  if (total > 0 && needs.memory > total) {
    throw Error(Code::unavailable, "memory",
                cat("the run needs about ", gib(needs.memory), ", the machine has ", gib(total)),
                "use a smaller model, bf16 storage (numerics.storage), a smaller pack_tokens or "
                "rollout.kv_bytes");
  }
  if (available > 0 && needs.memory > available) {
    log_warning("run", cat("the run needs about ", gib(needs.memory), " of memory and ",
                           gib(available), " are free"));
  }
  struct statvfs disk;
  if (::statvfs(folder.c_str(), &disk) != 0) return;
  uint64_t free = uint64_t{disk.f_bavail} * disk.f_frsize;
  if (needs.disk > free) {
    throw Error(
        Code::unavailable, folder.string(),
        cat("checkpoints need about ", gib(needs.disk), ", the disk has ", gib(free), " free"),
        "free some space, set run.dir to another disk, or lower run.checkpoint.keep_last");
  }
}

}  // namespace reckon
