// The clock that limits are measured by: it never jumps. Any thread.
#pragma once

#include <time.h>

#include <cstdint>

namespace reckon {

inline uint64_t monotonic_us() {
  timespec now;
  ::clock_gettime(CLOCK_MONOTONIC, &now);
  return static_cast<uint64_t>(now.tv_sec) * 1000000 + static_cast<uint64_t>(now.tv_nsec) / 1000;
}

}  // namespace reckon
