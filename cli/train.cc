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
  CLI::App* app =
      verb.app.add_subcommand("train", "run the phases of a run file; the same command resumes it");
  app->add_option("FILE", options->file, "run file (docs/run_file.md)")->required();
  app->add_option("OVERRIDES", options->overrides, "a.b=c");
  int* exit_code = &verb.exit_code;
  app->callback(
      [options, exit_code] { *exit_code = train(load_config(options->file, options->overrides)); });
}

}  // namespace reckon
