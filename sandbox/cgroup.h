// Memory, processes and CPU of one slot, by cgroup v1 or v2, whichever the host lets us write. The
// launcher makes the folders while it still sees the host's files; keepers use open descriptors.
// One thread.
//
//   CgroupHome home = CgroupHome::open();     // Error(unavailable) says what is in the way
//   SlotCgroup slot = home.make_slot(0);
//   slot.arm(quota);  ... run ...  slot.cpu_us();  slot.memory_peak();  slot.memory_kills();
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "sandbox/box/quota.h"
#include "sandbox/descriptor.h"

namespace reckon {

class SlotCgroup {
 public:
  SlotCgroup() = default;  // no cgroup: every figure is 0
  bool present() const { return !procs_.empty(); }
  const std::vector<Descriptor>& procs() const { return procs_; }

  // Sets the limits and forgets the last run's peak. Error(unavailable) when the kernel refuses.
  void arm(const box::Quota& quota);
  uint64_t cpu_us() const;       // used since the slot was made
  uint64_t memory_peak() const;  // bytes, since arm()
  uint64_t memory_kills()
      const;  // processes that the kernel ended for memory, since the slot was made

 private:
  friend class CgroupHome;
  bool v2_ = false;
  std::vector<Descriptor> procs_;   // cgroup.procs of each hierarchy
  Descriptor memory_, pids_, cpu_;  // folders
  uint64_t armed_memory_ = 0, armed_pids_ = 0;
};

class CgroupHome {
 public:
  static CgroupHome open();
  // "cgroup v1: memory, pids, cpu, cpuacct".
  const std::string& text() const { return text_; }

  SlotCgroup make_slot(int slot);
  bool remove_slots();  // false: processes are still in them

 private:
  struct Hierarchy {
    std::vector<std::string> controllers;
    Descriptor folder;  // ours, below the launcher's own cgroup
    Descriptor parent;
  };
  bool v2_ = false;
  std::string text_, name_;
  int slots_ = 0;
  std::vector<Hierarchy> hierarchies_;
};

}  // namespace reckon
