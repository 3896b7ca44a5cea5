// reckon bench: sampler and learner tokens per second beside this machine's limits, measured in the
// same run.
#include "bench/bench.h"

#include <cstdio>
#include <memory>

#include "cli/verbs.h"

namespace reckon {

void add_bench(Verb verb) {
  struct Options {
    BenchOptions bench;
    bool json = false;
  };
  auto options = std::make_shared<Options>();
  CLI::App* app =
      verb.app.add_subcommand("bench", "measure sampler and learner beside this machine's limits");
  app->add_option("--config", options->bench.config, "run file whose model is measured first");
  app->add_option("--threads", options->bench.threads, "0: all cores")
      ->check(CLI::NonNegativeNumber);
  app->add_flag("--json", options->json, "one JSON object instead of the table");
  app->callback([options] {
    BenchReport report = measure(options->bench);
    std::fputs((options->json ? report_json(report) : report_text(report)).c_str(), stdout);
  });
}

}  // namespace reckon
