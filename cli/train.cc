// reckon train FILE [a.b=c ...]: the phases of a run file, all stages in this process.
#include <memory>

#include "cli/verbs.h"
#include "learner/trainer.h"
#include "pipeline/config.h"

namespace reckon {

void add_train(Verb verb) {
  struct Options {
    std::string file;
    std::vector<std::string> overrides;
  };
  auto options = std::make_shared<Options>();
  CLI::App* app = verb.app.add_subcommand(
      "train", "Run the phases of a run file. The same command resumes a run that was stopped.");
  app->add_option("FILE", options->file, "run file (docs/run_file.md)")->type_name("")->required();
  app->add_option("OVERRIDES", options->overrides, "values in place of the file's: a.b=c")
      ->type_name("")
      ->default_str("");
  app->footer(
      "Examples:\n"
      "  reckon train configs/quickstart.toml\n"
      "  reckon train configs/quickstart.toml run.seed=2 run.dir=runs/seed2 "
      "phase.rl.optimizer.lr=1e-4");
  int* exit_code = &verb.exit_code;
  app->callback(
      [options, exit_code] { *exit_code = train(load_config(options->file, options->overrides)); });
}

}  // namespace reckon
