// The verbs of `reckon`, one file each. A verb registers its sub-command; its callback throws Error
// on failure and returns through `exit_code`. Data goes to standard output, everything else to
// standard error.
//
//   int exit_code = 0;
//   CLI::App app{kProgramSummary, "reckon"};
//   prepare(app);
//   add_version({app, exit_code});
//   return run_verbs(app, exit_code, argc, argv);
#pragma once

#include <CLI/CLI.hpp>

namespace reckon {

struct Verb {
  CLI::App& app;
  int& exit_code;
};

constexpr char kProgramSummary[] =
    "Reckon trains reasoning models with rewards that can be checked.";

void add_config(Verb verb);
void add_doctor(Verb verb);
void add_doctor_sandbox(CLI::App& doctor, int& exit_code);
void add_eval(Verb verb);
void add_export(Verb verb);
void add_judge(Verb verb);
void add_sample(Verb verb);
void add_show(Verb verb);
void add_verify(Verb verb);
void add_version(Verb verb);

// Verbs that learn live in `reckon-train`, the only program that loads LibTorch.
void add_train(Verb verb);
void add_bench(Verb verb);
void add_plan(Verb verb);
void add_runtimes(Verb verb);

// The look of the help; before the verbs are added, which inherit it.
void prepare(CLI::App& app);
// Parses, runs, and turns an Error into a message and its exit code.
int run_verbs(CLI::App& app, int& exit_code, int argc, char** argv);

}  // namespace reckon
