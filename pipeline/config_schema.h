// The run file's schema as data: one table per section, one entry per key. Parsing, overrides,
// defaults, the resolved text, what a resumed run must keep, and docs/run_file.md all read these
// tables; a new key is one line in config_schema.cc. Private to pipeline/config*.cc. Immutable
// after first use, thread-safe.
//
//   Section phase{&phase_table(), &config.phases[0], "phase.0", "grpo"};
//   assign(phase, *phase.table->find("rollout.top_k"), 20, "run.toml:12:9");
#pragma once

#include <functional>
#include <limits>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <variant>
#include <vector>

#include "pipeline/config.h"

namespace reckon {

struct Pair {  // a list of two numbers
  double *first, *second;
};
struct Constant {  // a key with one possible value, for readers of the file
  const char* value;
};
using Slot = std::variant<int*, uint32_t*, uint64_t*, double*, bool*, std::string*,
                          std::vector<std::string>*, DType*, Pair, Constant>;

enum class Unit {
  none,
  bytes,
  seconds
};  // a text with a unit ("256MiB", "2min") may stand for the number

// What changing a key does to a run that is resumed.
enum class Change {
  fixed,      // refused
  next_step,  // takes effect from the step where the run goes on
  free        // does not show in the weights
};

struct Limits {
  double low = -std::numeric_limits<double>::infinity(),
         high = std::numeric_limits<double>::infinity();
  bool low_open = false, high_open = false;  // the bound itself is outside
  std::vector<std::string> choices = {};     // of a text; empty: any
  Unit unit = Unit::none;
};

struct Key {
  std::string name;  // dotted inside inline tables: "checkpoint.every"
  std::function<Slot(void* section)> slot;
  Limits limits;
  std::string help;
  Change change = Change::fixed;
  std::string only = {};  // meaningful only where Section::kind is this; empty: everywhere
  std::string automatic =
      {};  // what an absent value becomes, for people, where that is not the default itself
};

struct Table {
  std::string name;     // "run", "phase", ...
  std::string heading;  // as the file writes it: "[run]", "[[phase]]"
  std::string help;
  std::vector<Key> keys;
  std::shared_ptr<void> defaults;  // a section as constructed

  const Key* find(const std::string& key) const;
  // Whether keys live below `prefix`, an inline table.
  bool has_table(const std::string& prefix) const;
};

// run, model, numerics, layout, rollout, objective, optimizer, phase. [[reward]] has no fixed keys.
const std::vector<Table>& schema();
const Table& schema_table(const std::string& name);
const Table& data_table();  // of one [data] entry; `columns` and a generator's parameters are open

// A table bound to the struct it fills. `path` is how overrides write it: "run", "phase.0".
struct Section {
  const Table* table = nullptr;
  void* data = nullptr;
  std::string path;
  std::string kind;  // a phase's kind; "new" or "path" for [model]; else empty
  bool applies(const Key& key) const { return key.only.empty() || key.only == kind; }
};

// Stores a value; Error(config) at `place` for a wrong type, a value out of range or no choice.
void assign(const Section& section, const Key& key, const nlohmann::json& value,
            const std::string& place);

// The text behind `a.b=` as a value of the slot's type; what cannot be read stays a text, which
// assign() refuses.
nlohmann::json value_of_text(const Slot& slot, const std::string& text);
nlohmann::json value_of_text(
    const std::string& text);  // where no schema gives the type: reward options, generators

std::string toml_value(const Slot& slot);
std::string toml_text(const std::string& text);  // quoted and escaped
std::string type_of(const Key& key, const Slot& slot);
std::string range_of(const Key& key);
std::string describe(const nlohmann::json& value);  // "the text \"x\"", "a list", "3"

// Checks across keys and sections. `place` gives the place of a key by its path ("phase.0.steps"):
// where it was written, or the run file when it was not; `given` whether it was. Error(config), or
// Error(no_input) for a missing data file.
struct Origins {
  std::function<bool(const std::string& path)> given;
  std::function<std::string(const std::string& path)> place;
};
void check_config(const RunConfig& config, const Origins& origins);

}  // namespace reckon
