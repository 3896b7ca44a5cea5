// The program `reckon-train`: the verbs that learn, with LibTorch. Started by `reckon`.
#include "cli/verbs.h"

int main(int argc, char** argv) {
  int exit_code = 0;
  CLI::App app{reckon::kProgramSummary, "reckon"};
  reckon::prepare(app);
  reckon::Verb verb{app, exit_code};
  reckon::add_train(verb);
  reckon::add_plan(verb);
  reckon::add_bench(verb);
  reckon::add_runtimes(verb);
  return reckon::run_verbs(app, exit_code, argc, argv);
}
