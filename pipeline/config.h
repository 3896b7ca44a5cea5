// The run file: a typed struct per section, read from TOML plus `a.b=c` overrides (docs/run_file.md). Every key has a
// default, a range and a sentence of help in one table (config.cc); an unknown key is an error with the nearest name and
// line:column. `[[phase]]`, `[[reward]]` and `[[eval]]` are lists; overrides address them by name or index
// (`phase.grpo.steps=5`, `reward.0.weight=2`).
//
//   RunConfig config = load_config("configs/quickstart.toml", {"run.seed=2"});
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "base/file.h"
#include "kernels/types.h"
#include "rewards/reward.h"
#include "rollout/engine.h"

namespace reckon {

struct RunSection {
  std::string name;               // default: the file's stem
  std::string dir;                // default: runs/<name>
  uint64_t seed = 1;
  uint64_t steps = 0;             // stop after this many steps of the whole run; 0: all phases
  int threads = 0;                // 0: all cores
  std::string journal;            // append every acknowledged sample and trained step here; empty: off (crash tests)
};

struct ModelSection {
  std::string path;               // Hugging Face directory; empty: made from nothing by the keys below
  std::string family = "qwen3";
  DType dtype = DType::f32;       // storage of weights, activations and KV
  int hidden = 64, layers = 2, heads = 4, kv_heads = 2, head_dim = 16, ffn = 128;
  int experts = 0, top_k = 0, expert_ffn = 0;  // qwen3_moe
  int max_position = 512;
  double norm_eps = 1e-6, rope_theta = 10000;
  bool tied_head = true;
};

struct DataSection {
  std::string train;              // "builtin:chained_sum?terms=3&digits=2" or a .jsonl file
  std::string prompt = "prompt";  // column that holds the prompt
};

struct OptimizerConfig {
  double lr = 1e-3;
  uint64_t warmup = 0;            // steps of linear warm-up
  std::string schedule = "constant";  // constant, linear, cosine (to min_lr over the phase)
  double min_lr = 0;
  double beta1 = 0.9, beta2 = 0.95, eps = 1e-8, weight_decay = 0;
  double clip_norm = 1;           // 0: off
};

struct ObjectiveConfig {
  std::string advantage = "grpo";      // grpo, dr_grpo, rloo
  std::string loss = "ppo_clip";       // ppo_clip, reinforce
  double clip_low = 0.2, clip_high = 0.28;
  std::string aggregation = "token_mean";  // token_mean, seq_mean_token_mean, seq_mean_token_sum_norm
  double length_norm = 0;              // divisor of seq_mean_token_sum_norm; 0: max_new_tokens
  std::string kl = "k3";               // k2, k3
  double kl_coef = 0;                  // 0: no reference is loaded
  bool overlong_mask = false;          // truncated samples: in the statistics, not in the loss
};

struct PhaseConfig {
  std::string name;               // default: the kind
  std::string kind = "grpo";      // sft, grpo
  uint64_t steps = 0;             // > 0
  std::string data;               // default: data.train
  uint32_t batch = 32;            // sft: rows per step; the data's column `completion` is the target
  uint32_t groups = 8;            // grpo: B
  uint32_t group_size = 8;        // grpo: G
  uint32_t minibatches = 1;       // optimizer updates per batch
  uint32_t max_staleness = 0;     // 0: synchronous, deterministic
  uint64_t max_draws = 0;         // 0: 8 * groups
  uint32_t lookahead = 0;         // groups sampled beyond what is needed if all pass
  std::string zero_variance = "refill";  // refill (drop and draw more), drop, keep
  uint32_t pack_tokens = 4096;    // rows of one forward of the learner
  SamplingParams sampling;        // keys temperature, top_k, top_p, min_p, max_new_tokens
  OptimizerConfig optimizer;      // keys of [phase.optimizer]
  ObjectiveConfig objective;      // keys of [phase.objective]
};

struct EvalConfig {
  std::string name = "heldout";
  std::string data;               // as data.train
  uint64_t problems = 100;        // rows 0 .. problems - 1
  uint32_t samples = 1;           // k of avg@k
  uint64_t every = 0;             // steps between evaluations inside a phase; 0: only at the ends of phases
  SamplingParams sampling;
};

struct RolloutSection {
  uint64_t kv_bytes = uint64_t{256} << 20;
  int max_rows = 256;
};

struct RewardsSection {
  double max_unscored_rate = 0.5;   // of a step; above it the run stops (rewards_failing)
  bool count_unscored = false;      // unscored samples count with `unscored_value`; false: they leave their group
  double unscored_value = 0;
};

struct CheckpointSection {
  uint64_t every = 20;            // steps; the end of a run and SIGINT always write one
  int keep = 3;                   // >= 2
  int keep_trainer = 2;           // newest checkpoints that keep trainer/ (can resume), >= 2
};

struct StoreSection {
  double lease_seconds = 120;
  uint64_t credit_bytes = uint64_t{64} << 20;  // unacknowledged bytes a client may have in flight
  uint64_t keep_steps = 200;      // bodies of samples older than this many steps are dropped
};

struct LearnerSection {
  int max_bad_steps = 5;          // steps in a row with a non-finite loss or gradient before the run stops (diverged)
};

struct RunConfig {
  RunSection run;
  ModelSection model;
  DataSection data;
  std::vector<PhaseConfig> phases;
  std::vector<RewardSpec> rewards;
  std::vector<EvalConfig> evals;
  RolloutSection rollout;
  RewardsSection rewards_policy;  // [rewards]
  CheckpointSection checkpoint;
  StoreSection store;
  LearnerSection learner;

  std::map<std::string, std::string> origin;  // "phase.grpo.steps" -> "default" | "file:12:9" | "command line"
};

// Reads and validates everything, references between sections and reward options included. Error(config) with
// file:line:column (or "command line: a.b=c"), the problem and the remedy; Error(no_input) when there is no such file.
RunConfig load_config(const std::string& path, const std::vector<std::string>& overrides);

// The merged result as TOML that load_config reads back to the same values; with_origin adds "# default" and the like.
std::string config_text(const RunConfig& config, bool with_origin);

// Keys that may change on resume (steps, every, keep, threads, journal, ...) do not count: two run files with equal
// identity continue the same run.
std::string config_identity(const RunConfig& config);

}  // namespace reckon
