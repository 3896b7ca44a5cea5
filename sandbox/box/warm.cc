// The part of a warm interpreter that is not written in its language: a shared library that the
// interpreter loads (sandbox/zygote.py). The interpreter forks by its own means, so that its state
// is right in the child; everything else happens here. One thread.
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "sandbox/box/enter.h"
#include "sandbox/box/message.h"
#include "sandbox/clock.h"
#include "sandbox/protocol.h"

namespace {

using namespace reckon::box;

int keeper = -1;
const Policy* policy = nullptr;
Ticket ticket;

void close_files() {
  for_each_file(ticket, [](int file) { ::close(file); });
}

}  // namespace

extern "C" {

// Descriptors that the interpreter was started with: the keeper's socket, and the policy in a file.
// 0: good.
int reckon_begin(int socket, int policy_file) {
  keeper = socket;
  void* memory = ::mmap(nullptr, sizeof(Policy), PROT_READ, MAP_PRIVATE, policy_file, 0);
  if (memory == MAP_FAILED) return -1;
  policy = static_cast<const Policy*>(memory);
  return 0;
}

// Waits for a run. 1: fork now; 0: the keeper is gone, end.
int reckon_next() {
  for (;;) {
    int files[kMostFiles], count = 0, taken = 0;
    if (receive_message(keeper, &ticket, sizeof ticket, files, &count) != sizeof ticket) return 0;
    for_each_file(ticket, [&](int& file) { file = taken < count ? files[taken++] : -1; });
    Failure step = aim(ticket);
    if (!step) return 1;
    reckon::WarmEnd end;
    send_message(keeper, &end, sizeof end, nullptr, 0);
    close_files();
  }
}

// In the child: into the box. Returns the descriptor of the program's text; does not return on
// failure.
int reckon_enter() {
  enter_or_die(ticket, *policy);
  return ticket.program;
}
// In the child, once the text is read: only the program's own descriptors stay open. Returns its
// mode.
int reckon_start() {
  ::close(ticket.program);
  announce(ticket, true);
  return static_cast<int>(ticket.mode);
}

// In the parent: waits for the child and tells the keeper how it ended (-1: it could not be
// forked).
void reckon_watch(int pid) {
  close_files();
  reckon::WarmEnd end;
  rusage usage = {};
  if (pid > 0)
    while (::wait4(pid, &end.status, 0, &usage) < 0 && errno == EINTR) {
    }
  end.cpu_us = reckon::cpu_time_us(usage);
  send_message(keeper, &end, sizeof end, nullptr, 0);
}
}
