#include "learner/objective.h"

#include <cmath>
#include <limits>

#include "base/error.h"
#include "base/text.h"
#include "learner/objectives/objectives.h"
#include "pipeline/objective_names.h"

namespace reckon {
namespace {

// One choice: its name in a run file, its function, and the formula that describe() prints.
template <class Function>
struct Choice {
  const char* name;
  Function function;
  const char* formula;
};

constexpr Choice<AdvantageFunction> kAdvantages[] = {
    {"grpo", grpo_advantage, "(R - mean) / (s + 1e-6), s the sample deviation of the group"},
    {"dr_grpo", dr_grpo_advantage, "R - mean of the group"},
    {"rloo", rloo_advantage, "R - mean of the group's other members"},
};
constexpr Choice<LossFunction> kLosses[] = {
    {"ppo_clip", ppo_clip_loss,
     "-min(r A, clip(r, 1 - clip_low, 1 + clip_high) A), r = exp(new - old)"},
    {"reinforce", reinforce_loss, "-A new, no ratio"},
};
constexpr Choice<AggregationFunction> kAggregations[] = {
    {"token_mean", token_mean_weight, "sum over tokens / tokens of the update"},
    {"seq_mean_token_mean", seq_mean_token_mean_weight,
     "mean over samples of the mean over their tokens"},
    {"seq_mean_token_sum_norm", seq_mean_token_sum_norm_weight,
     "mean over samples of (sum over their tokens / length_norm)"},
};
constexpr Choice<KlFunction> kKls[] = {
    {"k2", k2_kl, "d^2 / 2, d = new - reference"},
    {"k3", k3_kl, "exp(-d) - 1 + d, d = new - reference"},
};

template <class Function, size_t n>
const Choice<Function>& find(const Choice<Function> (&table)[n], const char* key,
                             const std::string& name) {
  std::vector<std::string> names;
  for (const Choice<Function>& choice : table) {
    if (name == choice.name) return choice;
    names.emplace_back(choice.name);
  }
  std::string place = cat("objective.", key);
  if (const AmbiguousName* entry = ambiguous_name(key, name)) {
    throw Error(Code::config, place, cat("'", name, "' could mean ", entry->meanings),
                std::string(entry->remedy));
  }
  auto near = nearest(name, names);
  throw Error(Code::config, place, cat("unknown ", key, " '", name, "'"),
              near ? cat("did you mean '", *near, "'?") : cat("choose one of ", join(names, ", ")));
}

void check_range(bool good, const char* key, double value, const char* range) {
  if (good) return;
  throw Error(Code::config, cat("objective.", key), cat(shortest(value), " is out of range"),
              cat("use ", range));
}

constexpr double kInfinity = std::numeric_limits<double>::infinity();

// |new - old|; a NaN counts as infinite, so that no comparison passes it over.
double distance(double a, double b) {
  double d = a == b ? 0 : std::abs(a - b);
  return std::isnan(d) ? kInfinity : d;
}

}  // namespace

double mean_of(const std::vector<double>& values) {
  double sum = 0;
  for (double value : values) sum += value;
  return sum / static_cast<double>(values.size());
}

void group_advantages(const std::string& name, std::vector<ObjectiveSample*>& group) {
  AdvantageFunction function = find(kAdvantages, "advantage", name).function;
  std::vector<double> rewards;
  for (ObjectiveSample* sample : group) {
    sample->advantage = 0;
    if (sample->counted) {
      rewards.push_back(sample->reward);
    } else {
      sample->masked = true;
    }
  }
  // Equal rewards, or a group of one, say nothing: exactly 0, without the rounding of a mean or a
  // division by zero.
  bool equal = true;
  for (double reward : rewards) equal = equal && reward == rewards[0];
  if (equal) return;
  std::vector<double> advantages = function(rewards);
  size_t next = 0;
  for (ObjectiveSample* sample : group) {
    if (sample->counted) sample->advantage = advantages[next++];
  }
}

Objective::Objective(const ObjectiveConfig& config) : config_(config) {
  find(kAdvantages, "advantage", config.advantage);
  loss_ = find(kLosses, "loss", config.loss).function;
  weight_ = find(kAggregations, "aggregation", config.aggregation).function;
  kl_ = find(kKls, "kl", config.kl).function;
  check_range(config.clip_low >= 0 && config.clip_low <= 1, "clip_low", config.clip_low, "0 to 1");
  check_range(config.clip_high >= 0 && std::isfinite(config.clip_high), "clip_high",
              config.clip_high, "0 or more");
  check_range(config.length_norm >= 0 && std::isfinite(config.length_norm), "length_norm",
              config.length_norm, "a number of tokens, or 0 for max_new_tokens");
  check_range(config.kl_coef >= 0 && std::isfinite(config.kl_coef), "kl_coef", config.kl_coef,
              "0 or more");
}

BatchTotals Objective::totals(const std::vector<const ObjectiveSample*>& batch,
                              double length_norm) const {
  BatchTotals totals;
  totals.length_norm = config_.length_norm > 0 ? config_.length_norm : length_norm;
  RECKON_CHECK(totals.length_norm > 0, "no length to divide by");
  for (const ObjectiveSample* sample : batch) {
    if (sample->masked || sample->old_logprob.empty()) continue;
    totals.tokens += static_cast<double>(sample->old_logprob.size());
    totals.samples += 1;
  }
  return totals;
}

TokenGradients Objective::sample(const ObjectiveSample& sample,
                                 const std::vector<float>& new_logprob, const BatchTotals& totals,
                                 ObjectiveStats& stats) const {
  size_t length = new_logprob.size();
  RECKON_CHECK(sample.old_logprob.size() == length, "old and new log-probs differ in number");
  RECKON_CHECK(
      sample.ref_logprob.size() == length || (sample.ref_logprob.empty() && config_.kl_coef == 0),
      "reference log-probs are missing");
  if (sample.same_weights) {
    for (size_t t = 0; t < length; ++t) {
      stats.mismatch = std::max(stats.mismatch, distance(new_logprob[t], sample.old_logprob[t]));
    }
    stats.checked += static_cast<double>(length);
  }
  TokenGradients result;
  result.dlogprob.assign(length, 0.0f);
  if (sample.masked || length == 0) return result;

  double weight = weight_(static_cast<double>(length), totals);
  double kl_sum = 0;
  for (size_t t = 0; t < length; ++t) {
    double logprob = new_logprob[t], old = sample.old_logprob[t];
    if (logprob == -kInfinity) {
      ++stats.outside;
      continue;
    }
    TokenLoss policy = loss_({sample.advantage, logprob, old}, config_);
    bool referred = !sample.ref_logprob.empty() && sample.ref_logprob[t] != -kInfinity;
    TokenLoss kl = referred ? kl_(logprob - sample.ref_logprob[t]) : TokenLoss();
    result.loss += weight * policy.loss;
    double gradient = policy.gradient;
    if (config_.kl_coef > 0) {
      result.loss += weight * config_.kl_coef * kl.loss;
      gradient += config_.kl_coef * kl.gradient;
    }
    result.dlogprob[t] = static_cast<float>(weight * gradient);
    kl_sum += kl.loss;
    stats.clipped += policy.clipped;
    stats.ratio_max = std::max(stats.ratio_max, std::exp(clamp_log_ratio(logprob - old).value));
  }
  double tokens = stats.tokens + static_cast<double>(length);
  stats.kl += (kl_sum - stats.kl * static_cast<double>(length)) / tokens;
  stats.tokens = tokens;
  stats.loss += result.loss;
  return result;
}

std::string Objective::describe() const {
  std::string text =
      cat("advantage   ", config_.advantage, ": ",
          find(kAdvantages, "advantage", config_.advantage).formula, "\nloss        ", config_.loss,
          ": ", find(kLosses, "loss", config_.loss).formula, "\n");
  if (loss_ == ppo_clip_loss) {
    text += cat("            r stays in [", shortest(1 - config_.clip_low), ", ",
                shortest(1 + config_.clip_high), "] (clip_low ", shortest(config_.clip_low),
                ", clip_high ", shortest(config_.clip_high), ")\n");
  }
  text += cat("aggregation ", config_.aggregation, ": ",
              find(kAggregations, "aggregation", config_.aggregation).formula, "\n");
  if (weight_ == seq_mean_token_sum_norm_weight) {
    text += cat("            length_norm ",
                config_.length_norm > 0 ? shortest(config_.length_norm) : "= max_new_tokens", "\n");
  }
  if (config_.kl_coef > 0) {
    text += cat("kl          ", shortest(config_.kl_coef), " * ", config_.kl,
                ", added to the loss: ", find(kKls, "kl", config_.kl).formula, "\n");
  } else {
    text += "kl          none\n";
  }
  text += cat("overlong    truncated samples are in the group's statistics",
              config_.overlong_mask ? ", not in the loss\n" : " and in the loss\n");
  return text;
}

}  // namespace reckon
