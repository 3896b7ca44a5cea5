// A configuration as text: the resolved file, what a resumed run must keep, and the reference of
// all keys.
#include <algorithm>
#include <set>

#include "base/text.h"
#include "pipeline/config_schema.h"

namespace reckon {
namespace {

std::string plain_or_quoted(const std::string& key) {
  bool plain =
      !key.empty() &&
      key.find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-") ==
          std::string::npos;
  return plain ? key : toml_text(key);
}

std::string toml_json(const nlohmann::json& value) {
  if (value.is_string()) return toml_text(value.get<std::string>());
  if (value.is_number_float()) {
    std::string text = shortest(value.get<double>());
    return text.find_first_of(".en") == std::string::npos ? text + ".0" : text;
  }
  if (value.is_array()) {
    std::vector<std::string> parts;
    for (const auto& entry : value) parts.push_back(toml_json(entry));
    return cat("[", join(parts, ", "), "]");
  }
  return value.dump();
}

// One value of the configuration.
struct Line {
  std::string path;     // with names: "phase.rl.rollout.top_k"
  std::string heading;  // of its table
  std::string key;      // as the table writes it
  std::string value;
  Change change;
};

std::vector<Section> sections_of(RunConfig& config) {
  std::vector<Section> sections = {
      {&schema_table("run"), &config.run, "run", ""},
      {&schema_table("model"), &config.model, "model", config.model.path.empty() ? "new" : "path"},
      {&schema_table("numerics"), &config.numerics, "numerics", ""},
      {&schema_table("layout"), &config.layout, "layout", ""}};
  for (PhaseConfig& phase : config.phases)
    sections.push_back({&schema_table("phase"), &phase, "phase." + phase.name, phase.kind});
  return sections;
}

// Nothing there to write: an empty text or list that becomes something by itself, or a required
// number that nobody gave.
bool left_out(const Key& key, const Slot& slot) {
  if (key.automatic.empty()) return false;
  if (const auto* text = std::get_if<std::string*>(&slot)) return (*text)->empty();
  if (const auto* list = std::get_if<std::vector<std::string>*>(&slot)) return (*list)->empty();
  return key.automatic == "required" && toml_value(slot) == "0";
}

void add_sections(std::vector<Line>& lines, RunConfig& config, bool phases) {
  for (const Section& section : sections_of(config)) {
    if ((section.table->name == "phase") != phases) continue;
    for (const Key& key : section.table->keys) {
      Slot slot = key.slot(section.data);
      if (!section.applies(key) || left_out(key, slot)) continue;
      lines.push_back({cat(section.path, ".", key.name), section.table->heading, key.name,
                       toml_value(slot), key.change});
    }
  }
}

// Of an entry's keys only those that say something; `prompt` always.
void add_data(std::vector<Line>& lines, RunConfig& config) {
  const auto& defaults = data_table().defaults;
  for (auto& entry : config.data) {
    const std::string& name = entry.first;
    DataSource& source = entry.second;
    bool trained = std::any_of(config.phases.begin(), config.phases.end(),
                               [&](const PhaseConfig& phase) { return phase.data == name; });
    auto add = [&](const std::string& key, const std::string& value) {
      std::string written = plain_or_quoted(name);
      for (const std::string& part : split(key, '.')) written += "." + plain_or_quoted(part);
      lines.push_back({cat("data.", name, ".", key), "[data]", written, value,
                       trained ? Change::fixed : Change::next_step});
    };
    for (const Key& key : data_table().keys) {
      std::string value = toml_value(key.slot(&source));
      if (key.name == "prompt" || value != toml_value(key.slot(defaults.get())))
        add(key.name, value);
    }
    for (const auto& [key, value] : source.prompt.columns)
      add(cat("columns.", key), toml_text(value));
    for (const auto& [key, value] : source.parameters) add(key, toml_text(value));
  }
}

void add_rewards(std::vector<Line>& lines, const RunConfig& config) {
  for (size_t i = 0; i < config.rewards.size(); ++i) {
    const RewardSpec& spec = config.rewards[i];
    auto add = [&](const std::string& key, const std::string& value) {
      lines.push_back(
          {cat("reward.", i, ".", key), "[[reward]]", plain_or_quoted(key), value, Change::fixed});
    };
    add("use", toml_text(spec.use));
    add("weight", toml_json(spec.weight));
    add("shaping", spec.shaping ? "true" : "false");
    for (const auto& [key, value] : spec.options) add(key, toml_json(value));
  }
}

std::vector<Line> lines_of(const RunConfig& config) {
  RunConfig copy = config;  // slots point into what may be written
  std::vector<Line> lines;
  add_sections(lines, copy, false);
  add_data(lines, copy);
  add_rewards(lines, copy);
  add_sections(lines, copy, true);
  return lines;
}

// "phase.rl" of "phase.rl.rollout.top_k": a new one opens a new table.
std::string table_of(const Line& line) {
  std::vector<std::string> parts = split(line.path, '.');
  return line.heading.starts_with("[[") ? cat(parts[0], ".", parts[1]) : parts[0];
}

const char* change_name(Change change) {
  switch (change) {
    case Change::fixed:
      return "fixed";
    case Change::next_step:
      return "next step";
    case Change::free:
      return "free";
  }
  return "";
}

std::string code(const std::string& text) { return text.empty() ? "" : cat("`", text, "`"); }

std::string reference_of(const Table& table) {
  std::string text = cat(
      "### `", table.heading, "`\n\n", table.help,
      "\n\n| key | type | default | range | on resume | meaning |\n|---|---|---|---|---|---|\n");
  for (const Key& key : table.keys) {
    bool repeated = std::any_of(schema().begin(), schema().end(), [&](const Table& other) {
      return key.name.starts_with(other.name + ".");
    });
    if (repeated) continue;  // the keys of [rollout] and the like inside a phase
    Slot slot = key.slot(table.defaults.get());
    std::string usual = key.automatic.empty() ? code(toml_value(slot)) : key.automatic;
    std::string range =
        key.limits.choices.empty() ? range_of(key) : code(join(key.limits.choices, "`, `"));
    text += cat("| `", key.name, "` | ", type_of(key, slot), " | ", usual, " | ", range, " | ",
                change_name(key.change), " | ", key.help, " |\n");
  }
  return text;
}

}  // namespace

std::string config_text(const RunConfig& config, bool with_origin) {
  std::string text = "config_version = 1\n", table;
  for (const Line& line : lines_of(config)) {
    if (table_of(line) != table) {
      table = table_of(line);
      text += cat("\n", line.heading, "\n");
    }
    text += cat(line.key, " = ", line.value);
    auto origin = config.origin.find(line.path);
    if (with_origin && origin != config.origin.end()) text += cat("  # ", origin->second);
    text += "\n";
  }
  return text;
}

std::string config_fixed_text(const RunConfig& config) {
  std::set<std::string> fixed;
  for (const Line& line : lines_of(config)) {
    if (line.change == Change::fixed) fixed.insert(cat(line.path, " = ", line.value, "\n"));
  }
  std::string text;
  for (const std::string& line : fixed) text += line;
  text += "phases =";  // their order, which the sorted lines do not show
  for (const PhaseConfig& phase : config.phases) text += " " + phase.name;
  text += "\n";
  return text;
}

std::string config_reference() {
  std::string text;
  for (const Table& table : schema()) {
    if (table.name == "numerics") text += cat("\n", reference_of(data_table()));
    text += cat(text.empty() ? "" : "\n", reference_of(table));
  }
  return text;
}

}  // namespace reckon
