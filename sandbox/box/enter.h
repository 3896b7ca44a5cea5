// A program's way into a box: two calls round a fork. The parent of a program stays outside (a
// keeper, or a warm interpreter); the child can never leave again.
//
//   Failure failed = aim(ticket);            // parent, before fork
//   pid_t child = fork();
//   if (child == 0) { enter_or_die(ticket, policy);  ... exec, or run the program ... }
//   aim_back(own_pid_namespace);             // parent
#pragma once

#include "sandbox/box/failure.h"
#include "sandbox/box/ticket.h"

namespace reckon::box {

// The next child of the calling process is born in the box's pid namespace.
Failure aim(const Ticket& ticket);

// In the child: cgroups, namespaces, session, descriptors, limits, identity, Landlock, system call
// filter. When this returns, nothing of the host can be reached; ticket.program and ticket.report
// hold their new numbers, and the keeper has not yet been told (`announce`). Any failure is told to
// the keeper and ends the process.
void enter_or_die(Ticket& ticket, const Policy& policy);

// Tells the keeper that the program begins now. Closes the report unless exec will do so.
void announce(const Ticket& ticket, bool close);

[[noreturn]] void die(int report, Failure failed);

}  // namespace reckon::box
