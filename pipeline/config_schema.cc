#include "pipeline/config_schema.h"

#include "base/error.h"
#include "base/text.h"

namespace reckon {
namespace {

template <class S, class T>
Key key(const char* name, T S::*member, Limits limits, std::string help) {
  return {name, [member](void* section) -> Slot { return &(static_cast<S*>(section)->*member); },
          std::move(limits), std::move(help)};
}

Key changes(Change change, Key key) {
  key.change = change;
  return key;
}
Key free(Key key) { return changes(Change::free, std::move(key)); }
Key next_step(Key key) { return changes(Change::next_step, std::move(key)); }

Key automatic(const char* meaning, Key key) {
  key.automatic = meaning;
  return key;
}

Limits any() { return {}; }
Limits from(double low) { return {low}; }
Limits within(double low, double high) { return {low, high}; }
Limits above(double low) { return {.low = low, .low_open = true}; }
Limits below(Limits limits) {
  limits.high_open = true;
  return limits;
}
Limits one_of(std::vector<std::string> choices) { return {.choices = std::move(choices)}; }
Limits with_unit(Unit unit, Limits limits) {
  limits.unit = unit;
  return limits;
}

constexpr double kMany = 1 << 20;

// The keys of a member struct as keys of `S`, under `prefix`.
template <class S, class Inner>
void add(std::vector<Key>& keys, const std::string& prefix, Inner S::*member,
         std::vector<Key> inner) {
  for (Key& entry : inner) {
    entry.name = prefix + entry.name;
    entry.slot = [slot = entry.slot, member](void* section) {
      return slot(&(static_cast<S*>(section)->*member));
    };
    keys.push_back(std::move(entry));
  }
}

std::vector<Key> checkpoint_keys() {
  using S = CheckpointConfig;
  return {free(key("every", &S::every, from(1),
                   "steps between checkpoints; the end of a phase and an interrupt write one too")),
          free(key("keep_last", &S::keep_last, within(2, kMany),
                   "newest checkpoints kept whole, so that a run can resume")),
          free(key("keep_best", &S::keep_best, within(0, kMany),
                   "best checkpoints by evaluation accuracy, weights only"))};
}

std::vector<Key> eval_keys() {
  using S = EvalConfig;
  return {next_step(automatic("no evaluation",
                              key("data", &S::data, any(), "[data] entry to evaluate on"))),
          next_step(key("every", &S::every, from(0),
                        "steps between evaluations; 0: only at the ends of phases")),
          next_step(key("problems", &S::problems, from(1), "rows 0 to problems - 1 of the data")),
          next_step(key("samples", &S::samples, within(1, kMany),
                        "completions per problem: the k of avg@k")),
          next_step(key("temperature", &S::temperature, within(0, 100),
                        "0 takes the most likely token"))};
}

std::vector<Key> rewards_keys() {
  using S = RewardsConfig;
  return {
      free(key("max_unscored_rate", &S::max_unscored_rate, within(0, 1),
               "share of a step's samples without a score above which the run stops")),
      key("count_unscored", &S::count_unscored, any(),
          "true: they count with unscored_value; false: they leave their group"),
      key("unscored_value", &S::unscored_value, any(), "value of an unscored sample that counts")};
}

std::vector<Key> store_keys() {
  using S = StoreConfig;
  return {free(key("lease_seconds", &S::lease_seconds, with_unit(Unit::seconds, above(0)),
                   "work held by a client that went silent goes to another after this time")),
          free(key("credit_bytes", &S::credit_bytes, with_unit(Unit::bytes, from(1024)),
                   "unacknowledged bytes a client may have in flight")),
          free(key("keep_steps", &S::keep_steps, from(1),
                   "bodies of samples older than this many steps are dropped"))};
}

std::vector<Key> run_keys() {
  using S = RunSection;
  std::vector<Key> keys = {
      free(automatic("runs/ and the file's stem",
                     key("dir", &S::dir, any(), "folder that holds everything the run writes"))),
      key("seed", &S::seed, from(0), "seed of initialisation, order of prompts and sampling"),
      next_step(key("steps", &S::steps, from(0),
                    "steps of every phase that does not say its own; 0: each must")),
      next_step(key("stop_after", &S::stop_after, from(0),
                    "stop after this many steps of the whole run; 0: when all phases are done")),
      free(key("max_bad_steps", &S::max_bad_steps, within(1, kMany),
               "steps in a row with a non-finite loss or gradient before the run stops")),
      free(automatic("off",
                     key("journal", &S::journal, any(),
                         "file that gets a line for every acknowledged sample and trained step")))};
  add(keys, "checkpoint.", &S::checkpoint, checkpoint_keys());
  add(keys, "eval.", &S::eval, eval_keys());
  add(keys, "rewards.", &S::rewards, rewards_keys());
  add(keys, "store.", &S::store, store_keys());
  return keys;
}

std::vector<Key> new_model_keys() {
  using S = NewModel;
  std::vector<Key> keys = {
      key("family", &S::family, one_of({"qwen3", "qwen3_moe"}), "architecture"),
      key("layers", &S::layers, within(1, 1024), "decoder layers"),
      key("hidden", &S::hidden, within(1, kMany), "width of the residual stream"),
      key("heads", &S::heads, within(1, 4096), "query heads; a multiple of kv_heads"),
      key("kv_heads", &S::kv_heads, within(1, 4096), "key and value heads"),
      automatic("hidden / heads",
                key("head_dim", &S::head_dim, within(0, 4096), "width of one head; even")),
      automatic("4 * hidden",
                key("ffn", &S::ffn, within(0, kMany), "inner width of a dense layer")),
      key("experts", &S::experts, within(0, 65536), "qwen3_moe: experts per layer"),
      key("experts_per_token", &S::experts_per_token, within(0, 65536),
          "qwen3_moe: experts chosen per token"),
      key("expert_hidden", &S::expert_hidden, within(0, kMany),
          "qwen3_moe: inner width of one expert"),
      key("max_position", &S::max_position, within(2, 1e7),
          "longest prompt plus completion, in tokens"),
      key("norm_eps", &S::norm_eps, {.low = 0, .high = 1, .low_open = true, .high_open = true},
          "epsilon of the norms"),
      key("rope_theta", &S::rope_theta, above(0), "base of the rotary embedding"),
      key("tied_head", &S::tied_head, any(), "the output head shares the embedding's weights"),
      key("tokenizer", &S::tokenizer, one_of({"bytes"}),
          "bytes: 256 bytes and two special tokens")};
  for (Key& entry : keys) entry.only = "new";
  return keys;
}

std::vector<Key> model_keys() {
  std::vector<Key> keys = {automatic("made from nothing", key("path", &ModelSection::path, any(),
                                                              "Hugging Face folder or GGUF file"))};
  keys.push_back(
      automatic("the model's own", key("chat_template", &ModelSection::chat_template, any(),
                                       "file with the Jinja template for rows that are chats")));
  add(keys, "new.", &ModelSection::fresh, new_model_keys());
  return keys;
}

std::vector<Key> numerics_keys() {
  using S = NumericsSection;
  return {
      key("profile", &S::profile, one_of({"portable", "avx512bf16"}),
          "kernels whose bits are promised (docs/numerics.md)"),
      key("storage", &S::storage, one_of({"f32", "bf16"}), "of weights, activations and KV cache")};
}

std::vector<Key> layout_keys() {
  using S = LayoutSection;
  return {free(automatic("all cores",
                         key("threads", &S::threads, within(0, 1024), "of kernels and learner"))),
          free(key("activation_checkpointing", &S::activation_checkpointing,
                   one_of({"auto", "on", "off"}),
                   "on: backward computes each layer again, for less memory; auto: on when the run "
                   "would not fit in the memory that is free without it"))};
}

std::vector<Key> sampling_keys() {
  using S = SamplingParams;
  return {key("temperature", &S::temperature, within(0, 100),
              "of the softmax; training needs more than 0"),
          key("top_k", &S::top_k, within(0, 1e6), "keep the k most likely tokens; 0: off"),
          key("top_p", &S::top_p, {.low = 0, .high = 1, .low_open = true},
              "keep the smallest set of tokens with this probability; 1: off"),
          key("min_p", &S::min_p, below(within(0, 1)),
              "keep tokens this likely relative to the most likely one; 0: off"),
          automatic("required", key("max_new_tokens", &S::max_new_tokens, within(1, 1e7),
                                    "length limit of a completion, end token included"))};
}

std::vector<Key> rollout_keys() {
  using S = RolloutConfig;
  std::vector<Key> keys = {key("samples_per_prompt", &S::samples_per_prompt, within(1, kMany),
                               "completions per prompt: the size of a group; grpo needs 2")};
  add(keys, "", &S::sampling, sampling_keys());
  keys.push_back(
      automatic("none", key("stop", &S::stop, any(),
                            "texts that end a completion, as end tokens do; they belong to it")));
  keys.push_back(key("max_staleness", &S::max_staleness, within(0, kMany),
                     "weight versions a sample may be behind; 0: synchronous and deterministic"));
  keys.push_back(automatic(
      "8 * prompts_per_step",
      key("max_draws", &S::max_draws, from(0), "prompts a step may draw before it runs smaller")));
  keys.push_back(free(key("lookahead", &S::lookahead, within(0, kMany),
                          "groups sampled beyond what is needed if all pass")));
  keys.push_back(free(
      key("kv_bytes", &S::kv_bytes, with_unit(Unit::bytes, from(1024)), "memory for KV pages")));
  keys.push_back(
      free(key("max_rows", &S::max_rows, within(1, kMany), "rows of one forward of the sampler")));
  return keys;
}

std::vector<Key> objective_keys() {
  using S = ObjectiveConfig;
  std::vector<Key> keys = {
      key("advantage", &S::advantage, one_of({"grpo", "dr_grpo", "rloo"}),
          "grpo: (R - mean) / (s + 1e-6) with the sample deviation s; dr_grpo: R - mean; rloo: R - "
          "mean of the others"),
      key("loss", &S::loss, one_of({"ppo_clip", "reinforce"}),
          "ppo_clip: -min(r A, clip(r, 1 - clip_low, 1 + clip_high) A); reinforce: -A log p"),
      key("clip_low", &S::clip_low, within(0, 1),
          "ppo_clip: the ratio's lower bound is 1 - clip_low"),
      key("clip_high", &S::clip_high, from(0),
          "ppo_clip: the ratio's upper bound is 1 + clip_high"),
      key("aggregation", &S::aggregation,
          one_of({"token_mean", "seq_mean_token_mean", "seq_mean_token_sum_norm"}),
          "mean over all tokens of the update; over samples of token means; over samples of sum / "
          "length_norm"),
      automatic("max_new_tokens",
                key("length_norm", &S::length_norm, from(0), "divisor of seq_mean_token_sum_norm")),
      key("kl.estimator", &S::kl, one_of({"k2", "k3"}),
          "of the KL to the phase's first weights, added to the loss"),
      key("kl.coef", &S::kl_coef, from(0), "weight of the KL; 0: no reference is loaded"),
      key("overlong_mask", &S::overlong_mask, any(),
          "truncated samples stay in the statistics and leave the loss"),
      key("zero_variance", &S::zero_variance, one_of({"refill", "drop", "keep"}),
          "groups of equal rewards: refill drops them and draws more, drop trains on fewer, keep "
          "trains on them")};
  for (Key& entry : keys) entry.only = "grpo";
  return keys;
}

std::vector<Key> optimizer_keys() {
  using S = OptimizerConfig;
  Key name{"name", [](void*) -> Slot { return Constant{"adamw"}; }, one_of({"adamw"}),
           "adamw with fp32 masters"};
  Key betas{"betas",
            [](void* section) -> Slot {
              return Pair{&static_cast<S*>(section)->beta1, &static_cast<S*>(section)->beta2};
            },
            below(within(0, 1)), "decay of the first and the second moment"};
  return {std::move(name),
          key("lr", &S::lr, from(0), "learning rate at the top of the schedule"),
          key("warmup_steps", &S::warmup, from(0), "steps of linear warm-up"),
          key("schedule", &S::schedule, one_of({"constant", "linear", "cosine"}),
              "after the warm-up: stay at lr, or go to min_lr over the phase"),
          key("min_lr", &S::min_lr, from(0), "where the schedule ends; at most lr"),
          std::move(betas),
          key("eps", &S::eps, above(0), "added to the root of the second moment"),
          key("weight_decay", &S::weight_decay, from(0), "decoupled; norms and biases are spared"),
          key("clip_norm", &S::clip_norm, from(0), "greatest gradient norm; 0: off")};
}

std::vector<Key> phase_keys() {
  using S = PhaseConfig;
  std::vector<Key> keys = {
      automatic("the kind",
                key("name", &S::name, any(),
                    "unique; letters, digits, _ and -; overrides address the phase by it")),
      key("kind", &S::kind, one_of({"sft", "grpo"}),
          "sft learns the data's column `completion`; grpo learns from rewards"),
      automatic("the phase before",
                key("from", &S::from, any(),
                    "whose weights it starts from: the phase before, by name, or \"model\"")),
      next_step(
          automatic("run.steps", key("steps", &S::steps, from(1), "training steps of the phase"))),
      key("data", &S::data, any(), "[data] entry to train on"),
      key("optimizer_state", &S::optimizer_state, one_of({"fresh", "carry"}),
          "moments of the optimizer at the start"),
      key("prompts_per_step", &S::prompts_per_step, within(1, kMany),
          "sft: rows; grpo: groups; a multiple of minibatches"),
      key("minibatches", &S::minibatches, within(1, kMany), "optimizer updates per step"),
      key("pack_tokens", &S::pack_tokens, within(1, 1e9), "rows of one forward of the learner")};
  add(keys, "until.", &S::until,
      {next_step(automatic("off", key("accuracy", &Until::accuracy, within(0, 1),
                                      "the phase ends once run.eval reaches this"))),
       next_step(key("every", &Until::every, from(1), "steps between its evaluations"))});
  add(keys, "rollout.", &S::rollout, rollout_keys());
  add(keys, "objective.", &S::objective, objective_keys());
  add(keys, "optimizer.", &S::optimizer, optimizer_keys());
  return keys;
}

std::vector<Key> data_keys() {
  using S = PromptOptions;
  std::vector<Key> keys = {
      automatic("none", key("file", &DataSource::file, any(), "JSONL file with the rows")),
      automatic("none", key("generator", &DataSource::generator, any(),
                            "instead of a file; its parameters are further keys"))};
  add(keys, "", &DataSource::prompt,
      {key("prompt", &S::column, any(), "column with the prompt: a text, or a list of messages"),
       key("format", &S::format, one_of({"auto", "plain", "gsm8k", "math"}),
           "columns of a known data set; auto looks at the first row"),
       automatic("none",
                 key("template", &S::wrapper, any(),
                     "the prompt's text, with {column} placeholders; {{ and }} are braces")),
       automatic("none", key("system", &S::system, any(), "system message; makes rows chats")),
       key("chat", &S::chat, any(), "true: a text becomes the message of a user"),
       key("max_prompt_tokens", &S::max_tokens, from(0),
           "longer prompts are not sampled, and counted; 0: any that the model can hold"),
       key("skip_bad_rows", &S::skip_bad_rows, from(0),
           "bad rows left out before it is an error: rows, or below 1 a share of them")});
  return keys;
}

template <class S>
Table table(const char* name, const char* heading, const char* help, std::vector<Key> keys) {
  return {name, heading, help, std::move(keys), std::make_shared<S>()};
}

std::vector<Table> make_schema() {
  return {
      table<RunSection>("run", "[run]", "The run as a whole.", run_keys()),
      table<ModelSection>(
          "model", "[model]",
          "`path` to a Hugging Face folder, or `new`: the shape of a model made from nothing.",
          model_keys()),
      table<NumericsSection>("numerics", "[numerics]", "What the bits are promised within.",
                             numerics_keys()),
      table<LayoutSection>("layout", "[layout]", "How the machine is used.", layout_keys()),
      table<RolloutConfig>("rollout", "[rollout]",
                           "Sampling; a phase may say its own under `rollout`.", rollout_keys()),
      table<ObjectiveConfig>(
          "objective", "[objective]",
          "What a grpo phase minimises; a phase may say its own under `objective`.",
          objective_keys()),
      table<OptimizerConfig>("optimizer", "[optimizer]",
                             "A phase may say its own under `optimizer`.", optimizer_keys()),
      table<PhaseConfig>(
          "phase", "[[phase]]",
          "One after the other. The tables `rollout`, `objective` and `optimizer` of a phase "
          "lie over those of the run, key by key.",
          phase_keys()),
  };
}

}  // namespace

const Key* Table::find(const std::string& key) const {
  for (const Key& entry : keys) {
    if (entry.name == key) return &entry;
  }
  return nullptr;
}

bool Table::has_table(const std::string& prefix) const {
  for (const Key& entry : keys) {
    if (entry.name.starts_with(prefix + ".")) return true;
  }
  return false;
}

const std::vector<Table>& schema() {
  static const std::vector<Table> tables = make_schema();
  return tables;
}

const Table& data_table() {
  static const Table table = reckon::table<DataSource>(
      "data", "[data]",
      "Each key names an entry, which is a file's name or a table with the keys below (data.md). "
      "`columns = { new_name = \"name.in.the.file\" }` gives columns further names. On resume "
      "entries are fixed where a phase trains on them, else they hold from the next step.",
      data_keys());
  return table;
}

const Table& schema_table(const std::string& name) {
  for (const Table& entry : schema()) {
    if (entry.name == name) return entry;
  }
  throw Error(Code::internal, "schema", cat("no table ", name),
              "this is a defect of Reckon; please report it");
}

}  // namespace reckon
