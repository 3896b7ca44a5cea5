// What to change when a run does not fit, and the check before it starts.
#include <algorithm>
#include <functional>

#include "base/error.h"
#include "base/log.h"
#include "base/text.h"
#include "learner/needs.h"

namespace reckon {
namespace {

// A change to the run file; does nothing where it does not apply.
struct Change {
  std::string text;
  std::function<void(RunConfig&, NeedsOptions&)> apply;
};

template <class Action>
Change for_phases(std::string text, Action action) {
  return {std::move(text), [action](RunConfig& config, NeedsOptions&) {
            for (PhaseConfig& phase : config.phases) action(phase);
          }};
}

std::vector<Change> memory_changes(const RunConfig& config) {
  uint32_t pack = 0;
  uint64_t kv = 0;
  for (const PhaseConfig& phase : config.phases) {
    pack = std::max(pack, phase.pack_tokens);
    kv = std::max(kv, phase.rollout.kv_bytes);
  }
  const uint32_t half = std::max<uint32_t>(1, pack / 2);
  return {
      {"layout.activation_checkpointing=on",
       [](RunConfig&, NeedsOptions& options) { options.checkpointing = true; }},
      {"numerics.storage=bf16",
       [](RunConfig& run, NeedsOptions&) { run.numerics.storage = DType::bf16; }},
      for_phases(cat("pack_tokens = ", half, " in the phases"),
                 [half](PhaseConfig& p) { p.pack_tokens = std::min(p.pack_tokens, half); }),
      for_phases(
          cat("rollout.kv_bytes=", kv / 2),
          [kv](PhaseConfig& p) { p.rollout.kv_bytes = std::min(p.rollout.kv_bytes, kv / 2); }),
      for_phases("rollout.max_staleness=0", [](PhaseConfig& p) { p.rollout.max_staleness = 0; }),
      for_phases("objective.kl.coef=0", [](PhaseConfig& p) { p.objective.kl_coef = 0; })};
}

std::vector<Change> disk_changes() {
  return {{"run.checkpoint.keep_last=2",
           [](RunConfig& run, NeedsOptions&) { run.run.checkpoint.keep_last = 2; }},
          {"run.checkpoint.keep_best=0",
           [](RunConfig& run, NeedsOptions&) { run.run.checkpoint.keep_best = 0; }},
          {"numerics.storage=bf16",
           [](RunConfig& run, NeedsOptions&) { run.numerics.storage = DType::bf16; }},
          {"run.store.keep_steps=20", [](RunConfig& run, NeedsOptions&) {
             run.run.store.keep_steps = std::min<uint64_t>(run.run.store.keep_steps, 20);
           }}};
}

// Savings of less than this share of the whole are not worth a word.
constexpr double kWorthwhile = 0.01;

void add_remedies(std::vector<std::string>& found, const std::vector<Change>& changes,
                  const RunConfig& config, const ModelSpec& spec, const Needs& needs,
                  uint64_t (Needs::*total)() const, const char* what) {
  const auto now = static_cast<double>((needs.*total)());
  for (const Change& change : changes) {
    RunConfig changed = config;
    NeedsOptions options{.checkpointing = needs.checkpointing};
    change.apply(changed, options);
    const uint64_t then = (estimate_needs(changed, spec, options).*total)();
    if (static_cast<double>(then) > now * (1 - kWorthwhile)) continue;
    found.push_back(cat(change.text, " (then ", decimal_size(then), " of ", what, ")"));
  }
}

bool memory_lacks(const Needs& needs, const Machine& machine) {
  return machine.memory_total > 0 && needs.memory_peak() > machine.memory_total;
}

}  // namespace

std::vector<std::string> remedies(const RunConfig& config, const ModelSpec& spec,
                                  const Needs& needs, const Machine& machine) {
  std::vector<std::string> found;
  if (memory_lacks(needs, machine)) {
    add_remedies(found, memory_changes(config), config, spec, needs, &Needs::memory_peak, "memory");
    found.push_back("a smaller model");
  }
  if (needs.disk_total() > machine.disk_free) {
    add_remedies(found, disk_changes(), config, spec, needs, &Needs::disk_total, "disk");
    found.push_back("run.dir on another disk");
  }
  return found;
}

void check_needs(const RunConfig& config, const ModelSpec& spec, const Needs& needs,
                 const Machine& machine, const Path& folder) {
  const uint64_t memory = needs.memory_peak(), disk = needs.disk_total();
  const auto remedy = [&] {
    return cat(join(remedies(config, spec, needs, machine), "; "),
               "; `reckon plan` prints every part");
  };
  if (memory_lacks(needs, machine)) {
    throw Error(Code::unavailable, "memory",
                cat("the run needs about ", decimal_size(memory), ", the machine has ",
                    decimal_size(machine.memory_total)),
                remedy());
  }
  if (machine.memory_free > 0 && memory > machine.memory_free) {
    log_warning("run", cat("the run needs about ", decimal_size(memory), " of memory and ",
                           decimal_size(machine.memory_free), " are free"));
  }
  if (disk > machine.disk_free) {
    throw Error(Code::unavailable, folder.string(),
                cat("the run needs about ", decimal_size(disk), " of disk, and ",
                    decimal_size(machine.disk_free), " are free"),
                remedy());
  }
}

}  // namespace reckon
