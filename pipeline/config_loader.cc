#include "pipeline/config_loader.h"

#include <algorithm>
#include <cmath>
#include <optional>

#include "base/error.h"
#include "base/text.h"
#include "pipeline/dataset.h"

namespace reckon {
namespace {

constexpr const char* kLayers[] = {"rollout", "objective",
                                   "optimizer"};  // run tables under a phase's own

// The key that `key` was most likely meant to be, and all it could be: names beside it in the same
// inline table.
struct Siblings {
  std::optional<std::string> meant;
  std::vector<std::string> all;
};

Siblings siblings_of(const Table& table, const std::string& key) {
  size_t dot = key.rfind('.');
  std::string prefix = dot == std::string::npos ? "" : key.substr(0, dot + 1),
              leaf = key.substr(prefix.size());
  Siblings siblings;
  for (const Key& entry : table.keys) {
    if (!entry.name.starts_with(prefix)) continue;
    std::string name = entry.name.substr(prefix.size());
    if (name.ends_with("." + leaf))
      return {prefix + name, {}};  // given without the table it belongs to
    name = name.substr(0, name.find('.'));
    if (!siblings.all.empty() && siblings.all.back() == name) continue;
    siblings.all.push_back(name);
    if (name.starts_with(leaf) || leaf.starts_with(name)) siblings.meant = prefix + name;
  }
  if (siblings.meant) return siblings;
  if (auto near = nearest(leaf, siblings.all)) siblings.meant = prefix + *near;
  return siblings;
}

Error unknown_key(const Table& table, const std::string& key, const std::string& place) {
  std::string problem = cat("unknown key '", key, "' in ", table.heading);
  for (const Table& other : schema()) {
    bool elsewhere = &other != &table && other.find(key) != nullptr && table.name != "phase";
    if (elsewhere)
      return Error(Code::config, place, problem, cat("'", key, "' belongs to ", other.heading));
  }
  Siblings siblings = siblings_of(table, key);
  return Error(Code::config, place, problem,
               siblings.meant ? cat("did you mean '", *siblings.meant, "'?")
                              : cat("its keys: ", join(siblings.all, ", ")));
}

Error unknown_table(const std::string& name, const std::string& place) {
  std::vector<std::string> names = {"data", "reward"};
  for (const Table& table : schema()) names.push_back(table.name);
  auto near = nearest(name, names);
  return Error(Code::config, place, cat("unknown table '", name, "'"),
               near ? cat("did you mean '", *near, "'?") : cat("the tables: ", join(names, ", ")));
}

std::string rest_of(const std::vector<std::string>& path, size_t from) {
  return join({path.begin() + static_cast<std::ptrdiff_t>(from), path.end()}, ".");
}

std::string stem_of(const std::string& file) { return Path(file).stem().string(); }

}  // namespace

void ConfigLoader::set_key(const Table& table, Values& values, const std::string& key,
                           RawValue value) {
  if (table.find(key) == nullptr) {
    if (table.has_table(key)) {
      throw Error(Code::config, value.place, cat(key, " is a table, not ", describe(value.value)),
                  cat("write ", key, " = { ... }"));
    }
    throw unknown_key(table, key, value.place);
  }
  values[key] = std::move(value);
}

void ConfigLoader::set_data(const std::string& entry, const std::string& key, RawValue value) {
  if (key == "columns" && value.value.is_object()) {
    for (const auto& [column, from] : value.value.items())
      data_[entry][cat(key, ".", column)] = {from, value.place};
    return;
  }
  data_[entry][key] = std::move(value);
}

ConfigLoader::Values& ConfigLoader::list_element(std::vector<Values>& list, const char* what,
                                                 const char* name_key, const std::string& name,
                                                 const std::string& place) {
  std::vector<std::string> names;
  for (size_t i = 0; i < list.size(); ++i) {
    auto own = list[i].find(name_key);
    if (own == list[i].end()) own = list[i].find("kind");
    std::string text = own != list[i].end() && own->second.value.is_string()
                           ? own->second.value.get<std::string>()
                           : "";
    if (text == name || cat(i) == name) return list[i];
    names.push_back(text.empty() ? cat(i) : text);
  }
  auto near = nearest(name, names);
  throw Error(Code::config, place, cat("there is no ", what, " '", name, "'"),
              near            ? cat("did you mean '", *near, "'?")
              : names.empty() ? cat("the run file has no [[", what, "]]")
                              : cat("there are: ", join(names, ", ")));
}

void ConfigLoader::override_data(const std::vector<std::string>& path, const std::string& given,
                                 const std::string& place) {
  Values& entry = data_[path[1]];
  std::string key = path.size() == 2 ? "file" : rest_of(path, 2);
  const Key* known = data_table().find(key);
  std::string text;  // of a column's name
  nlohmann::json json = known != nullptr
                            ? value_of_text(known->slot(data_table().defaults.get()), given)
                        : key.starts_with("columns.") ? value_of_text(Slot(&text), given)
                                                      : value_of_text(given);
  RawValue value{std::move(json), place};
  if (path.size() == 2) {  // data.train=FILE: another file, read as the former one
    if (entry.count("generator") > 0) entry.clear();
    entry["file"] = std::move(value);
    return;
  }
  if (key == "file") entry.erase("generator");
  if (key == "generator") entry.erase("file");
  entry[key] = std::move(value);
}

void ConfigLoader::override_with(const std::string& text) {
  std::string place = cat("command line: ", text);
  size_t equals = text.find('=');
  std::vector<std::string> path = split(text.substr(0, equals), '.');
  bool empty_part =
      std::any_of(path.begin(), path.end(), [](const std::string& part) { return part.empty(); });
  if (equals == std::string::npos || path.size() < 2 || empty_part) {
    throw Error(Code::config, place, "is not an override",
                "write table.key=value, for example run.seed=2");
  }
  std::string given = text.substr(equals + 1);
  const std::string& head = path[0];
  bool list = head == "phase" || head == "reward";
  if (list && path.size() < 3) {
    throw Error(Code::config, place, cat("names no key of a ", head),
                cat("write ", head, ".NAME.key=value"));
  }
  if (head == "data") return override_data(path, given, place);
  if (head == "reward") {
    list_element(rewards_, "reward", "use", path[1], place)[rest_of(path, 2)] = {
        value_of_text(given), place};
    return;
  }
  auto known = std::find_if(schema().begin(), schema().end(),
                            [&](const Table& table) { return table.name == head; });
  if (known == schema().end()) throw unknown_table(head, place);
  const Table& table = *known;
  Values& values =
      head == "phase" ? list_element(phases_, "phase", "name", path[1], place) : tables_[head];
  std::string key = rest_of(path, list ? 2 : 1);
  const Key* entry = table.find(key);
  nlohmann::json value = entry != nullptr ? value_of_text(entry->slot(table.defaults.get()), given)
                                          : nlohmann::json(given);
  set_key(table, values, key, {std::move(value), place});
}

void ConfigLoader::fill(const Section& section, const Values& values) {
  for (const Key& key : section.table->keys) {
    auto raw = values.find(key.name);
    if (raw == values.end()) continue;
    assign(section, key, raw->second.value, raw->second.place);
    places_[cat(section.path, ".", key.name)] = raw->second.place;
  }
}

void ConfigLoader::build_phase(RunConfig& config, size_t index) {
  PhaseConfig phase;
  Section section{&schema_table("phase"), &phase, cat("phase.", index), ""};
  Values layered;
  for (const char* layer : kLayers) {
    for (const auto& [key, raw] : tables_[layer]) layered[cat(layer, ".", key)] = raw;
  }
  auto run_steps = tables_["run"].find("steps");
  if (run_steps != tables_["run"].end() && config.run.steps > 0)
    layered["steps"] = run_steps->second;
  for (const auto& [key, raw] : phases_[index]) layered[key] = raw;
  fill(section, layered);
  if (phase.name.empty()) phase.name = phase.kind;
  for (const auto& [name, raw] : phases_[index]) {
    const Key& key = *section.table->find(name);
    if (key.only.empty() || key.only == phase.kind) continue;
    throw Error(Code::config, raw.place,
                cat("'", name, "' has no meaning in a phase of kind ", phase.kind),
                cat("remove it, or set kind = \"", key.only, "\""));
  }
  config.phases.push_back(std::move(phase));
}

RewardSpec ConfigLoader::build_reward(const Values& values, size_t index) {
  RewardSpec spec;
  std::string first_place =
      values.empty() ? cat(file_, ": [[reward]] number ", index) : values.begin()->second.place;
  auto given = [&](const char* key) { return values.find(key) != values.end(); };
  if (given("use")) spec.use = text_of("use", values.at("use"));
  spec.shaping = shapes_by_default(spec.use);
  for (const auto& [name, raw] : values) {
    places_[cat("reward.", index, ".", name)] = raw.place;
    bool weight = name == "weight", shaping = name == "shaping";
    bool finite = !raw.value.is_number() || std::isfinite(raw.value.get<double>());
    if ((weight && !(raw.value.is_number() && finite)) || (shaping && !raw.value.is_boolean())) {
      throw Error(Code::config, raw.place,
                  cat("reward.", name, " must be ", weight ? "a finite number" : "true or false",
                      ", not ", describe(raw.value)),
                  weight ? "for example weight = 0.5"
                         : "true leaves the reward out of what filters look at");
    }
    if (weight) spec.weight = raw.value.get<double>();
    if (shaping) spec.shaping = raw.value.get<bool>();
    if (!weight && !shaping && name != "use") spec.options[name] = raw.value;
  }
  try {
    make_reward(spec);
  } catch (const Error& error) {
    auto at = values.find(error.place());
    throw Error(Code::config, at == values.end() ? first_place : at->second.place, error.problem(),
                error.remedy());
  }
  return spec;
}

DataSource ConfigLoader::build_data(const std::string& name, const Values& values) {
  for (const auto& [key, raw] : values) places_[cat("data.", name, ".", key)] = raw.place;
  return read_data_source(name, values);
}

std::string ConfigLoader::place_of(const std::string& path) const {
  auto found = places_.find(path);
  return found == places_.end() ? file_ : found->second;
}

// Paths with indices become paths with names; what nobody gave is a default.
void ConfigLoader::name_origins(RunConfig& config) const {
  auto origin_of = [&](const std::string& path) -> std::string {
    auto found = places_.find(path);
    if (found == places_.end()) return "default";
    return found->second.starts_with("command line") ? "command line" : found->second;
  };
  for (const Table& table : schema()) {
    if (std::find(std::begin(kLayers), std::end(kLayers), table.name) != std::end(kLayers))
      continue;
    for (const Key& key : table.keys) {
      if (table.name != "phase") {
        config.origin[cat(table.name, ".", key.name)] = origin_of(cat(table.name, ".", key.name));
        continue;
      }
      for (size_t i = 0; i < config.phases.size(); ++i) {
        config.origin[cat("phase.", config.phases[i].name, ".", key.name)] =
            origin_of(cat("phase.", i, ".", key.name));
      }
    }
  }
  for (size_t i = 0; i < config.rewards.size(); ++i) {
    for (const char* key : {"weight", "shaping"})
      config.origin[cat("reward.", i, ".", key)] = "default";
  }
  for (const auto& [name, source] : config.data)
    config.origin[cat("data.", name, ".prompt")] = "default";
  for (const auto& [path, place] : places_) {
    if (path.starts_with("reward.") || path.starts_with("data."))
      config.origin[path] = origin_of(path);
  }
}

RunConfig ConfigLoader::build() {
  RunConfig config;
  auto fill_table = [&](const char* name, void* data, const std::string& kind) {
    fill({&schema_table(name), data, name, kind}, tables_[name]);
  };
  fill_table("run", &config.run, "");
  fill_table("model", &config.model, "");
  fill_table("numerics", &config.numerics, "");
  fill_table("layout", &config.layout, "");
  RolloutConfig
      rollout;  // the run's layers: checked on their own, so that an unused mistake is one too
  ObjectiveConfig objective;
  OptimizerConfig optimizer;
  fill_table("rollout", &rollout, "");
  fill_table("objective", &objective, "");
  fill_table("optimizer", &optimizer, "");
  if (config.run.dir.empty()) config.run.dir = "runs/" + stem_of(file_);
  for (const auto& [name, values] : data_) config.data[name] = build_data(name, values);
  for (size_t i = 0; i < rewards_.size(); ++i)
    config.rewards.push_back(build_reward(rewards_[i], i));
  for (size_t i = 0; i < phases_.size(); ++i) build_phase(config, i);
  check_config(config, {[&](const std::string& path) { return places_.count(path) > 0; },
                        [&](const std::string& path) { return place_of(path); }});
  name_origins(config);
  return config;
}

}  // namespace reckon
