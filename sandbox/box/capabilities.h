// Taking every privilege away from the calling process, for good.
#pragma once

#include "sandbox/box/failure.h"

namespace reckon::box {

// Empties the bounding, ambient, permitted, effective and inheritable sets, becomes user and group
// `id` (real, effective, saved), and sets no_new_privs, so that no later exec can give anything
// back.
Failure drop_privileges(unsigned id);

}  // namespace reckon::box
