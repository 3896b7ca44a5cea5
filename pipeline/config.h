// The run file: typed structs, read from TOML plus `a.b=c` overrides (docs/run_file.md; DESIGN
// section 9). Every key has a default, a range, a sentence of help and a change class in one table;
// an unknown key is an error with the nearest name and file:line:column. Overrides reach phases and
// rewards by name or index
// (`phase.rl.optimizer.lr=1e-6`, `reward.0.weight=2`).
//
//   config_version = 1
//   [run]        dir = "runs/quickstart"  seed = 1  checkpoint = { every = 10 }  eval = { every =
//   10, data = "eval" } [model]      new = { family = "qwen3_moe", layers = 4, ... }      # or:
//   path = "DIR" [data]       train = { generator = "chained_sum", seed = 1 }      # or: train =
//   "file.jsonl" [numerics]   storage = "f32" [rollout]    samples_per_prompt = 8  max_new_tokens =
//   64          # defaults of every phase, as [objective], [optimizer]
//   [[reward]]   use = "number"
//   [[phase]]    name = "sft"  kind = "sft"  until = { accuracy = 0.4, every = 10 }
//   [[phase]]    name = "rl"   kind = "grpo" steps = 100  prompts_per_step = 32  optimizer = { lr =
//   1e-3 }
//
//   RunConfig config = load_config("configs/quickstart.toml", {"run.seed=2"});
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "base/file.h"
#include "kernels/types.h"
#include "pipeline/prompt.h"
#include "rewards/reward.h"
#include "rollout/engine.h"

namespace reckon {

struct CheckpointConfig {  // [run] checkpoint = { ... }
  uint64_t every = 20;     // steps; the end of a phase, of the run and SIGINT always write one
  int keep_last = 2;       // newest checkpoints that can resume, >= 2
  int keep_best = 1;       // by evaluation accuracy, weights only
};

struct EvalConfig {         // [run] eval = { ... }
  std::string data;         // name of a [data] entry; empty: no evaluation
  uint64_t every = 0;       // steps between evaluations; 0: only at the ends of phases
  uint64_t problems = 256;  // rows 0 .. problems - 1 (fewer if the data has fewer)
  uint32_t samples = 1;     // k of avg@k
  double temperature = 1;
};

struct RewardsConfig {             // [run] rewards = { ... }
  double max_unscored_rate = 0.5;  // of a step; above it the run stops (rewards_failing)
  bool count_unscored =
      false;  // unscored samples count with `unscored_value`; false: they leave their group
  double unscored_value = 0;
};

struct StoreConfig {  // [run] store = { ... }
  double lease_seconds = 120;
  uint64_t credit_bytes = uint64_t{64} << 20;  // unacknowledged bytes a client may have in flight
  uint64_t keep_steps = 200;  // bodies of samples older than this many steps are dropped
};

struct RunSection {
  std::string dir;  // default: runs/<stem of the file>
  uint64_t seed = 1;
  uint64_t steps = 0;  // bounds every phase that does not say `steps`; 0: each must
  uint64_t stop_after =
      0;  // stop after this many steps of the whole run; 0: when all phases are done
  int max_bad_steps = 5;  // non-finite steps in a row before the run stops (diverged)
  std::string
      journal;  // append every acknowledged sample and trained step to this file; empty: off
  CheckpointConfig checkpoint;
  EvalConfig eval;
  RewardsConfig rewards;
  StoreConfig store;
};

struct NewModel {  // [model] new = { ... }
  std::string family = "qwen3";
  int layers = 2, hidden = 64, heads = 4, kv_heads = 2;
  int head_dim = 0;                                           // 0: hidden / heads
  int ffn = 0;                                                // dense families; 0: 4 * hidden
  int experts = 0, experts_per_token = 0, expert_hidden = 0;  // qwen3_moe
  int max_position = 512;
  double norm_eps = 1e-6, rope_theta = 10000;
  bool tied_head = true;
  std::string tokenizer = "bytes";
};

struct ModelSection {
  std::string path;  // Hugging Face directory or GGUF file; empty: made from nothing by `new`
  std::string chat_template;  // file with the template to use instead of the model's own
  NewModel fresh;             // key `new`
};

struct NumericsSection {
  std::string profile = "portable";
  DType storage = DType::f32;  // of weights, activations and KV: "f32", "bf16"
};

struct LayoutSection {
  int threads = 0;                                // of kernels and learner; 0: all cores
  std::string activation_checkpointing = "auto";  // auto, on, off
};

// A [data] entry. As text (`train = "x.jsonl"`) it is a file.
struct DataSource {
  std::string file;       // .jsonl
  std::string generator;  // instead of a file; other keys of the table are its parameters
  PromptOptions prompt;   // keys prompt, format, columns, template, system, chat, ...
  std::map<std::string, std::string> parameters;  // seed, rows, split, ... of a generator
  std::string where() const;  // for open_dataset(): the path, or "builtin:NAME?key=value&..."
};

struct RolloutConfig {              // [rollout], and inside a phase
  uint32_t samples_per_prompt = 8;  // G
  SamplingParams sampling;          // keys temperature, top_k, top_p, min_p, max_new_tokens
  std::vector<std::string> stop;    // texts that end a completion
  uint32_t max_staleness = 0;       // 0: synchronous, deterministic
  uint64_t max_draws = 0;           // per step; 0: 8 * prompts_per_step
  uint32_t lookahead = 0;           // groups sampled beyond what is needed if all pass
  uint64_t kv_bytes = uint64_t{256} << 20;
  int max_rows = 256;  // of one forward of the sampler
};

struct OptimizerConfig {  // [optimizer], and inside a phase; name = "adamw"
  double lr = 1e-3;
  uint64_t warmup = 0;                // key warmup_steps
  std::string schedule = "constant";  // constant, linear, cosine (to min_lr over the phase)
  double min_lr = 0;
  double beta1 = 0.9, beta2 = 0.95;  // key betas = [0.9, 0.95]
  double eps = 1e-8, weight_decay = 0;
  double clip_norm = 1;  // 0: off
};

struct ObjectiveConfig {           // [objective], and inside a phase
  std::string advantage = "grpo";  // grpo, dr_grpo, rloo
  std::string loss = "ppo_clip";   // ppo_clip, reinforce
  double clip_low = 0.2, clip_high = 0.28;
  std::string aggregation =
      "token_mean";                      // token_mean, seq_mean_token_mean, seq_mean_token_sum_norm
  double length_norm = 0;                // divisor of seq_mean_token_sum_norm; 0: max_new_tokens
  std::string kl = "k3";                 // kl = { estimator = "k3", coef = 0.0 }: k2, k3
  double kl_coef = 0;                    // 0: no reference is loaded
  bool overlong_mask = false;            // truncated samples: in the statistics, not in the loss
  std::string zero_variance = "refill";  // refill (drop and draw more), drop (train on fewer), keep
};

struct Until {          // until = { accuracy = 0.4, every = 10 }: the phase ends early
  double accuracy = 0;  // of run.eval; 0: off
  uint64_t every = 10;  // steps between its evaluations
};

// A phase with the run's defaults already under its own keys.
struct PhaseConfig {
  std::string name;           // unique; default: the kind
  std::string kind = "grpo";  // sft, grpo
  std::string from;    // "": the phase before (or the model); "model": the run's first weights
  uint64_t steps = 0;  // > 0 after resolution
  std::string data = "train";             // name of a [data] entry
  std::string optimizer_state = "fresh";  // fresh, carry
  uint32_t prompts_per_step = 32;         // sft: rows; grpo: groups (B)
  uint32_t minibatches = 1;               // optimizer updates per step
  uint32_t pack_tokens = 4096;            // rows of one forward of the learner
  Until until;
  RolloutConfig rollout;
  ObjectiveConfig objective;
  OptimizerConfig optimizer;
};

struct RunConfig {
  RunSection run;
  ModelSection model;
  std::map<std::string, DataSource> data;
  NumericsSection numerics;
  LayoutSection layout;
  std::vector<RewardSpec> rewards;
  std::vector<PhaseConfig> phases;

  std::map<std::string, std::string>
      origin;  // "phase.rl.steps" -> "default" | "FILE:12:9" | "command line"
};

// Reads and validates everything, references between sections and reward options included.
// Error(config) with file:line:column (or "command line: a.b=c"), the problem and the remedy;
// Error(no_input) when there is no such file.
RunConfig load_config(const std::string& path, const std::vector<std::string>& overrides);

// The merged result as TOML that load_config reads back to the same values; with_origin adds "#
// default" and the like.
std::string config_text(const RunConfig& config, bool with_origin);

// The keys that a resumed run must not change, one "key = value" per line, sorted. Keys marked free
// (steps, checkpoint, eval, threads, journal, ...) are left out. Two run files with equal text
// continue the same run.
std::string config_fixed_text(const RunConfig& config);

// Every key with default, range, change class and meaning, as the Markdown of docs/run_file.md.
std::string config_reference();

}  // namespace reckon
