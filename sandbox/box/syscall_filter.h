// Which system calls a program in a box may make: an allow-list compiled by libseccomp in the
// launcher, loaded by each program on its way in. sandbox/syscall_policy.cc holds the list;
// docs/sandbox.md gives the reasons.
#pragma once

#include <linux/filter.h>

#include <cstdint>

#include "sandbox/box/failure.h"

namespace reckon::box {

struct SyscallFilter {
  uint16_t length = 0;
  sock_filter code[1500];
};

// For good: no_new_privs must be set. Applies to the calling thread and what it starts.
Failure load_filter(const SyscallFilter& filter);

}  // namespace reckon::box
