// [data] entries: where rows come from and how each becomes a prompt.
#include <cmath>

#include "base/error.h"
#include "base/text.h"
#include "pipeline/config_loader.h"
#include "pipeline/dataset.h"

namespace reckon {
namespace {

constexpr std::string_view kColumns = "columns.";

// A generator's parameter as text; only plain values.
std::string parameter_text(const std::string& name, const RawValue& raw) {
  if (raw.value.is_string()) return raw.value.get<std::string>();
  if (raw.value.is_number_float()) return shortest(raw.value.get<double>());
  if (raw.value.is_primitive() && !raw.value.is_null()) return raw.value.dump();
  throw Error(
      Code::config, raw.place,
      cat("'", name, "' must be a text, a number, or true or false, not ", describe(raw.value)),
      "docs/data.md lists the generators and their parameters");
}

std::vector<std::string> file_keys() {
  std::vector<std::string> names = {"columns"};
  for (const Key& key : data_table().keys) names.push_back(key.name);
  return names;
}

void check_source_keys(const DataSource& source, const std::string& name,
                       const std::map<std::string, RawValue>& values) {
  if (source.file.empty() == source.generator.empty()) {
    throw Error(Code::config, values.begin()->second.place,
                cat("data '", name, "' needs either a file or a generator"),
                cat("write ", name, " = \"rows.jsonl\" or ", name, " = { generator = \"",
                    generator_names().front(), "\" }"));
  }
  if (!source.file.empty() && !source.parameters.empty()) {
    const std::string& key = source.parameters.begin()->first;
    auto near = nearest(key, file_keys());
    throw Error(
        Code::config, values.at(key).place, cat("unknown key '", key, "' beside a data file"),
        near ? cat("did you mean '", *near, "'?") : cat("a file takes ", join(file_keys(), ", ")));
  }
  for (const char* key : {"format", "skip_bad_rows"}) {
    auto given = values.find(key);
    if (source.generator.empty() || given == values.end()) continue;
    throw Error(Code::config, given->second.place,
                cat("'", key, "' has no meaning for a generator"), "remove it");
  }
}

}  // namespace

std::string text_of(const std::string& name, const RawValue& raw) {
  if (raw.value.is_string()) return raw.value.get<std::string>();
  throw Error(Code::config, raw.place,
              cat("'", name, "' must be a text, not ", describe(raw.value)), "put it in quotes");
}

DataSource read_data_source(const std::string& name,
                            const std::map<std::string, RawValue>& values) {
  DataSource source;
  Section section{&data_table(), &source, cat("data.", name), ""};
  for (const auto& [key, raw] : values) {
    if (const Key* known = data_table().find(key)) {
      assign(section, *known, raw.value, raw.place);
    } else if (key.starts_with(kColumns)) {
      std::string column = key.substr(kColumns.size());
      if (column.find('.') != std::string::npos)
        throw Error(Code::config, raw.place, cat("column name '", column, "' has a dot"),
                    "write columns = { new_name = \"name.in.the.file\" }");
      source.prompt.columns[column] = text_of(key, raw);
    } else if (key == "columns") {
      throw Error(Code::config, raw.place, cat("columns is a table, not ", describe(raw.value)),
                  "write columns = { new_name = \"name_in_the_file\" }");
    } else {
      source.parameters[key] = parameter_text(key, raw);
    }
  }
  check_source_keys(source, name, values);
  return source;
}

}  // namespace reckon
