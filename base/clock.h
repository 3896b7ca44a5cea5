// The clock seam: decisions use monotonic seconds only; wall time is for people (logs, event
// files).
#pragma once

#include <chrono>

namespace reckon {

// Seconds on the monotonic clock.
inline double monotonic_seconds() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

// Seconds since the Unix epoch.
inline double wall_seconds() {
  return std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count();
}

}  // namespace reckon
