// reckon doctor sandbox: what this host offers for isolation, what is missing, and what that means;
// then one program of each language in a real box.
#include <cstdio>
#include <memory>
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "base/text.h"
#include "cli/verbs.h"
#include "rewards/code/judge.h"
#include "sandbox/probe.h"

namespace reckon {
namespace {

using nlohmann::json;

struct Trial {
  std::string language;
  bool good = false;
  std::string note;
};

std::vector<Trial> try_languages(const SandboxOptions& options) {
  SandboxOptions two = options;
  two.slots = Judge::kSlots;
  Sandbox sandbox(two);
  Judge judge(sandbox, 0);
  std::vector<Trial> trials;
  auto attempt = [&](const char* name, ProgramLanguage language, const char* code) {
    CodeTask task;
    task.language = language;
    task.code = code;
    task.tests =
        StdioTests{.match = OutputMatch::exact, .tolerance = 0, .cases = {{"6 7\n", "42\n"}}};
    CodeVerdict verdict = judge.judge(task);
    trials.push_back({name, verdict.value == 1, verdict.cases.at(0).note});
  };
  attempt("python", ProgramLanguage::python, "a, b = map(int, input().split())\nprint(a * b)");
  attempt("cpp", ProgramLanguage::cpp,
          "#include <iostream>\nint main() { int a, b; std::cin >> a >> b; std::cout << a * b << "
          "'\\n'; }");
  return trials;
}

void print_text(const HostReport& host, const std::vector<std::string>& refused,
                const std::vector<Trial>& trials, const std::string& problem) {
  for (const HostFeature& feature : host.features) {
    bool refuses = std::find(refused.begin(), refused.end(), feature.name) != refused.end();
    std::printf("%-4s %-14s %s\n",
                feature.present ? "ok"
                : refuses       ? "BAD"
                                : "--",
                feature.name.c_str(), feature.detail.c_str());
    if (!feature.present) std::printf("     %-14s -> %s\n", "", feature.meaning.c_str());
    if (!feature.present && refuses && feature.may_be_missing)
      std::printf("     %-14s -> to do without it: sandbox.allow_missing = [\"%s\"]\n", "",
                  feature.name.c_str());
  }
  for (const Trial& trial : trials)
    std::printf("%-4s %-14s %s\n", trial.good ? "ok" : "BAD", trial.language.c_str(),
                trial.good ? "a program ran in its box" : trial.note.c_str());
  if (!problem.empty()) std::printf("%-4s %-14s %s\n", "BAD", "start", problem.c_str());
}

int examine(const SandboxOptions& options, bool as_json) {
  HostReport host = probe_host(options.pretend_missing);
  std::vector<std::string> refused;
  for (const std::string& name : host.missing())
    if (!host.find(name).may_be_missing ||
        std::find(options.allow_missing.begin(), options.allow_missing.end(), name) ==
            options.allow_missing.end())
      refused.push_back(name);
  std::vector<Trial> trials;
  std::string problem;
  try {
    if (refused.empty()) trials = try_languages(options);
  } catch (const Error& error) {
    problem = cat(error.problem(), " -> ", error.remedy());
  }
  bool good = refused.empty() && problem.empty() && trials.size() == 2 && trials[0].good;
  if (as_json) {
    json features = json::array(), languages = json::array();
    for (const HostFeature& feature : host.features)
      features.push_back({{"name", feature.name},
                          {"present", feature.present},
                          {"may_be_missing", feature.may_be_missing},
                          {"detail", feature.detail},
                          {"meaning", feature.meaning}});
    for (const Trial& trial : trials)
      languages.push_back(
          {{"language", trial.language}, {"good", trial.good}, {"note", trial.note}});
    std::printf("%s\n", json{{"good", good},
                             {"missing", host.missing()},
                             {"refused", refused},
                             {"features", features},
                             {"languages", languages},
                             {"problem", problem}}
                            .dump(1)
                            .c_str());
  } else {
    print_text(host, refused, trials, problem);
  }
  return good ? 0 : static_cast<int>(Code::unavailable);
}

}  // namespace

void add_doctor_sandbox(CLI::App& doctor, int& exit_code) {
  auto options = std::make_shared<SandboxOptions>();
  auto as_json = std::make_shared<bool>(false);
  CLI::App* app =
      doctor.add_subcommand("sandbox", "What this host offers for running untrusted programs.");
  app->add_flag("--json", *as_json, "one JSON object");
  app->add_option("--allow-missing", options->allow_missing,
                  "isolation to do without: cgroup, landlock, separate_uid")
      ->type_name("NAME")
      ->delimiter(',');
  app->add_option("--pretend-missing", options->pretend_missing, "as on a host without these")
      ->type_name("NAME")
      ->delimiter(',');
  int* code = &exit_code;
  app->callback([code, options, as_json] { *code = examine(*options, *as_json); });
}

}  // namespace reckon
