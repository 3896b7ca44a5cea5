// What `reckon eval` counts and says: accuracy over problems with k samples each. One thread.
//
//   EvalTally tally(problems, samples);
//   tally.add(problem, outcome, tokens, truncated);
//   tally.accuracy();  tally.interval();  tally.any_correct();   // avg@k, its 95 % interval,
//   pass@k
#pragma once

#include <cstdint>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "rewards/outcome.h"

namespace reckon {

struct Interval {
  double low = 0, high = 0;
};

// 95 % interval of the mean of `shares`: per problem the share of its `samples` that are correct.
// Wilson's score interval with the effective number of samples n = p (1 - p) / variance(mean), the
// variance being that between problems: the k samples of a problem are not independent. n lies
// between the problems (k answers that always agree) and the samples (as if independent); one
// sample per problem gives Wilson's interval itself, and so does a share of 0 or 1.
Interval mean_interval(const std::vector<double>& shares, double samples);

// The chance that k of n samples, drawn without putting back, hold one of the c correct ones:
// 1 - C(n - c, k) / C(n, k), the unbiased estimate of pass@k (Chen et al. 2021). k <= n.
double pass_at_k(uint32_t n, uint32_t c, uint32_t k);

class EvalTally {
 public:
  // `pass_at`: the k of further pass@k to estimate, each at most `samples`.
  EvalTally(size_t problems, uint32_t samples, std::vector<uint32_t> pass_at = {});

  void add(size_t problem, const Outcome& outcome, size_t tokens, bool truncated);

  size_t problems() const { return correct_.size(); }
  double count() const { return static_cast<double>(correct_.size()) * samples_; }
  double scored() const { return outcome_count(Status::scored); }
  double accuracy() const;           // correct samples of all; one without a score is not correct
  Interval interval() const;         // of accuracy()
  double any_correct() const;        // share of problems with at least one correct sample
  double pass_at(uint32_t k) const;  // mean of pass_at_k over the problems
  double mean_value() const;         // reward of the scored samples
  const std::string& first_note() const { return first_note_; }  // of a sample without a score

  std::string text() const;  // for people, several lines
  nlohmann::json json() const;

 private:
  double outcome_count(Status status) const;

  uint32_t samples_;
  std::vector<uint32_t> pass_at_;
  std::vector<uint32_t> correct_;  // per problem
  std::map<Status, uint64_t> outcomes_;
  double value_ = 0, tokens_ = 0, truncated_ = 0;
  std::string first_note_;
};

}  // namespace reckon
