// The launcher: the one program that starts sandboxes (`reckon-sandbox`, started by exec; one
// thread; no LibTorch). It leaves the host's files, makes the slots, hands each one's socket to its
// client and waits. When the client goes, it ends all of them and removes its cgroups.
#pragma once

#include <cstdint>

#include "sandbox/options.h"

namespace reckon {

// Launcher to client: once after its start, with `ok` and the sockets of the slots in messages
// behind it, one each (LauncherSlot); or what is in the way. Client to launcher: LauncherSlot asks
// for a new keeper for a slot.
struct LauncherHello {
  uint32_t ok = 0;
  int32_t code = 0;  // Code of the error
  char text[1000] =
      {};  // missing features, comma-separated; or the problem and, behind a line end, the remedy
};
struct LauncherSlot {
  uint32_t slot = 0;
};

// The program's whole life. Returns its exit code.
int run_launcher(const SandboxOptions& options, int control);

}  // namespace reckon
