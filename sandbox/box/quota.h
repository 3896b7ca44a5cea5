// How much one run may use, as plain data that crosses process borders.
#pragma once

#include <cstdint>

namespace reckon::box {

struct Quota {
  uint64_t wall_us = 0;       // CLOCK_MONOTONIC, measured by the keeper
  uint64_t cpu_us = 0;        // of all processes of the box together
  uint64_t memory_bytes = 0;  // of all processes and their files
  uint64_t file_bytes = 0;    // the box's writable folder
  uint32_t files = 0;         // entries in it
  uint32_t processes = 0;     // with threads
};

}  // namespace reckon::box
