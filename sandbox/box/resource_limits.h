// Limits per process (setrlimit). The second fence where cgroups hold the box, the only one where
// they do not.
#pragma once

#include "sandbox/box/failure.h"
#include "sandbox/box/quota.h"

namespace reckon::box {

// `memory`: also limit the address space, for hosts without a memory cgroup.
Failure set_resource_limits(const Quota& quota, bool memory);

}  // namespace reckon::box
