// The program `reckon`: everything that needs no LibTorch. Verbs that learn are handed to
// `reckon-train` beside it.
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <string>
#include <string_view>

#include "base/file.h"
#include "cli/verbs.h"

namespace {

// Replaces this process by reckon-train with the same arguments; returns only if that fails.
int hand_over(char** argv) {
  std::error_code error;
  std::filesystem::path self = std::filesystem::read_symlink("/proc/self/exe", error);
  std::string program = (self.parent_path() / "reckon-train").string();
  ::execv(program.c_str(), argv);
  std::fprintf(stderr, "error: %s: cannot be started: %s\n  -> build it: ./reckon version\n",
               program.c_str(), std::strerror(errno));
  return 69;
}

}  // namespace

int main(int argc, char** argv) {
  std::string_view word = argc > 1 ? argv[1] : "";
  if (word == "train" || word == "plan" || word == "bench") return hand_over(argv);
  if (word == "help") argv[1] = const_cast<char*>("--help");
  if (word == "--version") argv[1] = const_cast<char*>("version");
  int exit_code = 0;
  CLI::App app{reckon::kProgramSummary, "reckon"};
  reckon::prepare(app);
  reckon::Verb verb{app, exit_code};
  app.add_subcommand("train", "Run the phases of a run file; the same command resumes it.")
      ->group("Train");
  app.add_subcommand("plan", "What a run will need of memory and disk, and whether it fits.")
      ->group("Train");
  reckon::add_sample(verb);
  reckon::add_eval(verb);
  reckon::add_judge(verb);
  reckon::add_export(verb);
  reckon::add_verify(verb);
  reckon::add_show(verb);
  reckon::add_config(verb);
  reckon::add_doctor(verb);
  app.add_subcommand("bench", "Measure sampler and learner beside this machine's limits.")
      ->group("Inspect");
  reckon::add_version(verb);
  return reckon::run_verbs(app, exit_code, argc, argv);
}
