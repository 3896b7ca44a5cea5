// Reading run files. The only file that knows toml++.
#include "pipeline/config.h"

#include <toml++/toml.h>

#include "base/error.h"
#include "base/text.h"
#include "pipeline/config_loader.h"

namespace reckon {
namespace {

constexpr int64_t kConfigVersion = 1;

class FileReader {
 public:
  FileReader(std::string file, ConfigLoader& loader) : file_(std::move(file)), loader_(loader) {}

  void read(const toml::table& root) {
    for (const auto& [key, node] : root) {
      std::string name(key.str());
      if (name == "config_version") {
        read_version(node);
      } else if (name == "phase" || name == "reward") {
        read_list(name, node);
      } else if (name == "data") {
        read_data(table_of(name, node));
      } else {
        read_section(name, key, node);
      }
    }
  }

 private:
  std::string at(const toml::source_region& source) const {
    return cat(file_, ":", source.begin.line, ":", source.begin.column);
  }

  void read_version(const toml::node& node) {
    if (node.value<int64_t>() == kConfigVersion && node.is_integer()) return;
    throw Error(Code::config, at(node.source()), "config_version is not 1",
                "this version of Reckon reads config_version = 1");
  }

  const toml::table& table_of(const std::string& name, const toml::node& node) {
    if (const toml::table* table = node.as_table()) return *table;
    throw Error(Code::config, at(node.source()), cat("'", name, "' must be a table"),
                cat("write [", name, "]"));
  }

  void read_section(const std::string& name, const toml::key& key, const toml::node& node) {
    std::vector<std::string> names = {"config_version", "data", "reward"};
    for (const Table& table : schema()) {
      if (table.name == name)
        return read_keys(table, loader_.values(name), table_of(name, node), "");
      names.push_back(table.name);
    }
    auto near = nearest(name, names);
    throw Error(Code::config, at(key.source()), cat("unknown table '", name, "'"),
                near ? cat("did you mean '", *near, "'?") : cat("the tables: ", join(names, ", ")));
  }

  // Inline tables of the schema are walked down: their keys have dotted names.
  void read_keys(const Table& table, std::map<std::string, RawValue>& values,
                 const toml::table& from, const std::string& prefix) {
    for (const auto& [key, node] : from) {
      std::string name = prefix + std::string(key.str());
      const toml::table* inner = node.as_table();
      if (inner != nullptr && table.has_table(name)) {
        read_keys(table, values, *inner, name + ".");
        continue;
      }
      const toml::source_region& source =
          table.find(name) != nullptr ? node.source() : key.source();
      loader_.set_key(table, values, name, {json_of(node), at(source)});
    }
  }

  void read_list(const std::string& name, const toml::node& node) {
    const toml::array* list = node.as_array();
    bool tables =
        list != nullptr && (list->empty() || list->is_homogeneous(toml::node_type::table));
    if (!tables)
      throw Error(Code::config, at(node.source()), cat("'", name, "' must be a list of tables"),
                  cat("write [[", name, "]]"));
    for (size_t i = 0; i < list->size(); ++i) {
      const toml::table& element = *list->get(i)->as_table();
      if (name == "phase") {
        loader_.add_phase();
        read_keys(schema_table("phase"), loader_.phase(i), element, "");
      } else {
        loader_.add_reward();
        for (const auto& [key, value] : element)
          loader_.reward(i)[std::string(key.str())] = {json_of(value), at(value.source())};
      }
    }
  }

  void read_data(const toml::table& from) {
    for (const auto& [key, node] : from) {
      std::string name(key.str());
      const toml::table* entry = node.as_table();
      if (entry == nullptr) {
        loader_.set_data(name, "file", {json_of(node), at(node.source())});
        continue;
      }
      if (entry->empty())
        throw Error(Code::config, at(node.source()), cat("data '", name, "' is empty"),
                    "give it a file or a generator");
      for (const auto& [inner, value] : *entry) {
        loader_.set_data(name, std::string(inner.str()), {json_of(value), at(value.source())});
      }
    }
  }

  // Dates and times, which no key takes, become null.
  static nlohmann::json json_of(const toml::node& node) {
    if (const toml::table* table = node.as_table()) {
      nlohmann::json object = nlohmann::json::object();
      for (const auto& [key, value] : *table) object[std::string(key.str())] = json_of(value);
      return object;
    }
    if (const toml::array* array = node.as_array()) {
      nlohmann::json list = nlohmann::json::array();
      for (const toml::node& value : *array) list.push_back(json_of(value));
      return list;
    }
    if (const auto* value = node.as_string()) return value->get();
    if (const auto* value = node.as_integer()) return value->get();
    if (const auto* value = node.as_floating_point()) return value->get();
    if (const auto* value = node.as_boolean()) return value->get();
    return nullptr;
  }

  std::string file_;
  ConfigLoader& loader_;
};

toml::table parse(const std::string& text, const std::string& path) {
  try {
    return toml::parse(std::string_view(text), std::string_view(path));
  } catch (const toml::parse_error& error) {
    const toml::source_position& at = error.source().begin;
    throw Error(Code::config, cat(path, ":", at.line, ":", at.column),
                std::string(error.description()),
                "correct the TOML there; docs/run_file.md shows a whole file");
  }
}

}  // namespace

std::string DataSource::where() const {
  if (generator.empty()) return file;
  std::string text = "builtin:" + generator;
  char separator = '?';
  for (const auto& [key, value] : parameters) {
    text += cat(separator, key, "=", value);
    separator = '&';
  }
  return text;
}

RunConfig load_config(const std::string& path, const std::vector<std::string>& overrides) {
  ConfigLoader loader(path);
  std::string text = read_file(path);
  toml::table root = parse(text, path);
  FileReader(path, loader).read(root);
  for (const std::string& text : overrides) loader.override_with(text);
  return loader.build();
}

}  // namespace reckon
