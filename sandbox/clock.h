// The clock that limits are measured by: it never jumps. Any thread.
#pragma once

#include <sys/resource.h>
#include <time.h>

#include <cstdint>

namespace reckon {

inline uint64_t monotonic_us() {
  timespec now;
  ::clock_gettime(CLOCK_MONOTONIC, &now);
  return static_cast<uint64_t>(now.tv_sec) * 1000000 + static_cast<uint64_t>(now.tv_nsec) / 1000;
}

// User and system time of a process that was waited for, and of those it waited for.
inline uint64_t cpu_time_us(const rusage& usage) {
  auto us = [](const timeval& time) {
    return static_cast<uint64_t>(time.tv_sec) * 1000000 + static_cast<uint64_t>(time.tv_usec);
  };
  return us(usage.ru_utime) + us(usage.ru_stime);
}

}  // namespace reckon
