#include "rewards/code/task_json.h"

#include <cmath>

#include "base/error.h"
#include "base/text.h"

namespace reckon {
namespace {

using nlohmann::json;

[[noreturn]] void bad(const std::string& key, const std::string& problem) {
  throw Error(Code::data, key, problem, "docs/sandbox.md describes a task");
}

const json& need(const json& object, const char* key, const std::string& place) {
  if (!object.is_object()) bad(place, "must be an object");
  auto found = object.find(key);
  if (found == object.end()) bad(cat(place, ".", key), "is missing");
  return *found;
}

std::string text(const json& object, const char* key, const std::string& place) {
  const json& value = need(object, key, place);
  if (!value.is_string()) bad(cat(place, ".", key), "must be a text");
  return value.get<std::string>();
}

const json& list(const json& object, const char* key, const std::string& place) {
  const json& value = need(object, key, place);
  if (!value.is_array()) bad(cat(place, ".", key), "must be a list");
  return value;
}

double number(const json& object, const char* key, double fallback, double low, double high) {
  auto found = object.find(key);
  if (found == object.end() || found->is_null()) return fallback;
  double value = found->is_number() ? found->get<double>() : std::nan("");
  if (!(value >= low && value <= high)) bad(key, cat("must be a number from ", low, " to ", high));
  return value;
}

StdioTests stdio(const json& tests) {
  StdioTests made;
  std::string match = tests.value("compare", "lines");
  const std::vector<std::string> names = {"exact", "lines", "tokens", "numbers"};
  auto found = std::find(names.begin(), names.end(), match);
  if (found == names.end()) bad("tests.compare", cat("must be one of ", join(names, ", ")));
  made.match = static_cast<OutputMatch>(found - names.begin());
  made.tolerance = number(tests, "tolerance", made.tolerance, 0, 1);
  for (const json& one : list(tests, "cases", "tests"))
    made.cases.push_back(
        {text(one, "input", "tests.cases[]"), text(one, "output", "tests.cases[]")});
  return made;
}

CallTests calls(const json& tests) {
  CallTests made;
  made.entry = text(tests, "entry", "tests");
  made.tolerance = number(tests, "tolerance", 0, 0, 1);
  for (const json& one : list(tests, "cases", "tests"))
    made.cases.push_back(
        {list(one, "args", "tests.cases[]"), need(one, "expected", "tests.cases[]")});
  return made;
}

AssertTests asserts(const json& tests) {
  AssertTests made;
  made.helpers = tests.value("helpers", "");
  made.setup = tests.value("setup", "");
  for (const json& one : list(tests, "asserts", "tests")) {
    if (!one.is_string()) bad("tests.asserts[]", "must be a text");
    made.asserts.push_back(one.get<std::string>());
  }
  if (tests.contains("entry")) made.names.push_back(text(tests, "entry", "tests"));
  return made;
}

}  // namespace

Tests tests_from_json(const json& tests) {
  std::string type = text(tests, "type", "tests");
  Tests made;
  if (type == "stdio") {
    made = stdio(tests);
  } else if (type == "call") {
    made = calls(tests);
  } else if (type == "assert") {
    made = asserts(tests);
  } else {
    bad("tests.type", "must be \"stdio\", \"call\" or \"assert\"");
  }
  if (case_count(made) == 0) bad("tests", "has no case");
  return made;
}

CodeTask task_from_json(const json& row) {
  CodeTask task;
  std::string language = text(row, "language", "task");
  if (language != "python" && language != "cpp") bad("language", "must be \"python\" or \"cpp\"");
  task.language = language == "cpp" ? ProgramLanguage::cpp : ProgramLanguage::python;
  task.code = text(row, "code", "task");
  task.tests = tests_from_json(need(row, "tests", "task"));
  if (task.language == ProgramLanguage::cpp && std::holds_alternative<CallTests>(task.tests))
    bad("tests.type", "must be \"stdio\" or \"assert\" for cpp");
  std::string scoring = row.value("scoring", "all_or_nothing");
  if (scoring != "all_or_nothing" && scoring != "fraction")
    bad("scoring", "must be \"all_or_nothing\" or \"fraction\"");
  task.fraction = scoring == "fraction";
  json limits = row.value("limits", json::object());
  if (!limits.is_object()) bad("limits", "must be an object");
  Limits& l = task.limits;
  bool wall = limits.contains("wall_s"), cpu = limits.contains("cpu_s");
  l.wall_s = number(limits, "wall_s", l.wall_s, 0.01, 3600);
  l.cpu_s = number(limits, "cpu_s", wall ? l.wall_s : l.cpu_s, 0.01, 3600);
  if (cpu && !wall)
    l.wall_s = 3 * l.cpu_s;  // room for a busy machine; CPU time is the limit that counts
  l.memory_mb = static_cast<int64_t>(
      number(limits, "memory_mb", static_cast<double>(l.memory_mb), 16, 1 << 20));
  l.output_kb = static_cast<int64_t>(
      number(limits, "output_kb", static_cast<double>(l.output_kb), 1, 1 << 20));
  return task;
}

json verdict_to_json(const CodeVerdict& verdict, const json& id, size_t total) {
  json detail = json::array();
  for (const CaseResult& one : verdict.cases)
    detail.push_back({{"passed", one.passed},
                      {"status", code_status_name(one.status)},
                      {"note", one.note},
                      {"cpu_s", static_cast<double>(one.cpu_us) / 1e6},
                      {"wall_s", static_cast<double>(one.wall_us) / 1e6},
                      {"memory_kb", one.memory_bytes >> 10},
                      {"output_bytes", one.output_bytes}});
  return {{"id", id},
          {"status", code_status_name(verdict.status)},
          {"passed", verdict.passed},
          {"total", total},
          {"value", verdict.value},
          {"detail", detail},
          {"stdout_head", verdict.stdout_head}};
}

}  // namespace reckon
