// reckon-bench-sandbox: runs per second of a trivial program with all isolation on, on one core,
// beside the interpreter started cold, bubblewrap where it is installed, and C++ beside the bare
// compiler. Prints one JSON object.
//
//   reckon-bench-sandbox [RUNS]     (default 1000)
#include <fcntl.h>
#include <sched.h>
#include <spawn.h>
#include <sys/wait.h>

#include <algorithm>
#include <cstdio>
#include <fstream>
#include <functional>
#include <iostream>
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "base/text.h"
#include "rewards/code/judge.h"
#include "sandbox/clock.h"

extern char** environ;

namespace reckon {
namespace {

using nlohmann::json;

constexpr char kCpp[] =
    "#include <cstdio>\nint main() { int a; std::scanf(\"%d\", &a); std::printf(\"%d\\n\", 2 * a); "
    "}\n";

json measure(int runs, const std::function<bool()>& once) {
  std::vector<double> times;
  uint64_t begin = monotonic_us();
  for (int i = 0; i < runs; ++i) {
    uint64_t start = monotonic_us();
    if (!once()) throw Error(Code::internal, "bench", "a run failed", "reckon doctor sandbox");
    times.push_back(static_cast<double>(monotonic_us() - start) / 1000);
  }
  double seconds = static_cast<double>(monotonic_us() - begin) / 1e6;
  std::sort(times.begin(), times.end());
  auto at = [&](double share) {
    return times[std::min(times.size() - 1,
                          static_cast<size_t>(share * static_cast<double>(times.size())))];
  };
  return {{"runs", runs},
          {"per_s", runs / seconds},
          {"p50_ms", at(0.5)},
          {"p99_ms", at(0.99)},
          {"max_ms", times.back()}};
}

// A program of the host without a box: true when it ended with 0.
bool bare(const std::vector<std::string>& words) {
  std::vector<char*> arguments;
  for (const std::string& word : words) arguments.push_back(const_cast<char*>(word.c_str()));
  arguments.push_back(nullptr);
  posix_spawn_file_actions_t actions;
  ::posix_spawn_file_actions_init(&actions);
  ::posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
  ::posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0);
  pid_t pid = -1;
  int status = -1;
  if (::posix_spawnp(&pid, arguments[0], &actions, nullptr, arguments.data(), environ) == 0)
    ::waitpid(pid, &status, 0);
  ::posix_spawn_file_actions_destroy(&actions);
  return status == 0;
}

CodeTask task(ProgramLanguage language, const std::string& code) {
  CodeTask made;
  made.language = language;
  made.code = code;
  made.tests = StdioTests{.match = OutputMatch::exact, .tolerance = 0, .cases = {{"21\n", "42\n"}}};
  return made;
}

void pin_to_one_core() {
  cpu_set_t all, one;
  ::sched_getaffinity(0, sizeof all, &all);
  CPU_ZERO(&one);
  for (int cpu = CPU_SETSIZE - 1; cpu >= 0; --cpu)
    if (CPU_ISSET(cpu, &all)) {
      CPU_SET(cpu, &one);
      break;
    }
  ::sched_setaffinity(0, sizeof one, &one);  // launcher, keepers and programs inherit it
}

int bench(int runs) {
  pin_to_one_core();
  double load = 0;
  std::ifstream("/proc/loadavg") >> load;
  Sandbox sandbox(
      {.slots = Judge::kSlots, .allow_missing = {}, .pretend_missing = {}, .python = ""});
  Judge judge(sandbox, 0);
  CodeTask python = task(ProgramLanguage::python, "print(int(input()) * 2)"),
           cpp = task(ProgramLanguage::cpp, kCpp);
  auto passes = [&](const CodeTask& one) { return judge.judge(one).value == 1; };
  passes(python);  // the interpreter warms up once

  json result = {{"load_average_before", load}, {"missing_isolation", sandbox.missing()}};
  result["python"] = measure(runs, [&] { return passes(python); });
  result["python_cold"] = measure(std::max(runs / 20, 5), [] {
    return bare({"python3", "-I", "-S", "-c", "print(42)"});
  });
  if (bare({"bwrap", "--version"}))
    result["python_bubblewrap"] = measure(std::max(runs / 20, 5), [] {
      return bare({"bwrap", "--unshare-all", "--ro-bind", "/", "/", "--tmpfs", "/tmp", "python3",
                   "-I", "-S", "-c", "print(42)"});
    });
  int builds = std::max(runs / 100, 3);
  std::string folder = cat("/tmp/reckon-bench-", ::getpid());
  std::ofstream(folder + ".cc") << kCpp;
  result["cpp"] = measure(builds, [&] { return passes(cpp); });
  result["cpp_bare"] = measure(builds, [&] {
    return bare({"g++", "-std=c++17", "-O2", "-pipe", "-o", folder, folder + ".cc"}) &&
           bare({folder});
  });
  ::unlink((folder + ".cc").c_str());
  ::unlink(folder.c_str());
  result["cpp_ratio"] =
      result["cpp"]["p50_ms"].get<double>() / result["cpp_bare"]["p50_ms"].get<double>();
  std::cout << result.dump(1) << "\n";
  return 0;
}

}  // namespace
}  // namespace reckon

int main(int argc, char** argv) {
  try {
    return reckon::bench(argc > 1 ? static_cast<int>(reckon::parse_int(argv[1]).value_or(1000))
                                  : 1000);
  } catch (const reckon::Error& error) {
    std::fprintf(stderr, "error: %s\n", error.what());
    return static_cast<int>(error.code());
  }
}
