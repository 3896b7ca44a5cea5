// reckon bench: sampler and learner tokens per second beside this machine's limits, measured in the
// same run.
#include "bench/bench.h"

#include <memory>

#include "base/error.h"
#include "base/file.h"
#include "cli/arguments.h"
#include "cli/verbs.h"

namespace reckon {
namespace {

// The quickstart, in the folder we are in or in the sources this program was built from.
std::string usual_config() {
  const Path name = BenchOptions().config;
  for (const Path& root : {Path(), Path(RECKON_SOURCE_FOLDER)}) {
    if (std::filesystem::exists(root / name)) return (root / name).string();
  }
  throw Error(Code::no_input, name.string(), "is neither here nor where Reckon was built",
              "give the run file whose model is to be measured: reckon bench --config FILE");
}

}  // namespace

void add_bench(Verb verb) {
  auto options = std::make_shared<BenchOptions>();
  options->config.clear();
  CLI::App* app = verb.app.add_subcommand(
      "bench",
      "Measure sampler and learner beside this machine's limits, in about a minute. Nothing else "
      "should be running.");
  app->add_option("--config", options->config,
                  "run file whose model is measured first; else configs/quickstart.toml")
      ->type_name("FILE");
  app->add_option("--model", options->model,
                  "checkpoint (folder or GGUF file) to measure instead, in every profile")
      ->type_name("PATH");
  app->add_option("--threads", options->threads, "0: all cores")
      ->type_name("N")
      ->check(whole_number(0, 1024));
  app->add_flag("--json", options->json, "one JSON object instead of the table");
  app->callback([options] {
    if (options->config.empty() && options->model.empty()) options->config = usual_config();
    run_bench(*options);
  });
}

}  // namespace reckon
