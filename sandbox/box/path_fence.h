// Landlock as a second fence round files: it holds even where a mount was set up wrongly. Kernel
// ABI 1 or newer.
#pragma once

#include "sandbox/box/failure.h"

namespace reckon::box {

int landlock_abi();  // 0: the kernel has none

// Below "/": read (and, with `execute`, run); below "/tmp": everything but running and special
// files; writing to
// "/dev/null". From ABI 4 no TCP, from ABI 6 no abstract sockets or signals outside the box.
Failure fence_paths(bool execute);

}  // namespace reckon::box
