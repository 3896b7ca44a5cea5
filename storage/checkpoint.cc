#include "storage/checkpoint.h"

#include <unistd.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>

#include "base/error.h"
#include "base/log.h"
#include "base/text.h"

namespace reckon {
namespace {

constexpr char kLog[] = "checkpoint";
constexpr char kManifest[] = "manifest.json";
constexpr std::string_view kTrainer = "trainer/";

nlohmann::json read_manifest(const Path& folder) {
  return nlohmann::json::parse(read_file(folder / kManifest));
}

bool is_trainer_file(const nlohmann::json& entry) {
  return entry.value("name", "").starts_with(kTrainer);
}

// Whether the manifest promises the trainer's files (verify_folder says whether it keeps the
// promise).
bool can_resume(const Path& folder) {
  nlohmann::json manifest = read_manifest(folder);
  return std::any_of(manifest["files"].begin(), manifest["files"].end(), is_trainer_file);
}

std::optional<Step> step_of(const Path& folder) {
  std::string name = folder.filename().string();
  if (!name.starts_with("step_")) return std::nullopt;
  auto number = parse_int(std::string_view(name).substr(5));
  if (!number || *number < 0) return std::nullopt;
  return Step{static_cast<uint64_t>(*number)};
}

}  // namespace

CheckpointFolder::CheckpointFolder(Path folder, int keep, int keep_trainer, int keep_best)
    : folder_(std::move(folder)), keep_(keep), keep_trainer_(keep_trainer), keep_best_(keep_best) {
  RECKON_CHECK(keep >= 2 && keep_trainer >= 1 && keep_best >= 0,
               "at least two checkpoints are kept, one of which can resume");
}

Path CheckpointFolder::path_of(Step step) const { return folder_ / cat("step_", step); }

std::vector<Step> CheckpointFolder::steps() const {
  std::vector<Step> steps;
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(folder_, error)) {
    auto step = step_of(entry.path());
    if (step && entry.path() == path_of(*step)) steps.push_back(*step);
  }
  std::sort(steps.begin(), steps.end());
  return steps;
}

std::optional<Step> CheckpointFolder::oldest_resumable() const {
  for (Step step : steps()) {
    if (known_valid(step) && can_resume(path_of(step))) return step;
  }
  return std::nullopt;
}

std::vector<std::pair<double, Step>> CheckpointFolder::by_accuracy() const {
  std::vector<std::pair<double, Step>> best;
  for (Step step : steps()) {
    if (!known_valid(step)) continue;
    if (auto accuracy = valid_.at(step).accuracy) best.emplace_back(*accuracy, step);
  }
  std::stable_sort(best.begin(), best.end(),
                   [](const auto& a, const auto& b) { return a.first > b.first; });
  return best;
}

bool CheckpointFolder::among_best(double accuracy) const {
  auto better = by_accuracy();
  std::erase_if(better, [&](const auto& other) { return other.first < accuracy; });
  return better.size() < static_cast<size_t>(keep_best_);
}

std::optional<CheckpointFacts> CheckpointFolder::examine(Step step) const {
  try {
    CheckpointFacts facts = CheckpointFacts::from_json(verify_folder(path_of(step)));
    if (facts.step != step)
      throw Error(Code::data, path_of(step).string(), cat("is of step ", facts.step), "");
    valid_[step] = facts;
    return facts;
  } catch (const std::exception&
               error) {  // a damaged manifest can be anything, JSON's own errors among it
    valid_.erase(step);
    log_warning(kLog, cat(path_of(step).string(), " is damaged: ", error.what()));
    return std::nullopt;
  }
}

bool CheckpointFolder::known_valid(Step step) const {
  return valid_.contains(step) || examine(step).has_value();
}

// Out of sight in one rename, so that a kill leaves no half of it.
void CheckpointFolder::remove(Step step) const {
  Path hidden = path_of(step);
  hidden += cat(".tmp-", ::getpid(), "-old");
  std::filesystem::remove_all(hidden);
  std::filesystem::rename(path_of(step), hidden);
  fsync_folder(folder_);
  std::filesystem::remove_all(hidden);
  valid_.erase(step);
}

// The manifest first: at every moment the folder holds what its manifest lists.
void CheckpointFolder::drop_trainer(Step step) const {
  Path folder = path_of(step);
  remove_temporaries(folder);
  if (can_resume(folder)) {
    nlohmann::json manifest = read_manifest(folder), files = nlohmann::json::array();
    for (const auto& entry : manifest["files"]) {
      if (!is_trainer_file(entry)) files.push_back(entry);
    }
    manifest["files"] = files;
    publish_file(folder / kManifest, manifest.dump(1) + "\n");
    kill_point("checkpoint.drop_trainer");
  }
  std::filesystem::remove_all(folder / "trainer");
}

void CheckpointFolder::save(const CheckpointFacts& facts,
                            const std::function<void(const Path&)>& fill) {
  std::filesystem::create_directories(folder_);
  Path path = path_of(facts.step);
  bool exists = std::filesystem::exists(path);
  bool kept = exists && examine(facts.step) == facts && can_resume(path);
  if (exists && !kept) remove(facts.step);
  if (!kept) publish_folder(path, facts.to_json(), fill);
  valid_[facts.step] = facts;
  publish_file(folder_ / "LATEST", cat("step_", facts.step, "\n"));
  kill_point("checkpoint.latest");
  retain();
}

// Keeps the newest `keep_` valid checkpoints, the newest `keep_trainer_` of those that can resume
// with their trainer/, the best, and whatever is newer than the last one kept. A damaged one never
// takes the place of a valid one.
void CheckpointFolder::retain() const {
  std::set<Step> best;
  if (keep_best_ > 0) {
    for (const auto& [accuracy, step] : by_accuracy()) {
      if (best.size() < static_cast<size_t>(keep_best_)) best.insert(step);
    }
  }
  auto let_go = [&](Step step) { best.contains(step) ? drop_trainer(step) : remove(step); };
  std::vector<Step> newest_first = steps();
  std::reverse(newest_first.begin(), newest_first.end());
  int kept = 0, resumable = 0;
  for (Step step : newest_first) {
    bool enough = kept >= keep_ && resumable >= keep_trainer_;
    if (enough) {
      let_go(step);
      continue;
    }
    if (!known_valid(step)) continue;
    bool resumes = can_resume(path_of(step));
    if (kept >= keep_ && !resumes) {
      let_go(step);
      continue;
    }
    ++kept;
    if (resumable >= keep_trainer_) drop_trainer(step);
    resumable += resumes;
  }
}

std::optional<FoundCheckpoint> CheckpointFolder::newest_valid() const {
  std::vector<Step> all = steps();
  for (auto step = all.rbegin(); step != all.rend(); ++step) {
    auto facts = examine(*step);
    if (!facts) continue;
    if (can_resume(path_of(*step))) return FoundCheckpoint{path_of(*step), *facts};
    log_info(kLog, cat(path_of(*step).string(), " is passed over: it has no trainer/ any more"));
  }
  if (all.empty()) return std::nullopt;
  throw Error(Code::no_checkpoint, folder_.string(),
              cat("none of the ", all.size(), " checkpoints is whole and can resume"),
              "the log names what is wrong with each; restore one from a copy, or start in another "
              "run directory");
}

void CheckpointFolder::cut(Step step) {
  remove_temporaries(folder_);
  for (Step found : steps()) {
    if (found > step || !examine(found)) remove(found);
  }
}

}  // namespace reckon
