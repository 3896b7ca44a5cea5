// What a client and a slot's keeper say to each other, and a keeper and its warm interpreter: plain
// structs, one per message, with open files beside them (sandbox/box/message.h).
#pragma once

#include <cstdint>

#include "sandbox/box/quota.h"

namespace reckon {

enum class RequestKind : uint32_t { start = 0, kill = 1 };

// Client to keeper. With `start` come: the program (source or executable) if `program`, then
// `file_count` files that become descriptors 0, 1, 2 and perhaps 3.
struct Request {
  RequestKind kind = RequestKind::start;
  uint32_t setup = 0;  // SetupId
  uint32_t mode = 0;   // for warm interpreters
  uint32_t program = 0;
  uint32_t file_count = 3;
  uint32_t take_output = 0;  // a compiler's: send back the file /tmp/program, sealed
  box::Quota quota;
};

// Warm interpreter to keeper, once per run: how its child ended, as waitpid and rusage say it.
struct WarmEnd {
  int32_t status = -1;  // -1: there was no child
  uint64_t cpu_us = 0;
};

enum class RunEnd : uint32_t {
  exited = 0,      // `code` is the exit code
  signalled = 1,   // `code` is the signal
  not_started = 2  // a failure of ours; `problem` says which
};
enum class KilledFor : uint32_t { nothing = 0, wall = 1, cpu = 2, memory = 3, client = 4 };

// Keeper to client, once per start. With it comes the output file when one was asked for and made.
struct Ended {
  RunEnd end = RunEnd::not_started;
  KilledFor killed_for = KilledFor::nothing;
  int32_t code = 0;
  uint64_t wall_us = 0, cpu_us = 0,
           memory_bytes = 0;  // the last two are 0 where no cgroup measures them
  char problem[160] = {};
};

}  // namespace reckon
