// A slot's keeper: a process with one thread that makes a box for each run, watches it, ends it,
// and reports. It never reads a byte that a program wrote. It serves one client over one socket;
// when the client goes, so do the box and the keeper.
#pragma once

#include <string>
#include <vector>

#include "sandbox/box/ticket.h"
#include "sandbox/cgroup.h"
#include "sandbox/setups.h"

namespace reckon {

struct KeeperPlan {
  unsigned outside_id = 0;  // the slot's user on the host
  SlotCgroup cgroup;
  std::vector<Setup> setups;
  std::vector<box::Policy> policies;  // one per set-up
  box::SyscallFilter init_filter;
};

// Runs until the client closes its end. Does not return.
[[noreturn]] void keep_slot(KeeperPlan plan, Descriptor client);

}  // namespace reckon
