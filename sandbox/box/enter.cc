#include "sandbox/box/enter.h"

#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cstring>

#include "sandbox/box/capabilities.h"
#include "sandbox/box/descriptors.h"
#include "sandbox/box/path_fence.h"
#include "sandbox/box/resource_limits.h"

namespace reckon::box {
namespace {

// Signals as a program expects them: none blocked, none ignored, whatever the parent had.
void reset_signals() {
  sigset_t none;
  sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
  for (int number = 1; number < 32; ++number)
    if (number == SIGPIPE || number == SIGHUP || number == SIGCHLD) ::signal(number, SIG_DFL);
}

Failure enter(Ticket& ticket, const Policy& policy) {
  // The cgroups first, while their files can still be written: what follows is already charged to
  // the box.
  for (uint32_t i = 0; i < ticket.cgroup_count; ++i)
    if (::write(ticket.cgroups[i], "0", 1) != 1) return failed("join cgroup");
  constexpr int kRest = CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWIPC | CLONE_NEWUTS | CLONE_NEWCGROUP;
  if (::setns(ticket.init, kRest) != 0) return failed("enter namespaces");
  if (::chdir("/tmp") != 0) return failed("enter the working folder");
  // A session of its own: no controlling terminal to write into, no group whose members could be
  // signalled.
  if (::setsid() < 0) return failed("setsid");
  int* kept[2] = {&ticket.program, &ticket.report};
  if (Failure step = keep_descriptors(ticket.files, static_cast<int>(ticket.file_count), kept))
    return step;
  ::umask(022);
  reset_signals();
  if (Failure step = set_resource_limits(ticket.quota, policy.memory_limit)) return step;
  if (Failure step = drop_privileges(kInsideId)) return step;
  // After the change of identity, which clears it: if the parent dies, so does the program.
  if (::prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) != 0) return failed("parent death signal");
  if (policy.landlock)
    if (Failure step = fence_paths(policy.execute)) return step;
  return load_filter(policy.filter);
}

}  // namespace

Failure aim(const Ticket& ticket) {
  return ::setns(ticket.init, CLONE_NEWPID) == 0 ? Failure{} : failed("aim at the pid namespace");
}

void die(int report, Failure failed) {
  char text[128];
  size_t length = std::strlen(failed.step);
  if (length > 100) length = 100;
  std::memcpy(text, failed.step, length);
  text[length] = '\n';
  std::memcpy(text + length + 1, &failed.error, sizeof failed.error);
  (void)!::write(report, text, length + 1 + sizeof failed.error);
  ::_exit(120);
}

void enter_or_die(Ticket& ticket, const Policy& policy) {
  int before = ticket.report;
  if (Failure step = enter(ticket, policy)) die(ticket.report >= 0 ? ticket.report : before, step);
}

void announce(const Ticket& ticket, bool close) {
  if (::write(ticket.report, "ok", 2) != 2) ::_exit(120);  // nobody is left to judge the run
  if (close) ::close(ticket.report);
}

}  // namespace reckon::box
