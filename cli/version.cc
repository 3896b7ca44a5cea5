// reckon version: of the program and of everything whose change would change results or formats.
#include <cstdio>

#include "cli/verbs.h"
#include "kernels/kernels.h"

namespace reckon {

void add_version(Verb verb) {
  CLI::App* app = verb.app.add_subcommand("version", "versions of program, contract and formats")
                      ->group("Inspect");
  app->callback([] {
    NumericsId numerics = numerics_id(cpu_kernels(detect_isa()));
    std::printf("reckon %s (%s)\n", RECKON_VERSION, RECKON_REVISION);
    std::printf("numerics contract %d, profile %s, fingerprint %s\n", numerics.contract,
                numerics.profile.c_str(), numerics.digest.text().c_str());
  });
}

}  // namespace reckon
