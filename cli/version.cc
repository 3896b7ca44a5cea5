// reckon version: of the program, and the fingerprint of its numbers.
#include <cstdio>
#include <memory>
#include <nlohmann/json.hpp>

#include "cli/verbs.h"
#include "kernels/kernels.h"

namespace reckon {

void add_version(Verb verb) {
  auto json = std::make_shared<bool>(false);
  CLI::App* app =
      verb.app.add_subcommand("version", "Versions of the program and of its numerics.")
          ->group("Inspect");
  app->add_flag("--json", *json, "one JSON object");
  app->callback([json] {
    NumericsId numerics = numerics_id(cpu_kernels(detect_isa()));
    if (*json) {
      nlohmann::json all = {{"version", RECKON_VERSION},
                            {"revision", RECKON_REVISION},
                            {"numerics",
                             {{"contract", numerics.contract},
                              {"profile", numerics.profile},
                              {"digest", numerics.digest.text()}}}};
      std::printf("%s\n", all.dump(1).c_str());
      return;
    }
    std::printf("reckon %s (%s)\n", RECKON_VERSION, RECKON_REVISION);
    std::printf("numerics contract %d, profile %s, fingerprint %s\n", numerics.contract,
                numerics.profile.c_str(), numerics.digest.text().c_str());
  });
}

}  // namespace reckon
