#include "storage/dispatcher.h"

#include <algorithm>

#include "base/error.h"
#include "base/text.h"

namespace reckon {

Dispatcher::Groups::iterator Dispatcher::first_of(PhaseId phase, Draw draw) {
  return groups_.lower_bound(GroupKey{phase, draw, Version{0}});
}

void Dispatcher::release(const GroupKey& key, Group& group) {
  group.owner.clear();
  leased_groups_.erase(key);
}

void Dispatcher::release(const SampleKey& key, Member& member) {
  member.score_owner.clear();
  leased_samples_.erase(key);
}

Dispatcher::Groups::iterator Dispatcher::forget(Groups::iterator it) {
  release(it->first, it->second);
  for (auto& [index, member] : it->second.members) {
    SampleKey key{it->first, index};
    release(key, member);
    unscored_.erase(key);
  }
  return groups_.erase(it);
}

void Dispatcher::bury(const GroupKey& key, Group& group, DeadReason reason) {
  group.dead = true;
  release(key, group);
  for (auto& [index, member] : group.members) {
    release(SampleKey{key, index}, member);
    unscored_.erase(SampleKey{key, index});
  }
  buried_.emplace_back(key, reason);
}

void Dispatcher::sample_stored(const SampleRow& row) {
  auto [it, new_group] = groups_.try_emplace(row.key.group);
  Group& group = it->second;
  if (new_group) group.weights = row.weights;
  if (group.dead || group.weights != row.weights) return;
  if (!group.members.try_emplace(row.key.sample, Member{row, {}, {}, 0, 0}).second) {
    ++counters_.duplicates;
    return;
  }
  group.verdict.reset();
  if (row.consumed) group.consumed = true;
  if (!group.consumed) unscored_.insert(row.key);
  if (!group.owner.empty() && --group.awaited == 0) release(row.key.group, group);
}

void Dispatcher::outcome_stored(const SampleKey& key, const OutcomeRow& outcome) {
  auto it = groups_.find(key.group);
  if (it == groups_.end()) return;
  auto member = it->second.members.find(key.sample);
  if (member == it->second.members.end()) return;
  if (member->second.outcome) {
    ++counters_.duplicates;
    return;
  }
  it->second.verdict.reset();
  member->second.outcome = outcome;
  release(key, member->second);
  unscored_.erase(key);
}

void Dispatcher::forget_version(const WeightsId& id) {
  for (auto it = groups_.begin(); it != groups_.end();) {
    bool other =
        it->first.version == id.version && it->second.weights != id && !it->second.consumed;
    it = other ? forget(it) : std::next(it);
  }
}

void Dispatcher::reset() {
  groups_.clear();
  unscored_.clear();
  leased_groups_.clear();
  leased_samples_.clear();
  collect_.reset();
  issuing_.reset();
  cursor_.clear();
  buried_.clear();
}

void Dispatcher::open(const CollectSpec& spec) {
  RECKON_CHECK(spec.groups > 0 && spec.group_size > 0, "a collect needs groups with members");
  collect_ = issuing_ = spec;
  for (auto it = first_of(spec.phase, Draw{0});
       it != groups_.end() && it->first.phase == spec.phase; ++it) {
    it->second.verdict.reset();
  }
  spec.ordered ? open_ordered() : open_unordered();
}

// Forgets what no later ordered collect can use. Later versions stay: after a rewind they are
// waiting to be reached.
void Dispatcher::open_ordered() {
  const CollectSpec& spec = *issuing_;
  for (auto it = first_of(spec.phase, Draw{0});
       it != groups_.end() && it->first.phase == spec.phase;) {
    const auto& [key, group] = *it;
    bool present = key.version == spec.weights.version;
    bool gone = group.dead || key.version < spec.weights.version ||
                (present && (key.draw < spec.first || group.weights != spec.weights));
    it = gone ? forget(it) : std::next(it);
  }
}

void Dispatcher::open_unordered() {
  const CollectSpec& spec = *issuing_;
  Draw& cursor = cursor_[spec.phase];
  cursor = std::max(cursor, spec.first);
  for (auto it = first_of(spec.phase, Draw{0});
       it != groups_.end() && it->first.phase == spec.phase;) {
    auto& [key, group] = *it;
    bool over = group.dead || group.consumed;
    bool stale = key.version.value + spec.max_staleness < spec.weights.version.value;
    if (!over && stale) bury(key, group, DeadReason::stale);
    it = over && key.draw < cursor ? forget(it) : std::next(it);
  }
}

bool Dispatcher::usable(const GroupKey& key, const Group& group) const {
  const CollectSpec& spec = *issuing_;
  if (key.phase != spec.phase || group.dead || group.consumed) return false;
  if (key.version == spec.weights.version && group.weights != spec.weights) return false;
  if (spec.ordered) return key.version == spec.weights.version && key.draw >= spec.first;
  return key.version <= spec.weights.version &&
         key.version.value + spec.max_staleness >= spec.weights.version.value;
}

bool Dispatcher::draws_left(Draw next) const {
  return issuing_->max_draws == 0 || next.value - issuing_->first.value < issuing_->max_draws;
}

std::vector<SampleIndex> Dispatcher::missing(const Group& group) const {
  std::vector<SampleIndex> out;
  for (uint32_t i = 0; i < issuing_->group_size; ++i) {
    if (!group.members.contains(SampleIndex{i})) out.push_back(SampleIndex{i});
  }
  return out;
}

PromptLease Dispatcher::issue(const GroupKey& key, const std::string& client, double now) {
  Group& group = groups_[key];
  group.weights = issuing_->weights;
  group.owner = client;
  group.epoch = ++last_epoch_;
  group.deadline = now + lease_seconds_;
  PromptLease lease{group.epoch, key, group.weights, missing(group)};
  group.awaited = lease.missing.size();
  leased_groups_.insert(key);
  ++counters_.leases;
  return lease;
}

std::optional<PromptLease> Dispatcher::lease_prompt(const std::string& client, double now) {
  RECKON_CHECK(!client.empty(), "a lease needs an owner");
  if (!issuing_) return std::nullopt;
  return issuing_->ordered ? lease_ordered(client, now) : lease_unordered(client, now);
}

// The lowest draw that needs work, while the draws that passed or may yet pass do not suffice.
std::optional<PromptLease> Dispatcher::lease_ordered(const std::string& client, double now) {
  const CollectSpec& spec = *issuing_;
  uint64_t passed = 0, undecided = 0;
  for (Draw draw = spec.first; draws_left(draw); ++draw.value) {
    bool complete = passed >= spec.groups && undecided == 0;
    if (complete || passed + undecided >= uint64_t{spec.groups} + spec.lookahead)
      return std::nullopt;
    GroupKey key{spec.phase, draw, spec.weights.version};
    auto it = groups_.find(key);
    if (it == groups_.end()) return issue(key, client, now);
    Group& group = it->second;
    RECKON_CHECK(!group.consumed,
                 cat("draw ", draw, " was consumed, the cursor stands at ", spec.first));
    Verdict verdict = this->verdict(group);
    if (verdict == Verdict::passed) ++passed;
    if (verdict != Verdict::open) continue;
    if (group.owner.empty() && !missing(group).empty()) return issue(key, client, now);
    ++undecided;
  }
  return std::nullopt;
}

uint64_t Dispatcher::in_play() {
  uint64_t count = 0;
  auto it = first_of(issuing_->phase, Draw{0});
  for (; it != groups_.end() && it->first.phase == issuing_->phase; ++it) {
    if (!usable(it->first, it->second)) continue;
    Verdict verdict = this->verdict(it->second);
    count += verdict == Verdict::open || verdict == Verdict::passed;
  }
  return count;
}

// A group whose lease came back. Nobody may hold the weights it was started under any more: then it
// is dropped as stale and its draw starts anew.
std::optional<PromptLease> Dispatcher::lease_again(const std::string& client, double now) {
  auto it = first_of(issuing_->phase, Draw{0});
  for (; it != groups_.end() && it->first.phase == issuing_->phase; ++it) {
    auto& [key, group] = *it;
    if (!usable(key, group) || !group.owner.empty() || missing(group).empty()) continue;
    if (key.version == issuing_->weights.version) return issue(key, client, now);
    bury(key, group, DeadReason::stale);
    GroupKey anew{key.phase, key.draw, issuing_->weights.version};
    if (!groups_.contains(anew)) return issue(anew, client, now);
  }
  return std::nullopt;
}

std::optional<PromptLease> Dispatcher::lease_unordered(const std::string& client, double now) {
  const CollectSpec& spec = *issuing_;
  if (auto lease = lease_again(client, now)) return lease;
  if (in_play() >= (uint64_t{spec.max_staleness} + 1) * spec.groups + spec.lookahead)
    return std::nullopt;
  Draw& cursor = cursor_[spec.phase];
  auto known = [&] {
    auto it = first_of(spec.phase, cursor);
    return it != groups_.end() && it->first.phase == spec.phase && it->first.draw == cursor;
  };
  while (known()) ++cursor.value;
  if (!draws_left(cursor)) return std::nullopt;
  GroupKey key{spec.phase, cursor, spec.weights.version};
  ++cursor.value;
  return issue(key, client, now);
}

std::optional<ScoreLease> Dispatcher::lease_score(const std::string& client, double now) {
  RECKON_CHECK(!client.empty(), "a lease needs an owner");
  if (!issuing_) return std::nullopt;
  Draw first = issuing_->ordered ? issuing_->first : Draw{0};
  auto it = unscored_.lower_bound(SampleKey{{issuing_->phase, first, Version{0}}, SampleIndex{0}});
  for (; it != unscored_.end() && it->group.phase == issuing_->phase; ++it) {
    Group& group = groups_.at(it->group);
    Member& member = group.members.at(it->sample);
    if (!member.score_owner.empty() || !usable(it->group, group)) continue;
    member.score_owner = client;
    member.score_epoch = ++last_epoch_;
    member.score_deadline = now + lease_seconds_;
    leased_samples_.insert(*it);
    ++counters_.leases;
    return ScoreLease{member.score_epoch, *it};
  }
  return std::nullopt;
}

void Dispatcher::heartbeat(const std::string& client, double now) {
  for (const GroupKey& key : leased_groups_) {
    Group& group = groups_.at(key);
    if (group.owner == client) group.deadline = now + lease_seconds_;
  }
  for (const SampleKey& key : leased_samples_) {
    Member& member = groups_.at(key.group).members.at(key.sample);
    if (member.score_owner == client) member.score_deadline = now + lease_seconds_;
  }
}

void Dispatcher::client_gone(const std::string& client) {
  for (const GroupKey& key : std::set(leased_groups_)) {
    Group& group = groups_.at(key);
    if (group.owner == client) release(key, group);
  }
  for (const SampleKey& key : std::set(leased_samples_)) {
    Member& member = groups_.at(key.group).members.at(key.sample);
    if (member.score_owner == client) release(key, member);
  }
}

bool Dispatcher::expire(double now) {
  uint64_t before = counters_.expired;
  for (const GroupKey& key : std::set(leased_groups_)) {
    Group& group = groups_.at(key);
    if (group.deadline > now) continue;
    release(key, group);
    ++counters_.expired;
  }
  for (const SampleKey& key : std::set(leased_samples_)) {
    Member& member = groups_.at(key.group).members.at(key.sample);
    if (member.score_deadline > now) continue;
    release(key, member);
    ++counters_.expired;
  }
  return counters_.expired > before;
}

bool Dispatcher::sample_lease_valid(const GroupKey& group, uint64_t epoch) {
  auto it = groups_.find(group);
  bool valid = epoch != 0 && it != groups_.end() && !it->second.dead && it->second.epoch == epoch;
  counters_.late_refused += !valid;
  return valid;
}

bool Dispatcher::score_lease_valid(const SampleKey& sample, uint64_t epoch) {
  auto it = groups_.find(sample.group);
  bool valid = epoch != 0 && it != groups_.end() && !it->second.dead;
  if (valid) {
    auto member = it->second.members.find(sample.sample);
    valid = member != it->second.members.end() && member->second.score_epoch == epoch;
  }
  counters_.late_refused += !valid;
  return valid;
}

}  // namespace reckon
