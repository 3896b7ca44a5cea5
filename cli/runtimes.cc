// reckon-train runtimes: the OpenMP runtimes that LibTorch brought into the process, one path per
// line. `reckon doctor` asks, and so sees whether the program can start at all.
#include <cstdio>
#include <fstream>
#include <set>
#include <string>

#include "cli/verbs.h"

namespace reckon {
namespace {

std::set<std::string> openmp_runtimes() {
  std::set<std::string> found;
  std::ifstream maps("/proc/self/maps");
  for (std::string text; std::getline(maps, text);) {
    for (const char* name : {"libgomp", "libomp.", "libiomp"}) {
      size_t at = text.find('/');
      if (text.find(name) != std::string::npos && at != std::string::npos)
        found.insert(text.substr(at));
    }
  }
  return found;
}

}  // namespace

void add_runtimes(Verb verb) {
  CLI::App* app = verb.app.add_subcommand("runtimes", "OpenMP runtimes of this process")->group("");
  app->callback([] {
    for (const std::string& path : openmp_runtimes()) std::printf("%s\n", path.c_str());
  });
}

}  // namespace reckon
