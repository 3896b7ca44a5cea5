// The box itself: namespaces, a root of its own, and process 1 of its pid namespace, which holds
// them open. A box lives as long as its init; killing the init kills every process in it, and the
// kernel lets nobody leave. Called by a keeper: one thread, privileges over its user namespace.
//
//   Init init;
//   if (Failure failed = start_init(site, quota, &init)) ...
//   ... programs enter (sandbox/box/enter.h) ...
//   kill(init.pid, SIGKILL), waitpid(init.pid)
#pragma once

#include <sys/types.h>

#include "sandbox/box/failure.h"
#include "sandbox/box/ticket.h"

namespace reckon::box {

struct Site {
  const char* tree = nullptr;  // the set-up's folder in the keeper's root, "/python"
  unsigned outside_id = 0;     // user and group on the host that stand for kInsideId: one per slot
  int cgroups[kMostCgroups] = {-1, -1, -1, -1};  // files cgroup.procs, open for writing
  int cgroup_count = 0;
  const SyscallFilter* filter = nullptr;
};

struct Init {
  pid_t pid = -1;
  int pidfd = -1;
};

Failure start_init(const Site& site, const Quota& quota, Init* init);

}  // namespace reckon::box
