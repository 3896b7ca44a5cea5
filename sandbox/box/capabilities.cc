#include "sandbox/box/capabilities.h"

#include <linux/capability.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace reckon::box {

Failure drop_privileges(unsigned id) {
  // The bounding set first: dropping from it needs CAP_SETPCAP, which the last step takes away. The
  // kernel knows how many capabilities there are; EINVAL is the end of the list.
  for (int capability = 0; capability < 64; ++capability) {
    if (::prctl(PR_CAPBSET_DROP, capability, 0, 0, 0) == 0) continue;
    if (errno == EINVAL) break;
    return failed("drop the bounding set");
  }
  if (::prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) != 0 && errno != EINVAL)
    return failed("clear ambient capabilities");
  // System calls themselves: glibc's wrappers signal every thread, and a forked interpreter has
  // one.
  if (::syscall(SYS_setresgid, id, id, id) != 0) return failed("setresgid");
  if (::syscall(SYS_setresuid, id, id, id) != 0) return failed("setresuid");
  // Entering a user namespace gave all capabilities in it; changing the uid alone does not remove
  // them, because the namespace maps no root.
  __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
  __user_cap_data_struct none[2] = {};
  if (::syscall(SYS_capset, &header, none) != 0) return failed("capset");
  if (::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) return failed("no_new_privs");
  return {};
}

}  // namespace reckon::box
