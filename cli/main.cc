// The program `reckon`: everything that needs no LibTorch. Verbs that learn are handed to
// `reckon-train` beside it.
#include <unistd.h>

#include <string>
#include <string_view>

#include "base/file.h"
#include "cli/verbs.h"

namespace {

// Replaces this process by reckon-train with the same arguments; returns only if that fails.
void hand_over(char** argv) {
  std::error_code error;
  std::filesystem::path self = std::filesystem::read_symlink("/proc/self/exe", error);
  std::string program = (self.parent_path() / "reckon-train").string();
  ::execv(program.c_str(), argv);
  std::perror(program.c_str());
}

}  // namespace

int main(int argc, char** argv) {
  std::string_view word = argc > 1 ? argv[1] : "";
  if (word == "train" || word == "bench") {
    hand_over(argv);
    return 69;
  }
  int exit_code = 0;
  CLI::App app{"Reckon trains reasoning models with rewards that can be checked.", "reckon"};
  app.require_subcommand(1);
  reckon::Verb verb{app, exit_code};
  app.add_subcommand("train", "run the phases of a run file: reckon train FILE [a.b=c ...]")
      ->group("Train");
  app.add_subcommand("bench", "measure sampler and learner beside this machine's limits")
      ->group("Inspect");
  reckon::add_sample(verb);
  reckon::add_eval(verb);
  reckon::add_export(verb);
  reckon::add_show(verb);
  reckon::add_config(verb);
  reckon::add_doctor(verb);
  reckon::add_version(verb);
  return reckon::run_verbs(app, exit_code, argc, argv);
}
