// Wakes a thread that waits in zmq::poll: an event file descriptor to put beside its sockets.
// Thread-safe.
#pragma once

#include <sys/eventfd.h>
#include <unistd.h>

#include <cstdint>

#include "base/error.h"

namespace reckon {

class Wake {
 public:
  Wake() : fd_(eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)) {
    if (fd_ < 0)
      throw Error(Code::unavailable, "eventfd", "no file descriptor left", "raise `ulimit -n`");
  }
  ~Wake() { close(fd_); }
  Wake(const Wake&) = delete;

  int fd() const { return fd_; }
  void signal() {
    const uint64_t one = 1;
    (void)!write(fd_, &one, sizeof one);  // fails only when it is signalled 2^64 - 1 times already
  }
  void clear() {
    uint64_t count;
    (void)!read(fd_, &count, sizeof count);
  }

 private:
  int fd_;
};

}  // namespace reckon
