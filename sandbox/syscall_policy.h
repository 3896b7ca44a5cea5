// The allow-list of system calls, compiled. Throws Error(unavailable) when libseccomp cannot
// express it.
//
//   box::SyscallFilter filter = compile_filter({.execute = false});
#pragma once

#include <string>
#include <vector>

#include "sandbox/box/syscall_filter.h"

namespace reckon {

struct FilterOptions {
  bool execute =
      false;  // execve and execveat: compilers and native programs; never a warm interpreter
};

box::SyscallFilter compile_filter(const FilterOptions& options);

// For the init of a box, which only waits.
box::SyscallFilter compile_init_filter();

// The names in the list, for documentation and tests.
std::vector<std::string> allowed_calls(const FilterOptions& options);

}  // namespace reckon
