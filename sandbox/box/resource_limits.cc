#include "sandbox/box/resource_limits.h"

#include <sys/resource.h>

#include <algorithm>

namespace reckon::box {

Failure set_resource_limits(const Quota& quota, bool memory) {
  constexpr rlim_t kStack = 256u << 20;  // contest programs recurse deeply
  // Whole seconds. Where a cgroup sums the CPU time of all processes, the keeper's clock is the
  // exact one.
  rlim_t cpu = memory ? (quota.cpu_us + 999999) / 1000000 : quota.cpu_us / 1000000 + 2;
  const struct {
    decltype(RLIMIT_CPU) resource;
    rlim_t soft, hard;
  } limits[] = {
      {RLIMIT_CPU, cpu, cpu + 1},  // SIGXCPU, and SIGKILL a second later for who does not care
      {RLIMIT_FSIZE, quota.file_bytes, quota.file_bytes},
      {RLIMIT_STACK, std::min<rlim_t>(kStack, quota.memory_bytes), kStack},
      {RLIMIT_NPROC, quota.processes, quota.processes},
      {RLIMIT_NOFILE, 256, 256},
      {RLIMIT_CORE, 1,
       1},  // no core dumps; 1, since 0 would still start a helper named in core_pattern
      {RLIMIT_MEMLOCK, 0, 0},   // locked memory cannot be reclaimed
      {RLIMIT_MSGQUEUE, 0, 0},  // kernel memory outside the box's account on old kernels
      {RLIMIT_SIGPENDING, 256, 256},
      {RLIMIT_NICE, 0, 0},
      {RLIMIT_RTPRIO, 0, 0},
  };
  for (const auto& limit : limits) {
    struct rlimit now, wanted = {limit.soft, limit.hard};
    if (::getrlimit(limit.resource, &now) != 0) return failed("getrlimit");
    wanted.rlim_max = std::min(wanted.rlim_max, now.rlim_max);  // lowering needs no privilege
    wanted.rlim_cur = std::min(wanted.rlim_cur, wanted.rlim_max);
    if (::setrlimit(limit.resource, &wanted) != 0) return failed("setrlimit");
  }
  if (!memory) return {};
  struct rlimit space = {quota.memory_bytes, quota.memory_bytes};
  return ::setrlimit(RLIMIT_AS, &space) == 0 ? Failure{} : failed("setrlimit of memory");
}

}  // namespace reckon::box
