// All that a program needs to enter a box that its init (sandbox/box/init.h) has made ready. Plain
// data; the files travel beside it over a socket, in the order of `for_each_file`.
#pragma once

#include <cstdint>

#include "sandbox/box/quota.h"
#include "sandbox/box/syscall_filter.h"

namespace reckon::box {

constexpr unsigned kInsideId = 1000;  // user and group inside every box
constexpr int kMostCgroups = 4;

// What the host cannot do and the user allowed it to lack, and what is the same for all runs of a
// set-up.
struct Policy {
  bool landlock = true;       // false: absent and allowed to be
  bool execute = false;       // compilers and native programs
  bool memory_limit = false;  // limit the address space, since no cgroup limits memory
  SyscallFilter filter;
};

struct Ticket {
  Quota quota;
  uint32_t mode = 0;        // for a warm interpreter: what its program is to do
  uint32_t file_count = 3;  // standard input, output, error, and perhaps a channel
  uint32_t cgroup_count = 0;
  int init = -1;     // pidfd of the box's init
  int report = -1;   // pipe to the keeper: "ok", or what failed
  int program = -1;  // source text or executable; -1: none
  int files[4] = {-1, -1, -1, -1};
  int cgroups[kMostCgroups] = {-1, -1, -1, -1};
};

template <class Call>
void for_each_file(Ticket& ticket, Call call) {
  call(ticket.init);
  call(ticket.report);
  if (ticket.program != -1) call(ticket.program);
  for (uint32_t i = 0; i < ticket.file_count; ++i) call(ticket.files[i]);
  for (uint32_t i = 0; i < ticket.cgroup_count; ++i) call(ticket.cgroups[i]);
}

}  // namespace reckon::box
