#include "sandbox/probe.h"

#include <fcntl.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "base/error.h"
#include "base/text.h"
#include "sandbox/box/path_fence.h"
#include "sandbox/cgroup.h"

namespace reckon {
namespace {

// Runs `attempt` in a child (it may change its namespaces) and returns its errno, 0 when it worked.
template <class Attempt>
int try_in_child(Attempt attempt) {
  pid_t pid = ::fork();
  if (pid == 0) ::_exit(attempt() ? 0 : std::max(errno & 255, 1));
  int status = 0;
  if (pid < 0 || ::waitpid(pid, &status, 0) != pid) return errno;
  return WIFEXITED(status) ? WEXITSTATUS(status) : EINTR;
}

HostFeature namespaces() {
  constexpr int kAll = CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWNS | CLONE_NEWNET | CLONE_NEWIPC |
                       CLONE_NEWUTS | CLONE_NEWCGROUP;
  int error = try_in_child([] { return ::unshare(kAll) == 0; });
  return {
      "namespaces", error == 0, false,
      error == 0 ? "user, pid, mount, net, ipc, uts, cgroup"
                 : cat("unshare: ", std::strerror(error)),
      "programs cannot be kept from the host: the sandbox refuses to run (allow user namespaces: "
      "sysctl kernel.unprivileged_userns_clone, user.max_user_namespaces, or the container's "
      "seccomp profile)"};
}

HostFeature system_call_filter() {
  uint32_t action = SECCOMP_RET_KILL_PROCESS;
  bool present = ::syscall(SYS_seccomp, SECCOMP_GET_ACTION_AVAIL, 0, &action) == 0;
  return {"seccomp", present, false,
          present ? "filters, with kill-process" : cat("seccomp: ", std::strerror(errno)),
          "the kernel's whole surface would be open: the sandbox refuses to run (kernel option "
          "CONFIG_SECCOMP_FILTER)"};
}

HostFeature kernel_calls() {
  std::vector<std::string> absent;
  auto check = [&](long result, const char* name) {
    if (result < 0 && errno == ENOSYS) absent.emplace_back(name);
    if (result >= 0) ::close(static_cast<int>(result));
  };
  check(::syscall(SYS_pidfd_open, ::getpid(), 0), "pidfd_open");
  check(::syscall(SYS_openat2, -1, nullptr, nullptr, 0), "openat2");
  if (::syscall(SYS_close_range, ~0u, 0, 0) != 0 && errno == ENOSYS)
    absent.emplace_back("close_range");
  return {"kernel", absent.empty(), false,
          absent.empty() ? "pidfd, openat2, close_range" : cat("without ", join(absent, ", ")),
          "the sandbox refuses to run: Linux 5.9 or newer is needed"};
}

HostFeature landlock() {
  int abi = box::landlock_abi();
  return {"landlock", abi > 0, true,
          abi > 0 ? cat("ABI ", abi) : "not in this kernel, or switched off",
          "one fence less round files: read-only mounts alone keep programs from what they may not "
          "write"};
}

HostFeature cgroups() {
  HostFeature feature{
      "cgroup", false, true, "",
      "memory is limited per process only, and CPU time is not summed over processes: a program "
      "of many processes can use a multiple of its limits until its wall-clock limit ends it"};
  try {
    CgroupHome home = CgroupHome::open();
    home.remove_slots();
    feature.present = true;
    feature.detail = home.text();
  } catch (const Error& error) {
    feature.detail = error.problem();
  }
  return feature;
}

HostFeature separate_users() {
  bool root = ::geteuid() == 0;
  return {"separate_uid", root, true,
          root ? "root: each slot has a user of its own" : "not root: one user for all slots",
          "boxes share one user on the host, the one that started Reckon: a defect in a namespace "
          "would not be stopped by file permissions"};
}

}  // namespace

const HostFeature& HostReport::find(const std::string& name) const {
  auto found = std::find_if(features.begin(), features.end(),
                            [&](const HostFeature& one) { return one.name == name; });
  RECKON_CHECK(found != features.end(), name);
  return *found;
}

std::vector<std::string> HostReport::missing() const {
  std::vector<std::string> names;
  for (const HostFeature& feature : features)
    if (!feature.present) names.push_back(feature.name);
  return names;
}

HostReport probe_host(const std::vector<std::string>& pretend) {
  HostReport host{{namespaces(), system_call_filter(), kernel_calls(), landlock(), cgroups(),
                   separate_users()}};
  for (HostFeature& feature : host.features)
    if (std::find(pretend.begin(), pretend.end(), feature.name) != pretend.end()) {
      feature.present = false;
      feature.detail = "treated as missing";
    }
  return host;
}

void require(const HostReport& host, const std::vector<std::string>& allow) {
  for (const std::string& name : allow) {
    std::vector<std::string> known(std::begin(kMayBeMissing), std::end(kMayBeMissing));
    if (std::find(known.begin(), known.end(), name) != known.end()) continue;
    auto near = nearest(name, known);
    throw Error(Code::config, "allow_missing", cat("'", name, "' is nothing that may be missing"),
                near ? cat("did you mean '", *near, "'?") : cat("what may: ", join(known, ", ")));
  }
  std::vector<std::string> refused;
  for (const HostFeature& feature : host.features) {
    bool allowed = feature.may_be_missing &&
                   std::find(allow.begin(), allow.end(), feature.name) != allow.end();
    if (!feature.present && !allowed)
      refused.push_back(cat(feature.name, " (", feature.detail, ")"));
  }
  if (refused.empty()) return;
  throw Error(Code::unavailable, "sandbox", cat("this host lacks: ", join(refused, "; ")),
              "`reckon doctor sandbox` says what each means; cgroup, landlock and separate_uid can "
              "be named in allow_missing");
}

}  // namespace reckon
