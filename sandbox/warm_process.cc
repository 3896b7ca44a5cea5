#include "sandbox/warm_process.h"

#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include <cerrno>
#include <cstring>

#include "base/error.h"
#include "base/text.h"
#include "sandbox/tree.h"

namespace reckon {
namespace {

constexpr int kSocket = 3, kPolicy = 4;

Error cannot(const std::string& what) {
  return Error(Code::unavailable, "sandbox",
               cat("warm interpreter: ", what, ": ", std::strerror(errno)),
               "`reckon doctor sandbox` shows what this host offers");
}

[[noreturn]] void become(const Setup& setup, int socket, int policy) {
  int null = ::open((cat("/", setup.name, "/dev/null")).c_str(), O_RDWR);
  ::dup2(socket, 60);
  ::dup2(policy, 61);
  ::dup2(null, 0);
  ::dup2(null, 1);
  ::dup2(60, kSocket);
  ::dup2(61, kPolicy);
  ::syscall(SYS_close_range, 5, ~0u, 0);
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  // The stack's room is laid out at exec, so the children's limit must be known now.
  rlimit stack = {256u << 20, 256u << 20};
  ::setrlimit(RLIMIT_STACK, &stack);
  try {
    if (::unshare(CLONE_NEWNS) != 0) ::_exit(126);
    enter_tree(setup.name);
  } catch (const std::exception&) {
    ::_exit(126);
  }
  std::vector<std::string> words = setup.command;
  words.push_back(cat(kSocket));
  words.push_back(cat(kPolicy));
  std::vector<char*> arguments;
  for (std::string& word : words) arguments.push_back(word.data());
  arguments.push_back(nullptr);
  // Hashes without a seed of their own: the same program gives the same verdict every time.
  const char* environment[] = {
      "PATH=/usr/bin",    "LANG=C.UTF-8",           "HOME=/tmp",         "TMPDIR=/tmp",
      "PYTHONHASHSEED=0", "OPENBLAS_NUM_THREADS=1", "OMP_NUM_THREADS=1", nullptr};
  ::execve(arguments[0], arguments.data(), const_cast<char* const*>(environment));
  ::_exit(127);
}

}  // namespace

int box_pidfd(pid_t pid) { return static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)); }

WarmProcess::~WarmProcess() {
  if (pid <= 0) return;
  ::kill(pid, SIGKILL);
  ::waitpid(pid, nullptr, 0);
}

WarmProcess start_warm_process(const Setup& setup, const box::Policy& policy) {
  int pair[2];
  if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) != 0) throw cannot("socket");
  Descriptor mine(pair[0]), theirs(pair[1]);
  Descriptor file(::memfd_create("policy", MFD_CLOEXEC));
  if (!file || ::write(file.get(), &policy, sizeof policy) != static_cast<ssize_t>(sizeof policy))
    throw cannot("policy");
  WarmProcess process;
  process.pid = ::fork();
  if (process.pid < 0) throw cannot("fork");
  if (process.pid == 0) become(setup, theirs.get(), file.get());
  process.socket = std::move(mine);
  return process;
}

}  // namespace reckon
