// reckon doctor: what this machine has, what Reckon will use of it, and what is in the way.
#include <sys/statvfs.h>

#include <cstdio>
#include <fstream>
#include <memory>
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "base/file.h"
#include "base/text.h"
#include "base/thread_pool.h"
#include "cli/verbs.h"
#include "kernels/kernels.h"

namespace reckon {
namespace {

constexpr double kGib = 1 << 30;

struct Check {
  bool good = true;
  std::string name, value, remedy;
};

std::string gib(double bytes) {
  char text[32];
  std::snprintf(text, sizeof text, "%.1f GiB", bytes / kGib);
  return text;
}

// What follows "name :" in a file of such lines; empty when there is none.
std::string field(const char* file, const std::string& name) {
  std::ifstream in(file);
  for (std::string text; std::getline(in, text);) {
    if (!text.starts_with(name)) continue;
    size_t begin = text.find_first_not_of(" \t", text.find(':') + 1);
    return begin == std::string::npos ? "" : text.substr(begin);
  }
  return "";
}

double meminfo(const char* name) { return 1024 * std::atof(field("/proc/meminfo", name).c_str()); }

Check processor() {
  std::string model = field("/proc/cpuinfo", "model name");
  return {true, "processor",
          cat(model.empty() ? "unknown" : model, ", ", usable_cores(), " cores usable"), ""};
}

Check vector_unit() {
  return {isa_available(Isa::avx2), "vector unit", cpu_kernels(detect_isa()).isa,
          "without AVX2 and FMA the kernels run as scalar code, about 20 times slower"};
}

// The whole machine, or what a container may take of it.
Check memory() {
  double whole = meminfo("MemTotal"), free = meminfo("MemAvailable");
  for (const char* file :
       {"/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes"}) {
    double limit = 0;
    if (std::ifstream(file) >> limit && limit > 0) whole = std::min(whole, limit);
  }
  return {whole > 2 * kGib, "memory", cat(gib(whole), ", ", gib(std::min(free, whole)), " free"),
          "2 GiB are the least"};
}

Check disk() {
  struct statvfs status;
  bool known = statvfs(".", &status) == 0;
  double free =
      known ? static_cast<double>(status.f_bavail) * static_cast<double>(status.f_frsize) : 0;
  return {free > 5 * kGib, "disk here", cat(gib(free), " free"),
          "runs keep checkpoints and trajectories: free 5 GiB, or start elsewhere"};
}

Check numerics() {
  NumericsId id = numerics_id(cpu_kernels(detect_isa()));
  return {true, "numerics", cat("contract ", id.contract, ", ", id.profile, ", ", id.digest.text()),
          ""};
}

Check kernels_agree() {
  NumericsId first = numerics_id(cpu_kernels(Isa::scalar));
  std::vector<std::string> units = {"scalar"};
  bool equal = true;
  for (Isa isa : {Isa::avx2, Isa::avx512}) {
    if (!isa_available(isa)) continue;
    units.emplace_back(cpu_kernels(isa).isa);
    equal = equal && numerics_id(cpu_kernels(isa)) == first;
  }
  return {equal, "kernels agree",
          cat(join(units, ", "), equal ? ": the same bits" : ": the bits differ"),
          "please report this processor"};
}

// Starts reckon-train, which loads LibTorch. Two OpenMP runtimes in it oversubscribe or hang.
Check trainer() {
  std::error_code error;
  Path program =
      std::filesystem::read_symlink("/proc/self/exe", error).parent_path() / "reckon-train";
  Check check{false, "reckon-train", program.string(), "build it: ./reckon version"};
  if (!std::filesystem::exists(program)) return check;
  std::string quoted;
  for (char c : program.string()) quoted += c == '\'' ? "'\\''" : std::string(1, c);
  FILE* pipe = ::popen(cat("'", quoted, "' runtimes").c_str(), "r");
  std::vector<std::string> runtimes;
  char line[4096];
  while (pipe != nullptr && std::fgets(line, sizeof line, pipe) != nullptr)
    runtimes.push_back(split(line, '\n')[0]);
  if (pipe == nullptr || ::pclose(pipe) != 0) {
    check.remedy = "it does not start (see above): remove build/ and run ./reckon again";
    return check;
  }
  check.good = runtimes.size() <= 1;
  check.value +=
      cat(", starts, ", runtimes.size(), " OpenMP runtime", runtimes.size() == 1 ? "" : "s");
  check.remedy = cat("one is enough: ", join(runtimes, ", "));
  return check;
}

int examine(bool json) {
  std::vector<Check> checks = {processor(), vector_unit(),   memory(), disk(),
                               numerics(),  kernels_agree(), trainer()};
  bool good = true;
  nlohmann::json list = nlohmann::json::array();
  for (const Check& check : checks) {
    good = good && check.good;
    nlohmann::json entry = {{"name", check.name}, {"good", check.good}, {"value", check.value}};
    if (!check.good) entry["remedy"] = check.remedy;
    list.push_back(entry);
    if (json) continue;
    std::printf("%-4s %-14s %s\n", check.good ? "ok" : "BAD", check.name.c_str(),
                check.value.c_str());
    if (!check.good) std::printf("     %-14s -> %s\n", "", check.remedy.c_str());
  }
  if (json) std::printf("%s\n", nlohmann::json{{"good", good}, {"checks", list}}.dump(1).c_str());
  return good ? 0 : static_cast<int>(Code::unavailable);
}

}  // namespace

void add_doctor(Verb verb) {
  auto json = std::make_shared<bool>(false);
  CLI::App* app =
      verb.app
          .add_subcommand("doctor", "Check this machine: what Reckon uses, what is in the way.")
          ->group("Inspect");
  app->add_flag("--json", *json, "one JSON object");
  int* exit_code = &verb.exit_code;
  add_doctor_sandbox(*app, verb.exit_code);
  app->require_subcommand(0, 1);
  app->callback([app, exit_code, json] {
    if (!app->got_subcommand("sandbox")) *exit_code = examine(*json);
  });
}

}  // namespace reckon
