#include "learner/interrupt.h"

#include <signal.h>
#include <unistd.h>

#include <atomic>

namespace reckon {
namespace {

std::atomic<int> requests{0};
static_assert(std::atomic<int>::is_always_lock_free,
              "a signal handler may only touch lock-free atomics");

void handle(int) {
  if (++requests > 1) ::_exit(130);
  static constexpr char kMessage[] =
      "\nfinishing the step, then a checkpoint; once more to stop at once\n";
  [[maybe_unused]] ssize_t ignored = ::write(2, kMessage, sizeof kMessage - 1);
}

}  // namespace

void install_interrupt_handler() {
  struct sigaction action = {};
  action.sa_handler = handle;
  sigemptyset(&action.sa_mask);
  action.sa_flags = SA_RESTART;
  ::sigaction(SIGINT, &action, nullptr);
  ::sigaction(SIGTERM, &action, nullptr);
}

bool interrupted() { return requests > 0; }

}  // namespace reckon
