// An allow-list, because a deny-list is silent about the calls that the next kernel brings. What is
// not named answers ENOSYS, so that the C library falls back to an older call; what is known and
// refused answers EPERM, so that a program sees a refusal, not a missing feature. A call of another
// architecture (x32, i386) ends the process: its numbers would mean other calls.
#include "sandbox/syscall_policy.h"

#include <asm/ioctls.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <seccomp.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <memory>

#include "base/error.h"
#include "base/text.h"

namespace reckon {
namespace {

constexpr const char* kAllowed[] = {
    // Files: what may be reached is decided by mounts and Landlock.
    "read", "write", "readv", "writev", "pread64", "pwrite64", "preadv", "pwritev", "preadv2",
    "pwritev2", "open", "openat", "close", "close_range", "lseek", "stat", "fstat", "lstat",
    "newfstatat", "statx", "access", "faccessat", "faccessat2", "readlink", "readlinkat",
    "getdents", "getdents64", "getcwd", "chdir", "fchdir", "dup", "dup2", "dup3", "pipe", "pipe2",
    "ftruncate", "truncate", "fallocate", "fsync", "fdatasync", "mkdir", "mkdirat", "rmdir",
    "unlink", "unlinkat", "rename", "renameat", "renameat2", "link", "linkat", "symlink",
    "symlinkat", "chmod", "fchmod", "fchmodat", "utime", "utimes", "utimensat", "futimesat",
    "umask", "sendfile", "copy_file_range", "fadvise64", "statfs", "fstatfs",
    // Memory: bounded by the memory cgroup.
    "mmap", "munmap", "mremap", "mprotect", "madvise", "brk", "msync", "mincore", "membarrier",
    // Processes and threads, inside the pid namespace and bounded by the pids cgroup. clone is
    // below.
    "fork", "vfork", "wait4", "waitid", "exit", "exit_group", "kill", "tkill", "tgkill", "getpid",
    "gettid", "getppid", "getpgid", "getpgrp", "getsid", "setsid", "setpgid", "getuid", "geteuid",
    "getgid", "getegid", "getresuid", "getresgid", "getgroups", "getrlimit", "setrlimit",
    "prlimit64", "getrusage", "times", "sched_yield", "sched_getaffinity", "sched_getparam",
    "sched_getscheduler", "sched_get_priority_max", "sched_get_priority_min", "getpriority",
    "arch_prctl", "set_tid_address", "set_robust_list", "get_robust_list", "rseq", "futex",
    // Signals, timers, clocks: reading time and waiting, never setting it.
    "rt_sigaction", "rt_sigprocmask", "rt_sigreturn", "rt_sigsuspend", "rt_sigpending",
    "rt_sigtimedwait", "rt_sigqueueinfo", "rt_tgsigqueueinfo", "sigaltstack", "alarm", "pause",
    "setitimer", "getitimer", "timer_create", "timer_settime", "timer_gettime", "timer_delete",
    "timer_getoverrun", "signalfd4", "timerfd_create", "timerfd_settime", "timerfd_gettime",
    "restart_syscall", "clock_gettime", "clock_getres", "clock_nanosleep", "nanosleep",
    "gettimeofday", "time",
    // Waiting.
    "poll", "ppoll", "select", "pselect6", "epoll_create", "epoll_create1", "epoll_ctl",
    "epoll_wait", "epoll_pwait", "epoll_pwait2", "eventfd", "eventfd2",
    // On the socket pairs that asyncio makes; socket() itself is refused, so there is nothing to
    // reach.
    "sendto", "recvfrom", "sendmsg", "recvmsg", "shutdown", "getsockname", "getpeername",
    "getsockopt", "setsockopt",
    // Facts about the machine.
    "uname", "sysinfo", "getrandom", "getcpu"};

// Known and refused. Each group names what it would open.
constexpr const char* kRefused[] = {
    // network, also over local addresses and to the kernel (netlink, vsock)
    "socket", "bind", "connect", "listen", "accept", "accept4", "sendmmsg", "recvmmsg",
    // new namespaces and mounts: the kernel code behind most escapes of the last years
    "unshare", "setns", "mount", "umount2", "pivot_root", "chroot", "open_tree", "move_mount",
    "fsopen", "fsconfig", "fsmount", "fspick", "mount_setattr", "quotactl", "swapon", "swapoff",
    // other processes' memory and files
    "ptrace", "process_vm_readv", "process_vm_writev", "kcmp", "process_madvise", "pidfd_open",
    "pidfd_getfd", "pidfd_send_signal", "name_to_handle_at", "open_by_handle_at",
    // kernel interfaces with a long record of defects
    "bpf", "perf_event_open", "userfaultfd", "io_uring_setup", "io_uring_enter",
    "io_uring_register", "keyctl", "add_key", "request_key", "io_setup", "io_submit", "vmsplice",
    "splice", "tee", "modify_ldt", "personality", "iopl", "ioperm", "seccomp",
    // the machine as a whole
    "reboot", "kexec_load", "kexec_file_load", "init_module", "finit_module", "delete_module",
    "syslog", "acct", "settimeofday", "clock_settime", "clock_adjtime", "adjtimex", "sethostname",
    "setdomainname", "vhangup", "lookup_dcookie", "nfsservctl", "_sysctl",
    // channels between two boxes over shared read-only files and their watching
    "flock", "inotify_init", "inotify_init1", "inotify_add_watch", "fanotify_init", "fanotify_mark",
    // memory that is no file of the box, shared or locked
    "memfd_create", "memfd_secret", "shmget", "shmat", "shmctl", "semget", "semop", "semctl",
    "msgget", "msgsnd", "msgrcv", "msgctl", "mq_open", "mq_unlink", "mlock", "mlock2", "mlockall",
    // identities, special files, priorities
    "setuid", "setgid", "setreuid", "setregid", "setresuid", "setresgid", "setfsuid", "setfsgid",
    "setgroups", "capset", "chown", "fchown", "lchown", "fchownat", "mknod", "mknodat",
    "setpriority", "sched_setscheduler", "sched_setparam", "sched_setattr", "ioprio_set",
    "sched_setaffinity", "mbind", "set_mempolicy", "migrate_pages", "move_pages"};

// Extended attributes: "not supported" is what copying files expects where they are absent.
constexpr const char* kUnsupported[] = {
    "setxattr",  "lsetxattr",  "fsetxattr",  "getxattr",    "lgetxattr",    "fgetxattr",
    "listxattr", "llistxattr", "flistxattr", "removexattr", "lremovexattr", "fremovexattr"};

constexpr uint64_t kRefusedClone = CLONE_NEWNS | CLONE_NEWCGROUP | CLONE_NEWUTS | CLONE_NEWIPC |
                                   CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWNET | CLONE_PTRACE |
                                   CLONE_UNTRACED | CLONE_PARENT;  // a sibling would leave the tree

struct Context {
  scmp_filter_ctx filter = ::seccomp_init(SCMP_ACT_ERRNO(ENOSYS));
  ~Context() { ::seccomp_release(filter); }
};

[[noreturn]] void cannot(const std::string& what, int error) {
  throw Error(Code::unavailable, "sandbox",
              cat("system call filter: ", what, ": ", std::strerror(-error)),
              "libseccomp 2.5 or newer is needed");
}

class Policy {
 public:
  explicit Policy(Context& context) : filter_(context.filter) {
    if (filter_ == nullptr) cannot("no memory", -ENOMEM);
    ::seccomp_attr_set(filter_, SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_KILL_PROCESS);
    ::seccomp_attr_set(filter_, SCMP_FLTATR_CTL_OPTIMIZE, 2);  // a binary tree: short paths
  }

  void add(uint32_t action, const char* name, std::vector<scmp_arg_cmp> conditions = {}) {
    int number = ::seccomp_syscall_resolve_name(name);
    // A call that this libseccomp or this architecture does not know stays under the default,
    // ENOSYS.
    if (number < 0) return;
    int error = ::seccomp_rule_add_array(
        filter_, action, number, static_cast<unsigned>(conditions.size()), conditions.data());
    if (error != 0) cannot(name, error);
  }

  // Allowed for these values of argument `index`; any other is like a call that does not exist.
  // Arguments are compared in their lower 32 bits, as the kernel reads them.
  void only(const char* name, unsigned index, const std::vector<unsigned>& values) {
    for (unsigned value : values)
      add(SCMP_ACT_ALLOW, name, {{index, SCMP_CMP_MASKED_EQ, 0xffffffff, value}});
  }

 private:
  scmp_filter_ctx filter_;
};

box::SyscallFilter exported(const Context& context) {
  box::SyscallFilter compiled;
  std::unique_ptr<FILE, int (*)(FILE*)> file(::tmpfile(), ::fclose);
  if (!file) cannot("no temporary file", -errno);
  int error = ::seccomp_export_bpf(context.filter, ::fileno(file.get()));
  if (error != 0) cannot("export", error);
  std::rewind(file.get());
  size_t count =
      std::fread(compiled.code, sizeof(sock_filter), std::size(compiled.code), file.get());
  if (count == 0 || count == std::size(compiled.code)) cannot("size", -E2BIG);
  compiled.length = static_cast<uint16_t>(count);
  return compiled;
}

}  // namespace

box::SyscallFilter compile_filter(const FilterOptions& options) {
  Context context;
  Policy policy(context);
  for (const char* name : kAllowed) policy.add(SCMP_ACT_ALLOW, name);
  for (const char* name : kRefused) policy.add(SCMP_ACT_ERRNO(EPERM), name);
  for (const char* name : kUnsupported) policy.add(SCMP_ACT_ERRNO(ENOTSUP), name);
  for (const char* name : {"execve", "execveat"})
    policy.add(options.execute ? SCMP_ACT_ALLOW : SCMP_ACT_ERRNO(EPERM), name);
  // clone3 is not in the list: it hides its flags in memory where no filter can read them. It
  // answers ENOSYS, and the C library then uses clone, whose flags show.
  policy.add(SCMP_ACT_ALLOW, "clone", {scmp_arg_cmp{0, SCMP_CMP_MASKED_EQ, kRefusedClone, 0}});
  // Record locks, leases, notification and owners of signals on shared files are channels between
  // boxes.
  policy.only("fcntl", 1,
              {F_DUPFD, F_DUPFD_CLOEXEC, F_GETFD, F_SETFD, F_GETFL, F_SETFL, F_GETPIPE_SZ});
  // Questions of the C library about terminals and pipes; never TIOCSTI, TIOCLINUX or a device's
  // own.
  policy.only("ioctl", 1, {TCGETS, TIOCGWINSZ, FIONREAD, FIONBIO, FIOCLEX, FIONCLEX});
  policy.only("prctl", 0,
              {PR_SET_NAME, PR_GET_NAME, PR_SET_PDEATHSIG, PR_GET_PDEATHSIG, PR_GET_DUMPABLE,
               PR_CAPBSET_READ, PR_GET_NO_NEW_PRIVS, PR_GET_SECCOMP});
  policy.only("socketpair", 0, {AF_UNIX});

  return exported(context);
}

box::SyscallFilter compile_init_filter() {
  Context context;
  Policy policy(context);
  for (const char* name : {"write", "close_range", "rt_sigaction", "pause", "restart_syscall",
                           "rt_sigreturn", "exit_group"})
    policy.add(SCMP_ACT_ALLOW, name);
  return exported(context);
}

std::vector<std::string> allowed_calls(const FilterOptions& options) {
  std::vector<std::string> names(std::begin(kAllowed), std::end(kAllowed));
  if (options.execute) names.insert(names.end(), {"execve", "execveat"});
  return names;
}

}  // namespace reckon
