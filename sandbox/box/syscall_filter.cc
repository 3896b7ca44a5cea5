#include "sandbox/box/syscall_filter.h"

#include <linux/seccomp.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace reckon::box {

Failure load_filter(const SyscallFilter& filter) {
  sock_fprog program = {filter.length, const_cast<sock_filter*>(filter.code)};
  if (filter.length == 0) return {"empty system call filter", EINVAL};
  if (::syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program) != 0) return failed("seccomp");
  return {};
}

}  // namespace reckon::box
