#include "sandbox/box/init.h"

#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <cstring>

#include "sandbox/box/capabilities.h"
#include "sandbox/box/enter.h"

namespace reckon::box {
namespace {

// Everything fresh but the network namespace, which the slot's keeper made once: it is empty, costs
// a millisecond to make, and holds no state, because no program in a box can make a socket.
constexpr long kNamespaces =
    CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWNS | CLONE_NEWIPC | CLONE_NEWUTS;

bool write_text(const char* path, const char* text) {
  int file = ::open(path, O_WRONLY | O_CLOEXEC);
  if (file < 0) return false;
  ssize_t length = static_cast<ssize_t>(std::strlen(text));
  bool good = ::write(file, text, static_cast<size_t>(length)) == length;
  ::close(file);
  return good;
}

// One user and one group exist in the box, and they are nobody outside.
Failure write_maps(pid_t pid, unsigned outside) {
  char path[64], map[64];
  std::snprintf(map, sizeof map, "%u %u 1", kInsideId, outside);
  std::snprintf(path, sizeof path, "/proc/%d/setgroups", pid);
  if (!write_text(path, "deny")) return failed("deny setgroups");
  std::snprintf(path, sizeof path, "/proc/%d/uid_map", pid);
  if (!write_text(path, map)) return failed("map the user");
  std::snprintf(path, sizeof path, "/proc/%d/gid_map", pid);
  return write_text(path, map) ? Failure{} : failed("map the group");
}

// The set-up's tree becomes the root, read-only as the launcher mounted it; the one writable place
// is a fresh tmpfs. pivot_root, not chroot: the host's files leave the namespace altogether.
Failure make_root(const char* tree, const Quota& quota) {
  if (::mount(tree, tree, nullptr, MS_BIND | MS_REC, nullptr) != 0) return failed("bind the tree");
  if (::chdir(tree) != 0) return failed("enter the tree");
  char options[128];
  std::snprintf(options, sizeof options, "size=%llu,nr_inodes=%u,mode=0700,uid=%u,gid=%u",
                static_cast<unsigned long long>(quota.file_bytes), quota.files, kInsideId,
                kInsideId);
  if (::mount("tmpfs", "tmp", "tmpfs", MS_NOSUID | MS_NODEV | MS_NOEXEC, options) != 0)
    return failed("mount the working folder");
  if (::syscall(SYS_pivot_root, ".", ".") != 0) return failed("pivot_root");
  if (::umount2(".", MNT_DETACH) != 0) return failed("leave the old root");
  return ::chdir("/") == 0 ? Failure{} : failed("enter the root");
}

Failure set_up(const Site& site, const Quota& quota) {
  for (int i = 0; i < site.cgroup_count; ++i)
    if (::write(site.cgroups[i], "0", 1) != 1) return failed("init joins cgroup");
  // Only now, so that the box's own cgroups are the root of what it could see.
  if (::unshare(CLONE_NEWCGROUP) != 0) return failed("cgroup namespace");
  if (Failure step = make_root(site.tree, quota)) return step;
  if (::sethostname("box", 3) != 0) return failed("host name");
  if (Failure step = drop_privileges(kInsideId)) return step;
  if (::prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) != 0) return failed("parent death signal");
  return load_filter(*site.filter);
}

[[noreturn]] void be_init(const Site& site, const Quota& quota, int go, int report) {
  char byte;
  if (::read(go, &byte, 1) != 1) ::_exit(120);  // the keeper is gone, or could not write the maps
  if (Failure step = set_up(site, quota)) die(report, step);
  if (::write(report, "ok", 2) != 2) ::_exit(120);
  ::syscall(SYS_close_range, 0, ~0u, 0);
  // Orphans of programs become its children; ignored, they are reaped by the kernel. Signals from
  // inside the box cannot end it: it handles none.
  ::signal(SIGCHLD, SIG_IGN);
  for (;;) ::pause();
}

}  // namespace

Failure start_init(const Site& site, const Quota& quota, Init* init) {
  int go[2], report[2];
  if (::pipe2(go, O_CLOEXEC) != 0) return failed("pipe");
  if (::pipe2(report, O_CLOEXEC) != 0) return failed("pipe");
  int pidfd = -1;
  pid_t pid = static_cast<pid_t>(
      ::syscall(SYS_clone, kNamespaces | CLONE_PIDFD | SIGCHLD, nullptr, &pidfd, nullptr, nullptr));
  if (pid == 0) {
    ::close(go[1]);
    ::close(report[0]);
    be_init(site, quota, go[0], report[1]);
  }
  Failure result = pid < 0 ? failed("clone namespaces") : Failure{};
  ::close(go[0]);
  ::close(report[1]);
  if (!result) result = write_maps(pid, site.outside_id);
  if (!result && ::write(go[1], "g", 1) != 1) result = failed("start init");
  ::close(go[1]);
  static char text[128];  // a keeper has one thread and makes one box at a time
  ssize_t length = result ? 0 : ::read(report[0], text, sizeof text - 1);
  ::close(report[0]);
  if (!result && !(length == 2 && std::memcmp(text, "ok", 2) == 0)) {
    result = {"init ended early", 0};
    if (char* end = length > 0
                        ? static_cast<char*>(std::memchr(text, '\n', static_cast<size_t>(length)))
                        : nullptr) {
      *end = 0;
      result.step = text;
      std::memcpy(&result.error, end + 1, sizeof result.error);
    }
  }
  *init = {pid, pidfd};
  if (!result) return {};
  if (pid > 0) {
    ::kill(pid, SIGKILL);
    ::waitpid(pid, nullptr, 0);
  }
  if (pidfd >= 0) ::close(pidfd);
  *init = {};
  return result;
}

}  // namespace reckon::box
