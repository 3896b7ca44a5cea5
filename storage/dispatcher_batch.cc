// The dispatcher's second half: judging groups and taking batches.
#include <algorithm>

#include "base/error.h"
#include "storage/dispatcher.h"

namespace reckon {
namespace {

bool all_equal(const std::vector<double>& values) {
  return std::all_of(values.begin(), values.end(),
                     [&](double value) { return value == values.front(); });
}

}  // namespace

double Dispatcher::raw_of(const OutcomeRow& outcome) const {
  return outcome.status == fb::OutcomeStatus_scored ? outcome.raw : issuing_->unscored_value;
}

std::vector<double> Dispatcher::counted(const Group& group) const {
  std::vector<double> raw;
  for (const auto& [index, member] : group.members) {
    bool scored = member.outcome->status == fb::OutcomeStatus_scored;
    if (scored || issuing_->count_unscored) raw.push_back(raw_of(*member.outcome));
  }
  return raw;
}

Dispatcher::Verdict Dispatcher::judge(const Group& group) const {
  if (!missing(group).empty()) return Verdict::open;
  for (const auto& [index, member] : group.members) {
    if (!member.outcome) return Verdict::open;
  }
  if (issuing_->filter == Filter::none) return Verdict::passed;
  std::vector<double> raw = counted(group);
  if (raw.empty()) return Verdict::empty;
  return all_equal(raw) ? Verdict::filtered : Verdict::passed;
}

Dispatcher::Verdict Dispatcher::verdict(Group& group) {
  if (!group.verdict) group.verdict = judge(group);
  return *group.verdict;
}

void Dispatcher::account(const Group& group, BatchPlan& plan) const {
  for (const auto& [index, member] : group.members) {
    const OutcomeRow& outcome = *member.outcome;
    ++plan.outcomes[outcome.status];
    if (outcome.status != fb::OutcomeStatus_scored) continue;
    plan.raw_sum += outcome.raw;
    ++plan.raw_count;
    plan.correct += outcome.correct;
  }
  std::vector<double> raw = counted(group);
  plan.zero_variance += !raw.empty() && all_equal(raw);
}

PlannedGroup Dispatcher::planned(const GroupKey& key, const Group& group) const {
  PlannedGroup out{key, {}};
  for (const auto& [index, member] : group.members) {
    const SampleRow& row = member.row;
    OutcomeRow outcome = *member.outcome;
    if (outcome.status != fb::OutcomeStatus_scored && issuing_->count_unscored) {
      outcome.value = outcome.raw = issuing_->unscored_value;
    }
    out.samples.push_back(
        {row.key, row.weights, row.prompt_tokens, row.completion_tokens, row.finish, outcome});
  }
  return out;
}

std::optional<BatchPlan> Dispatcher::take_batch() {
  if (!collect_) return std::nullopt;
  return collect_->ordered ? take_ordered() : take_unordered();
}

std::optional<BatchPlan> Dispatcher::take_ordered() {
  const CollectSpec& spec = *collect_;
  std::vector<Groups::iterator> decided;
  uint64_t passed = 0;
  Draw draw = spec.first;
  for (; passed < spec.groups && draws_left(draw); ++draw.value) {
    auto it = groups_.find(GroupKey{spec.phase, draw, spec.weights.version});
    if (it == groups_.end() || verdict(it->second) == Verdict::open) return std::nullopt;
    passed += verdict(it->second) == Verdict::passed;
    decided.push_back(it);
  }
  BatchPlan plan;
  plan.next = draw;
  plan.drawn = decided.size();
  for (auto it : decided) {
    auto& [key, group] = *it;
    RECKON_CHECK(!group.consumed, "a consumed group lies above the cursor");
    account(group, plan);
    Verdict verdict = this->verdict(group);
    if (verdict == Verdict::passed) plan.groups.push_back(planned(key, group));
    if (verdict == Verdict::filtered) plan.dead.emplace_back(key, DeadReason::filtered);
    if (verdict == Verdict::empty) plan.dead.emplace_back(key, DeadReason::rewards);
  }
  close_ordered(plan);
  return plan;
}

// What was issued behind the batch is surplus, finished or not: those draws come again under the
// next weights. The groups stay until the next collect, so that what still arrives is refused, and
// moves with them in the store.
void Dispatcher::close_ordered(BatchPlan& plan) {
  PhaseId phase = collect_->phase;
  for (auto it = first_of(phase, plan.next); it != groups_.end() && it->first.phase == phase;
       ++it) {
    if (!usable(it->first, it->second)) continue;
    bury(it->first, it->second, DeadReason::surplus);
    plan.dead.push_back(buried_.back());
    buried_.pop_back();
    ++plan.surplus;
  }
  collect_.reset();
  issuing_.reset();
}

Draw Dispatcher::oldest_live() {
  auto it = first_of(issuing_->phase, Draw{0});
  for (; it != groups_.end() && it->first.phase == issuing_->phase; ++it) {
    if (usable(it->first, it->second)) return std::min(it->first.draw, cursor_[issuing_->phase]);
  }
  return cursor_[issuing_->phase];
}

std::optional<BatchPlan> Dispatcher::take_unordered() {
  const CollectSpec& spec = *collect_;
  std::vector<Groups::iterator> ready, dropped;
  bool undecided = false;
  for (auto it = first_of(spec.phase, Draw{0});
       it != groups_.end() && it->first.phase == spec.phase; ++it) {
    if (!usable(it->first, it->second)) continue;
    Verdict verdict = this->verdict(it->second);
    undecided |= verdict == Verdict::open;
    if (verdict == Verdict::passed) ready.push_back(it);
    if (verdict == Verdict::filtered || verdict == Verdict::empty) dropped.push_back(it);
  }
  bool exhausted = !draws_left(cursor_[spec.phase]) && !undecided;
  if (ready.size() < spec.groups && !exhausted) return std::nullopt;
  ready.resize(std::min<size_t>(ready.size(), spec.groups));
  BatchPlan plan;
  plan.drawn = ready.size() + dropped.size();
  for (auto it : ready) {
    account(it->second, plan);
    plan.groups.push_back(planned(it->first, it->second));
    it->second.consumed = true;
  }
  for (auto it : dropped) {
    account(it->second, plan);
    bool empty = verdict(it->second) == Verdict::empty;
    bury(it->first, it->second, empty ? DeadReason::rewards : DeadReason::filtered);
  }
  auto mine = std::stable_partition(buried_.begin(), buried_.end(), [&](const auto& dead) {
    return dead.first.phase != spec.phase;
  });
  plan.dead.assign(mine, buried_.end());
  buried_.erase(mine, buried_.end());
  for (const auto& [key, reason] : plan.dead) plan.stale += reason == DeadReason::stale;
  plan.next = oldest_live();
  collect_.reset();
  return plan;
}

}  // namespace reckon
