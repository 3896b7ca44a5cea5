// Collects the values of a run file and of overrides, then builds the configuration from them in
// layers: default, the run's table, the phase's own. Private to pipeline/config*.cc. Not
// thread-safe.
//
//   ConfigLoader loader("run.toml");
//   loader.set({"phase", "0", "rollout", "top_k"}, {20, "run.toml:9:3"});   // from the file
//   RunConfig config = loader.build();
#pragma once

#include <map>
#include <string>
#include <vector>

#include "pipeline/config_schema.h"

namespace reckon {

struct RawValue {
  nlohmann::json
      value;  // inline tables are walked before, but for unknown content of [data] and [[reward]]
  std::string place;  // "run.toml:12:9" or "command line: a.b=c"
};

// config_data.cc: a text value, and a whole [data] entry. Error(config).
std::string text_of(const std::string& name, const RawValue& raw);
DataSource read_data_source(const std::string& name, const std::map<std::string, RawValue>& values);

class ConfigLoader {
 public:
  explicit ConfigLoader(std::string file) : file_(std::move(file)) {}

  // Adds one element of a list; its values follow under its index.
  void add_phase() { phases_.emplace_back(); }
  void add_reward() { rewards_.emplace_back(); }

  // One value of the file. `key` is dotted. Error(config) for a key that does not exist, and for a
  // second value.
  void set_key(const Table& table, std::map<std::string, RawValue>& values, const std::string& key,
               RawValue value);
  void set_data(const std::string& entry, const std::string& key, RawValue value);

  std::map<std::string, RawValue>& values(const std::string& table) { return tables_[table]; }
  std::map<std::string, RawValue>& phase(size_t index) { return phases_[index]; }
  std::map<std::string, RawValue>& reward(size_t index) { return rewards_[index]; }

  // "a.b=c" of the command line, over what the file says.
  void override_with(const std::string& text);

  RunConfig build();

 private:
  using Values = std::map<std::string, RawValue>;

  Values& list_element(std::vector<Values>& list, const char* what, const char* name_key,
                       const std::string& name, const std::string& place);
  void override_data(const std::vector<std::string>& path, const std::string& given,
                     const std::string& place);
  void fill(const Section& section, const Values& values);
  void build_phase(RunConfig& config, size_t index);
  RewardSpec build_reward(const Values& values, size_t index);
  DataSource build_data(const std::string& name, const Values& values);
  std::string place_of(const std::string& path) const;
  void name_origins(RunConfig& config) const;

  std::string file_;
  std::map<std::string, Values> tables_, data_;
  std::vector<Values> phases_, rewards_;
  std::map<std::string, std::string> places_;  // by path with indices; what was given
};

}  // namespace reckon
