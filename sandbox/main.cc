// The program `reckon-sandbox`: started by clients of the sandbox (sandbox/sandbox.h), never by
// people.
//   reckon-sandbox CONTROL_SOCKET SLOTS ALLOW_MISSING PRETEND_MISSING PYTHON   (lists
//   comma-separated, "" for none)
#include <cstdio>

#include "base/text.h"
#include "sandbox/launcher.h"

namespace {

std::vector<std::string> words(const char* text) {
  return *text == 0 ? std::vector<std::string>{} : reckon::split(text, ',');
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 6) {
    std::fprintf(
        stderr,
        "reckon-sandbox is started by reckon; for a look at this host: reckon doctor sandbox\n");
    return 2;
  }
  reckon::SandboxOptions options;
  int control = static_cast<int>(reckon::parse_int(argv[1]).value_or(-1));
  options.slots = static_cast<int>(reckon::parse_int(argv[2]).value_or(0));
  options.allow_missing = words(argv[3]);
  options.pretend_missing = words(argv[4]);
  options.python = argv[5];
  return reckon::run_launcher(options, control);
}
