// What must hold across keys and sections of a run file.
#include <algorithm>
#include <filesystem>
#include <set>

#include "base/error.h"
#include "base/text.h"
#include "pipeline/config_schema.h"
#include "pipeline/dataset.h"

namespace reckon {
namespace {

class Checker {
 public:
  Checker(const RunConfig& config, const Origins& origins) : config_(config), origins_(origins) {}

  void run() {
    check_model();
    for (const auto& [name, source] : config_.data) check_source(name, source);
    if (config_.phases.empty())
      fail("phase", "the run has no phase", "add a [[phase]] with kind and steps");
    for (size_t i = 0; i < config_.phases.size(); ++i) check_phase(i);
    if (!config_.run.eval.data.empty())
      check_data_name("run.eval.data", config_.run.eval.data, "the evaluation");
  }

 private:
  [[noreturn]] void fail(const std::string& path, const std::string& problem,
                         const std::string& remedy) const {
    throw Error(Code::config, origins_.place(path), problem, remedy);
  }

  void check_model() const {
    const NewModel& model = config_.model.fresh;
    if (!config_.model.path.empty()) {
      for (const Key& key : schema_table("model").keys) {
        std::string path = "model." + key.name;
        if (key.only == "new" && origins_.given(path)) {
          fail(path, cat("'", key.name, "' has no meaning beside model.path"),
               "the folder's config.json says it; remove one of the two");
        }
      }
      return;
    }
    if (model.heads % model.kv_heads != 0) {
      fail("model.new.heads",
           cat("heads (", model.heads, ") is not a multiple of kv_heads (", model.kv_heads, ")"),
           "every key and value head serves the same number of query heads");
    }
    if (model.head_dim == 0 && model.hidden % model.heads != 0) {
      fail("model.new.hidden",
           cat("hidden (", model.hidden, ") is not a multiple of heads (", model.heads, ")"),
           "or say head_dim");
    }
    int head_dim = model.head_dim != 0 ? model.head_dim : model.hidden / model.heads;
    if (head_dim % 2 != 0 || head_dim == 0) {
      fail(model.head_dim != 0 ? "model.new.head_dim" : "model.new.hidden",
           cat("head_dim is ", head_dim, ", which is not even"),
           "the rotary embedding turns pairs");
    }
    check_experts(model);
  }

  void check_experts(const NewModel& model) const {
    if (model.family != "qwen3_moe") {
      for (const char* key : {"experts", "experts_per_token", "expert_hidden"}) {
        std::string path = cat("model.new.", key);
        int value = key == std::string("experts")             ? model.experts
                    : key == std::string("experts_per_token") ? model.experts_per_token
                                                              : model.expert_hidden;
        if (value != 0)
          fail(path, cat("'", key, "' has no meaning for family ", model.family),
               "set family = \"qwen3_moe\", or remove it");
      }
      return;
    }
    if (model.experts < 1)
      fail("model.new.family", "qwen3_moe needs experts",
           "set experts, experts_per_token and expert_hidden");
    if (model.experts_per_token < 1 || model.experts_per_token > model.experts) {
      fail("model.new.experts_per_token",
           cat("experts_per_token (", model.experts_per_token, ") must lie between 1 and experts (",
               model.experts, ")"),
           "each token goes to that many of the experts");
    }
    if (model.expert_hidden < 1)
      fail("model.new.expert_hidden", "qwen3_moe needs expert_hidden",
           "set the inner width of one expert");
  }

  void check_source(const std::string& name, const DataSource& source) const {
    try {
      RowShaper shaper(source.prompt);
      if (!source.generator.empty()) open_dataset(source.where(), source.prompt, config_.run.seed);
    } catch (const Error& error) {
      fail(cat("data.", name, ".", error.place()), error.problem(), error.remedy());
    }
    if (source.generator.empty() && !std::filesystem::is_regular_file(source.file)) {
      throw Error(Code::no_input, origins_.place(cat("data.", name, ".file")),
                  cat("data file '", source.file, "' does not exist"),
                  "paths are relative to where reckon is started");
    }
  }

  void check_data_name(const std::string& path, const std::string& name,
                       const std::string& who) const {
    if (config_.data.count(name) > 0) return;
    std::vector<std::string> names;
    for (const auto& [known, source] : config_.data) names.push_back(known);
    auto near = nearest(name, names);
    fail(path, cat(who, " wants data '", name, "', which [data] does not have"),
         near            ? cat("did you mean '", *near, "'?")
         : names.empty() ? "add a [data] table"
                         : cat("there are: ", join(names, ", ")));
  }

  void check_phase(size_t index) const {
    const PhaseConfig& phase = config_.phases[index];
    auto path = [&](const char* key) { return cat("phase.", index, ".", key); };
    check_phase_name(index);
    std::string who = cat("phase '", phase.name, "'");
    if (phase.steps == 0)
      fail(path("kind"), cat(who, " has no steps"),
           "give it steps, or set run.steps for every phase");
    check_data_name(path("data"), phase.data, who);
    if (phase.prompts_per_step % phase.minibatches != 0) {
      fail(path("minibatches"),
           cat("prompts_per_step (", phase.prompts_per_step, ") is not a multiple of minibatches (",
               phase.minibatches, ")"),
           "every optimizer update takes the same number of prompts");
    }
    if (phase.optimizer.min_lr > phase.optimizer.lr) {
      fail(path("optimizer.min_lr"), "min_lr is above lr", "schedules go from lr down to min_lr");
    }
    if (phase.until.accuracy > 0 && config_.run.eval.data.empty()) {
      fail(path("until.accuracy"), "there is no evaluation to measure the accuracy",
           "set run.eval.data");
    }
    check_lengths(index);
    if (phase.kind == "grpo") check_grpo(index);
  }

  void check_phase_name(size_t index) const {
    const std::string& name = config_.phases[index].name;
    std::string path =
        cat("phase.", index, origins_.given(cat("phase.", index, ".name")) ? ".name" : ".kind");
    bool plain = name.find_first_not_of(
                     "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-") ==
                 std::string::npos;
    bool number = name.find_first_not_of("0123456789") == std::string::npos;
    if (!plain || number || name == "model") {
      fail(path, cat("'", name, "' cannot be the name of a phase"),
           "use letters, digits, _ and -, not digits alone, not \"model\"");
    }
    for (size_t i = 0; i < index; ++i) {
      if (config_.phases[i].name == name)
        fail(path, cat("two phases are named '", name, "'"), "give each phase a name of its own");
    }
    const std::string& from = config_.phases[index].from;
    std::string before = index == 0 ? "model" : config_.phases[index - 1].name;
    if (!from.empty() && from != "model" && from != before) {
      fail(cat("phase.", index, ".from"), cat("phase '", name, "' cannot start from '", from, "'"),
           index == 0
               ? "the first phase starts from \"model\""
               : cat("it starts from the phase before, \"", before, "\", or from \"model\""));
    }
  }

  void check_lengths(size_t index) const {
    const PhaseConfig& phase = config_.phases[index];
    bool samples = phase.kind == "grpo" || !config_.run.eval.data.empty();
    std::string path = cat("phase.", index, ".rollout.max_new_tokens");
    int limit = phase.rollout.sampling.max_new_tokens;
    if (samples && limit == 0) {
      fail(path, cat("phase '", phase.name, "' samples and has no max_new_tokens"),
           "set rollout.max_new_tokens, the length limit of a completion");
    }
    if (config_.model.path.empty() && limit >= config_.model.fresh.max_position) {
      fail(path,
           cat("max_new_tokens (", limit, ") leaves no room for a prompt within max_position (",
               config_.model.fresh.max_position, ")"),
           "lower it, or raise model.new.max_position");
    }
  }

  void check_grpo(size_t index) const {
    const PhaseConfig& phase = config_.phases[index];
    const RolloutConfig& rollout = phase.rollout;
    auto path = [&](const char* key) { return cat("phase.", index, ".", key); };
    if (config_.rewards.empty()) {
      fail(path("kind"), cat("phase '", phase.name, "' learns from rewards and there is none"),
           cat("add a [[reward]] with use = one of ", join(reward_names(), ", ")));
    }
    bool judged = std::any_of(config_.rewards.begin(), config_.rewards.end(),
                              [](const RewardSpec& spec) { return !spec.shaping; });
    if (!judged)
      fail(origins_.given("reward.0.shaping") ? "reward.0.shaping" : "reward.0.use",
           "every reward is a shaping one", "one must judge the answer: shaping = false");
    if (rollout.samples_per_prompt < 2) {
      fail(path("rollout.samples_per_prompt"), "samples_per_prompt must be at least 2 for grpo",
           "advantages compare the samples of a prompt");
    }
    if (rollout.sampling.temperature == 0) {
      fail(path("rollout.temperature"), "grpo cannot train at temperature 0",
           "all samples of a prompt would be the same; 1 is usual");
    }
    if (rollout.max_draws != 0 && rollout.max_draws < phase.prompts_per_step) {
      fail(path("rollout.max_draws"),
           cat("max_draws (", rollout.max_draws, ") is below prompts_per_step (",
               phase.prompts_per_step, ")"),
           "a step draws at least its prompts; 0 means 8 times as many");
    }
  }

  const RunConfig& config_;
  const Origins& origins_;
};

}  // namespace

void check_config(const RunConfig& config, const Origins& origins) {
  Checker(config, origins).run();
}

}  // namespace reckon
