// A warm interpreter of a slot, as its keeper sees it. Ends when the object goes.
#pragma once

#include <sys/types.h>

#include "sandbox/box/ticket.h"
#include "sandbox/descriptor.h"
#include "sandbox/setups.h"

namespace reckon {

struct WarmProcess {
  pid_t pid = -1;
  Descriptor socket;
  WarmProcess() = default;
  WarmProcess(WarmProcess&& other) noexcept
      : pid(std::exchange(other.pid, -1)), socket(std::move(other.socket)) {}
  ~WarmProcess();
};

// By exec, in the set-up's tree, with a clean environment and no files but its socket and its
// policy. Error(unavailable) when it cannot be started.
WarmProcess start_warm_process(const Setup& setup, const box::Policy& policy);

int box_pidfd(pid_t pid);

}  // namespace reckon
