#include "rewards/code/columns.h"

#include "base/error.h"
#include "base/text.h"
#include "rewards/code/task_json.h"
#include "rewards/columns.h"

namespace reckon {
namespace {

using nlohmann::json;

// A column's value, read as JSON where it is a text; null when it is absent or no JSON.
json column(const json& row, const char* name) {
  const json* found = find_column(row, name);
  if (found == nullptr) return nullptr;
  if (!found->is_string()) return *found;
  json parsed = json::parse(found->get_ref<const std::string&>(), nullptr, false);
  return parsed.is_discarded() ? json(nullptr) : parsed;
}

std::string text_of(const json& row, const char* name) {
  const json* found = find_column(row, name);
  return found != nullptr && found->is_string() ? found->get<std::string>() : "";
}

// "line\nline" or ["line", "line"]: both are what a program reads or writes.
std::optional<std::string> stream_text(const json& value) {
  if (value.is_string()) return value.get<std::string>();
  if (!value.is_array()) return plain_text(value);
  std::vector<std::string> lines;
  for (const json& one : value) {
    auto line = stream_text(one);
    if (!line) return std::nullopt;
    lines.push_back(*line);
  }
  return join(lines, "\n");
}

// Arguments of a call: a list as it is, or a text with one JSON value per line.
std::optional<json> arguments(const json& value) {
  if (value.is_array()) return value;
  if (!value.is_string()) return std::nullopt;
  json list = json::array();
  for (const std::string& line : split(value.get<std::string>(), '\n')) {
    if (line.empty()) continue;
    json parsed = json::parse(line, nullptr, false);
    if (parsed.is_discarded()) return std::nullopt;
    list.push_back(std::move(parsed));
  }
  return list;
}

json parsed_or_text(const json& value) {
  if (!value.is_string()) return value;
  json parsed = json::parse(value.get_ref<const std::string&>(), nullptr, false);
  return parsed.is_discarded() ? value : parsed;
}

std::optional<Tests> inputs_and_outputs(const json& table, std::string* problem) {
  const json inputs = table.value("inputs", json()), outputs = table.value("outputs", json());
  if (!inputs.is_array() || !outputs.is_array() || inputs.size() != outputs.size() ||
      inputs.empty()) {
    *problem = "inputs and outputs are not two lists of one length";
    return std::nullopt;
  }
  std::string entry = table.contains("fn_name") && table["fn_name"].is_string()
                          ? table["fn_name"].get<std::string>()
                          : "";
  CallTests calls{.entry = entry, .tolerance = 0, .cases = {}};
  StdioTests stdio;
  for (size_t i = 0; i < inputs.size(); ++i) {
    if (entry.empty()) {
      auto input = stream_text(inputs[i]), output = stream_text(outputs[i]);
      if (input && output) stdio.cases.push_back({*input, *output});
    } else if (auto args = arguments(inputs[i])) {
      // APPS wraps the expected value in a list of one.
      json expected = parsed_or_text(outputs[i]);
      if (outputs[i].is_array() && outputs[i].size() == 1) expected = outputs[i][0];
      calls.cases.push_back({*args, expected});
    }
  }
  if ((entry.empty() ? stdio.cases.size() : calls.cases.size()) != inputs.size()) {
    *problem = "an input or output has no readable form";
    return std::nullopt;
  }
  return entry.empty() ? Tests(stdio) : Tests(calls);
}

// [{input, output, testtype | type, fn_name?}] of LiveCodeBench and open-r1.
std::optional<Tests> test_cases(const json& list, const std::string& function,
                                std::string* problem) {
  StdioTests stdio;
  CallTests calls{.entry = function, .tolerance = 0, .cases = {}};
  for (const json& one : list) {
    std::string type = one.is_object() ? one.value("testtype", one.value("type", "stdin")) : "";
    if (one.is_object() && one.contains("fn_name") && one["fn_name"].is_string())
      calls.entry = one["fn_name"].get<std::string>();
    if (!one.is_object() || !one.contains("input") || !one.contains("output")) break;
    if (type.starts_with("stdin") || type == "stdio") {
      auto input = stream_text(one["input"]), output = stream_text(one["output"]);
      if (input && output) stdio.cases.push_back({*input, *output});
    } else if (auto args = arguments(one["input"])) {
      calls.cases.push_back({*args, parsed_or_text(one["output"])});
    }
  }
  if (!stdio.cases.empty() && stdio.cases.size() == list.size()) return stdio;
  if (!calls.cases.empty() && calls.cases.size() == list.size() && !calls.entry.empty())
    return calls;
  *problem = "the list of test cases is empty, mixed, or has a case of another form";
  return std::nullopt;
}

std::optional<RowTests> human_eval(const json& row, std::string_view prompt) {
  std::string entry = text_of(row, "entry_point"), test = text_of(row, "test");
  if (entry.empty() || test.empty()) return std::nullopt;
  std::string helpers = text_of(row, "prompt");
  AssertTests tests;
  tests.helpers = cat(helpers.empty() ? std::string(prompt) : helpers, "    pass\n");
  tests.asserts = {test.find("check(" + entry) == std::string::npos
                       ? cat(test, "\ncheck(", entry, ")\n")
                       : test};
  tests.names = {entry};
  return RowTests{tests, "HumanEval", std::nullopt};
}

std::optional<RowTests> mbpp(const json& row) {
  const json list = column(row, "test_list");
  if (!list.is_array() || list.empty()) return std::nullopt;
  AssertTests tests;
  tests.setup = text_of(row, "test_setup_code");
  for (const json& one : list) {
    if (!one.is_string()) return std::nullopt;
    tests.asserts.push_back(one.get<std::string>());
  }
  return RowTests{tests, "MBPP", std::nullopt};
}

std::optional<RowTests> live_code_bench(const json& row, std::string* problem) {
  json cases = column(row, "public_test_cases");
  if (!cases.is_array()) return std::nullopt;
  json hidden = column(row, "private_test_cases");
  if (hidden.is_array())
    cases.insert(cases.end(), hidden.begin(), hidden.end());
  else if (find_column(row, "private_test_cases") != nullptr &&
           !text_of(row, "private_test_cases").empty()) {
    *problem =
        "private_test_cases is a packed Python object, which is never opened: write the column as "
        "JSON";
    return std::nullopt;
  }
  json metadata = column(row, "metadata");
  std::string function =
      metadata.is_object() && metadata.contains("func_name") && metadata["func_name"].is_string()
          ? metadata["func_name"].get<std::string>()
          : "";
  auto tests = test_cases(cases, function, problem);
  return tests ? std::optional<RowTests>({*tests, "LiveCodeBench", std::nullopt}) : std::nullopt;
}

std::optional<RowTests> open_r1(const json& row, std::string* problem) {
  json info = column(row, "verification_info");
  if (!info.is_object() || !info.contains("test_cases") || !info["test_cases"].is_array())
    return std::nullopt;
  auto tests = test_cases(info["test_cases"], "", problem);
  if (!tests) return std::nullopt;
  std::string language = info.value("language", "");
  std::optional<ProgramLanguage> known;
  if (language == "python") known = ProgramLanguage::python;
  if (language == "cpp" || language == "c++") known = ProgramLanguage::cpp;
  return RowTests{*tests, "open-r1", known};
}

}  // namespace

std::optional<RowTests> find_tests(const json& row, std::string_view prompt, std::string* problem) {
  *problem = "the row has no column with tests";
  try {
    json own = column(row, "tests");
    if (own.is_object() && own.contains("type"))
      return RowTests{tests_from_json(own), "Reckon", std::nullopt};
    if (auto found = human_eval(row, prompt)) return found;
    if (auto found = mbpp(row)) return found;
    if (auto found = open_r1(row, problem)) return found;
    if (auto found = live_code_bench(row, problem)) return found;
    for (const char* name : {"input_output", "reward_model.ground_truth", "ground_truth"}) {
      json table = column(row, name);
      if (!table.is_object() || !table.contains("inputs")) continue;
      auto tests = inputs_and_outputs(table, problem);
      if (!tests) return std::nullopt;
      return RowTests{*tests, std::string(name) == "input_output" ? "APPS" : "verl", std::nullopt};
    }
  } catch (const Error& error) {
    *problem = cat(error.place(), ": ", error.problem());
  } catch (const json::exception& error) {
    *problem = error.what();
  }
  return std::nullopt;
}

}  // namespace reckon
