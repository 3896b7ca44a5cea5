// reckon config show|check FILE [a.b=c ...]: the merged run file with the origin of every value, or
// only its errors; reckon config reference: every key.
#include "pipeline/config.h"

#include <cstdio>
#include <memory>

#include "cli/verbs.h"

namespace reckon {

void add_config(Verb verb) {
  struct Options {
    std::string file;
    std::vector<std::string> overrides;
  };
  auto options = std::make_shared<Options>();
  CLI::App* app =
      verb.app.add_subcommand("config", "Run files: merged, checked, explained.")->group("Inspect");
  app->require_subcommand(1);
  CLI::App* show = app->add_subcommand(
      "show", "Print the merged run file with the place each value comes from.");
  CLI::App* check = app->add_subcommand("check", "Say whether a run file has errors.");
  CLI::App* reference =
      app->add_subcommand("reference", "Print every key with its default and meaning.");
  for (CLI::App* sub : {show, check, reference}) sub->group("Verbs");
  for (CLI::App* sub : {show, check}) {
    sub->add_option("FILE", options->file, "run file (docs/run_file.md)")
        ->type_name("")
        ->required();
    sub->add_option("OVERRIDES", options->overrides, "values in place of the file's: a.b=c")
        ->type_name("")
        ->default_str("");
  }
  show->callback([options] {
    std::fputs(config_text(load_config(options->file, options->overrides), true).c_str(), stdout);
  });
  check->callback([options] {
    load_config(options->file, options->overrides);
    std::printf("%s: no errors\n", options->file.c_str());
  });
  reference->callback([] { std::fputs(config_reference().c_str(), stdout); });
}

}  // namespace reckon
