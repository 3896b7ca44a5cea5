#include "cli/eval_report.h"

#include <algorithm>
#include <cmath>
#include <cstdio>

#include "base/error.h"
#include "base/text.h"

namespace reckon {
namespace {

constexpr double kNormal95 = 1.959963984540054;
constexpr Status kStatuses[] = {Status::scored, Status::abstained, Status::undecided,
                                Status::timed_out, Status::crashed};

// Wilson 1927, with `n` trials of which the share `p` succeeded.
Interval wilson(double p, double n) {
  double z2 = kNormal95 * kNormal95;
  double middle = (p + z2 / (2 * n)) / (1 + z2 / n);
  double half = kNormal95 / (1 + z2 / n) * std::sqrt(p * (1 - p) / n + z2 / (4 * n * n));
  return {std::max(0.0, middle - half), std::min(1.0, middle + half)};
}

std::string line(const char* format, auto... values) {
  char text[256];
  std::snprintf(text, sizeof text, format, values...);
  return text;
}

}  // namespace

Interval mean_interval(const std::vector<double>& shares, double samples) {
  double problems = static_cast<double>(shares.size()), mean = 0, squares = 0;
  for (double share : shares) mean += share;
  mean /= problems;
  for (double share : shares) squares += (share - mean) * (share - mean);
  double spread = mean * (1 - mean);
  if (spread <= 0 || shares.size() < 2) return wilson(mean, problems);
  double variance = squares / (problems - 1) / problems;
  double effective = variance > 0 ? spread / variance : problems * samples;
  return wilson(mean, std::clamp(effective, problems, problems * samples));
}

double pass_at_k(uint32_t n, uint32_t c, uint32_t k) {
  RECKON_CHECK(k <= n && c <= n, "pass@k of fewer than k samples");
  if (n - c < k) return 1;
  double none = 1;
  for (uint32_t i = n - c + 1; i <= n; ++i) none *= 1 - static_cast<double>(k) / i;
  return 1 - none;
}

EvalTally::EvalTally(size_t problems, uint32_t samples, std::vector<uint32_t> pass_at)
    : samples_(samples), pass_at_(std::move(pass_at)), correct_(problems) {}

void EvalTally::add(size_t problem, const Outcome& outcome, size_t tokens, bool truncated) {
  ++outcomes_[outcome.status];
  tokens_ += static_cast<double>(tokens);
  truncated_ += truncated;
  if (outcome.status != Status::scored) {
    if (first_note_.empty()) first_note_ = outcome.note;
    return;
  }
  correct_[problem] += outcome.correct;
  value_ += outcome.value;
}

double EvalTally::outcome_count(Status status) const {
  auto found = outcomes_.find(status);
  return found == outcomes_.end() ? 0 : static_cast<double>(found->second);
}

double EvalTally::accuracy() const {
  double correct = 0;
  for (uint32_t of : correct_) correct += of;
  return correct / count();
}

Interval EvalTally::interval() const {
  std::vector<double> shares;
  for (uint32_t correct : correct_)
    shares.push_back(static_cast<double>(correct) / static_cast<double>(samples_));
  return mean_interval(shares, samples_);
}

double EvalTally::any_correct() const {
  auto solved = std::count_if(correct_.begin(), correct_.end(), [](uint32_t n) { return n > 0; });
  return static_cast<double>(solved) / static_cast<double>(correct_.size());
}

double EvalTally::pass_at(uint32_t k) const {
  double sum = 0;
  for (uint32_t correct : correct_) sum += pass_at_k(samples_, correct, k);
  return sum / static_cast<double>(correct_.size());
}

double EvalTally::mean_value() const { return scored() > 0 ? value_ / scored() : 0; }

std::string EvalTally::text() const {
  Interval bounds = interval();
  std::string k = cat(samples_);
  std::string text = line("%-10s %6.2f %%   95 %% interval %.2f to %.2f %%\n",
                          samples_ == 1 ? "pass@1" : ("avg@" + k).c_str(), 100 * accuracy(),
                          100 * bounds.low, 100 * bounds.high);
  if (samples_ > 1) text += line("%-10s %6.2f %%\n", ("pass@" + k).c_str(), 100 * any_correct());
  for (uint32_t at : pass_at_) {
    if (at == samples_) continue;  // is there already
    text += line("%-10s %6.2f %%   estimated from %u samples\n", cat("pass@", at).c_str(),
                 100 * pass_at(at), samples_);
  }
  text += line("%-10s %zu%s\n", "problems", problems(),
               samples_ > 1 ? cat(", ", k, " samples each").c_str() : "");
  text += line("%-10s %.4f on average\n", "reward", mean_value());
  text += line("%-10s %.1f tokens on average, %.1f %% cut at the length limit\n", "length",
               tokens_ / count(), 100 * truncated_ / count());
  for (Status status : kStatuses) {
    if (status == Status::scored || outcome_count(status) == 0) continue;
    text += line("%-10s %.0f of %.0f samples; they count as wrong\n", status_name(status),
                 outcome_count(status), count());
  }
  return text;
}

nlohmann::json EvalTally::json() const {
  Interval bounds = interval();
  nlohmann::json outcomes;
  for (Status status : kStatuses)
    outcomes[status_name(status)] = static_cast<uint64_t>(outcome_count(status));
  double correct = 0;
  for (uint32_t of : correct_) correct += of;
  nlohmann::json pass = nlohmann::json::object();
  for (uint32_t k : pass_at_) pass[cat(k)] = pass_at(k);
  return {{"problems", problems()},
          {"pass_at", pass},
          {"samples_per_problem", samples_},
          {"correct", static_cast<uint64_t>(correct)},
          {"accuracy", accuracy()},
          {"interval95", {bounds.low, bounds.high}},
          {"any_correct", any_correct()},
          {"reward_mean", mean_value()},
          {"outcomes", outcomes},
          {"length_mean", tokens_ / count()},
          {"length_clipped", truncated_ / count()}};
}

}  // namespace reckon
