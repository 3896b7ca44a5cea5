#include <sys/statvfs.h>

#include <algorithm>
#include <cstdio>
#include <sstream>

#include "base/text.h"
#include "learner/needs.h"

namespace reckon {
namespace {

// A value of /proc/meminfo in bytes; 0: not there.
uint64_t memory_info(const std::string& name) {
  std::istringstream lines(read_file("/proc/meminfo"));
  for (std::string line; std::getline(lines, line);) {
    uint64_t kib = 0;
    if (line.starts_with(name + ":") &&
        std::sscanf(line.c_str() + name.size() + 1, "%lu", &kib) == 1)
      return kib << 10;
  }
  return 0;
}

// Of the control group this process sees as its own; 0: none, or none that can be read.
uint64_t group_limit() {
  for (const char* file :
       {"/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes"}) {
    if (!std::filesystem::exists(file)) continue;
    uint64_t bytes = 0;
    if (std::sscanf(read_file(file).c_str(), "%lu", &bytes) == 1) return bytes;
  }
  return 0;
}

Path nearest_existing(const Path& folder) {
  Path at = std::filesystem::absolute(folder);
  while (!std::filesystem::exists(at) && at.has_relative_path()) at = at.parent_path();
  return at;
}

}  // namespace

Machine machine_at(const Path& folder) {
  Machine machine{.memory_total = memory_info("MemTotal"),
                  .memory_free = memory_info("MemAvailable"),
                  .disk_free = 0};
  if (const uint64_t limit = group_limit(); limit > 0 && limit < machine.memory_total) {
    machine.memory_total = limit;
    machine.memory_free = std::min(machine.memory_free, limit);
  }
  struct statvfs disk;
  if (::statvfs(nearest_existing(folder).c_str(), &disk) == 0)
    machine.disk_free = uint64_t{disk.f_bavail} * disk.f_frsize;
  return machine;
}

}  // namespace reckon
